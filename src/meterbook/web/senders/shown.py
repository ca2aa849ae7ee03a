"""Devices that send by HTTP as pages show them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions, senders
from meterbook.acquisition.senders import SenderRow
from meterbook.acquisition.values import DeviceStatus
from meterbook.installation import queries as installation_queries
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access


@dataclass(frozen=True)
class Line:
    """A device in a list, with how it is doing in words, a tone and an icon."""

    row: SenderRow
    href: str
    meter_href: str
    words: str
    tone: str
    icon: str


def line(request: access.Request, row: SenderRow) -> Line:
    """This will return a device as a line."""
    words, tone, icon = _state(row)
    may_open = row.point_id is not None and request.access.allows(metering_permissions.VIEW_METER, row.site_id)
    organization = request.organization.public_id
    return Line(
        row=row,
        href=reverse("sender", args=[organization, row.public_id]),
        meter_href=reverse("meter", args=[organization, row.point_id]) if may_open else "",
        words=words,
        tone=tone,
        icon=icon,
    )


def find(request: access.Request, sender: uuid.UUID, *, to_change: bool = False) -> SenderRow:
    """This will return a device at a site where the reader may see it, or may change it.

    :raises Http404: when there is none
    """
    permission = permissions.MANAGE_DEVICE if to_change else permissions.VIEW_DEVICE
    try:
        return senders.get_sender(public_id=sender, site_ids=request.access.sites(permission))
    except senders.SenderNotFound as error:
        raise Http404(_("There is no such device.")) from error


def address(row: SenderRow) -> str:
    """This will return where the device sends to, without its token."""
    return f"{installation_queries.public_address()}{acquisition_operations.BUS_PLACE}/{row.public_id}"


def _state(row: SenderRow) -> tuple[str, str, str]:
    if row.revoked_at is not None:
        return _("Revoked"), "", "cross"
    if not row.is_enabled:
        return _("Switched off"), "", "cross"
    if row.status is DeviceStatus.OK:
        return _("Sends"), "ok", "check"
    if row.status is DeviceStatus.SILENT:
        return _("Silent"), "alarm", "no-contact"
    return _("Nothing came yet"), "", "clock"
