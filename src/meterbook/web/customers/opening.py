"""Open an account, let it pay for a meter point, end that."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.billing import permissions as billing_permissions
from meterbook.customers import numbering, overriding, permissions
from meterbook.customers import operations as customer_operations
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.journeys import ending_contracts
from meterbook.kernel import civil
from meterbook.web import access, once
from meterbook.web.billing import signs
from meterbook.web.customers import opening_forms, views
from meterbook.web.sites import choice

REFUSALS = (
    customer_operations.ContractsOverlap,
    customer_operations.ContractMisfit,
    customer_operations.NotRunning,
)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new account, and open it."""
    usual = choice.usual_site(request, permissions.MANAGE_CUSTOMER)
    asked = request.GET.get("site", "")
    if usual is None or asked:
        found = choice.visible_sites(request, permissions.MANAGE_CUSTOMER)
        usual = next((each for each in found if str(each.public_id) == asked), usual)
    form = opening_forms.AccountForm(
        request.POST if request.method == "POST" else None,
        on=request.at.date(),
        usual=str(usual.public_id) if usual else "",
        number=numbering.next_numbers(site_id=usual.id if usual else None)[0],
        language=usual.language if usual else "",
        is_landlord=bool(request.GET.get("landlord")),
        is_internal=bool(request.GET.get("internal")),
    )
    if form.is_bound and form.is_valid():
        try:
            public_id, number = _open(request, form.cleaned_data)
        except customer_operations.CodeTaken as error:
            form.add_error("number", str(error))
        except customer_operations.LandlordPresent as error:
            form.add_error("is_landlord", str(error))
        else:
            choice.note_used(request, form.cleaned_data["site"])
            messages.success(request, _("Account %(number)s is open.") % {"number": number})
            signs.warn(request, form.cleaned_data["name"])
            return redirect("account", request.organization.public_id, public_id)
    context = {
        "form": form,
        "has_sites": bool(opening_forms.sites()),
        "back": reverse("accounts", args=[request.organization.public_id]),
    }
    return render(request, "customers/new.html", context, status=422 if form.errors else 200)


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def start(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will let the account pay for a meter point from a day on."""
    row = views.find(account)
    form = views.contract_form(request, row)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = customer_operations.start_contract(
                actor=request.actor,
                at=request.at,
                account=row.public_id,
                meter_point=uuid.UUID(given["meter_point"]),
                tariff=uuid.UUID(given["tariff"]),
                starts_at=civil.start_of_day(given["first_day"], views.zone_of(row, given["meter_point"])),
                reason=given.get("reason", ""),
            )
        except overriding.OverrideUnreasoned as error:
            form.add_error("reason", str(error))
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The account pays for the meter point from that day on."))
            if str(made.tariff.public_id) != given["tariff"]:
                messages.info(request, _("It begins by the default tariff; the other one waits for a second person."))
            return redirect("account", request.organization.public_id, row.public_id)
    return views.card(request, row, form=form)


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
def end(request: access.Request, account: uuid.UUID, contract: uuid.UUID) -> HttpResponse:
    """This will end a contract; from that day on the unit is vacant. Of issued bills beyond that day it warns first."""
    row = views.find(account)
    contracts = customer_queries.list_contracts(account_id=row.id)
    ending = next((each for each in contracts if each.public_id == contract), None)
    if ending is None:
        raise Http404(_("There is no such contract."))
    form = opening_forms.EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["until_day"][0]))
    else:
        day = form.cleaned_data["until_day"]
        try:
            ending_contracts.end_contract(
                actor=request.actor,
                at=request.at,
                contract=contract,
                ends_at=civil.start_of_day(day, ending.zone),
                is_confirmed="sure" in request.POST,
            )
        except ending_contracts.BillsReachBeyond as error:
            may_view_bills = billing_permissions.VIEW_BILL in request.permissions
            context = {"account": row, "contract": ending, "until_day": day, "bills": error.bills}
            return render(request, "customers/end.html", {**context, "may_view_bills": may_view_bills})
        except REFUSALS as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The contract ends that day; the unit is vacant from then on."))
    return redirect("account", request.organization.public_id, row.public_id)


def _open(request: access.Request, given: dict[str, Any]) -> tuple[uuid.UUID, str]:
    tariff = given["vacancy_tariff"]
    account = customer_operations.open_account_with_customer(
        actor=request.actor,
        at=request.at,
        site=uuid.UUID(given["site"]),
        number=given["number"],
        name=given["name"],
        email=given["email"],
        language=given["language"],
        tax_number=given["tax_number"],
        address=given["address"],
        is_landlord=given["is_landlord"],
        is_internal=given["is_internal"],
        vacancy_tariff=uuid.UUID(tariff) if tariff else None,
    )
    return account.public_id, account.number
