"""Open several postpaid accounts at once, from the units of a site for which nobody pays."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core import validators
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import letting, numbering, permissions, tariff_defaults
from meterbook.customers import values as customer_values
from meterbook.identity.values import Module
from meterbook.journeys import opening_many
from meterbook.kernel import civil
from meterbook.metering import values as metering_values
from meterbook.sites import queries as site_queries
from meterbook.web import access, once, override_words, parameters, typed
from meterbook.web.customers import first_days
from meterbook.web.customers.opening_forms import LANGUAGES
from meterbook.web.moves import places
from meterbook.web.sites import choice

MOST_ROWS = 100  # at once


@dataclass(frozen=True)
class Row:
    """A unit of the table with what was typed beside it, and what is wrong with that."""

    place: letting.Place
    is_ticked: bool
    number: str
    name: str
    email: str
    fault: str


class AllForm(typed.Form):
    """What holds for all rows: the first day, the language, a tariff for each service."""

    day = parameters.DayField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("From midnight at the meter."),
        widget=django_forms.DateInput(attrs={"type": "date"}),
    )
    language = django_forms.ChoiceField(label=gettext_lazy("Language of the bills"), choices=LANGUAGES)

    def __init__(self, data: object = None, *, tariffs: Mapping[str, places.Choices], **more: Any) -> None:  # noqa: ANN401
        super().__init__(data, **more)  # type: ignore[arg-type]  # what a request's POST is
        for service, choices in tariffs.items():
            caption = metering_values.SERVICE_CAPTIONS[metering_values.Service(service)]
            self.fields[f"tariff_{service}"] = django_forms.ChoiceField(
                label=_("Tariff for %(service)s") % {"service": caption},
                choices=choices if len(choices) == 1 else [("", "–"), *choices],
                required=False,
            )
        if tariff_defaults.has_any():
            self.fields["reason"] = override_words.reason_field()

    def tariffs(self) -> dict[str, uuid.UUID]:
        """This will return the chosen tariffs by service code."""
        return {
            name.removeprefix("tariff_"): uuid.UUID(value)
            for name, value in self.cleaned_data.items()
            if name.startswith("tariff_") and value
        }


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def openings(request: access.Request) -> HttpResponse:
    """This will show the units of a site without a payer (`?site=`), and open accounts for those that are ticked."""
    sites = site_queries.reached_sites()
    site = _site(request, sites)
    shared = pool_queries.shared_meters(on=request.at.date())
    found = letting.places(at=request.at, site_id=site.id, shared=shared) if site else []
    vacant = [each for each in found if each.is_vacant][:MOST_ROWS]
    listed = places.list_tariffs(on=civil.local_date(request.at, site.zone)) if site else ()
    services = sorted({point.service for each in vacant for point in each.points})
    tariffs = {
        each.value: places.tariffs_for(service=each, currency=site.currency, tariffs=listed) if site else []
        for each in services
    }
    if request.method == "POST" and site is not None:
        form = AllForm(request.POST, tariffs=tariffs)
        rows = _typed(request, vacant)
        opened = _open(request, site, form, rows)
        if isinstance(opened, int):
            said = ngettext("%(count)s account is open.", "%(count)s accounts are open.", opened)
            messages.success(request, said % {"count": opened})
            return redirect("accounts", request.organization.public_id)
        rows = opened
    else:
        form = AllForm(tariffs=tariffs, initial={"language": site.language if site else "en"})
        if site is not None:
            _propose_day(request, form, site, vacant)
        rows = _proposed(site, vacant) if site else []
    is_faulty = form.is_bound
    context = {
        "form": form,
        "rows": rows,
        "site": site,
        "sites": sites,
        "has_units": bool(found),
        "list_href": reverse("moves", args=[request.organization.public_id]),
    }
    return render(request, "moves/openings.html", context, status=422 if is_faulty else 200)


def _propose_day(
    request: access.Request, form: AllForm, site: site_queries.SiteRow, vacant: Sequence[letting.Place]
) -> None:
    points = [point for each in vacant for point in each.points]
    proposal = first_days.propose(points=points, zone=site.zone, at=request.at)
    form.initial["day"] = proposal.day.isoformat()
    form.fields["day"].help_text = proposal.words


def _site(request: access.Request, sites: Sequence[site_queries.SiteRow]) -> site_queries.SiteRow | None:
    wanted = request.POST.get("site") or request.GET.get("site", "")
    asked = next((each for each in sites if str(each.public_id) == wanted), None)
    return asked or choice.chosen_site(request) or next(iter(sites), None)


def _proposed(site: site_queries.SiteRow, vacant: Sequence[letting.Place]) -> list[Row]:
    numbers = numbering.next_numbers(count=len(vacant), site_id=site.id)
    return [Row(each, False, number, "", "", "") for each, number in zip(vacant, numbers, strict=True)]


def _typed(request: access.Request, vacant: Sequence[letting.Place]) -> list[Row]:
    ticked = set(request.POST.getlist("place"))
    return [
        Row(
            each,
            each.key in ticked,
            parameters.written(request.POST.get(f"number_{each.key}", ""), 40),
            parameters.written(request.POST.get(f"name_{each.key}", ""), customer_values.NAME_LENGTH + 1),
            parameters.written(request.POST.get(f"email_{each.key}", ""), 254),
            "",
        )
        for each in vacant
    ]


def _open(request: access.Request, site: site_queries.SiteRow, form: AllForm, rows: Sequence[Row]) -> int | list[Row]:
    """How many were opened, or the rows with their faults."""
    chosen = [each for each in rows if each.is_ticked]
    faults = {each.place.key: fault for each in chosen if (fault := _fault(each))}
    if not chosen:
        form.add_error(None, _("Tick the units for which you open an account."))
    if not form.is_valid() or faults:
        return _marked(rows, faults)
    try:
        opened = opening_many.open_accounts(
            actor=request.actor,
            at=request.at,
            site=site.public_id,
            openings=[opening_many.Opening(each.place.key, each.number, each.name, each.email) for each in chosen],
            tariffs=form.tariffs(),
            first_day=form.cleaned_data["day"],
            language=form.cleaned_data["language"],
            reason=form.cleaned_data.get("reason", ""),
        )
    except opening_many.OpeningsRefused as error:
        form.add_error(None, str(error))
        return _marked(rows, error.faults)
    return len(opened)


def _fault(row: Row) -> str:
    if not row.name:
        return _("Write the name of the customer.")
    if len(row.name) > customer_values.NAME_LENGTH:
        return _("Shorten the name to %(most)s characters.") % {"most": customer_values.NAME_LENGTH}
    if not row.number:
        return _("Write a number for the account.")
    if row.email:
        try:
            validators.validate_email(row.email)
        except ValidationError:
            return _("Write the e-mail address as name@example.com, or nothing.")
    return ""


def _marked(rows: Sequence[Row], faults: Mapping[str, str]) -> list[Row]:
    return [
        Row(each.place, each.is_ticked, each.number, each.name, each.email, faults.get(each.place.key, ""))
        for each in rows
    ]
