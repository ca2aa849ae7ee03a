"""What is taken to be used at a meter in a month at least, by agreement, from a day on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.kernel import civil, rounding
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions, values
from meterbook.metering import queries as metering_queries
from meterbook.web import access, amounts, parameters, typed
from meterbook.web import estimate_words as words
from meterbook.web.meters import finding

MOST = Decimal(10) ** 9


class MinimumForm(typed.Form):
    """From which day on, and how much a month."""

    from_date = parameters.DayField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, decimals: int, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **kwargs)
        self.fields["a_month"] = amounts.NumberField(
            places=decimals,
            least=Decimal(0),
            most=MOST,
            required=False,
            label=gettext_lazy("At least in a month"),
            help_text=gettext_lazy("Empty: from that day on nothing is agreed."),
        )


@dataclass(frozen=True)
class Line:
    """An agreement as the page shows it; `number` empty where nothing is agreed from then on."""

    row: metering_queries.MinimumRow
    number: str


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def minimum(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show what was agreed, the latest day first, and keep another agreement."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    series = detail.find_series(values.COUNTED_SERIES[detail.service])
    today = civil.local_date(request.at, detail.zone)
    decimals = 0 if series is None else series.decimals
    form = MinimumForm(
        request.POST if request.method == "POST" else None, decimals=decimals, initial={"from_date": today.isoformat()}
    )
    if form.is_bound and form.is_valid() and series is not None:
        number = form.cleaned_data["a_month"]
        metering_operations.set_minimum_use(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            from_date=form.cleaned_data["from_date"],
            a_month=None if number is None else int(number.scaleb(decimals, context=rounding.EXACT)),
        )
        messages.success(request, _("Saved; it holds for gaps that are filled from now on."))
        return redirect("meter_minimum", request.organization.public_id, detail.public_id)
    rows = [] if series is None else metering_queries.list_minimums(meter_point=detail.public_id)
    lines = [
        Line(each, "" if series is None or each.a_month is None else words.quantity(each.a_month, series))
        for each in rows
    ]
    context = {
        "detail": detail,
        "form": form,
        "lines": lines,
        "unit": "" if series is None else series.unit.symbol,
        "is_counted": series is not None,
    }
    return render(request, "filling/minimum.html", context, status=422 if form.errors else 200)
