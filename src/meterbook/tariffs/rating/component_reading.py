"""Read the components of a tariff document; what does not make sense is told with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.kernel.quantity import Dimension, Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import (
    bank_reading,
    component_keys,
    delta_t_reading,
    linked_reading,
    power_reading,
    tier_reading,
)
from meterbook.tariffs.rating.document import Component, Text
from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import (
    OF_METER,
    Allowance,
    Channel,
    Charge,
    Condition,
    InvoicePart,
    Loss,
    Minimum,
    PriceSeries,
    Proration,
    Whole,
)

PRICED = ("price", "prices", "tiers", "period_tiers", "price_series")
_FIXED = {Charge.FIXED_DAILY, Charge.FIXED_MONTHLY, Charge.FIXED_YEARLY, Charge.FIXED_PERIOD}
_BESIDE_ENERGY = {Channel.REACTIVE_IMPORT, Channel.REACTIVE_EXPORT, Channel.APPARENT, Channel.VOLUME, *OF_METER}
_OF_ENERGY = {Charge.DEMAND, Charge.POWER_FACTOR, Charge.LOW_DELTA_T}
# Those that are made of lines before them; the others of the keys named say what they need in words of their own.
_NEEDS = {
    Charge.POWER_FACTOR: ("power_factor",),
    Charge.LOW_DELTA_T: ("delta_t",),
    Charge.PASS_THROUGH: ("invoice",),
    Charge.COST_CAP: ("invoice", "components"),
    Charge.ONE_OFF: ("price", "due"),
    Charge.MINIMUM_BILL: ("price",),
    Charge.MAXIMUM_BILL: ("price",),
    Charge.CREDIT_BANK: ("bank",),
    Charge.BANK_END: ("bank_end",),
}


@dataclass(frozen=True)
class Known:
    """What a component can name: price periods, seasons, the components before it by charge, and the unit.

    `fed_in` are those before it that pay for energy fed in.
    """

    periods: Sequence[str]
    seasons: Sequence[str]
    before: Mapping[str, Charge]
    unit: Unit
    fed_in: frozenset[str] = frozenset()


def text_of(raw: str | Text) -> Text:
    """This will return the words by language; a document may write a name in English alone, without a language."""
    return {"en": raw} if isinstance(raw, str) else dict(raw)


def read(place: str, raw: Mapping[str, Any], known: Known, note: Note) -> Component:
    """This will read one component.

    :param note: told of each problem
    """
    charge = Charge(raw["charge"])
    component_keys.check(place, raw, note)
    _check_priced(place, raw, charge, note)
    for key in _NEEDS.get(charge, ()):
        if key not in raw:
            note(place, _("a component of charge %(charge)s needs %(key)s"), charge=charge, key=key)
    _check_unit(place, raw, charge, known, note)
    named = _named(f"{place}.seasons", raw.get("seasons", []), known.seasons, _("there is no season “%(code)s”"), note)
    reference = tier_reading.length(raw.get("tier_reference", {"days": 30}))
    return Component(
        code=raw["code"],
        name=text_of(raw["name"]),
        charge=charge,
        price=Decimal(raw.get("price", "0")),
        prices=tier_reading.prices(f"{place}.prices", raw.get("prices", {}), known.periods, note),
        tiers=tier_reading.tiers(f"{place}.tiers", raw.get("tiers", []), known.periods, note),
        reference_days=reference.days or None,
        exempt_days=raw.get("no_proration_within_days", 0),
        is_plain=component_keys.is_plain(raw),
        reference=reference,
        period_tiers=tier_reading.period_tiers(place, raw.get("period_tiers", {}), known.periods, note),
        ladder=tier_reading.ladder(place, raw, known.before, note),
        channel=Channel(raw.get("channel", Channel.IMPORT)),
        seasons=tuple(named),
        series=_series(raw.get("price_series")),
        only_if=_condition(place, raw.get("only_if"), note),
        package=_number(raw.get("package")),
        package_down=raw.get("package_rounding") == "DOWN",
        whole=_whole(place, raw, note),
        loss=_loss(raw.get("loss")),
        minimum=_minimum(place, raw, note),
        allowance=_allowance(place, raw, note),
        times=raw.get("times", ""),
        proration=_proration(place, raw.get("proration"), charge, note),
        due=_due(f"{place}.due", raw.get("due", "FIRST_PERIOD"), note),
        demand=power_reading.demand(
            f"{place}.demand", raw.get("demand", {} if charge is Charge.DEMAND else None), known.periods, note
        ),
        power_factor=power_reading.power_factor(place, raw, note),
        percent=_number(raw.get("percent")),
        on=_on(place, raw, charge, known, note),
        least=_number(raw.get("least")),
        most=_number(raw.get("most")),
        invoice=_invoice(raw.get("invoice")),
        linked=linked_reading.linked(place, raw, known.unit, note),
        service=raw.get("service", ""),
        bank=bank_reading.bank(place, raw, known.fed_in, note),
        bank_end=bank_reading.bank_end(place, raw, note),
        delta_t=delta_t_reading.delta_t(place, raw, note),
    )


def _check_priced(place: str, raw: Mapping[str, Any], charge: Charge, note: Note) -> None:
    given = [key for key in PRICED if key in raw]
    if charge in {Charge.ENERGY, Charge.DEMAND} and len(given) != 1:
        words = (
            _("an ENERGY component needs exactly one of price, prices and tiers")
            if charge is Charge.ENERGY
            else _("a DEMAND component needs exactly one of price, prices, tiers and period_tiers")
        )
        note(place, words)
    if charge in _FIXED and given != ["price"] and not ("times" in raw and given == ["tiers"]):
        note(place, _("a %(charge)s component needs a price, and neither prices nor tiers"), charge=charge)
    if charge in {Charge.DISCOUNT, Charge.SURCHARGE} and ("percent" in raw) == ("price" in raw):
        note(place, _("give either percent or price"))
    if "least" in raw and "most" in raw and Decimal(raw["least"]) > Decimal(raw["most"]):
        note(f"{place}.least", _("%(least)s is above %(most)s"), least=raw["least"], most=raw["most"])
    is_daily = raw.get("demand", {}).get("take") == "EACH_DAY"
    if is_daily and raw.keys() & {"prices", "period_tiers"}:
        note(f"{place}.demand.take", _("demand of each day has one price, or tiers"))
    if raw.get("demand", {}).get("source") == "REGISTER":
        for key in sorted(raw.keys() & {"prices", "period_tiers", "seasons"}):
            note(f"{place}.{key}", _("a register of maximum demand does not tell when its power was: leave it out"))
    if "package" in raw and "price" not in raw:
        note(f"{place}.package", _("only a component with one price has packages; tiers have their own"))
    if charge in _FIXED:
        for index, tier in enumerate(raw.get("tiers", [])):
            for key in tier.keys() & {"hours", "prices", "package"}:
                note(f"{place}.tiers[{index}].{key}", _("tiers of a fixed charge have no %(key)s"), key=key)


def _check_unit(place: str, raw: Mapping[str, Any], charge: Charge, known: Known, note: Note) -> None:
    is_energy = known.unit.dimension is Dimension.ENERGY
    if charge in _OF_ENERGY and not is_energy:
        note(f"{place}.charge", _("only a tariff for energy, such as KWH, can charge this"))
    if raw.get("channel") in OF_METER and any(key in raw for key in ("prices", "period_tiers", "price_series")):
        note(f"{place}.channel", _("the meter divides this energy by its own clock: give it one price, or tiers"))
    if raw.get("channel") in _BESIDE_ENERGY and not is_energy:
        note(f"{place}.channel", _("only a tariff for energy, such as KWH, can charge this"))


def _named(place: str, given: Sequence[str], known: Sequence[str], words: str, note: Note) -> list[str]:
    for index, code in enumerate(given):
        if code not in known:
            note(f"{place}[{index}]", words, code=code)
    return [code for code in given if code in known]


def _on(place: str, raw: Mapping[str, Any], charge: Charge, known: Known, note: Note) -> frozenset[str]:
    """The components that are a base: those before, so that there is an order and no circle."""
    if "components" not in component_keys.KEYS[charge]:
        return frozenset()
    before = [code for code in known.before if code != raw["code"]]
    words = _("there is no component “%(code)s” before this one: a base holds earlier lines only")
    return frozenset(_named(f"{place}.components", raw.get("components", before), before, words, note))


def _number(raw: str | None) -> Decimal | None:
    return None if raw is None else Decimal(raw)


def _series(raw: Mapping[str, Any] | None) -> PriceSeries | None:
    if raw is None:
        return None
    return PriceSeries(
        raw["code"],
        Decimal(raw.get("factor", "1")),
        Decimal(raw.get("add", "0")),
        by_period=raw.get("by_period", False),
    )


def _condition(place: str, raw: Mapping[str, Any] | None, note: Note) -> Condition | None:
    if raw is None:
        return None
    found = Condition(_number(raw.get("usage_above")), _number(raw.get("usage_up_to")))
    if found.above is not None and found.up_to is not None and found.above >= found.up_to:
        note(
            f"{place}.only_if",
            _("nothing is above %(above)s and up to %(up_to)s"),
            above=found.above,
            up_to=found.up_to,
        )
    return found


def _whole(place: str, raw: Mapping[str, Any], note: Note) -> Whole | None:
    given = raw.get("quantity_rounding")
    if given is None:
        return None
    if not raw.keys() & {"price", "tiers"} or "tier_year" in raw:
        note(
            f"{place}.quantity_rounding",
            _("only a component with price or tiers, not over a year, rounds its quantity"),
        )
    return Whole(Decimal(given["to"]), RoundingMode(given.get("mode", RoundingMode.HALF_UP)))


def _loss(raw: Mapping[str, Any] | None) -> Loss | None:
    return None if raw is None else Loss(Decimal(raw["factor"]), raw.get("part") == "ONLY")


def _minimum(place: str, raw: Mapping[str, Any], note: Note) -> Minimum | None:
    given = raw.get("minimum")
    if given is None:
        return None
    if not raw.keys() & {"price", "tiers"}:
        note(f"{place}.minimum", _("only a component with price or tiers has a minimum consumption"))
    reference = tier_reading.length(given.get("reference", "BILLING_PERIOD"))
    return Minimum(Decimal(given["quantity"]), reference, tier_reading.scale(given.get("scale")))


def _allowance(place: str, raw: Mapping[str, Any], note: Note) -> Allowance | None:
    given = raw.get("allowance")
    if given is None:
        return None
    is_average = given.get("mode") == "AVERAGE_PRICE"
    if not is_average and not raw.keys() & {"price", "tiers"}:
        note(f"{place}.allowance", _("prices by time have an allowance at the AVERAGE_PRICE only"))
    return Allowance(
        quantity=Decimal(given["quantity"]),
        reference=tier_reading.length(given.get("reference", "BILLING_PERIOD")),
        scale=tier_reading.scale(given.get("scale")),
        is_average=is_average,
        is_carried=given.get("unused") == "CARRIED",
    )


def _proration(place: str, raw: object, charge: Charge, note: Note) -> Proration:
    if raw is not None and (raw == "MEAN_MONTH") != (charge is Charge.FIXED_DAILY):
        note(f"{place}.proration", _("MEAN_MONTH is of a price for a day, and its only proration"))
    if raw == "MEAN_MONTH":
        return Proration(is_mean_month=True)
    if isinstance(raw, Mapping):
        by_equal = raw.get("count") == "EQUAL_MONTHS"
        if by_equal and charge is not Charge.FIXED_MONTHLY:
            note(f"{place}.proration.count", _("only a FIXED_MONTHLY charge counts months of equal length"))
        return Proration(days=raw["days"], by_equal_months=by_equal)
    is_none = raw == "NONE" or (raw is None and charge in {Charge.MINIMUM_BILL, Charge.MAXIMUM_BILL})
    return Proration(is_none=is_none, by_period=raw == "PERIOD_DAYS")


def _due(place: str, raw: str, note: Note) -> date | None:
    if raw == "FIRST_PERIOD":
        return None
    try:
        return date.fromisoformat(raw)
    except ValueError:
        note(place, _("%(given)s is not a date"), given=raw)
        return None


def _invoice(raw: Mapping[str, Any] | None) -> InvoicePart | None:
    if raw is None:
        return None
    return InvoicePart(raw["code"], tuple(raw.get("lines", [])), raw.get("how") == "SHARE", raw.get("key", ""))
