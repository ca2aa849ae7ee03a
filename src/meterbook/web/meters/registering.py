"""Another register of a meter that people read or files bring, with what it shows at the start."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.journeys import hung_registers
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access, amounts, once, typed
from meterbook.web.meters import finding, instants

PLACES = 3


class RegisterForm(typed.Form):
    """Which register, since when, and what it showed then."""

    series = forms.ChoiceField(label=gettext_lazy("Register"))
    shown = amounts.NumberField(
        places=PLACES,
        least=Decimal(0),
        label=gettext_lazy("What it showed then"),
        help_text=gettext_lazy("As the display showed it, in the unit of the register, not multiplied."),
    )

    def __init__(
        self, data: object = None, *, detail: metering_queries.MeterDetail, at: datetime, codes: tuple[str, ...]
    ) -> None:
        super().__init__(data, initial={"since": instants.shown(at, detail.zone)})  # type: ignore[arg-type]  # a POST
        kinds = [metering_values.series_type(each) for each in codes]
        self.fields["series"].choices = [  # type: ignore[attr-defined]
            (each.code, f"{each.caption} ({each.unit.symbol})") for each in kinds
        ]
        self.fields["since"] = instants.InstantField(
            label=gettext_lazy("Counts from"),
            zone=detail.zone,
            until=at,
            help_text=gettext_lazy("By the clock at the meter. What it counted before stays unknown."),
        )
        self.order_fields(["series", "since", "shown"])


class ModelForm(typed.Form):
    """Which registers of the meter's model are kept from now on."""

    meter = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        plans: Sequence[metering_operations.RegisterPlan],
    ) -> None:
        hanging = None if detail.current is None else detail.current.meter_public_id
        super().__init__(data, initial={"meter": hanging})  # type: ignore[arg-type]  # a POST
        self.plans = plans
        for each in plans:
            kind = metering_values.series_type(each.series_code)
            self.fields[f"register_{each.series_code}"] = forms.BooleanField(
                label=f"{kind.caption} ({each.unit.symbol})", required=False
            )

    def clean(self) -> None:
        """This will ask for at least one."""
        if not self.chosen():
            self.add_error(None, _("Choose at least one register."))

    def chosen(self) -> list[metering_operations.RegisterPlan]:
        """This will return the registers that were ticked."""
        return [each for each in self.plans if self.cleaned_data.get(f"register_{each.series_code}")]


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
@once.carried_out_once
def register(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show which registers can be added to a meter, and add one."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if plans := hung_registers.missing(detail):
        return _of_model(request, detail, plans)
    codes = hung_registers.addable(detail)
    form = RegisterForm(request.POST if request.method == "POST" else None, detail=detail, at=request.at, codes=codes)
    if form.is_bound and form.is_valid() and _add(request, detail, form):
        kind = metering_values.series_type(form.cleaned_data["series"])
        words = _("“%(register)s” of “%(name)s” counts from now on. Enter its readings with those of the meter.")
        messages.success(request, words % {"register": kind.caption, "name": detail.name})
        return redirect("meter", request.organization.public_id, detail.public_id)
    context = {"detail": detail, "form": form, "may_add": bool(codes)}
    return render(request, "meters/register.html", context, status=422 if form.errors else 200)


def _of_model(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    plans: Sequence[metering_operations.RegisterPlan],
) -> HttpResponse:
    """Of a meter that is asked: what its model has, and it does not keep."""
    form = ModelForm(request.POST if request.method == "POST" else None, detail=detail, plans=plans)
    if form.is_bound and form.is_valid():
        chosen = form.chosen()
        try:
            metering_operations.add_model_registers(
                actor=request.actor,
                at=request.at,
                meter_point=detail.public_id,
                meter=form.cleaned_data["meter"],
                plans=chosen,
            )
        except metering_operations.RegisterRefused as error:
            form.add_error(None, str(error))
        else:
            named = ", ".join(str(metering_values.series_type(each.series_code).caption) for each in chosen)
            words = _("%(registers)s of “%(name)s” are kept from the next reading on.")
            messages.success(request, words % {"registers": named, "name": detail.name})
            return redirect("meter", request.organization.public_id, detail.public_id)
    context = {"detail": detail, "form": form, "may_add": True, "is_of_model": True}
    return render(request, "meters/register.html", context, status=422 if form.errors else 200)


def _add(request: access.Request, detail: metering_queries.MeterDetail, form: RegisterForm) -> bool:
    given = form.cleaned_data
    try:
        metering_operations.make_room(given["since"])
        metering_operations.add_register(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            series_code=given["series"],
            since=given["since"],
            shown=given["shown"],
        )
    except metering_operations.RegisterRefused as error:
        form.add_error(error.field, str(error))
    except metering_operations.StoreBusy as error:
        form.add_error(None, str(error))
    return form.is_valid()
