"""What is agreed: tariffs and deposit on the way in, the new address on the way out."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from meterbook.customers import letting
from meterbook.journeys import moving_in
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.kernel import civil
from meterbook.web import access, parameters
from meterbook.web.moves import asked, forms, origins, places


def _tariff_form(request: access.Request, row: JourneyRow, data: object = None) -> tuple[forms.TariffsForm, str]:
    unit = places.chosen(row, at=request.at)
    if unit is None:
        return forms.TariffsForm(data, choices={}, known={}), ""
    listed = places.list_tariffs(on=civil.local_date(asked.moment(row), unit.zone))
    choices = {
        str(each.public_id): (
            each,
            places.tariffs_for(service=each.service, currency=unit.site.currency, tariffs=listed),
        )
        for each in unit.points
    }
    lacking = ", ".join(point.name for point, found in choices.values() if not found)
    proposed = {key: found for key, (point, _found) in choices.items() if (found := _proposed(row, point))}
    form = forms.TariffsForm(data, choices=choices, known=row.facts.get(Step.TARIFF, {}), proposed=proposed)
    return form, lacking


def _proposed(row: JourneyRow, point: letting.PointOf) -> forms.Proposed | None:
    """The default tariff for a meter point on the first day, with where it comes from."""
    found = origins.proposed(row, point)
    return None if found is None else forms.Proposed(str(found.tariff_public_id), origins.origin(found))


def show_tariff(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    made, lacking = _tariff_form(request, row)
    return {"form": form or made, "lacking": lacking}


def take_tariff(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    form, _lacking = _tariff_form(request, row, request.POST)
    if not form.is_valid():
        raise asked.Unanswered(form)
    given = {name.removeprefix("tariff_"): value for name, value in form.cleaned_data.items()}
    if not given.get(moving_in.REASON):
        given.pop(moving_in.REASON, None)
    return asked.Answer(given)


def _currency(request: access.Request, row: JourneyRow) -> str:
    unit = places.chosen(row, at=request.at)
    return unit.site.currency if unit else "EUR"


def show_deposit(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    known = str(row.facts.get(Step.DEPOSIT, {}).get("amount", ""))
    return {"form": form or forms.DepositForm(currency=_currency(request, row), known=known)}


def take_deposit(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    form = forms.DepositForm(request.POST, currency=_currency(request, row))
    if not form.is_valid():
        raise asked.Unanswered(form)
    amount = form.cleaned_data["amount"]
    return asked.Answer({"amount": f"{amount:f}" if amount else "", "currency": _currency(request, row)})


def show_address(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    known = row.facts.get(Step.ADDRESS, {})
    account = asked.account_of(row)
    return {
        "form": form or forms.AddressForm(initial={"address": known.get("address", "")}),
        "known_address": account.address,
    }


def take_address(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    form = forms.AddressForm(request.POST)
    if not form.is_valid():
        raise asked.Unanswered(form)
    return asked.Answer({"address": parameters.written(form.cleaned_data["address"], 1_000)})
