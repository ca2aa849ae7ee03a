"""Where meter points hang and what they are called."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.operations.meters import CodeTaken
from meterbook.metering.queries.meters import MeterNotFound
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations


@operation.operation
def move_point(
    *, actor: Actor, at: datetime, meter_point: uuid.UUID, node: uuid.UUID | None, moved_at: datetime
) -> models.MeterPoint:
    """This will hang a meter point at another place of its site from an instant on.

    Reports of the time before still count it where it hung. The same again changes nothing.

    :param node: the place's public id; None: at no place
    :raises MeterNotFound: when the organization has no such meter point
    :raises sites.operations.NodeNotFound: when its site has no such place
    :raises sites.operations.NodeArchived: when the place is archived
    :raises sites.operations.MoveInFuture: when `moved_at` is after `at`
    :raises sites.operations.MovedLater: when it was moved at a later instant already
    """
    point = held_point(meter_point)
    target = _place(point.site, node)
    before = point.node
    if point.node_id == (target.pk if target else None):
        return point
    if moved_at > at:
        raise site_operations.MoveInFuture(_("A move takes effect today or on an earlier day."))
    own = models.PointPlacement.objects.filter(organization_id=point.organization_id, meter_point=point)
    since = own.aggregate(since=Max(Upper("during")))["since"]
    if since is not None and moved_at < since:
        raise site_operations.MovedLater(
            _("“%(name)s” was moved on a later day already; choose a day after that move.") % {"name": point.name}
        )
    if since is None or moved_at > since:
        models.PointPlacement.objects.create(
            organization_id=point.organization_id,
            meter_point=point,
            node=before,
            during=DateTimeTZRange(since, moved_at, "[)"),
        )
    point.node = target
    point.save(update_fields=["node"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:move_point",
        subject=point,
        before={"place": before.code if before else None},
        after={"place": target.code if target else None, "moved_at": moved_at},
    )
    return point


@operation.operation
def rename_point(*, actor: Actor, at: datetime, meter_point: uuid.UUID, code: str, name: str) -> models.MeterPoint:
    """This will give a meter point another code and name; the same again changes nothing.

    :raises MeterNotFound: when the organization has no such meter point
    :raises CodeTaken: when another meter point has that code
    """
    point = held_point(meter_point)
    before = {"code": point.code, "name": point.name}
    after = {"code": code, "name": name}
    if before == after:
        return point
    point.code, point.name = code, name
    try:
        with transaction.atomic():
            point.save(update_fields=["code", "name"])
    except IntegrityError as error:
        raise CodeTaken(_("There is a meter point “%(code)s” already; take another code.") % {"code": code}) from error
    audit_operations.record(
        actor=actor, at=at, action="metering:rename_point", subject=point, before=before, after=after
    )
    return point


def held_point(public_id: uuid.UUID) -> models.MeterPoint:
    """This will return a meter point with its site, locked until the transaction ends.

    :raises MeterNotFound: when the organization has no such meter point
    """
    points = models.MeterPoint.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    # The join to its place is an outer one, which cannot be locked.
    if not points.select_for_update().values_list("pk", flat=True).first():
        raise MeterNotFound(_("There is no such meter."))
    return points.select_related("site", "node").get()


def _place(site: site_models.Site, public_id: uuid.UUID | None) -> site_models.SiteNode | None:
    if public_id is None:
        return None
    nodes = site_models.SiteNode.objects.filter(organization_id=site.organization_id, site=site, public_id=public_id)
    # Held against being archived or deleted meanwhile.
    found = nodes.select_for_update(no_key=True).first()
    if found is None:
        raise site_operations.NodeNotFound(_("There is no such place at this site."))
    if found.archived_at is not None:
        raise site_operations.NodeArchived(_("“%(name)s” is archived; restore it first.") % {"name": found.name})
    return found
