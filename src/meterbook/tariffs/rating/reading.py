"""Read a tariff document: shape by the published schema, sense by the checks here; errors name the place (X-05)."""

from __future__ import annotations

import calendar
import functools
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

import jsonschema

from meterbook.kernel import currency as currencies
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import plain_text, schema_faults, windows
from meterbook.tariffs.rating.document import (
    Charge,
    Component,
    DayType,
    PricePeriod,
    Season,
    TariffDocument,
    Tax,
    Text,
    Tier,
)
from meterbook.tariffs.rating.problems import Problem, TariffInvalid
from meterbook.tariffs.rating.problems import gettext_noop as _

_WEEKDAYS = {code: number for number, code in enumerate(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"))}
_ALL = "all"
# A price is for each unit of a quantity that adds up over time; volts and kilowatts do not.
_ADDS_UP = {
    Dimension.ENERGY,
    Dimension.REACTIVE_ENERGY,
    Dimension.APPARENT_ENERGY,
    Dimension.VOLUME,
    Dimension.TIME,
    Dimension.COUNT,
}
_USED = {unit.value for unit in Unit if unit.dimension in _ADDS_UP}
LONGEST_NUMBER = 20


@functools.cache
def schema() -> dict[str, Any]:
    """This will return the JSON Schema of tariff documents."""
    text = resources.files("meterbook.tariffs.rating").joinpath("tariff.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def chargeable_units() -> tuple[Unit, ...]:
    """This will return the units that a tariff can have a price for, in the order of the closed list."""
    return tuple(unit for unit in Unit if unit.value in _USED)


def read_text(text: str) -> TariffDocument:
    """This will read a tariff document from JSON text.

    :raises TariffInvalid: naming line and column of broken JSON, or every place of the document that is wrong
    """
    if len(text) > plain_text.LONGEST_TEXT:
        words = _("the document is longer than %(most)s characters")
        raise TariffInvalid([Problem("", words, {"most": plain_text.LONGEST_TEXT})])
    try:
        raw = json.loads(
            text,
            parse_int=_bounded,
            parse_float=schema_faults.Unquoted,
            parse_constant=schema_faults.Unquoted,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        words = _("line %(line)s, column %(column)s: this is not JSON: %(said)s")
        data = {"line": error.lineno, "column": error.colno, "said": error.msg}
        raise TariffInvalid([Problem("", words, data)]) from None
    except RecursionError:
        raise TariffInvalid([Problem("", _("brackets are nested too deeply"))]) from None
    return read(raw)


def read(raw: object) -> TariffDocument:
    """This will read a tariff document from parsed JSON.

    :raises TariffInvalid: with every problem found, each with its place, such as `components[1].tiers[0].up_to`
    """
    unfit = plain_text.problems(raw)
    if unfit:
        raise TariffInvalid(unfit)
    validator = jsonschema.Draft202012Validator(schema())
    problems = [
        schema_faults.problem(error)
        for error in sorted(validator.iter_errors(raw), key=lambda each: list(map(str, each.absolute_path)))
    ]
    if problems or not isinstance(raw, dict):
        raise TariffInvalid(problems or [Problem("", schema_faults.TYPES["object"], {"given": raw})])
    return _Reader(raw).read()


class _Reader:
    """Collects problems while it reads, so that all are told at once."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.problems: list[Problem] = []

    def read(self) -> TariffDocument:
        raw = self.raw
        seasons, day_types = self._seasons(), self._day_types()
        periods = self._periods()
        holidays = frozenset(self._date(f"holidays[{i}]", each) for i, each in enumerate(raw.get("holidays", [])))
        if holidays and not any(each.is_holiday for each in day_types):
            self._note("holidays", _("no day type has is_holiday: add one, or remove the dates"))
        table = windows.table(
            raw.get("calendar"),
            seasons=[each.code for each in seasons],
            day_types=[each.code for each in day_types],
            periods=[each.code for each in periods],
            note=self._note,
        )
        components = tuple(self._component(index, each, periods) for index, each in enumerate(raw["components"]))
        self._distinct("components", [each.code for each in components])
        document = TariffDocument(
            code=raw["code"],
            name=text_of(raw["name"]),
            currency=self._currency(raw["currency"]),
            unit=self._unit(raw["unit"]),
            decimals=raw.get("decimals", 3),
            mode=RoundingMode(raw.get("rounding", RoundingMode.HALF_UP)),
            seasons=seasons,
            day_types=day_types,
            holidays=holidays,
            periods=periods,
            table=table,
            components=components,
            taxes=tuple(self._tax(index, each, components) for index, each in enumerate(raw.get("taxes", []))),
        )
        if self.problems:
            raise TariffInvalid(self.problems)
        return document

    def _note(self, place: str, template: str, /, **data: object) -> None:
        self.problems.append(Problem(place, template, data))

    def _distinct(self, place: str, codes: Iterable[str]) -> None:
        seen: set[str] = set()
        for index, code in enumerate(codes):
            if code in seen:
                self._note(f"{place}[{index}].code", _("“%(code)s” is there already; codes are used once"), code=code)
            seen.add(code)

    def _seasons(self) -> tuple[Season, ...]:
        listed = self.raw.get("seasons")
        if listed is None:
            return (Season(_ALL, {"en": "All year", "es": "Todo el año"}, 1, 1),)
        found = []
        for index, each in enumerate(listed):
            month, day = map(int, each["starts"].split("-"))
            if day > calendar.monthrange(2023, month)[1]:
                words = _("%(day)s is not a day of every year")
                self._note(f"seasons[{index}].starts", words, day=each["starts"])
            found.append(Season(each["code"], text_of(each["name"]), month, day))
        self._distinct("seasons", [each.code for each in found])
        if len({(each.month, each.day) for each in found}) < len(found):
            self._note("seasons", _("two seasons start on the same day"))
        return tuple(sorted(found, key=lambda each: (each.month, each.day)))

    def _day_types(self) -> tuple[DayType, ...]:
        listed = self.raw.get("day_types")
        if listed is None:
            return (DayType(_ALL, {"en": "Every day", "es": "Todos los días"}, frozenset(range(7)), False),)
        taken: dict[int, str] = {}
        found = []
        for index, each in enumerate(listed):
            days = [_WEEKDAYS[code] for code in each.get("weekdays", [])]
            for day in days:
                if day in taken:
                    words = _("%(weekday)s belongs to “%(day_type)s” already")
                    self._note(f"day_types[{index}].weekdays", words, weekday=_weekday(day), day_type=taken[day])
                taken[day] = each["code"]
            if not days and not each.get("is_holiday"):
                self._note(f"day_types[{index}]", _("give weekdays, or is_holiday: true"))
            found.append(DayType(each["code"], text_of(each["name"]), frozenset(days), each.get("is_holiday", False)))
        for day in range(7):
            if day not in taken:
                self._note("day_types", _("%(weekday)s belongs to no day type"), weekday=_weekday(day))
        if sum(each.is_holiday for each in found) > 1:
            self._note("day_types", _("only one day type can take the holidays"))
        self._distinct("day_types", [each.code for each in found])
        return tuple(found)

    def _periods(self) -> tuple[PricePeriod, ...]:
        listed = self.raw.get("periods")
        if listed is None:
            return (PricePeriod(_ALL, {"en": "All hours", "es": "Todas las horas"}),)
        self._distinct("periods", [each["code"] for each in listed])
        return tuple(PricePeriod(each["code"], text_of(each["name"])) for each in listed)

    def _component(self, index: int, raw: Mapping[str, Any], periods: tuple[PricePeriod, ...]) -> Component:
        place = f"components[{index}]"
        charge = Charge(raw["charge"])
        given = [key for key in ("price", "prices", "tiers") if key in raw]
        if charge is Charge.ENERGY and len(given) != 1:
            self._note(place, _("an ENERGY component needs exactly one of price, prices and tiers"))
        if charge is not Charge.ENERGY and given != ["price"]:
            self._note(place, _("a %(charge)s component needs a price, and neither prices nor tiers"), charge=charge)
        for key in ("tier_reference", "no_proration_within_days"):
            if key in raw and "tiers" not in raw:
                self._note(f"{place}.{key}", _("only a component with tiers has this"))
        reference = raw.get("tier_reference", {"days": 30})
        return Component(
            code=raw["code"],
            name=text_of(raw["name"]),
            charge=charge,
            price=Decimal(raw.get("price", "0")),
            prices=self._prices(place, raw.get("prices", {}), periods),
            tiers=self._tiers(place, raw.get("tiers", [])),
            reference_days=None if reference == "CALENDAR_MONTH" else reference["days"],
            exempt_days=raw.get("no_proration_within_days", 0),
        )

    def _prices(
        self, place: str, raw: Mapping[str, str], periods: tuple[PricePeriod, ...]
    ) -> tuple[tuple[str, Decimal], ...]:
        if not raw:
            return ()
        known = [each.code for each in periods]
        for code in raw:
            if code not in known:
                self._note(f"{place}.prices.{code}", _("there is no such price period"))
        for code in known:
            if code not in raw:
                words = _("price period “%(code)s” has no price; a price of 0 must be written")
                self._note(f"{place}.prices", words, code=code)
        return tuple((code, Decimal(raw[code])) for code in known if code in raw)

    def _tiers(self, place: str, raw: list[Mapping[str, str]]) -> tuple[Tier, ...]:
        tiers = tuple(Tier(Decimal(t["up_to"]) if "up_to" in t else None, Decimal(t["price"])) for t in raw)
        before = Decimal(0)
        for index, tier in enumerate(tiers):
            here, is_final = f"{place}.tiers[{index}]", index == len(tiers) - 1
            if is_final and tier.up_to is not None:
                self._note(here, _("the final tier has no up_to: it takes all that is left"))
            elif not is_final and tier.up_to is None:
                self._note(here, _("up_to is missing"))
            elif tier.up_to is not None and tier.up_to <= before:
                words = _("%(up_to)s is not above %(before)s, the tier before")
                self._note(f"{here}.up_to", words, up_to=tier.up_to, before=before)
            before = tier.up_to if tier.up_to is not None else before
        return tiers

    def _tax(self, index: int, raw: Mapping[str, Any], components: tuple[Component, ...]) -> Tax:
        known = [each.code for each in components]
        named = raw.get("components", known)
        for number, code in enumerate(named):
            if code not in known:
                words = _("there is no component “%(code)s”")
                self._note(f"taxes[{index}].components[{number}]", words, code=code)
        return Tax(raw["code"], text_of(raw["name"]), Decimal(raw["rate"]), frozenset(named))

    def _currency(self, code: str) -> str:
        if code not in currencies.MINOR_UNITS:
            words = _("“%(code)s” is not an ISO 4217 code in use, such as EUR, MXN, JPY or KWD")
            self._note("currency", words, code=code)
        return code

    def _unit(self, code: str) -> Unit:
        if code not in _USED:
            words = (
                _("“%(code)s” is not used up: nothing can be charged for each; take one of %(known)s")
                if code in Unit.__members__
                else _("“%(code)s” is not a unit; take one of %(known)s")
            )
            self._note("unit", words, code=code, known=", ".join(sorted(_USED)))
            return Unit.KWH
        return Unit(code)

    def _date(self, place: str, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._note(place, _("%(given)s is not a date"), given=text)
            return date.min


def text_of(raw: str | Text) -> Text:
    """This will return the words by language; a document may write a name in English alone, without a language."""
    return {"en": raw} if isinstance(raw, str) else dict(raw)


def _weekday(day: int) -> str:
    return next(code for code, number in _WEEKDAYS.items() if number == day)


def _bounded(digits: str) -> int:
    """No number of a document is long; Python refuses to read those of more than 4300 digits."""
    if len(digits) > LONGEST_NUMBER:
        words = _("%(digits)s… is a number with too many digits")
        raise TariffInvalid([Problem("", words, {"digits": digits[:LONGEST_NUMBER]})])
    return int(digits)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise TariffInvalid([Problem(key, _("the key is there twice in one object"))])
        found[key] = value
    return found
