"""Read a tariff document: shape by the published schema, sense by the checks here; errors name the place (X-05)."""

from __future__ import annotations

import calendar
import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from importlib import resources
from itertools import pairwise
from typing import Any

import jsonschema

from meterbook.kernel import currency as currencies
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import bank_reading, component_reading, plain_text, pricing_bank, schema_faults, windows
from meterbook.tariffs.rating.component_reading import text_of
from meterbook.tariffs.rating.document import (
    NO_DAYS,
    CalendarDays,
    Component,
    DayType,
    PricePeriod,
    Season,
    TariffDocument,
    Tax,
)
from meterbook.tariffs.rating.problems import Problem, TariffInvalid
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.tax_points import TaxPoint
from meterbook.tariffs.rating.terms import Change

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
Calendars = Callable[[str], CalendarDays | None]


@functools.cache
def schema() -> dict[str, Any]:
    """This will return the JSON Schema of tariff documents."""
    text = resources.files("meterbook.tariffs.rating").joinpath("tariff.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def chargeable_units() -> tuple[Unit, ...]:
    """This will return the units that a tariff can have a price for, in the order of the closed list."""
    return tuple(unit for unit in Unit if unit.value in _USED)


def _no_calendars(code: str) -> CalendarDays | None:
    return None


def read_text(text: str, calendars: Calendars = _no_calendars) -> TariffDocument:
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
    return read(raw, calendars)


def read(raw: object, calendars: Calendars = _no_calendars) -> TariffDocument:
    """This will read a tariff document from parsed JSON.

    :param calendars: gives the days of a named calendar of holidays; None: there is no such calendar
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
    return _Reader(raw, calendars).read()


class _Reader:
    """Collects problems while it reads, so that all are told at once."""

    def __init__(self, raw: Mapping[str, Any], calendars: Calendars) -> None:
        self.raw = raw
        self.calendars = calendars
        self.problems: list[Problem] = []

    def read(self) -> TariffDocument:
        raw = self.raw
        seasons, day_types = self._seasons(), self._day_types()
        periods = self._periods()
        named = self._calendar_days()
        holidays = self._holidays(named)
        self._special(day_types)
        takes_special = any(each.is_special for each in day_types)
        is_needed = holidays if not takes_special else self.raw.get("holidays")
        if is_needed and not any(each.is_holiday for each in day_types):
            self._note("holidays", _("no day type has is_holiday: add one, or remove the dates"))
        table, tails = windows.tables(
            raw.get("calendar"),
            windows.Codes(*([each.code for each in listed] for listed in (seasons, day_types, periods))),
            by_start=raw.get("midnight") == "START_DATE",
            note=self._note,
        )
        currency, unit = self._currency(raw["currency"]), self._unit(raw["unit"])
        known = component_reading.Known([each.code for each in periods], [each.code for each in seasons], {}, unit)
        components = self._components(known)
        document = TariffDocument(
            code=raw["code"],
            name=text_of(raw["name"]),
            currency=currency,
            unit=unit,
            decimals=raw.get("decimals", 3),
            mode=RoundingMode(raw.get("rounding", RoundingMode.HALF_UP)),
            seasons=seasons,
            day_types=day_types,
            holidays=holidays,
            periods=periods,
            table=table,
            components=components,
            taxes=self._taxes(components),
            change=Change(
                is_cumulative=raw.get("change", {}).get("tiers") == "CUMULATIVE",
                is_whole=raw.get("change", {}).get("demand") == "WHOLE",
            ),
            holiday_calendar=raw.get("holiday_calendar", ""),
            calendar_version=named.version,
            special_days=named.special,
            tails=tails,
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
            dates = [self._date(f"day_types[{index}].dates[{i}]", day) for i, day in enumerate(each.get("dates", []))]
            is_holiday, is_special = each.get("is_holiday", False), each.get("is_special", False)
            if not days and not dates and not is_holiday and not is_special:
                self._note(f"day_types[{index}]", _("give weekdays, or is_holiday: true"))
            name = text_of(each["name"])
            found.append(DayType(each["code"], name, frozenset(days), is_holiday, frozenset(dates), is_special))
        for day in range(7):
            if day not in taken:
                self._note("day_types", _("%(weekday)s belongs to no day type"), weekday=_weekday(day))
        if sum(each.is_holiday for each in found) > 1:
            self._note("day_types", _("only one day type can take the holidays"))
        self._distinct("day_types", [each.code for each in found])
        return tuple(found)

    def _calendar_days(self) -> CalendarDays:
        """The days of the calendar that the document names."""
        named = self.raw.get("holiday_calendar")
        found = None if named is None else self.calendars(named)
        if named is not None and found is None:
            self._note("holiday_calendar", _("there is no calendar of holidays “%(code)s”"), code=named)
        return found or NO_DAYS

    def _holidays(self, named: CalendarDays) -> frozenset[date]:
        """The dates of the document, and those of the calendar that it names."""
        own = [self._date(f"holidays[{i}]", each) for i, each in enumerate(self.raw.get("holidays", []))]
        return frozenset(own) | named.holidays

    def _special(self, day_types: Sequence[DayType]) -> None:
        special = [index for index, each in enumerate(day_types) if each.is_special]
        if len(special) > 1:
            self._note("day_types", _("only one day type can take the special days"))
        if special and "holiday_calendar" not in self.raw:
            words = _("special days come from a calendar: name one as holiday_calendar, or give dates")
            self._note(f"day_types[{special[0]}].is_special", words)

    def _periods(self) -> tuple[PricePeriod, ...]:
        listed = self.raw.get("periods")
        if listed is None:
            return (PricePeriod(_ALL, {"en": "All hours", "es": "Todas las horas"}),)
        self._distinct("periods", [each["code"] for each in listed])
        return tuple(PricePeriod(each["code"], text_of(each["name"])) for each in listed)

    def _components(self, known: component_reading.Known) -> tuple[Component, ...]:
        """In the order of the document: a component can only name those before it."""
        found: list[Component] = []
        before = dict(known.before)
        for index, raw in enumerate(self.raw["components"]):
            fed_in = frozenset(each.code for each in found if pricing_bank.is_fed_in(each))
            seen = dataclasses.replace(known, before=before, fed_in=fed_in)
            found.append(component_reading.read(f"components[{index}]", raw, seen, self._note))
            before = {**before, found[-1].code: found[-1].charge}
        self._distinct("components", [each.code for each in found])
        bank_reading.check_continued(found, self._note)
        return tuple(found)

    def _taxes(self, components: tuple[Component, ...]) -> tuple[Tax, ...]:
        found: list[Tax] = []
        for index, raw in enumerate(self.raw.get("taxes", [])):
            found.append(self._tax(f"taxes[{index}]", raw, components, [each.code for each in found]))
        self._distinct("taxes", [each.code for each in found])
        return tuple(found)

    def _tax(self, place: str, raw: Mapping[str, Any], components: tuple[Component, ...], before: list[str]) -> Tax:
        known = [each.code for each in components]
        named, taxes = raw.get("components", known), raw.get("taxes", [])
        for number, code in enumerate(named):
            if code not in known:
                self._note(f"{place}.components[{number}]", _("there is no component “%(code)s”"), code=code)
        for number, code in enumerate(taxes):
            if code not in before:
                words = _("there is no tax “%(code)s” before this one: a tax is on earlier taxes only")
                self._note(f"{place}.taxes[{number}]", words, code=code)
        if raw.get("inclusive") and (taxes or raw.get("reverse_charge")):
            self._note(f"{place}.inclusive", _("a tax that the prices hold is on lines alone, and is not reversed"))
        return Tax(
            code=raw["code"],
            name=text_of(raw["name"]),
            rate=Decimal(raw["rate"]),
            components=frozenset(named),
            taxes=tuple(taxes),
            is_inclusive=raw.get("inclusive", False),
            by_line=raw.get("rounding") == "LINE",
            is_reversed=raw.get("reverse_charge", False),
            rates=self._rates(place, raw.get("rates", [])),
            point=TaxPoint(raw["tax_point"]) if "tax_point" in raw else None,
        )

    def _rates(self, place: str, raw: Sequence[Mapping[str, Any]]) -> tuple[tuple[date, Decimal], ...]:
        found = [
            (self._date(f"{place}.rates[{n}].from", each["from"]), Decimal(each["rate"])) for n, each in enumerate(raw)
        ]
        for index, ((before, _rate), (day, _other)) in enumerate(pairwise(found), start=1):
            if day <= before:
                self._note(f"{place}.rates[{index}].from", _("rates stand in the order of their days, each day once"))
        return tuple(found)

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
