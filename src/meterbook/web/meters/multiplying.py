"""Change how many times a meter's registers count, from an instant on, with what they showed then."""

from __future__ import annotations

import uuid
from datetime import datetime
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
from meterbook.journeys import add_meter, exchange_meter, exchange_proposals, hung_registers, noting_assets
from meterbook.kernel.quantity import Unit
from meterbook.metering import assets, permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access, amounts
from meterbook.web.meters import asset_forms, exchanging, finding, instants, ratio_fields
from meterbook.web.templatetags import meterbook as tags

TRANSFORMERS = "transformers"  # sent by a form that shows their fields: what is empty there is none


class MultiplierForm(asset_forms.TransformersForm):
    """The new factor, since when, and what each counting register showed at that instant."""

    multiplier = ratio_fields.RatioField(
        label=gettext_lazy("New multiplier"),
        help_text=gettext_lazy("Ratio of the current transformers, primary/secondary: 200/5 counts 40 times."),
    )
    seals = asset_forms.SealsField(
        label=gettext_lazy("Seal numbers from then on"),
        help_text=gettext_lazy("With commas between them; empty where they stay."),
    )
    protocol = forms.CharField(
        label=gettext_lazy("Protocol"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Its number; without one a photo is asked for in the next step."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why it changes"),
        max_length=200,
        help_text=gettext_lazy("Such as: transformers exchanged. It stays on record."),
    )

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        at: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.detail = detail
        self.fields["starts_at"] = instants.InstantField(
            label=gettext_lazy("Counts from"),
            zone=detail.zone,
            until=at,
            help_text=gettext_lazy("By the clock at the meter."),
        )
        self.registers = exchange_proposals.counters(detail)
        for series, register in self.registers:
            unit = Unit(register.unit).symbol
            self.fields[f"shown_{series.code}"] = amounts.NumberField(
                places=register.decimals,
                least=Decimal(0),
                label=f"{series.caption} ({unit})",
                help_text=gettext_lazy("What the meter showed then, not multiplied."),
            )
        shown = [f"shown_{series.code}" for series, _register in self.registers]
        self.order_fields(["starts_at", "multiplier", *shown, "protocol", "reason", "seals"])

    def clean(self) -> dict[str, Any]:
        """This will refuse a register that lies outside of the readings around the instant."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_ratio(given)
        at: datetime | None = given.get("starts_at")
        current = self.detail.current
        if at is None or current is None:
            return given
        for series, register in self.registers:
            value = given.get(f"shown_{series.code}")
            latest = exchange_meter.last_shown(meter=current, series=series, until=at)
            if value is None or latest is None:
                continue
            if hung_registers.stored(value, register.decimals) < latest.raw:
                known = Decimal(latest.raw).scaleb(-register.decimals)
                words = _("It showed %(value)s already before; read it again.")
                self.add_error(f"shown_{series.code}", words % {"value": tags.number(known, register.decimals)})
        return given

    def _clean_ratio(self, given: dict[str, Any]) -> None:
        """What stands on the transformers is what is counted, unless the meter multiplies inside."""
        factor, multiplier = assets.Equipment("", self.current(), self.voltage()).factor, given.get("multiplier")
        if factor is None or multiplier is None or multiplier in (1, factor):
            return
        words = _("These transformers divide by %(factor)s, but the multiplier is %(multiplier)s; correct one of them.")
        self.add_error("current_ratio", words % {"factor": factor, "multiplier": multiplier})

    def main_fields(self) -> list[forms.BoundField]:
        """This will return what the change needs."""
        return [each for each in self if each.name not in asset_forms.TRANSFORMERS]

    def shown(self) -> dict[str, Decimal]:
        """This will return what the registers showed, by series code."""
        return {series.code: self.cleaned_data[f"shown_{series.code}"] for series, _register in self.registers}


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def multiplier(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show the form, then what follows from it, and change the multiplier."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if detail.current is None:
        messages.info(request, _("No meter hangs at this meter point; set one up instead."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    if request.method == "GET":
        known = metering_queries.equipment_of(meter_point=detail.public_id)
        around = asset_forms.transformers_shown(known[0].equipment) if known else {}
        initial = {"starts_at": instants.shown(request.at, detail.zone), **around}
        form = MultiplierForm(detail=detail, at=request.at, initial=initial)
        return _show(request, detail, form)
    form = MultiplierForm(request.POST, detail=detail, at=request.at)
    photos = asset_forms.PhotosForm(
        request.POST if request.POST.get("sure") else None, request.FILES, came=detail.current.serial_number
    )
    if request.POST.get("back"):
        kept = {key: value for key, value in request.POST.items() if isinstance(value, str)}
        return _show(request, detail, MultiplierForm(detail=detail, at=request.at, initial=kept))
    if not form.is_valid():
        return _show(request, detail, form, status=422)
    if not request.POST.get("sure"):
        return _show(request, detail, form, photos=photos)
    if photos.is_valid() and not photos.cleaned_data["photo_came"] and not form.cleaned_data["protocol"]:
        photos.add_error("photo_came", _("Add a photo, or the number of the protocol: it proves the change."))
    if not photos.is_valid():
        return _show(request, detail, form, photos=photos, status=422)
    return _change(request, detail, form, photos)


def _change(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    form: MultiplierForm,
    photos: asset_forms.PhotosForm,
) -> HttpResponse:
    given = form.cleaned_data
    try:
        done = exchange_meter.multiply(
            actor=request.actor,
            at=request.at,
            point_id=detail.public_id,
            starts_at=given["starts_at"],
            multiplier=given["multiplier"],
            registers=form.shown(),
            reason=given["reason"],
            protocol=given["protocol"],
            noted=noting_assets.Noted(
                seals=given["seals"],
                current=form.current() if TRANSFORMERS in request.POST else None,
                voltage=form.voltage() if TRANSFORMERS in request.POST else None,
                changed=photos.cleaned_data["photo_came"],
            ),
        )
    except add_meter.MeterRefused as error:
        form.add_error(error.field, str(error))
        return _show(request, detail, form, status=422)
    if done.is_waiting:
        messages.success(request, _("It waits for a second person: what a meter counts is never changed by one alone."))
    else:
        messages.success(request, _("The multiplier changed; the days since then are derived anew."))
    return redirect("meter", request.organization.public_id, detail.public_id)


def _show(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    form: MultiplierForm,
    *,
    photos: asset_forms.PhotosForm | None = None,
    status: int = 200,
) -> HttpResponse:
    current, is_sure = detail.current, photos is not None
    context = {
        "detail": detail,
        "form": form,
        "is_sure": is_sure,
        "photos": photos,
        "serial": current.serial_number if current else "",
        "factor": current.multipliers[-1].factor if current and current.multipliers else 1,
        "kept": exchanging.hidden(form) if is_sure else [],
        "given": form.cleaned_data if is_sure else None,
        "shown": [
            (form[f"shown_{series.code}"].label, form[f"shown_{series.code}"].value())
            for series, _register in form.registers
        ]
        if is_sure
        else [],
    }
    return render(request, "meters/multiplier.html", context, status=status)
