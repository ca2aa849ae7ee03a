"""Find what a meter page is about: the meter point within the user's sites, its device, its live values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404
from django.utils.translation import gettext as _

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access
from meterbook.web.meters import pages


@dataclass(frozen=True)
class Subject:
    """The meter point of a page, and how the device of its present meter is doing."""

    detail: metering_queries.MeterDetail
    device: acquisition_queries.DeviceRow | None
    rows: tuple[metering_queries.LiveRow, ...]
    state: metering_queries.MeterState
    stale_after: dict[int, int]


def find_point(
    request: access.Request, meter: uuid.UUID, *, is_assigned_enough: bool = False
) -> metering_queries.MeterDetail:
    """This will return the meter point, or answer "not found" when it is not one that the user may see.

    :param is_assigned_enough: also one that was assigned to the user by itself; for pages that only look
    """
    try:
        detail = metering_queries.get_meter(public_id=meter)
    except metering_queries.MeterNotFound as error:
        raise Http404(_("There is no such meter.")) from error
    is_seen = request.access.allows(permissions.VIEW_METER, detail.site_id)
    if not is_seen and not (is_assigned_enough and _is_assigned(request, detail, permissions.VIEW_METER)):
        raise Http404(_("There is no such meter."))
    return detail


def find_changeable(request: access.Request, meter: uuid.UUID, permission: str) -> metering_queries.MeterDetail:
    """This will return the meter point where the user holds a right over its site, or over this meter by itself.

    A monitor to whom single meters are assigned changes those, and no others. Else it is "not found".
    """
    detail = find_point(request, meter, is_assigned_enough=True)
    if not may(request, detail, permission):
        raise Http404(_("There is no such meter."))
    return detail


def may(request: access.Request, detail: metering_queries.MeterDetail, permission: str) -> bool:
    """This will tell whether the user may do that at the meter's site, or with this meter by itself."""
    return request.access.allows(permission, detail.site_id) or _is_assigned(request, detail, permission)


def _is_assigned(request: access.Request, detail: metering_queries.MeterDetail, permission: str) -> bool:
    ids = request.access.meters(permission)
    return any(each.public_id == detail.public_id for each in metering_queries.points_by_id(ids=ids))


def find(request: access.Request, meter: uuid.UUID) -> Subject:
    """This will return the meter point with its device, its live values and its state."""
    detail = find_point(request, meter, is_assigned_enough=True)
    device = find_device(detail)
    rows = tuple(metering_queries.live_values(series=detail.series))
    newest = max((row.at for row in rows if row.at), default=None)
    step = detail.main_series.step if detail.main_series else 15
    is_silent = device is not None and device.status is acquisition_values.DeviceStatus.SILENT
    is_live = detail.current is not None and detail.current.model_code not in metering_values.NOT_REPORTING
    return Subject(
        detail=detail,
        device=device,
        rows=rows,
        state=metering_queries.state_at(newest, step, request.at, is_silent=is_silent, is_live=is_live),
        stale_after={each.id: pages.stale_seconds(each, device) for each in detail.series},
    )


def find_device(detail: metering_queries.MeterDetail) -> acquisition_queries.DeviceRow | None:
    """This will return the device of the meter that hangs at the point now, if it has one."""
    if detail.current is None:
        return None
    try:
        return acquisition_queries.get_device_of_meter(meter_public_id=detail.current.meter_public_id)
    except acquisition_queries.DeviceNotFound:
        return None
