"""Places that are not wanted any more: archived, restored, or deleted while nothing hangs on them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.sites import models
from meterbook.sites.operations import finding


class NodeInUse(ValueError):
    """Something hangs on the place, or did: archive it instead."""


@operation.operation
def archive_node(*, actor: Actor, at: datetime, node: uuid.UUID) -> int:
    """This will take a place, with all that is in it, out of the lists, and answer how many places that are.

    Its meters go on counting and reports keep it. The same again changes nothing and answers 0.

    :raises NodeNotFound: when the organization has no such place
    """
    found = finding.held_node(node, is_archived=None)
    if found.archived_at is not None:
        return 0
    ids = _parts(found, archived_at=None)
    models.SiteNode.objects.filter(organization_id=found.organization_id, pk__in=ids).update(archived_at=at)
    count = len(ids)
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:archive_node",
        subject=found,
        before={"archived_at": None},
        after={"archived_at": at, "places": count},
    )
    return count


@operation.operation
def restore_node(*, actor: Actor, at: datetime, node: uuid.UUID) -> models.SiteNode:
    """This will put an archived place back into the lists, with what was archived together with it.

    :raises NodeNotFound: when the organization has no such place
    :raises NodeArchived: when what it lies in is archived
    """
    found = finding.held_node(node, is_archived=None)
    if found.archived_at is None:
        return found
    if found.parent is not None and found.parent.archived_at is not None:
        raise finding.NodeArchived(_("“%(name)s” is archived; restore it first.") % {"name": found.parent.name})
    archived_at = found.archived_at
    ids = _parts(found, archived_at=archived_at)
    models.SiteNode.objects.filter(organization_id=found.organization_id, pk__in=ids).update(archived_at=None)
    found.archived_at = None
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:restore_node",
        subject=found,
        before={"archived_at": archived_at},
        after={"archived_at": None, "places": len(ids)},
    )
    return found


@operation.operation
def delete_node(*, actor: Actor, at: datetime, node: uuid.UUID) -> None:
    """This will delete a place on which nothing hangs and never did.

    :raises NodeNotFound: when the organization has no such place
    :raises NodeInUse: when places, meter points or history hang on it
    """
    found = finding.held_node(node, is_archived=None)
    before = {"site": found.site.code, "kind": found.kind, "code": found.code, "name": found.name}
    organization_id = found.organization_id
    try:
        with transaction.atomic():
            models.NodePhoto.objects.filter(organization_id=organization_id, node=found).delete()
            models.NodePlacement.objects.filter(organization_id=organization_id, node=found).delete()
            found.delete()
    except ProtectedError as error:
        raise NodeInUse(
            _("“%(name)s” holds other places, meters or their readings, now or earlier. Archive it: reports keep it.")
            % {"name": found.name}
        ) from error
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:delete_node",
        subject=found,
        before=before,
        after=None,
    )


def _parts(found: models.SiteNode, *, archived_at: datetime | None) -> list[int]:
    """A place and all below it that were archived at the same instant (None: are open), each reached through such."""
    rows = models.SiteNode.objects.filter(
        organization_id=found.organization_id, site_id=found.site_id, archived_at=archived_at
    ).values_list("pk", "parent_id")
    inside: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent_id in rows:
        inside[parent_id].append(pk)
    reached = [found.pk]
    for pk in reached:
        reached += inside[pk]
    return reached
