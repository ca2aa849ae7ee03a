"""Enter what a shared cost was, withdraw it, and end a shared cost."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.billing import permissions
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.queries import pools as pool_queries
from meterbook.identity.values import Module
from meterbook.sites import values as site_values
from meterbook.web import access, once
from meterbook.web.pools import amount_forms, finding, views


@require_POST
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
@once.carried_out_once
def enter(request: access.Request, pool: uuid.UUID) -> HttpResponse:
    """This will note a cost for days."""
    found = finding.find_pool(request, pool, permissions.MANAGE_POOL)
    form = amount_forms.AmountForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            pool_operations.enter_amount(
                actor=request.actor,
                at=request.at,
                pool=found.public_id,
                first_day=given["first_day"],
                until_day=given["last_day"] + timedelta(days=1),
                amount=given["amount"],
                text=given["text"],
                reference=given["reference"],
                quantity=given["quantity"],
                unit=given["unit"],
                texts={each: given[f"text_{each}"] for each in site_values.LANGUAGES},
            )
        except pool_operations.AmountImpossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The amount was entered. A run that waits for it is checked again by you."))
            return redirect("pool", request.organization.public_id, found.public_id)
    return views.show(request, found, form)


@require_POST
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
def withdraw(request: access.Request, pool_entry: uuid.UUID) -> HttpResponse:
    """This will let an amount count no more."""
    try:
        _site, public_id = pool_queries.site_of_entry(public_id=pool_entry)
    except pool_queries.PoolNotFound as error:
        raise Http404(str(error)) from error
    found = finding.find_pool(request, public_id, permissions.MANAGE_POOL)
    try:
        pool_operations.withdraw_amount(actor=request.actor, at=request.at, entry=pool_entry)
    except pool_operations.AmountImpossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The amount was withdrawn."))
    return redirect("pool", request.organization.public_id, found.public_id)


@require_POST
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
def end(request: access.Request, pool: uuid.UUID) -> HttpResponse:
    """This will share nothing any more from a day on, or take that back."""
    found = finding.find_pool(request, pool, permissions.MANAGE_POOL)
    form = amount_forms.EndForm(request.POST)
    if form.is_valid():
        try:
            pool_operations.end_pool(
                actor=request.actor, at=request.at, pool=found.public_id, ended_day=form.cleaned_data["ended_day"]
            )
        except pool_operations.AmountImpossible as error:
            form.add_error("ended_day", str(error))
        else:
            messages.success(request, _("It was saved."))
            return redirect("pool", request.organization.public_id, found.public_id)
    return views.show(request, found, None, form)
