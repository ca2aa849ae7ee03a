"""Who moves in where, and who leaves."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext as _

from meterbook.customers import letting, lookups, numbering
from meterbook.customers import queries as customer_queries
from meterbook.customers import values as customer_values
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.sites import queries as site_queries
from meterbook.web import access, parameters
from meterbook.web.moves import asked, forms, places
from meterbook.web.sites import choice

MOST_FOUND = 20


def show_unit(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    search = parameters.search(request)
    site = choice.chosen_site(request)
    found = letting.places(at=request.at, site_id=site.id if site else None, search=search)
    vacant_first = sorted(found, key=lambda each: not each.is_vacant)
    zones = {each.id: each.zone for each in site_queries.list_sites()}
    return {
        "form": form or django_forms.Form(),
        "places": [(each, zones[each.site_id]) for each in vacant_first[:MOST_FOUND]],
        "left": max(0, len(found) - MOST_FOUND),
        "search": search,
        "chosen_key": row.facts.get(Step.UNIT, {}).get("place", ""),
    }


def take_unit(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    key = request.POST.get("place", "")
    place = next(iter(letting.places(at=request.at, key=key)), None) if key else None
    if place is None:
        form = django_forms.Form(request.POST)
        form.add_error(None, _("Choose a unit."))
        raise asked.Unanswered(form)
    return unit_answer(place)


def unit_answer(place: letting.Place) -> asked.Answer:
    """This will return the answer that chooses a unit with all of its meter points."""
    site = next(each for each in site_queries.list_sites() if each.id == place.site_id)
    given = {
        "place": place.key,
        "site": str(site.public_id),
        "points": [str(each.public_id) for each in place.points],
        "name": place.name,
    }
    return asked.Answer(given, place.name)


def show_customer(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    given = row.facts.get(Step.CUSTOMER, {})
    search = parameters.search(request)
    found = lookups.find_customers(search=search, at=request.at) if search else ()
    unit = places.chosen(row, at=request.at)
    known = []
    for each in found:
        own = lookups.accounts_of(customer_id=each.id)
        known.append(
            (each, [one for one in own if unit is not None and one.site_id == unit.site.id and not one.is_landlord])
        )
    initial = {key: given.get(key, "") for key in ("name", "kind", "email", "phone", "tax_number")}
    initial["language"] = given.get("language") or (unit.site.language if unit else "en")
    site_id = unit.site.id if unit else None
    initial["number"] = given.get("number") or numbering.next_numbers(site_id=site_id)[0]
    return {"form": form or forms.PersonForm(initial=initial), "known": known, "search": search}


def take_customer(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    form = forms.PersonForm(request.POST)
    if not form.is_valid():
        raise asked.Unanswered(form)
    given = form.cleaned_data
    known = given.pop("known")
    unit = row.facts.get(Step.UNIT, {}).get("name", "")
    if known:
        found = _known(known, form)
        if found.get("number") is None:
            found["number"] = given["number"]
        return asked.Answer(found, f"{unit}, {found['name']}")
    given["kind"] = given["kind"] or customer_values.CustomerKind.PERSON.value
    given["language"] = given["language"] or "en"
    return asked.Answer(given, f"{unit}, {given['name']}")


def _known(known: str, form: forms.PersonForm) -> asked.Given:
    """A known customer with a new account ("c" and its id), or with an account that goes on ("a" and its id)."""
    try:
        public_id = uuid.UUID(known[1:])
        if known.startswith("a"):
            account = customer_queries.get_account(public_id=public_id)
            return {"account": str(account.public_id), "name": account.customer_name, "number": account.number}
        customer = lookups.get_customer(public_id=public_id)
    except (ValueError, customer_queries.AccountNotFound, lookups.CustomerNotFound):
        form.add_error(None, _("This customer is no longer there; look again."))
        raise asked.Unanswered(form) from None
    return {"customer": str(customer.public_id), "name": customer.facts.name}


def show_account(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    search = parameters.search(request)
    site = choice.chosen_site(request)
    found = [
        each for each in letting.places(at=request.at, site_id=site.id if site else None, search=search) if each.payers
    ]
    given = row.facts.get(Step.ACCOUNT, {})
    return {
        "form": form or django_forms.Form(),
        "places": found[:MOST_FOUND],
        "left": max(0, len(found) - MOST_FOUND),
        "search": search,
        "chosen_key": given.get("place", ""),
    }


def take_account(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    key = request.POST.get("place", "")
    place = next(iter(letting.places(at=request.at, key=key)), None) if key else None
    answer = None if place is None else leaving_answer(place)
    if answer is None:
        form = django_forms.Form(request.POST)
        form.add_error(None, _("Choose a unit that somebody lives in."))
        raise asked.Unanswered(form)
    return answer


def leaving_answer(place: letting.Place) -> asked.Answer | None:
    """This will return the answer that lets the payer of a unit leave it; None when nobody pays for it."""
    paid = [(each, each.newest) for each in place.points if each.is_paid]
    payers = [payer for _point, payer in paid if payer is not None]
    if not payers:
        return None
    first = payers[0]
    own = [each for each in payers if each.account_public_id == first.account_public_id]
    given = {
        "place": place.key,
        "unit": place.name,
        "account": str(first.account_public_id),
        "number": first.account_number,
        "name": first.customer_name,
        "contracts": [str(each.contract_public_id) for each in own],
    }
    return asked.Answer(given, f"{place.name}, {first.customer_name}")
