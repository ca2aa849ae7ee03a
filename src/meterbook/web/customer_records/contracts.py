"""Contracts: the list, one contract, and another tariff from a day on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.customers import agreements, lookups, overrides, permissions, tariff_defaults, values
from meterbook.customers.agreements import AgreementRow, Show
from meterbook.identity.values import Module
from meterbook.journeys import changing_tariffs, operations
from meterbook.journeys.values import Step
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import by_hand
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import values as metering_values
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.web import access, override_words, parameters, tables, typed
from meterbook.web.customer_records import overriding, words
from meterbook.web.moves import places
from meterbook.web.templatetags import meterbook as tags

CAPTIONS: dict[Show, str | Promise] = {
    Show.RUNNING: pgettext_lazy("contracts", "Running"),
    Show.COMING: pgettext_lazy("contracts", "To come"),
    Show.ENDED: pgettext_lazy("contracts", "Ended"),
    Show.ALL: pgettext_lazy("contracts", "All"),
}


@dataclass(frozen=True)
class Chip:
    """A way to narrow the list."""

    caption: str | Promise
    href: str
    count: str
    is_chosen: bool


class TariffForm(typed.Form):
    """Another tariff, from a day on."""

    tariff = django_forms.ChoiceField(label=gettext_lazy("Tariff"))
    first_day = parameters.DayField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("From midnight at the meter."),
        widget=django_forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, data: object = None, *, choices: places.Choices) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["tariff"].choices = choices  # type: ignore[attr-defined]
        if tariff_defaults.has_any():
            self.fields["reason"] = override_words.reason_field()


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def contracts(request: access.Request) -> HttpResponse:
    """This will show the contracts: `?q=`, `?show=ended`, `?page=2`; `?format=csv` or `xlsx`: a file."""
    show = request.GET.get("show", "")
    narrowing = agreements.Narrowing(
        show=Show(show) if show in set(Show) else Show.RUNNING, search=parameters.search(request)
    )
    asked = {"q": narrowing.search, "show": "" if narrowing.show is Show.RUNNING else narrowing.show.value}
    kind = request.GET.get("format", "")
    if kind in (tables.CSV, tables.XLSX):
        return _file(request, kind, narrowing)
    number = parameters.page_number(request)
    found = agreements.list_agreements(
        narrowing=narrowing, at=request.at, offset=(number - 1) * tables.PAGE, limit=tables.PAGE
    )
    organization = request.organization.public_id
    context = {
        "lines": [(each, reverse("contract", args=[organization, each.public_id])) for each in found.rows],
        "chips": [
            Chip(
                caption,
                tables.link(asked, show="" if each is Show.RUNNING else each.value),
                tags.number(found.counts[each]),
                each is narrowing.show,
            )
            for each, caption in CAPTIONS.items()
        ],
        "tariff_names": words.tariff_names(each.tariff_code for each in found.rows),
        "narrowing": narrowing,
        "asked": asked,
        "has_any": bool(found.counts[Show.ALL]),
        "pages": tables.pages(asked, number, found.counts[narrowing.show]),
        "csv_href": tables.link(asked, format=tables.CSV),
        "xlsx_href": tables.link(asked, format=tables.XLSX),
        "may_manage": permissions.MANAGE_CUSTOMER in request.permissions,
        "moves_href": reverse("moves", args=[organization]),
        "customers_href": reverse("customers", args=[organization]),
    }
    return render(request, "customer_records/contracts.html", context)


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def contract(request: access.Request, contract: uuid.UUID) -> HttpResponse:
    """This will show one contract."""
    return _page(request, _find(contract))


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
def change_tariff(request: access.Request, contract: uuid.UUID) -> HttpResponse:
    """This will let another tariff hold from a day on."""
    row = _find(contract)
    form = _form(request, row, request.POST)
    if form.is_valid():
        try:
            going_on = changing_tariffs.change_tariff(
                actor=request.actor,
                at=request.at,
                contract=contract,
                tariff=uuid.UUID(form.cleaned_data["tariff"]),
                starts_at=civil.start_of_day(form.cleaned_data["first_day"], row.zone),
                reason=form.cleaned_data.get("reason", ""),
            )
        except operations.JourneyRefused as refused:
            form.add_error("tariff" if refused.step is Step.TARIFF else "first_day", str(refused))
        else:
            messages.success(request, _changed(is_waiting=going_on.public_id == contract))
            return redirect("contract", request.organization.public_id, going_on.public_id)
    return _page(request, row, form=form)


def _changed(*, is_waiting: bool) -> str:
    if is_waiting:
        return _("It is not the default, and waits for a second person; until then the present tariff holds.")
    return _("The new tariff holds from that day on, in a contract that follows this one.")


def _page(request: access.Request, row: AgreementRow, *, form: TariffForm | None = None) -> HttpResponse:
    may_manage = permissions.MANAGE_CUSTOMER in request.permissions
    customer = lookups.get_customer(public_id=row.customer_public_id)
    is_over = row.ends_at is not None and row.ends_at <= request.at
    others = [each for each in agreements.of_account(account_id=row.account_id) if each != row]
    context = {
        "contract": row,
        "others": others,
        "tariff_names": words.tariff_names(each.tariff_code for each in (row, *others)),
        "overrides": overriding.lines(
            request, [each for each in overrides.list_overrides(account=row.account_public_id) if _is_of(each, row)]
        ),
        "deposits": [each for each in customer.deposits if each.account_id == row.account_id],
        "start_reading": _shown(row.start_reading),
        "end_reading": _shown(row.end_reading),
        "start_further": _further(row.start_further),
        "end_further": _further(row.end_further),
        "state": _state(row, request.at),
        "is_over": is_over,
        "form": (form or _form(request, row)) if may_manage and not is_over else None,
        "may_manage": may_manage,
        "may_view_meters": metering_permissions.VIEW_METER in request.permissions,
        "may_view_tariffs": tariff_permissions.VIEW_TARIFF in request.permissions,
        "list_href": reverse("contracts", args=[request.organization.public_id]),
    }
    return render(
        request, "customer_records/contract.html", context, status=422 if form is not None and form.errors else 200
    )


def _is_of(found: overrides.OverrideRow, row: AgreementRow) -> bool:
    """Whether it is about the time of the contract, or waits for its meter point."""
    is_there = row.ends_at is None or found.starts_at < row.ends_at
    return found.point_code == row.point_code and is_there


def _find(contract: uuid.UUID) -> AgreementRow:
    try:
        return agreements.get_agreement(public_id=contract)
    except agreements.ContractNotFound as error:
        raise Http404(str(error)) from error


def _form(request: access.Request, row: AgreementRow, data: object = None) -> TariffForm:
    listed = places.list_tariffs(on=civil.local_date(request.at, row.zone))
    fitting = places.tariffs_for(service=row.service, currency=row.currency, tariffs=listed)
    return TariffForm(data, choices=[each for each in fitting if each[0] != str(row.tariff_public_id)])


def _state(row: AgreementRow, at: datetime) -> Show:
    if row.starts_at > at:
        return Show.COMING
    return Show.ENDED if row.ends_at is not None and row.ends_at <= at else Show.RUNNING


@dataclass(frozen=True)
class _Reading:
    number: Decimal
    unit: str
    decimals: int
    origin: str | Promise
    caption: str | Promise = ""


def _shown(seen: values.SeenReading | None) -> _Reading | None:
    if seen is None:
        return None
    decimals = max(0, -int(seen.value.as_tuple().exponent))
    return _Reading(seen.value, Unit(seen.unit).symbol, decimals, values.READING_ORIGIN_CAPTIONS[seen.origin])


def _further(seen: Mapping[str, values.SeenReading]) -> list[_Reading]:
    """The further registers, each with its caption, in the order in which they are asked for."""
    found = []
    for code in by_hand.FURTHER:
        shown = _shown(seen.get(code))
        if shown is not None:
            found.append(replace(shown, caption=metering_values.series_type(code).caption))
    return found


def _file(request: access.Request, kind: str, narrowing: agreements.Narrowing) -> HttpResponse:
    captions = (
        gettext_lazy("Customer"),
        gettext_lazy("Account"),
        gettext_lazy("Unit"),
        gettext_lazy("Meter point"),
        gettext_lazy("Tariff"),
        gettext_lazy("From"),
        gettext_lazy("Until"),
    )
    found = agreements.list_agreements(narrowing=narrowing, at=request.at, limit=None)
    return tables.file(kind, "contracts", captions, _rows(found))


def _rows(found: agreements.AgreementPage) -> Iterator[tuple[str, ...]]:
    for each in found.rows:
        start = each.starts_at.astimezone(each.zone).isoformat(timespec="minutes")
        end = "" if each.ends_at is None else each.ends_at.astimezone(each.zone).isoformat(timespec="minutes")
        yield (
            each.customer_name,
            each.account_number,
            each.place_name,
            each.point_code,
            each.tariff_code,
            start,
            end,
        )
