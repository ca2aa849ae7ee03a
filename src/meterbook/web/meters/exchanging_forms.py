"""What is typed to exchange a meter: the new meter, then what both of them showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import catalogue
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.journeys import exchange_meter, exchange_proposals, hung_registers
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import amounts, typed
from meterbook.web.meters import adding_forms, asset_forms, instants, line_forms, ratio_fields
from meterbook.web.templatetags import meterbook as tags


class NewMeterForm(line_forms.AddressForm):
    """The meter that comes, and when."""

    serial_number = typed.CodeField(
        label=_("Serial number"), max_length=60, help_text=_("As it stands on the new meter's plate.")
    )
    model_code = forms.ChoiceField(label=_("Model"))
    multiplier = ratio_fields.RatioField(
        label=_("Multiplier"),
        initial="1",
        help_text=_(
            "Ratio of the current transformers, primary/secondary: 200/5 counts 40 times. "
            "1 without transformers, or when the meter multiplies inside."
        ),
    )
    rated_per_hour = amounts.NumberField(
        places=3,
        least=Decimal(0),
        label=_("Most that can flow"),
        required=False,
        help_text=_(
            "In kW, for water and gas in m³/h. Values above it are marked as impossible. Leave it empty if unknown."
        ),
    )
    seals = asset_forms.SealsField(
        label=_("Seal numbers of the new meter"), help_text=_("With commas between them; may stay empty.")
    )
    unit_id = forms.IntegerField(
        label=_("Unit address"),
        min_value=0,
        max_value=line_forms.ADDRESSES[-1],
        help_text=_("As it is set at the new meter, 1 to 247; with M-Bus 0 to 250."),
    )
    reason = forms.CharField(
        label=_("Why it is exchanged"),
        max_length=200,
        help_text=_("Such as: calibration period over. It stays on record."),
    )

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        device: acquisition_queries.DeviceRow | None,
        at: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.detail = detail
        self.fields["exchanged_at"] = instants.InstantField(
            label=_("Exchanged at"),
            zone=detail.zone,
            until=at,
            help_text=_("By the clock at the meter. Until then the old meter counts, from then on the new one."),
        )
        own = [name for name in self.fields if name not in ("exchanged_at", "secondary", "reason")]
        self.order_fields(["exchanged_at", *own, "secondary", "reason"])
        self.fields["model_code"].choices = adding_forms.models(may_connect=device is not None)  # type: ignore[attr-defined]
        self.protocol = device.bus.protocol if device is not None else None
        if device is None or not device.bus.protocol.is_asked:  # at a broker it goes on under its topic
            del self.fields["unit_id"]
        if self.protocol is None or not self.protocol.is_mbus:
            del self.fields["secondary"]
        else:
            self.fields["unit_id"].required = False

    def clean(self) -> dict[str, Any]:
        """This will look at what depends on each other: the model and the service, the time and the old meter."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.protocol is not None and self.protocol.is_asked:
            self._clean_address(given, self.protocol)
        code, current = given.get("model_code"), self.detail.current
        if code and code != metering_values.IMPORTED and catalogue.current().load(code).service != self.detail.service:
            self.add_error("model_code", gettext("This model does not measure that; choose another model."))
        at = given.get("exchanged_at")
        if at is not None and current is not None and at <= current.starts_at:
            shown = tags.local(current.starts_at, self.detail.zone)
            words = gettext("The old meter hangs there only since %(start)s; take a later time.") % {"start": shown}
            self.add_error("exchanged_at", words)
        return given

    def _clean_address(self, given: dict[str, Any], protocol: acquisition_values.BusProtocol) -> None:
        is_missing = not given.get("secondary") and given.get("unit_id") is None
        if is_missing and not {"unit_id", "secondary"} & self.errors.keys():
            self.add_error("unit_id", gettext("Give the address that is set at the meter."))
        self.check_address(protocol)


@dataclass(frozen=True)
class Use:
    """What a register counted since a reading, in `unit`; `sums` shows its parts where the multiplier changed."""

    caption: str
    since: str
    amount: Decimal
    decimals: int
    unit: str
    sums: str


class ReadingsForm(typed.Form):
    """What the registers of both meters showed at the exchange. Fields are made from the registers."""

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        exchanged_at: datetime,
        registers: tuple[metering_operations.RegisterPlan, ...],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.detail, self.exchanged_at, self.registers = detail, exchanged_at, registers
        proposals = exchange_proposals.proposals(detail=detail, at=exchanged_at)
        self.finals = [(each.series, each.register) for each in proposals]
        self.maxima = exchange_proposals.maxima(detail)
        self.openings = [each for each in registers if is_counter(each.series_code)]
        self.offers: list[tuple[str, str]] = []  # by the id of the list that a field has
        self.latest = {each.series.code: each.latest for each in proposals}
        for each in proposals:
            series, register = each.series, each.register
            self._add(f"final_{series.code}", series.caption, register.decimals, Unit(register.unit).symbol)
            self._propose(each)
            self.fields[f"estimated_{series.code}"] = forms.BooleanField(
                label=_("Nobody could read it: this is an estimate"), required=False
            )
        for series, register in self.maxima:
            unit = Unit(register.unit).symbol
            self._add(f"final_{series.code}", series.caption, register.decimals, unit, is_required=False)
            self.fields[f"final_{series.code}"].help_text = gettext("The highest since the reading before.")
            self.fields[f"estimated_{series.code}"] = forms.BooleanField(
                label=_("Nobody could read it: this is an estimate"), required=False
            )
        for plan in self.openings:
            caption = str(metering_values.series_type(plan.series_code).caption)
            self._add(f"opening_{plan.register_code}", caption, plan.decimals, plan.unit.symbol, initial="0")

    def _add(
        self,
        name: str,
        caption: str,
        decimals: int,
        unit: str,
        initial: str | None = None,
        *,
        is_required: bool = True,
    ) -> None:
        self.fields[name] = amounts.NumberField(
            places=decimals, least=Decimal(0), label=f"{caption} ({unit})", initial=initial, required=is_required
        )

    def _propose(self, offer: exchange_proposals.Proposal) -> None:
        """What the old meter showed stands in the field where it was read about then; an older reading is offered."""
        code, latest = offer.series.code, offer.latest
        field = self.fields[f"final_{code}"]
        field.help_text = self._told(code, offer.register)
        if offer.proposed is not None:
            field.initial = amounts.written(offer.number(offer.proposed))
            told = "" if latest is None else self._told(code, offer.register)
            field.help_text = f"{told} {gettext('Check it against the display.')}".strip()
        elif latest is not None:
            field.widget.attrs["list"] = f"latest_{code}"
            self.offers.append((f"latest_{code}", amounts.written(offer.number(latest.raw))))

    def _told(self, code: str, register: metering_queries.RegisterRow) -> str:
        latest = self.latest[code]
        if latest is None:
            return gettext("No reading of it is known.")
        value = Decimal(latest.raw).scaleb(-register.decimals)
        return gettext("Latest reading before: %(value)s, %(at)s.") % {
            "value": f"{tags.number(value, register.decimals)} {Unit(register.unit).symbol}",
            "at": tags.local(latest.at, self.detail.zone),
        }

    def clean(self) -> dict[str, Any]:
        """This will refuse a final reading below what the old meter showed before."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for series, register in self.finals:
            value, latest = given.get(f"final_{series.code}"), self.latest[series.code]
            if (
                value is not None
                and latest is not None
                and hung_registers.stored(value, register.decimals) < latest.raw
            ):
                words = gettext("The meter showed more already; read it again, or correct that reading first.")
                self.add_error(f"final_{series.code}", words)
        return given

    def final_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """This will return the fields of the old meter: the reading, and whether it is an estimate."""
        return [
            (self[f"final_{series.code}"], self[f"estimated_{series.code}"])
            for series, _register in (*self.finals, *self.maxima)
        ]

    def opening_fields(self) -> list[forms.BoundField]:
        """This will return the fields of the new meter."""
        return [self[f"opening_{each.register_code}"] for each in self.openings]

    def final_values(self) -> dict[str, exchange_meter.Final]:
        """This will return what the old meter showed, by series code."""
        given = self.cleaned_data
        return {
            series.code: exchange_meter.Final(
                given[f"final_{series.code}"], is_estimated=given[f"estimated_{series.code}"]
            )
            for series, _register in (*self.finals, *self.maxima)
            if given[f"final_{series.code}"] is not None
        }

    def opening_values(self) -> dict[str, Decimal]:
        """This will return what the new meter showed, by register code."""
        return {each.register_code: self.cleaned_data[f"opening_{each.register_code}"] for each in self.openings}

    def uses(self) -> list[Use]:
        """This will return what counts from the latest reading on, by the multipliers that hold meanwhile."""
        return [use for series, register in self.finals if (use := self._use(series, register)) is not None]

    def _use(self, series: metering_queries.SeriesRow, register: metering_queries.RegisterRow) -> Use | None:
        current = self.detail.current
        if current is None:
            return None
        reading = exchange_meter.shown_before(meter=current, series=series, until=self.exchanged_at)
        known = exchange_meter.Shown(reading.at, reading.raw) if reading is not None else self.latest[series.code]
        if known is None:
            return None
        raw = hung_registers.stored(self.cleaned_data[f"final_{series.code}"], register.decimals)
        final = exchange_meter.Shown(self.exchanged_at, raw)
        pieces = exchange_meter.pieces(multipliers=current.multipliers, series=series, since=known, final=final)
        if not pieces:
            return None
        total = sum((each.counts * each.factor for each in pieces), Fraction(0))
        exact = Decimal(total.numerator) / total.denominator
        return Use(
            caption=series.caption,
            since=tags.local(known.at, self.detail.zone),
            amount=exact.scaleb(-register.decimals),
            decimals=register.decimals,
            unit=Unit(register.unit).symbol,
            sums=" + ".join(_product(each, register.decimals) for each in pieces) if len(pieces) > 1 else "",
        )


def _product(piece: exchange_meter.Piece, decimals: int) -> str:
    """Such as "91.00 × 40"."""
    return f"{tags.number(Decimal(piece.counts).scaleb(-decimals), decimals)} × {piece.factor}"


def is_counter(series_code: str) -> bool:
    """This will tell whether a series counts up."""
    return metering_values.series_type(series_code).kind is metering_values.SeriesKind.CUMULATIVE
