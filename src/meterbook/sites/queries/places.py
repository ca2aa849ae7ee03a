"""One place with all that is known of it, the custom fields, photos, and what is archived."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.sites import models, values


@dataclass(frozen=True)
class PhotoRow:
    """A photo of a place without its bytes."""

    public_id: uuid.UUID
    caption: str
    media_type: str
    author: str
    added_at: datetime


@dataclass(frozen=True)
class NodeDetail:
    """A place with its facts. `parent` and `parent_name` are None and empty at the top."""

    id: int
    public_id: uuid.UUID
    site_id: int
    site: uuid.UUID
    parent: uuid.UUID | None
    parent_name: str
    kind: values.NodeKind
    code: str
    name: str
    facts: values.NodeFacts
    archived_at: datetime | None
    photos: tuple[PhotoRow, ...]


class PlaceNotFound(LookupError):
    """There is no such place in this organization."""


def get_node(*, public_id: uuid.UUID) -> NodeDetail:
    """This will return one place, archived or not.

    :raises PlaceNotFound: when it is not there or belongs to another organization
    """
    nodes = models.SiteNode.objects.filter(organization_id__in=scoping.current().organizations, public_id=public_id)
    found = nodes.select_related("site", "parent").first()
    if found is None:
        raise PlaceNotFound(_("There is no such place."))
    photos = models.NodePhoto.objects.filter(organization_id__in=scoping.current().organizations, node=found).order_by(
        "added_at", "id"
    )
    return NodeDetail(
        id=found.pk,
        public_id=found.public_id,
        site_id=found.site_id,
        site=found.site.public_id,
        parent=found.parent.public_id if found.parent else None,
        parent_name=found.parent.name if found.parent else "",
        kind=values.NodeKind(found.kind),
        code=found.code,
        name=found.name,
        facts=facts_of(found),
        archived_at=found.archived_at,
        photos=tuple(map(_photo, photos.defer("content"))),
    )


def facts_of(node: models.SiteNode) -> values.NodeFacts:
    """This will return what is known of a place beside its name."""
    return values.NodeFacts(
        area=node.area,
        area_unit=values.AreaUnit(node.area_unit),
        headcount=node.headcount,
        usage=values.UsageType(node.usage) if node.usage else None,
        address=node.address,
        rated_capacity=node.rated_capacity,
        capacity_unit=values.CapacityUnit(node.capacity_unit),
        contacts=node.contacts,
        language=node.language,
        custom=dict(node.custom),
    )


def get_photo(*, public_id: uuid.UUID) -> tuple[int, PhotoRow, bytes]:
    """This will return the site of a photo's place, the photo, and its bytes.

    :raises PlaceNotFound: when it is not there or belongs to another organization
    """
    rows = models.NodePhoto.objects.filter(organization_id__in=scoping.current().organizations, public_id=public_id)
    found = rows.select_related("node").first()
    if found is None:
        raise PlaceNotFound(_("There is no such photo."))
    return found.node.site_id, _photo(found), bytes(found.content)


def list_archived(*, site_id: int) -> list[tuple[uuid.UUID, values.NodeKind, str, str]]:
    """This will return the archived places of a site that do not lie in another archived one: id, kind, code, name."""
    rows = models.SiteNode.objects.filter(
        organization_id__in=scoping.current().organizations, site_id=site_id, archived_at__isnull=False
    ).exclude(parent__archived_at__isnull=False)
    found = [
        (public_id, values.NodeKind(kind), code, name)
        for public_id, kind, code, name in rows.order_by("id").values_list("public_id", "kind", "code", "name")
    ]
    return sorted(found, key=lambda row: order.natural(row[2]))


def list_fields() -> list[values.FieldDeclaration]:
    """This will return the custom fields of the organization in the order in which they were declared."""
    rows = models.CustomField.objects.filter(organization_id__in=scoping.current().organizations)
    return [
        values.FieldDeclaration(each.key, each.name, values.FieldType(each.type), tuple(each.choices))
        for each in rows.order_by("id")
    ]


def _photo(found: models.NodePhoto) -> PhotoRow:
    return PhotoRow(
        public_id=found.public_id,
        caption=found.caption,
        media_type=found.media_type,
        author=found.author,
        added_at=found.added_at,
    )
