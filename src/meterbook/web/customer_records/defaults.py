"""Defaults of tariffs: which tariff a group is expected to have, from when on, and which contracts have another."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.customers import overrides, permissions, tariff_defaults, values
from meterbook.customers.tariff_defaults import DefaultRow
from meterbook.identity.values import Module
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, once, parameters, tables, typed
from meterbook.web.billing import words as bill_words
from meterbook.web.customer_records import words
from meterbook.web.moves import origins
from meterbook.web.sites import choice

EVERYWHERE = "all"
NONE = "none"  # in place of a tariff
KIND_CAPTIONS: dict[values.CustomerKind, str | Promise] = {
    values.CustomerKind.PERSON: pgettext_lazy("kind of customers", "Persons"),
    values.CustomerKind.COMPANY: pgettext_lazy("kind of customers", "Companies"),
}


class DefaultForm(typed.Form):
    """For whom, which tariff, from when on."""

    place = forms.ChoiceField(label=gettext_lazy("Where"))
    service = forms.ChoiceField(label=gettext_lazy("Service"))
    customer_kind = forms.ChoiceField(label=gettext_lazy("Kind of customer"), required=False)
    tariff = forms.ChoiceField(label=gettext_lazy("Default tariff"))
    first_day = parameters.DayField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, request: access.Request, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        tariffs = tariff_queries.list_tariffs(on=request.at.date())
        choices: dict[str, list[tuple[str, str | Promise]]] = {
            "place": _places(request),
            "service": [(each.value, SERVICE_CAPTIONS[each]) for each in Service],
            "customer_kind": [("", _("All customers")), *((each.value, KIND_CAPTIONS[each]) for each in KIND_CAPTIONS)],
            "tariff": [
                ("", _("Choose a tariff")),
                *((str(each.public_id), f"{bill_words.said(each.names)} ({each.code})") for each in tariffs),
                (NONE, _("No default from that day on")),
            ],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def group(self) -> tariff_defaults.Group:
        """This will return whom a valid form is for."""
        given = self.cleaned_data
        site, _slash, building = given["place"].partition("/")
        kind = given["customer_kind"]
        return tariff_defaults.Group(
            service=Service(given["service"]),
            site=None if site == EVERYWHERE else uuid.UUID(site),
            building=uuid.UUID(building) if building else None,
            customer_kind=values.CustomerKind(kind) if kind else None,
        )


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def defaults(request: access.Request) -> HttpResponse:
    """This will show the defaults and the contracts that run by another tariff; `?page=2` turns their page."""
    may_manage = permissions.MANAGE_CUSTOMER in request.permissions
    return _page(request, DefaultForm(request) if may_manage else None)


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def set_default(request: access.Request) -> HttpResponse:
    """This will let a tariff be the default of a group from a day on, or none."""
    form = DefaultForm(request, request.POST)
    if not form.is_valid():
        return _page(request, form)
    chosen = form.cleaned_data["tariff"]
    try:
        tariff_defaults.set_default(
            actor=request.actor,
            at=request.at,
            group=form.group(),
            tariff=None if chosen == NONE else uuid.UUID(chosen),
            first_day=form.cleaned_data["first_day"],
        )
    except tariff_defaults.DefaultInvalid as error:
        form.add_error("place" if error.field in ("site", "building") else error.field, str(error))
        return _page(request, form)
    messages.success(request, _("The default is set. Contracts that run stay as they are."))
    return redirect("tariff_defaults", request.organization.public_id)


def _places(request: access.Request) -> list[tuple[str, str | Promise]]:
    """Where somebody may set a default: everywhere only with the right for all sites."""
    found: list[tuple[str, str | Promise]] = []
    if request.access.sites(permissions.MANAGE_CUSTOMER) is None:
        found.append((EVERYWHERE, _("All sites")))
    for site in choice.visible_sites(request, permissions.MANAGE_CUSTOMER):
        found.append((str(site.public_id), site.name))
        found += [
            (f"{site.public_id}/{each.public_id}", f"{site.name}: {each.name}")
            for each in site_queries.list_nodes(site_id=site.id)
            if each.kind is NodeKind.BUILDING
        ]
    return found


def _page(request: access.Request, form: DefaultForm | None) -> HttpResponse:
    rows = tariff_defaults.list_defaults(sites=request.access.sites(permissions.VIEW_CUSTOMER))
    others = tariff_defaults.other_tariffs(at=request.at)
    number = min(parameters.page_number(request), max(1, -(-len(others) // tables.PAGE)))
    shown = others[(number - 1) * tables.PAGE : number * tables.PAGE]
    codes = {each.tariff_code for each in (*rows, *(each.default for each in shown))}
    codes |= {each.tariff_code for each in shown}
    behind = overrides.behind(contracts=[each.contract for each in shown])
    context = {
        "form": form,
        "rows": [(each, SERVICE_CAPTIONS[each.service], _kind(each)) for each in rows],
        "others": [(each, origins.origin(each.default), behind.get(each.contract)) for each in shown],
        "count": len(others),
        "tariff_names": words.tariff_names(codes),
        "pages": tables.pages({}, number, len(others)),
    }
    wrong = form is not None and bool(form.errors)
    return render(request, "customer_records/defaults.html", context, status=422 if wrong else 200)


def _kind(row: DefaultRow) -> str | Promise:
    return _("All customers") if row.customer_kind is None else KIND_CAPTIONS[row.customer_kind]
