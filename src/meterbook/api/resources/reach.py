"""What a caller may reach: sites and meter points outside are not there."""

from __future__ import annotations

import uuid

from meterbook.api import entry, problems
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries


def sites(request: entry.Request, permission: str) -> list[site_queries.SiteRow]:
    """This will return the sites where the caller holds the permission."""
    allowed = request.caller.access.sites(permission)
    return [each for each in site_queries.list_sites() if allowed is None or each.id in allowed]


def site(request: entry.Request, public_id: uuid.UUID, permission: str) -> site_queries.SiteRow:
    """This will return a site where the caller holds the permission.

    :raises problems.Problem: when it is not there, or the caller does not reach it
    """
    row = site_queries.get_site(public_id=public_id)
    if not request.caller.access.allows(permission, row.id):
        raise problems.not_found()
    return row


def without(request: entry.Request, permission: str) -> frozenset[int]:
    """This will return the ids of the sites where the module of a permission is off: lists leave out what is there."""
    return request.caller.access.off.get(permission, frozenset())


def site_id(request: entry.Request, public_id: uuid.UUID | None, permission: str) -> int | None:
    """This will return the internal id of a site that a list is narrowed to; None stays None.

    :raises problems.Problem: see `site`
    """
    return None if public_id is None else site(request, public_id, permission).id


def point(
    request: entry.Request, public_id: uuid.UUID, permission: str, *, is_assigned_enough: bool = False
) -> metering_queries.MeterDetail:
    """This will return a meter point at a site where the caller holds the permission.

    :param is_assigned_enough: also one over which the caller holds the permission by itself
    :raises problems.Problem: when it is not there, or the caller does not reach it
    """
    detail = metering_queries.get_meter(public_id=public_id)
    is_reached = request.caller.access.allows(permission, detail.site_id)
    if not is_reached and not (is_assigned_enough and holds(request, detail, permission)):
        raise problems.not_found()
    return detail


def holds(request: entry.Request, detail: metering_queries.MeterDetail, permission: str) -> bool:
    """This will tell whether the caller holds a permission at a meter point's site, or over this meter by itself."""
    access = request.caller.access
    if access.allows(permission, detail.site_id):
        return True
    singles = metering_queries.points_by_id(ids=access.meters(permission))
    return detail.public_id in {each.public_id for each in singles}
