"""Read what rating needs besides usage from a JSON object; errors name place and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from meterbook.kernel.quantity import Dimension, Unit
from meterbook.tariffs.rating import bank_states, bank_waiting
from meterbook.tariffs.rating.bank_terms import Bank, Holds, YearEnd
from meterbook.tariffs.rating.bank_waiting import Waiting
from meterbook.tariffs.rating.converting import Conversion
from meterbook.tariffs.rating.inputs import (
    Amount,
    Banked,
    Exemption,
    History,
    Inputs,
    InvoiceLine,
    MonthlyDemand,
    Prices,
)
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.registered import Registered

KEYS = {
    "facts",
    "is_first_period",
    "is_final_period",
    "waiting_banks",
    "exemptions",
    "history",
    "invoices",
    "keys",
    "price_series",
    "site_peak",
    "deducted",
    "winter",
    "conversions",
    "registered",
    "whole_days",
}
_MOST_DAYS = 3_660
_MOST_DIGITS = 24
_SHOWN = 40


def read(raw: object) -> Inputs:
    """This will read inputs; keys of determinants beside them are passed over.

    :raises UsageMisfit: naming the place that cannot be read
    """
    given = _object("", raw)
    history = _object("history", given.get("history", {}))
    _known("history", history, {"demand", "ladder", "allowance", "bank"})
    peak, whole = given.get("site_peak"), given.get("whole_days")
    if whole is not None and (isinstance(whole, bool) or not isinstance(whole, int) or not 0 < whole <= _MOST_DAYS):
        raise UsageMisfit("whole_days: this must be a number of days without quotation marks.")
    for key in ("is_first_period", "is_final_period"):
        if not isinstance(given.get(key, False), bool):
            raise UsageMisfit(f"{key}: this must be true or false.")
    return Inputs(
        facts=_numbers("facts", given.get("facts", {})),
        is_first_period=given.get("is_first_period", False),
        is_final_period=given.get("is_final_period", False),
        waiting_banks=tuple(_waiting(*each) for each in _listed("waiting_banks", given.get("waiting_banks", []))),
        exemptions=tuple(_exemption(*each) for each in _listed("exemptions", given.get("exemptions", []))),
        history=History(
            demand=tuple(_month(*each) for each in _listed("history.demand", history.get("demand", []))),
            ladder=_numbers("history.ladder", history.get("ladder", {})),
            allowance=_numbers("history.allowance", history.get("allowance", {})),
            bank={
                code: banked(f"history.bank.{code}", each)
                for code, each in _object("history.bank", history.get("bank", {})).items()
            },
        ),
        invoices={
            code: {line: _line(f"invoices.{code}.{line}", each) for line, each in _object(code, lines).items()}
            for code, lines in _object("invoices", given.get("invoices", {})).items()
        },
        keys=_numbers("keys", given.get("keys", {})),
        price_series={
            code: _prices(f"price_series.{code}", each)
            for code, each in _object("price_series", given.get("price_series", {})).items()
        },
        site_peak=None if peak is None else _instant("site_peak", peak),
        deducted={
            name: _amount(f"deducted.{name}", each)
            for name, each in _object("deducted", given.get("deducted", {})).items()
        },
        winter={
            code: _amount(f"winter.{code}", each) for code, each in _object("winter", given.get("winter", {})).items()
        },
        conversions=tuple(_conversion(*each) for each in _listed("conversions", given.get("conversions", []))),
        registered=tuple(_registered(*each) for each in _listed("registered", given.get("registered", []))),
        whole_days=whole,
    )


def decimal(place: str, raw: object) -> Decimal:
    """This will read an exact number, in quotation marks or a whole one.

    :raises UsageMisfit: when it is none
    """
    try:
        found = Decimal(str(raw)) if isinstance(raw, str | int) and not isinstance(raw, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or len(str(raw)) > _MOST_DIGITS or abs(found.adjusted()) > _MOST_DIGITS:
        raise UsageMisfit(f"{place}: “{str(raw)[:_SHOWN]}” is not an exact number in quotation marks, such as 12.5.")
    return found


def _object(place: str, raw: object) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise UsageMisfit(f"{place or 'inputs'}: this must be an object: keys with values, in braces.")
    return raw


def _known(place: str, raw: Mapping[str, Any], keys: set[str]) -> None:
    for key in raw:
        if key not in keys:
            raise UsageMisfit(f"{place}.{key}: there is no such key; take from {', '.join(sorted(keys))}.")


def _needed(place: str, raw: object, keys: set[str], others: set[str] | None = None) -> Mapping[str, Any]:
    found = _object(place, raw)
    _known(place, found, keys | (others or set()))
    for key in sorted(keys - found.keys()):
        raise UsageMisfit(f"{place}: “{key}” is missing.")
    return found


def _listed(place: str, raw: object) -> list[tuple[str, object]]:
    if not isinstance(raw, list):
        raise UsageMisfit(f"{place}: this must be a list, in square brackets.")
    return [(f"{place}[{index}]", each) for index, each in enumerate(raw)]


def _numbers(place: str, raw: object) -> dict[str, Decimal]:
    return {name: decimal(f"{place}.{name}", value) for name, value in _object(place, raw).items()}


def _day(place: str, raw: object) -> date:
    try:
        return date.fromisoformat(str(raw))
    except ValueError:
        raise UsageMisfit(f"{place}: “{str(raw)[:_SHOWN]}” is not a date such as 2026-01-31.") from None


def _instant(place: str, raw: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(raw))
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UsageMisfit(f"{place}: “{str(raw)[:_SHOWN]}” is not an instant such as 2026-01-15T12:00+01:00.")


def _exemption(place: str, raw: object) -> Exemption:
    found = _needed(place, raw, {"tax", "certificate", "from"}, {"until"})
    until = found.get("until")
    return Exemption(
        tax=str(found["tax"]),
        certificate=str(found["certificate"]),
        first=_day(f"{place}.from", found["from"]),
        until=None if until is None else _day(f"{place}.until", until),
    )


def _month(place: str, raw: object) -> MonthlyDemand:
    found = _needed(place, raw, {"month", "component", "value"}, {"unit"})
    unit = found.get("unit")
    if unit is not None and (str(unit) not in Unit.__members__ or Unit(str(unit)).dimension is not Dimension.POWER):
        raise UsageMisfit(f"{place}.unit: a demand is in KW, MW or RT; left out, it is in kW or kVA.")
    month = _day(f"{place}.month", f"{str(found['month'])[:_SHOWN]}-01")
    value = decimal(f"{place}.value", found["value"])
    return MonthlyDemand(month, str(found["component"]), value, None if unit is None else Unit(unit))


def banked(place: str, raw: object) -> Banked:
    """This will read what a bank holds, as `bank_states.written` puts it down.

    :raises UsageMisfit: naming the place that cannot be read
    """
    found = _needed(place, raw, {"balance"}, {"year_from", "imported", "exported", "earned", "periods"})
    numbers = {key: decimal(f"{place}.{key}", found.get(key, "0")) for key in ("imported", "exported", "earned")}
    return Banked(
        balance=decimal(f"{place}.balance", found["balance"]),
        year_from=_day(f"{place}.year_from", found["year_from"]) if "year_from" in found else None,
        periods=_numbers(f"{place}.periods", found.get("periods", {})),
        **numbers,
    )


def _waiting(place: str, raw: object) -> Waiting:
    found = _needed(place, raw, {"code", "name", "holds", "unit", "at_move_out"}, {"cash_out", "reversal", "taxes"})
    for key, known in (("holds", Holds), ("unit", Unit), ("at_move_out", YearEnd)):
        if str(found[key]) not in known.__members__:
            raise UsageMisfit(f"{place}.{key}: take one of {', '.join(known.__members__)}.")
    terms = Bank(
        price=decimal(f"{place}.cash_out", found.get("cash_out", "0")),
        is_reversed=found.get("reversal", "AVERAGE") == "AVERAGE",
        at_move_out=YearEnd(found["at_move_out"]),
    )
    name = _object(f"{place}.name", found["name"])
    return Waiting(
        code=str(found["code"]),
        name=tuple(sorted((str(language), str(words)) for language, words in name.items())),
        holds=Holds(found["holds"]),
        unit=Unit(found["unit"]),
        terms=terms,
        taxes=tuple(str(each) for _place, each in _listed(f"{place}.taxes", found.get("taxes", []))),
    )


def _line(place: str, raw: object) -> InvoiceLine:
    found = _needed(place, raw, {"quantity", "amount"})
    return InvoiceLine(decimal(f"{place}.quantity", found["quantity"]), decimal(f"{place}.amount", found["amount"]))


def _conversion(place: str, raw: object) -> Conversion:
    found = _needed(place, raw, {"from", "until", "factor", "calorific", "unit"}, {"area", "is_estimated"})
    unit = str(found["unit"])
    if unit not in ("KWH", "MJ"):
        raise UsageMisfit(f"{place}.unit: energy a cubic meter is in KWH or MJ.")
    return Conversion(
        first=_day(f"{place}.from", found["from"]),
        until=_day(f"{place}.until", found["until"]),
        factor=decimal(f"{place}.factor", found["factor"]),
        calorific=decimal(f"{place}.calorific", found["calorific"]),
        unit=Unit(unit),
        area=str(found.get("area", "")),
        is_estimated=found.get("is_estimated", False) is True,
    )


def _registered(place: str, raw: object) -> Registered:
    found = _needed(place, raw, {"since", "at", "shown", "unit"}, {"multiplier", "meter", "source"})
    unit, times = str(found["unit"]), str(found.get("multiplier", "1"))
    if unit not in Unit.__members__ or Unit(unit).dimension not in (Dimension.POWER, Dimension.APPARENT_POWER):
        raise UsageMisfit(f"{place}.unit: a register of maximum demand shows KW, MW or KVA.")
    try:
        multiplier = Fraction(times[:_SHOWN])
    except (ValueError, ZeroDivisionError):
        multiplier = Fraction(0)
    if multiplier <= 0:
        raise UsageMisfit(f"{place}.multiplier: “{times[:_SHOWN]}” is not a fraction such as 40 or 200/5.")
    return Registered(
        since=_instant(f"{place}.since", found["since"]),
        at=_instant(f"{place}.at", found["at"]),
        shown=decimal(f"{place}.shown", found["shown"]),
        unit=Unit(unit),
        multiplier=multiplier,
        meter=str(found.get("meter", "")),
        source=str(found.get("source", "")),
    )


def _amount(place: str, raw: object) -> Amount:
    found = _needed(place, raw, {"quantity", "unit"}, {"meters", "days"})
    days, unit = found.get("days", 0), str(found["unit"])
    if isinstance(days, bool) or not isinstance(days, int) or days < 0:
        raise UsageMisfit(f"{place}.days: this must be a number of days without quotation marks.")
    if unit not in Unit.__members__:
        raise UsageMisfit(f"{place}.unit: “{unit[:_SHOWN]}” is no unit such as M3 or KWH.")
    meters = tuple(str(each) for _place, each in _listed(f"{place}.meters", found.get("meters", [])))
    return Amount(decimal(f"{place}.quantity", found["quantity"]), Unit(unit), meters, days)


def _prices(place: str, raw: object) -> Prices:
    found = _needed(place, raw, {"start", "step_minutes", "prices"})
    minutes = found["step_minutes"]
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 < minutes <= 24 * 60:
        raise UsageMisfit(f"{place}.step_minutes: this must be a number of minutes without quotation marks.")
    prices = [decimal(*each) for each in _listed(f"{place}.prices", found["prices"])]
    return Prices(_instant(f"{place}.start", found["start"]), timedelta(minutes=minutes), prices)


def written(inputs: Inputs) -> dict[str, Any]:
    """This will write inputs down as `read` takes them, without what is not there, and without series of prices."""
    history = {
        "demand": [
            {
                "month": f"{each.month:%Y-%m}",
                "component": each.component,
                "value": str(each.value),
                **({"unit": each.unit.value} if each.unit is not None else {}),
            }
            for each in inputs.history.demand
        ],
        "ladder": {code: str(value) for code, value in inputs.history.ladder.items()},
        "allowance": {code: str(value) for code, value in inputs.history.allowance.items()},
        "bank": {code: bank_states.written(held) for code, held in inputs.history.bank.items()},
    }
    found = {
        "facts": {name: str(value) for name, value in sorted(inputs.facts.items())},
        "is_first_period": inputs.is_first_period,
        "is_final_period": inputs.is_final_period,
        "waiting_banks": [bank_waiting.written(each) for each in inputs.waiting_banks],
        "exemptions": [
            {
                "tax": each.tax,
                "certificate": each.certificate,
                "from": each.first.isoformat(),
                **({} if each.until is None else {"until": each.until.isoformat()}),
            }
            for each in inputs.exemptions
        ],
        "history": {key: value for key, value in history.items() if value},
        "invoices": {
            code: {line: {"quantity": str(each.quantity), "amount": str(each.amount)} for line, each in lines.items()}
            for code, lines in inputs.invoices.items()
        },
        "keys": {name: str(value) for name, value in sorted(inputs.keys.items())},
        "site_peak": None if inputs.site_peak is None else inputs.site_peak.isoformat(),
        "deducted": {name: _written(each) for name, each in sorted(inputs.deducted.items())},
        "winter": {code: _written(each) for code, each in sorted(inputs.winter.items())},
        "conversions": [
            {
                "from": each.first.isoformat(),
                "until": each.until.isoformat(),
                "factor": str(each.factor),
                "calorific": str(each.calorific),
                "unit": each.unit.value,
                **({"area": each.area} if each.area else {}),
                **({"is_estimated": True} if each.is_estimated else {}),
            }
            for each in inputs.conversions
        ],
        "registered": [_written_register(each) for each in inputs.registered],
        "whole_days": inputs.whole_days,
    }
    return {key: value for key, value in found.items() if value}


def _written_register(read: Registered) -> dict[str, Any]:
    found = {
        "since": read.since.isoformat(),
        "at": read.at.isoformat(),
        "shown": str(read.shown),
        "unit": read.unit.value,
        "multiplier": str(read.multiplier),
        "meter": read.meter,
        "source": read.source,
    }
    return {key: value for key, value in found.items() if value}


def _written(amount: Amount) -> dict[str, Any]:
    found: dict[str, Any] = {"quantity": str(amount.quantity), "unit": amount.unit.value}
    if amount.meters:
        found["meters"] = list(amount.meters)
    return found | ({"days": amount.days} if amount.days else {})
