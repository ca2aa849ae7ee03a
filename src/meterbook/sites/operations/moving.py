"""Places that lie elsewhere from an instant on."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.sites import models, values
from meterbook.sites.operations import finding


class MoveInFuture(ValueError):
    """A move takes effect now or earlier."""


class MovedLater(ValueError):
    """It was moved at a later time already; choose a time after that."""


@operation.operation
def move_node(
    *, actor: Actor, at: datetime, node: uuid.UUID, parent: uuid.UUID | None, moved_at: datetime
) -> models.SiteNode:
    """This will put a place, with all that is in it, into another one of its site from an instant on.

    Reports of the time before still find it where it lay. The same again changes nothing.

    :param parent: the larger place's public id; None is the top of the site
    :raises NodeNotFound: when there is no such place, or the site has no such parent
    :raises NodeArchived: when one of the two is archived
    :raises NodeMisplaced: when the parent is not larger
    :raises MoveInFuture: when `moved_at` is after `at`
    :raises MovedLater: when it was moved at a later instant already
    """
    found = finding.held_node(node)
    target = finding.found_node(found.site, parent)
    finding.require_inside(kind=values.NodeKind(found.kind), name=found.name, site_id=found.site_id, parent=target)
    before = found.parent
    if found.parent_id == (target.pk if target else None):
        return found
    if moved_at > at:
        raise MoveInFuture(_("A move takes effect today or on an earlier day."))
    own = models.NodePlacement.objects.filter(organization_id=found.organization_id, node=found)
    since = own.aggregate(since=Max(Upper("during")))["since"]
    if since is not None and moved_at < since:
        raise MovedLater(
            _("“%(name)s” was moved on a later day already; choose a day after that move.") % {"name": found.name}
        )
    if since is None or moved_at > since:
        models.NodePlacement.objects.create(
            organization_id=found.organization_id,
            node=found,
            parent=before,
            during=DateTimeTZRange(since, moved_at, "[)"),
        )
    found.parent = target
    found.save(update_fields=["parent"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:move_node",
        subject=found,
        before={"parent": before.code if before else None},
        after={"parent": target.code if target else None, "moved_at": moved_at},
    )
    return found
