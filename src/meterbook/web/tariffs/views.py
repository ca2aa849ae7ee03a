"""The tariff list and a tariff with its versions, its charges and the picture of its calendar."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.billing import permissions as billing_permissions
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity import two_people
from meterbook.identity.values import Module, TwoPeople
from meterbook.tariffs import permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs import values as tariff_values
from meterbook.tariffs.rating import cautions, wording
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.terms import Charge
from meterbook.web import access, parameters, typed
from meterbook.web.tariffs import picture

MOST_SHOWN = 8  # of the contracts that use a tariff
MOST_NAMED = 5  # of the people who may publish it


@dataclass(frozen=True)
class ChargeRow:
    """One component in words: what it charges for, and its prices with their units."""

    icon: str
    name: str
    words: str
    prices: tuple[tuple[str, str, str], ...]  # caption, price, unit


class PublishForm(typed.Form):
    """From which day on the draft is in force."""

    first_day = parameters.DayField(
        label=gettext_lazy("In force from"),
        help_text=gettext_lazy("The version before it ends the day before. A published version never changes."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def tariffs(request: access.Request) -> HttpResponse:
    """This will show all tariffs with the version in force today."""
    used, language = customer_queries.contracts_by_tariff(at=request.at), translation.get_language()[:2]
    context = {
        "tariffs": [
            (each, said(each.names, language), used.get(each.id, 0))
            for each in tariff_queries.list_tariffs(on=request.at.date())
        ],
        "may_draft": permissions.DRAFT_TARIFF in request.permissions,
        "may_try": billing_permissions.VIEW_BILL in request.permissions,
        "new_href": reverse("tariff_new", args=[request.organization.public_id]),
    }
    return render(request, "tariffs/list.html", context)


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def tariff(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will show one version of a tariff: `?version=3`, else the one in force, else the newest."""
    return card(request, find(tariff, on=request.at.date()))


def card(request: access.Request, row: tariff_queries.TariffRow, *, form: PublishForm | None = None) -> HttpResponse:
    """This will show the tariff; `form` holds a first day that was typed and cannot be."""
    versions = tariff_queries.list_versions(tariff_id=row.id)
    shown = _chosen(request.GET.get("version", ""), row, versions)
    document = shown.document
    use = customer_queries.tariff_use(tariff_id=row.id, at=request.at, limit=MOST_SHOWN)
    language = translation.get_language()[:2]
    others = publishers(request, row)
    context = {
        "tariff": row,
        "name": said(document.name, language),
        "versions": versions,
        "shown": shown,
        "is_draft": shown.state is tariff_values.VersionState.DRAFT,
        "document": document,
        "charges": [charge_row(each, document, language) for each in document.components],
        "taxes": [(said(each.name, language), picture.percent(each.rate)) for each in document.taxes],
        "seasons": picture.seasons(document, language=language),
        "legend": picture.legend(document, language=language),
        "hours": [(f"{hour:02}", 72 + hour * 40) for hour in range(0, 25, 3)],
        "half_hours": picture.covered(document),
        "holidays": sorted(document.holidays),
        "special_days": sorted(document.special_days) if any(each.is_special for each in document.day_types) else [],
        "cautions": cautions_of(document, language),
        "start_number": (row.draft or row.current or versions[0]).number,
        "used": sum(count for _site, count in use.by_site),
        "use": use,
        "may_see_accounts": customer_permissions.VIEW_CUSTOMER in request.permissions,
        "may_assign": customer_permissions.MANAGE_CUSTOMER in request.permissions,
        "may_draft": permissions.DRAFT_TARIFF in request.permissions,
        "may_try": billing_permissions.VIEW_BILL in request.permissions,
        "may_publish": permissions.PUBLISH_TARIFF in request.permissions and row.draft is not None and not others,
        "publishers": ", ".join(others[:MOST_NAMED]),
        "more_publishers": max(len(others) - MOST_NAMED, 0),
        "form": form or PublishForm(initial={"first_day": request.at.date().isoformat()}),
        "list_href": reverse("tariffs", args=[request.organization.public_id]),
    }
    return render(request, "tariffs/tariff.html", context, status=422 if form is not None else 200)


def publishers(request: access.Request, row: tariff_queries.TariffRow) -> list[str]:
    """This will name who may publish the draft, where its writer, who asks, may not; else nobody."""
    if row.draft is None or permissions.PUBLISH_TARIFF not in request.permissions:
        return []
    if row.draft.author_id != request.actor.id or not two_people.is_needed(TwoPeople.TARIFF):
        return []
    return two_people.name_others(actor=request.actor, at=request.at, permission=permissions.PUBLISH_TARIFF)


def find(tariff: uuid.UUID, *, on: date) -> tariff_queries.TariffRow:
    """This will return the tariff, or answer "not found"."""
    try:
        return tariff_queries.get_tariff(public_id=tariff, on=on)
    except tariff_queries.TariffNotFound as error:
        raise Http404(_("There is no such tariff.")) from error


def _chosen(
    asked: str, row: tariff_queries.TariffRow, versions: list[tariff_queries.VersionRow]
) -> tariff_queries.VersionRow:
    for each in versions:
        if str(each.number) == asked:
            return each
    return row.current or row.draft or versions[0]


def charge_row(component: Component, document: TariffDocument, language: str) -> ChargeRow:
    """This will tell a component in words."""
    name = said(component.name, language)
    unit = f"{document.currency}/{document.unit.symbol}"
    if not component.is_plain:
        sentences = wording.of_component(document, component, language).sentences
        return ChargeRow("table", name, " ".join(_(each.template) % each.data for each in sentences), ())
    if component.charge is Charge.FIXED_DAILY:
        price = ("", picture.written(component.price), _("%s a day") % document.currency)
        return ChargeRow("calendar", name, _("For every calendar day, whatever its hours."), (price,))
    if component.charge is Charge.FIXED_MONTHLY:
        price = ("", picture.written(component.price), _("%s a month") % document.currency)
        return ChargeRow("calendar", name, _("For every calendar month; part months count by days."), (price,))
    if component.tiers:
        return ChargeRow("chart", name, _tier_words(component), tuple(_tier_prices(component, document, unit)))
    if component.prices:
        captions = {each.code: said(each.name, language) for each in document.periods}
        prices = tuple((captions[code], picture.written(price), unit) for code, price in component.prices)
        return ChargeRow("clock", name, _("Each unit costs what its hour costs."), prices)
    return ChargeRow("lightning", name, _("Each unit costs the same."), (("", picture.written(component.price), unit),))


def cautions_of(document: TariffDocument, language: str) -> list[str]:
    """This will tell what is worth a second look."""
    captions = {each.code: said(each.name, language) for each in document.periods}
    return [
        _("%(name)s: the price %(price)s is below zero, it pays the customer.")
        % {
            "name": ", ".join(filter(None, (said(each.component.name, language), captions.get(each.period)))),
            "price": f"{picture.written(each.price)} {document.currency}",
        }
        for each in cautions.negative_prices(document)
    ]


def _tier_words(component: Component) -> str:
    if component.reference_days is None:
        return _("The steps hold for a calendar month; part months count by days.")
    return _("The steps hold for %(days)s days and grow with the period.") % {"days": component.reference_days}


def _tier_prices(component: Component, document: TariffDocument, unit: str) -> list[tuple[str, str, str]]:
    found, below = [], "0"
    for tier in component.tiers:
        if tier.up_to is None:
            caption = _("above %(from)s %(unit)s") % {"from": below, "unit": document.unit.symbol}
        else:
            caption = _("to %(to)s %(unit)s") % {"to": picture.written(tier.up_to), "unit": document.unit.symbol}
            below = picture.written(tier.up_to)
        found.append((caption, picture.written(tier.price), unit))
    return found


def language() -> str:
    """This will return the language of the page."""
    return (translation.get_language() or "en")[:2]


def said(text: Mapping[str, str], language: str) -> str:
    """This will return a text of a tariff in a language, else in English."""
    return text.get(language, text["en"])
