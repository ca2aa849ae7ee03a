"""The list of devices that send by HTTP, and one of them: its address, its values, why it was refused."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from meterbook.acquisition import permissions
from meterbook.acquisition import senders as acquisition_senders
from meterbook.acquisition.senders import SenderRow
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.senders import shown
from meterbook.web.sites import choice

guarded = access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)


@require_GET
@guarded
def senders(request: access.Request) -> HttpResponse:
    """This will show the devices of the chosen site that send by HTTP."""
    rows = acquisition_senders.list_senders(site_ids=choice.site_ids(request, permissions.VIEW_DEVICE))
    context = {
        "lines": [shown.line(request, each) for each in rows],
        "may_manage": request.access.allows_somewhere(permissions.MANAGE_DEVICE),
        "now": request.at,
    }
    return render(request, "senders/list.html", context)


@require_GET
@guarded
def sender(request: access.Request, sender: uuid.UUID) -> HttpResponse:
    """This will show one of them."""
    return render(request, "senders/sender.html", details(request, shown.find(request, sender)))


def details(request: access.Request, row: SenderRow) -> dict[str, Any]:
    """This will return what the page of a device shows."""
    return {
        "row": row,
        "line": shown.line(request, row),
        "address": shown.address(row),
        "may_manage": request.access.allows(permissions.MANAGE_DEVICE, row.site_id),
        "zone": choice.clock_zone(request),
        "now": request.at,
    }
