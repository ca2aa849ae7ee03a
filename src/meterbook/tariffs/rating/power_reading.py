"""Read how demand is measured and billed, and how a power factor is priced."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import (
    ALL_MONTHS,
    Contracted,
    Demand,
    Excess,
    Per,
    PowerFactor,
    PowerFactorTarget,
    Ratchet,
    Rule,
    Slope,
    Take,
)

_CONTRACTED = "contracted_{}"  # with the unit behind it: a figure in kW is no figure in RT
_OF_INTERVALS = {"interval", "sliding_by", "take", "highest", "one_a_day", "periods", "estimated", "meters"}
_FORMULA_DECIMALS, _STEP_DECIMALS = 4, 2


def demand(place: str, raw: Mapping[str, Any] | None, periods: Sequence[str], note: Note) -> Demand | None:
    """This will read what a DEMAND component measures."""
    if raw is None:
        return None
    take = Take(raw.get("take", Take.MAXIMUM))
    interval, sliding_by = raw.get("interval", 0), raw.get("sliding_by", 0)
    if sliding_by and (not interval or sliding_by >= interval or interval % sliding_by):
        words = _("%(step)s minutes do not divide the interval: a window of 15 minutes slides by 5")
        note(f"{place}.sliding_by", words, step=sliding_by)
    if (take is Take.MEAN_OF_HIGHEST) != ("highest" in raw):
        note(place, _("MEAN_OF_HIGHEST, and only that, needs highest: how many"))
    if "one_a_day" in raw and take is not Take.MEAN_OF_HIGHEST:
        note(f"{place}.one_a_day", _("only MEAN_OF_HIGHEST takes several"))
    if take is Take.EACH_DAY and raw.keys() & {"ratchet", "contracted"}:
        note(f"{place}.take", _("demand of each day has no ratchet and no contracted demand"))
    is_registered = raw.get("source") == "REGISTER"
    for key in sorted(raw.keys() & _OF_INTERVALS) if is_registered else ():
        note(f"{place}.{key}", _("a register of maximum demand does not tell when its power was: leave it out"))
    unit = Unit(raw.get("unit", Unit.KW))
    if raw.get("of") == "APPARENT" and unit is not Unit.KW:
        note(
            f"{place}.unit", _("apparent power is in kVA: take %(unit)s away, or charge active power"), unit=unit.symbol
        )
    for index, code in enumerate(raw.get("periods", [])):
        if code not in periods:
            note(f"{place}.periods[{index}]", _("there is no such price period"))
    return Demand(
        interval=interval,
        sliding_by=sliding_by,
        is_apparent=raw.get("of") == "APPARENT",
        take=take,
        highest=raw.get("highest", 1),
        one_a_day=raw.get("one_a_day", False),
        periods=tuple(code for code in raw.get("periods", []) if code in periods),
        counts_estimated=raw.get("estimated") == "COUNT",
        is_coincident=raw.get("meters") != "NON_COINCIDENT",
        joins="meters" in raw,
        decimals=raw.get("decimals", 3),
        per=Per(raw.get("per", Per.PERIOD)),
        minimum=Decimal(raw.get("minimum", "0")),
        ratchets=tuple(map(_ratchet, raw.get("ratchet", []))),
        actual_in=frozenset(raw.get("actual_in_months", ALL_MONTHS)),
        contracted=_contracted(f"{place}.contracted", raw.get("contracted"), unit, note),
        power_factor=_target(raw.get("power_factor")),
        unit=unit,
        is_registered=is_registered,
    )


def _ratchet(raw: Mapping[str, Any]) -> Ratchet:
    return Ratchet(
        percent=Decimal(raw["percent"]),
        months=raw["months"],
        of_months=frozenset(raw.get("of_months", ALL_MONTHS)),
        in_months=frozenset(raw.get("in_months", ALL_MONTHS)),
        with_current=raw.get("with_current", False),
    )


def _contracted(place: str, raw: Mapping[str, Any] | None, unit: Unit, note: Note) -> Contracted | None:
    if raw is None:
        return None
    excess = tuple(Excess(Decimal(each["above_percent"]), Decimal(each["price"])) for each in raw.get("excess", []))
    for index, (before, each) in enumerate(itertools.pairwise(excess), 1):
        if each.above <= before.above:
            words = _("%(limit)s is not above %(before)s")
            note(f"{place}.excess[{index}].above_percent", words, limit=each.above, before=before.above)
    least = Decimal(raw.get("least_percent", "0"))
    fact = raw.get("fact", _CONTRACTED.format(unit.value.lower()))
    return Contracted(fact, raw.get("charge", "HIGHER"), least, excess)


def _target(raw: Mapping[str, Any] | None) -> PowerFactorTarget | None:
    return None if raw is None else PowerFactorTarget(Decimal(raw["target"]), raw.get("decimals", _STEP_DECIMALS))


_NEEDED = {Rule.STEPS: {"steps"}, Rule.FORMULA: {"reference", "penalty"}, Rule.REACTIVE_ABOVE: {"tan_phi"}}
_POSSIBLE = {
    Rule.STEPS: {"steps", "step", "decimals"},
    Rule.FORMULA: {"reference", "penalty", "bonus", "percent_decimals", "decimals"},
    Rule.REACTIVE_ABOVE: {"tan_phi"},
}
_ALWAYS = {"rule", "leading", "least_usage"}


def power_factor(place: str, raw: Mapping[str, Any], note: Note) -> PowerFactor | None:
    """This will read the rule of a POWER_FACTOR component.

    :param place: the component's
    """
    given = raw.get("power_factor")
    if given is None:
        return None
    rule, here = Rule(given["rule"]), f"{place}.power_factor"
    for key in sorted(_NEEDED[rule] - given.keys()):
        note(here, _("“%(key)s” is missing"), key=key)
    for key in sorted(given.keys() - _POSSIBLE[rule] - _ALWAYS):
        note(f"{here}.{key}", _("the rule %(rule)s has no %(key)s"), rule=rule, key=key)
    needed, other = ("price", "components") if rule is Rule.REACTIVE_ABOVE else ("components", "price")
    if needed not in raw or other in raw:
        note(place, _("the rule %(rule)s needs %(key)s, and no %(other)s"), rule=rule, key=needed, other=other)
    for index, (before, each) in enumerate(itertools.pairwise(given.get("steps", [])), 1):
        if Decimal(each["below"]) >= Decimal(before["below"]):
            words = _("%(limit)s is not below %(before)s")
            note(f"{here}.steps[{index}].below", words, limit=each["below"], before=before["below"])
    return PowerFactor(
        rule=rule,
        decimals=given.get("decimals", _STEP_DECIMALS if rule is Rule.STEPS else _FORMULA_DECIMALS),
        leading=given.get("leading", "IGNORE"),
        least_usage=Decimal(given.get("least_usage", "0")),
        step=Decimal(given.get("step", "0.01")),
        steps=tuple((Decimal(each["below"]), Decimal(each["percent"])) for each in given.get("steps", [])),
        reference=_references(f"{here}.reference", given.get("reference", []), note),
        penalty=_slope(given.get("penalty")),
        bonus=_slope(given.get("bonus")),
        percent_decimals=given.get("percent_decimals", 1),
        tan_phi=Decimal(given.get("tan_phi", "0")),
    )


def _references(place: str, raw: str | list[Mapping[str, str]], note: Note) -> tuple[tuple[date, Decimal], ...]:
    if isinstance(raw, str):
        return ((date.min, Decimal(raw)),)
    found: list[tuple[date, Decimal]] = []
    for index, each in enumerate(raw):
        try:
            day = date.fromisoformat(each["from"])
        except ValueError:
            note(f"{place}[{index}].from", _("%(given)s is not a date"), given=each["from"])
            continue
        if found and day <= found[-1][0]:
            note(f"{place}[{index}].from", _("%(limit)s is not above %(before)s"), limit=day, before=found[-1][0])
        found.append((day, Decimal(each["value"])))
    return tuple(found)


def _slope(raw: Mapping[str, str] | None) -> Slope | None:
    return None if raw is None else Slope(Fraction(raw["share"]), Decimal(raw["most"]) if "most" in raw else None)
