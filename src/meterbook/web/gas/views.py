"""The supply areas of gas, and one with its values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import gas_values
from meterbook.billing.queries import gas as gas_queries
from meterbook.identity.values import Module
from meterbook.sites import queries as site_queries
from meterbook.tariffs import permissions
from meterbook.web import access
from meterbook.web.billing import words
from meterbook.web.gas import forms


@dataclass(frozen=True)
class Line:
    """A supply area in the list, in words."""

    row: gas_queries.GasAreaRow
    factor: str
    sites: str
    policy: str | Promise


@dataclass(frozen=True)
class Value:
    """A value in the list."""

    row: gas_queries.GasValueRow
    kind: str | Promise
    value: str
    unit: str
    origin: str | Promise
    worked_out: str


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def areas(request: access.Request) -> HttpResponse:
    """This will list the supply areas with how far their values go."""
    return listed(request, forms.FileForm())


def listed(request: access.Request, form: forms.FileForm) -> HttpResponse:
    """This will show the list with the form of a file."""
    lines = [
        Line(
            row=each,
            factor=_("entered for days") if each.factor is None else words.tidy(str(each.factor)),
            sites=", ".join(name for _public_id, name in each.sites),
            policy=gas_values.ON_MISSING_VALUE_CAPTIONS[each.on_missing],
        )
        for each in gas_queries.list_areas()
    ]
    context = {"lines": lines, "form": form, "may_edit": permissions.DRAFT_TARIFF in request.permissions}
    return render(request, "gas/list.html", context, status=422 if form.errors else 200)


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def area(request: access.Request, gas_area: uuid.UUID) -> HttpResponse:
    """This will show a supply area with all versions of its values."""
    return show(request, find(gas_area))


def find(public_id: uuid.UUID) -> gas_queries.GasAreaRow:
    """This will return a supply area.

    :raises Http404: when there is none
    """
    try:
        return gas_queries.get_area(public_id=public_id)
    except gas_queries.GasAreaNotFound as error:
        raise Http404(str(error)) from error


def site_choices() -> list[tuple[str, str]]:
    """This will return the sites of the organization as a form offers them."""
    return [(str(each.public_id), each.name) for each in site_queries.list_sites()]


def show(
    request: access.Request,
    row: gas_queries.GasAreaRow,
    value_form: forms.ValueForm | None = None,
    area_form: forms.AreaForm | None = None,
) -> HttpResponse:
    """This will show a supply area with its forms; those that were sent tell what is wrong."""
    initial = {
        "name": row.name,
        "factor": "" if row.factor is None else words.tidy(str(row.factor)),
        "on_missing": row.on_missing.value,
        "sites": [str(public_id) for public_id, _name in row.sites],
    }
    context = {
        "row": row,
        "factor": "" if row.factor is None else words.tidy(str(row.factor)),
        "policy": gas_values.ON_MISSING_VALUE_CAPTIONS[row.on_missing],
        "values": [_value(each) for each in gas_queries.list_values(area_id=row.id)],
        "value_form": value_form or forms.ValueForm(),
        "area_form": area_form or forms.AreaForm(sites=site_choices(), initial=initial),
        "may_edit": permissions.DRAFT_TARIFF in request.permissions,
    }
    is_wrong = bool((value_form and value_form.errors) or (area_form and area_form.errors))
    return render(request, "gas/area.html", context, status=422 if is_wrong else 200)


def _value(row: gas_queries.GasValueRow) -> Value:
    told = row.worked_out
    facts = {key: words.tidy(str(Decimal(told[key]))) for key in ("celsius", "mbar", "compressibility") if key in told}
    return Value(
        row=row,
        kind=gas_values.GAS_KIND_CAPTIONS[row.kind],
        value=words.tidy(str(row.value)),
        unit="" if row.kind is gas_values.GasKind.FACTOR else f"{row.unit.symbol}/m³",
        origin=gas_values.GAS_ORIGIN_CAPTIONS[row.origin],
        worked_out=_("%(celsius)s °C, %(mbar)s mbar, K %(compressibility)s") % facts if facts else "",
    )
