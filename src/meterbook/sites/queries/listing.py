"""Reads of the site tree; each needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.sites import models, values


@dataclass(frozen=True)
class SiteRow:
    """A site as screens and other domains see it."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    zone: ZoneInfo
    currency: str
    language: str
    portfolio: str = ""
    address: str = ""
    contacts: str = ""


@dataclass(frozen=True)
class NodeRow:
    """A place of a site's tree; `parent_id` None at the top."""

    id: int
    public_id: uuid.UUID
    parent_id: int | None
    kind: values.NodeKind
    code: str
    name: str


class SiteNotFound(LookupError):
    """There is no such site in this organization."""


def list_sites() -> list[SiteRow]:
    """This will return the sites of the running scope, by name."""
    sites = models.Site.objects.filter(organization_id__in=scoping.current().organizations)
    return sorted(map(_row, sites.order_by("id")), key=lambda row: order.natural(row.name))


def reached_sites() -> list[SiteRow]:
    """This will return the sites whose accounts the reader may see, by name: all, or those within `scoping.reach()`."""
    reach = scoping.reach()
    return [each for each in list_sites() if reach is None or each.id in reach.sites]


def get_site(*, public_id: uuid.UUID) -> SiteRow:
    """This will return one site of the running scope.

    :raises SiteNotFound: when it is not there or belongs to another organization
    """
    sites = models.Site.objects.filter(organization_id__in=scoping.current().organizations)
    found = sites.filter(public_id=public_id).first()
    if found is None:
        raise SiteNotFound(SiteNotFound.__doc__)
    return _row(found)


def list_nodes(*, site_id: int, with_archived: bool = False) -> list[NodeRow]:
    """This will return the places of a site, larger ones before smaller ones, alike ones by code."""
    nodes = models.SiteNode.objects.filter(organization_id__in=scoping.current().organizations, site_id=site_id)
    if not with_archived:
        nodes = nodes.filter(archived_at__isnull=True)
    kinds = list(values.NodeKind)
    rows = [
        NodeRow(pk, public_id, parent_id, values.NodeKind(kind), code, name)
        for pk, public_id, parent_id, kind, code, name in nodes.order_by("id").values_list(
            "pk", "public_id", "parent_id", "kind", "code", "name"
        )
    ]
    return sorted(rows, key=lambda row: (kinds.index(row.kind), order.natural(row.code)))


def _row(site: models.Site) -> SiteRow:
    return SiteRow(
        id=site.pk,
        public_id=site.public_id,
        code=site.code,
        name=site.name,
        zone=ZoneInfo(site.time_zone),
        currency=site.currency,
        language=site.language,
        portfolio=site.portfolio,
        address=site.address,
        contacts=site.contacts,
    )
