"""What-ifs in the background: how far one is, what came out, cancel it, go on with it, remove it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from meterbook.billing import permissions as billing_permissions
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import background, kept
from meterbook.customers import permissions as customer_permissions
from meterbook.identity.values import Module
from meterbook.web import access, tables
from meterbook.web.tariffs import whatif, whatif_shown

see = access.page(permission=billing_permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
act = access.page(permission=billing_permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)


@require_safe
@see
def kept_what_if(request: access.Request, what_if: uuid.UUID) -> HttpResponse:
    """This will show one; while it is at work the page asks again. `?show=`, `?page=` and `?format=` as a small one."""
    found = _find(request, what_if, billing_permissions.VIEW_BILL)
    final = found.until_day - timedelta(days=1)
    context: dict[str, Any] = {
        "found": found,
        "final_day": final,
        "prices_name": found.prices_text,
        "may_act": billing_permissions.MANAGE_RUN in request.permissions,
        "may_see_accounts": customer_permissions.VIEW_CUSTOMER in request.permissions,
    }
    if found.state is kept.WhatIfState.DONE:
        show, kind = request.GET.get("show", ""), request.GET.get("format", "")
        if kind in (tables.CSV, tables.XLSX):
            return whatif.file(kind, _accounts(found, show), found.first_day, final)
        totals = kept.totals_of(what_if=found)
        context |= whatif.shown(
            totals, lambda part: _accounts(found, show, part), {}, request.GET, is_current=not found.prices_text
        )
    return render(request, "tariffs/whatif_kept.html", context)


def _accounts(found: kept.WhatIfRow, show: str, part: slice = slice(None)) -> list[asking.AccountResult]:
    effect = asking.TariffEffect(show) if show in set(asking.TariffEffect) else None
    return kept.accounts_of(what_if=found, show=effect, is_troubled=show == whatif_shown.TROUBLED, part=part)


@require_POST
@act
def cancel(request: access.Request, what_if: uuid.UUID) -> HttpResponse:
    """This will have no further account priced."""
    return _do(request, what_if, background.cancel_what_if)


@require_POST
@act
def resume(request: access.Request, what_if: uuid.UUID) -> HttpResponse:
    """This will go on with one that the workers gave up."""
    return _do(request, what_if, background.resume_what_if)


@require_POST
@act
def remove(request: access.Request, what_if: uuid.UUID) -> HttpResponse:
    """This will forget one."""
    _find(request, what_if, billing_permissions.MANAGE_RUN)
    try:
        background.delete_what_if(actor=request.actor, at=request.at, what_if=what_if)
    except background.WhatIfAtWork as error:
        messages.error(request, str(error))
        return redirect("tariff_what_if_kept", request.organization.public_id, what_if)
    return redirect("tariff_what_if", request.organization.public_id)


def _do(request: access.Request, what_if: uuid.UUID, operation: Callable[..., None]) -> HttpResponse:
    _find(request, what_if, billing_permissions.MANAGE_RUN)
    try:
        operation(actor=request.actor, at=request.at, what_if=what_if)
    except (background.WhatIfAtWork, background.WhatIfEnded) as error:
        messages.error(request, str(error))
    return redirect("tariff_what_if_kept", request.organization.public_id, what_if)


def _find(request: access.Request, what_if: uuid.UUID, permission: str) -> kept.WhatIfRow:
    try:
        return kept.get_what_if(public_id=what_if, site_ids=request.access.sites(permission))
    except kept.WhatIfNotFound as error:
        raise Http404(str(error)) from error
