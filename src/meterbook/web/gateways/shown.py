"""Gateways as pages show them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition import permissions
from meterbook.acquisition.gateway_values import GatewayState
from meterbook.acquisition.gateways import GatewayRow
from meterbook.web import access

TONES = {
    GatewayState.ONLINE: ("ok", "check"),
    GatewayState.SILENT: ("alarm", "no-contact"),
    GatewayState.WAITING: ("", "clock"),
    GatewayState.REVOKED: ("", "cross"),
}
LARGE_OFFSET_MS = 5_000
WEAK_DBM = -80


@dataclass(frozen=True)
class Line:
    """A gateway as the list shows it; texts are empty where nothing is known."""

    row: GatewayRow
    href: str
    tone: str
    icon: str
    clock: str
    is_clock_wrong: bool
    signal: str
    is_weak: bool


def line(request: access.Request, row: GatewayRow) -> Line:
    """This will return a gateway as a line."""
    tone, icon = TONES[row.state]
    return Line(
        row=row,
        href=reverse("gateway", args=[request.organization.public_id, row.public_id]),
        tone=tone,
        icon=icon,
        clock=_clock(row.clock_offset_ms),
        is_clock_wrong=row.clock_offset_ms is not None and abs(row.clock_offset_ms) > LARGE_OFFSET_MS,
        signal=_("%(dbm)s dBm") % {"dbm": row.rssi} if row.rssi is not None else "",
        is_weak=row.rssi is not None and row.rssi < WEAK_DBM,
    )


def find(request: access.Request, gateway: uuid.UUID, *, to_change: bool = False) -> GatewayRow:
    """This will return a gateway at a site where the reader may see it, or may change it.

    :raises Http404: when there is none
    """
    permission = permissions.MANAGE_DEVICE if to_change else permissions.VIEW_DEVICE
    try:
        return acquisition_gateways.get_gateway(
            public_id=gateway, at=request.at, site_ids=request.access.sites(permission)
        )
    except acquisition_gateways.GatewayNotFound as error:
        raise Http404(str(error)) from error


def _clock(offset: int | None) -> str:
    """How wrong a clock is, in whole seconds from one second on."""
    if offset is None:
        return ""
    seconds = abs(offset) // 1000
    if not seconds:
        return _("right")
    words = _("%(seconds)s s ahead") if offset > 0 else _("%(seconds)s s behind")
    return words % {"seconds": seconds}
