"""A record of the Utility Rate Database as others wrote it, made of one shape; errors name the key (format 7 and 8).

Numbers are read as decimals: no float touches a price.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

from meterbook.tariffs.rating.problems import gettext_noop as _

MONTHS, HOURS = 12, 24
ENDLESS = Decimal("1e12")  # what programs write for "no limit" is 1e38, 1e15 or 999999999999
SMALLEST = Decimal("1e-6")  # of the end of a step
WINDOWS = (1, 5, 10, 15, 20, 30, 60)  # minutes
MOST_MONTHS = 36  # that a ratchet looks back
LARGEST = Decimal("1e12")  # of a price or an amount: what a document may hold
ENERGY_UNITS = frozenset({"kwh", "kwh daily", "kwh/kw"})
DEMAND_UNITS = frozenset({"kw", "kva", "hp", "kw daily", "kva daily", "hp daily"})
LARGEST_TEXT = 4_000_000
# The same figure under the names that exports of other years give it.
NAMES: Mapping[str, tuple[str, ...]] = {
    "fixed": ("fixedchargefirstmeter", "fixedmonthlycharge"),
    "fixed_units": ("fixedchargeunits",),
    "least": ("mincharge", "minmonthlycharge"),
    "least_units": ("minchargeunits",),
    "least_year": ("annualmincharge",),
    "flat_units": ("flatdemandunit", "flatDemandUnits", "demandunits"),
    "demand_units": ("demandrateunit", "demandRateUnits", "demandunits"),
    "reactive": ("demandreactivepowercharge", "demandReactPwrCharge"),
    "window": ("demandwindow", "demandWindow"),
    "ratchet": ("demandratchetpercentage", "demandRatchetPercentage"),
    "lookback_percent": ("lookbackpercent", "lookbackPercent"),
    "lookback_range": ("lookbackrange", "lookbackRange"),
    "lookback_months": ("lookbackmonths", "lookbackMonths"),
    "fuel": ("fueladjustmentsmonthly", "fuelAdjustmentsMonthly"),
    "coincident": ("coincidentratestructure", "coincidentRateStructure"),
    "label": ("label",),
    "name": ("name", "rate_name"),
    "utility": ("utility",),
    "period_names": ("energytoulabels", "energyTOULabels"),
}


_JSON = _("line %(line)s, column %(column)s: this is not JSON: %(said)s")
_NO_NUMBER = _("%(given)s is not a number")
_TOO_LARGE = _("%(given)s is too large; numbers are below %(most)s")


class RecordInvalid(ValueError):
    """The record cannot be taken as it is; `place` names the key, and template and data say what is wrong.

    The template is English and the key of its translation.
    """

    def __init__(self, place: str, template: str, /, **data: object) -> None:
        self.place, self.template, self.data = place, template, data
        words = template % data
        super().__init__(f"{place}: {words}" if place else words)


@dataclass(frozen=True)
class Step:
    """A step of a ladder: units up to `most` (None: all others) at a price; `sell` is what a unit fed in earns."""

    most: Decimal | None
    unit: str
    price: Decimal
    sell: Decimal


Ladder = tuple[Step, ...]
Schedule = tuple[tuple[int, ...], ...]  # by month, by hour


@dataclass(frozen=True)
class Charges:
    """Ladders by period and when each period holds, on weekdays and on weekends."""

    ladders: tuple[Ladder, ...]
    weekday: Schedule
    weekend: Schedule


@dataclass(frozen=True)
class Record:
    """What a record charges. `flat` is by month, an index into its ladders; empty where there is none."""

    label: str
    name: str
    utility: str
    period_names: tuple[str, ...]
    energy: Charges | None
    demand: Charges | None
    flat: tuple[Ladder, ...]
    flat_months: tuple[int, ...]
    flat_unit: str
    demand_unit: str
    window: int | None
    fuel: tuple[Decimal, ...]
    fixed: Decimal
    fixed_per: str
    least: Decimal
    least_per: str
    least_year: Decimal
    reactive: Decimal
    ratchet: tuple[Decimal, ...]
    lookback_percent: Decimal
    lookback_range: int
    lookback_months: tuple[int, ...]
    unpriced: tuple[str, ...]  # places of steps that have no rate
    fed_in: str  # the rule for what is fed in, such as "Net Metering"


def read_text(text: str) -> Record:
    """This will read a record, or the only one of an answer {"items": [...]}.

    :raises RecordInvalid: naming the key
    """
    if len(text) > LARGEST_TEXT:
        raise RecordInvalid("", _("The text is longer than %(most)s characters."), most=f"{LARGEST_TEXT:,}")
    try:
        raw = json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise RecordInvalid("", _JSON, line=error.lineno, column=error.colno, said=error.msg) from None
    except (DecimalException, ValueError) as error:  # digits beyond what Python reads
        if isinstance(error, RecordInvalid):
            raise
        raise RecordInvalid("", _TOO_LARGE, given=_("a number"), most=f"{LARGEST:,f}") from None
    except RecursionError:
        raise RecordInvalid("", _("brackets are nested too deeply")) from None
    return read(raw)


def read(raw: object) -> Record:
    """This will read a record from parsed JSON; numbers are Decimal or int.

    :raises RecordInvalid: naming the key
    """
    if isinstance(raw, Mapping) and isinstance(raw.get("items"), list):
        raw = raw["items"]
    if isinstance(raw, list):
        if len(raw) != 1:
            raise RecordInvalid("items", _("there are %(count)s rates; keep the one that is meant"), count=len(raw))
        raw = raw[0]
    if not isinstance(raw, Mapping):
        raise RecordInvalid("", _("this is no record of the Utility Rate Database: an object with energyratestructure"))
    if not any(key in raw for key in ("energyratestructure", "demandratestructure", "flatdemandstructure")):
        raise RecordInvalid("", _("it has neither energyratestructure, demandratestructure nor flatdemandstructure"))
    return _record(raw)


def _record(raw: Mapping[str, Any]) -> Record:
    if _given(raw, "coincident"):
        raise RecordInvalid(
            "coincidentratestructure", _("demand at the peak of the utility is not taken from a record")
        )
    flat = _ladders(raw, "flatdemandstructure")
    months = _months(raw, "flatdemandmonths", len(flat)) if flat else ()
    return Record(
        label=str(_first(raw, "label", "")),
        name=str(_first(raw, "name", "") or "URDB rate"),
        utility=str(_first(raw, "utility", "")),
        period_names=tuple(str(each) for each in _listed(raw, "period_names") if isinstance(each, str)),
        energy=_charges(raw, "energy"),
        demand=_charges(raw, "demand"),
        flat=flat,
        flat_months=months,
        flat_unit=str(_first(raw, "flat_units", "kW")),
        demand_unit=str(_first(raw, "demand_units", "kW")),
        window=_window(raw),
        fuel=_decimals(raw, "fuel"),
        fixed=_decimal(_first(raw, "fixed", 0), "fixedchargefirstmeter"),
        fixed_per=str(_first(raw, "fixed_units", "$/month")),
        least=_decimal(_first(raw, "least", 0), "mincharge"),
        least_per=str(_first(raw, "least_units", "$/month")),
        least_year=_decimal(_first(raw, "least_year", 0), "annualmincharge"),
        reactive=_decimal(_first(raw, "reactive", 0), "demandreactivepowercharge"),
        ratchet=tuple(
            _share(each, f"demandratchetpercentage[{index}]") for index, each in enumerate(_decimals(raw, "ratchet"))
        ),
        lookback_percent=_share(_decimal(_first(raw, "lookback_percent", 0), "lookbackpercent"), "lookbackpercent"),
        lookback_range=_looked_back(raw),
        lookback_months=_looked_at(raw),
        unpriced=_unpriced(raw),
        fed_in=str(raw.get("dgrules") or ""),
    )


def _window(raw: Mapping[str, Any]) -> int | None:
    found = _whole(_first(raw, "window", None), "demandwindow")
    if found and found not in WINDOWS:
        listed = ", ".join(map(str, WINDOWS))
        raise RecordInvalid(
            "demandwindow", _("%(given)s minutes are not taken; known are %(known)s"), given=found, known=listed
        )
    return found


def _share(given: Decimal, place: str) -> Decimal:
    if given < 0:
        raise RecordInvalid(place, _("%(given)s is below 0"), given=given)
    return given


def _looked_back(raw: Mapping[str, Any]) -> int:
    found = _whole(_first(raw, "lookback_range", 0), "lookbackrange") or 0
    if not 0 <= found <= MOST_MONTHS:
        words = _("%(given)s months are not taken; it must be from 0 to %(most)s")
        raise RecordInvalid("lookbackrange", words, given=found, most=MOST_MONTHS)
    return found


def _unpriced(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{key}[{period}][{step}]"
        for key in ("energyratestructure", "demandratestructure", "flatdemandstructure")
        for period, ladder in enumerate(raw.get(key) or [])
        for step, each in enumerate(ladder)
        if not each.keys() & {"rate", "adj"}
    )


def _looked_at(raw: Mapping[str, Any]) -> tuple[int, ...]:
    """Whether each month is looked back on: true or 1."""
    given = _first(raw, "lookback_months", [])
    place = NAMES["lookback_months"][0]
    if not isinstance(given, list) or len(given) not in (0, MONTHS):
        raise RecordInvalid(place, _("it must hold twelve months"))
    found = [int(each) if isinstance(each, bool) else each for each in given]
    return tuple(_whole(each, f"{place}[{index}]") or 0 for index, each in enumerate(found))


def _charges(raw: Mapping[str, Any], what: str) -> Charges | None:
    ladders = _ladders(raw, f"{what}ratestructure")
    if not ladders:
        return None
    weekday = _schedule(raw, f"{what}weekdayschedule", len(ladders))
    return Charges(ladders, weekday, _schedule(raw, f"{what}weekendschedule", len(ladders)))


def _ladders(raw: Mapping[str, Any], key: str) -> tuple[Ladder, ...]:
    given = [] if raw.get(key) is None else raw[key]
    if not isinstance(given, list) or not all(isinstance(each, list) and each for each in given):
        raise RecordInvalid(key, _("it must be a list of periods, each a list of steps"))
    known, usual = (ENERGY_UNITS, "kWh") if key == "energyratestructure" else (DEMAND_UNITS, "kW")
    return tuple(_ladder(each, f"{key}[{index}]", known, usual) for index, each in enumerate(given))


def _ladder(given: Sequence[Any], place: str, known: frozenset[str], usual: str) -> Ladder:
    steps: list[Step] = []
    for index, each in enumerate(given):
        here = f"{place}[{index}]"
        if not isinstance(each, Mapping):
            raise RecordInvalid(here, _("a step is an object with rate"))
        price = _decimal(each.get("rate", 0), f"{here}.rate") + _decimal(each.get("adj", 0), f"{here}.adj")
        most = _end(each.get("max"), f"{here}.max")
        if most is not None and most < SMALLEST:
            raise RecordInvalid(f"{here}.max", _("a step must end above 0"))
        if index < len(given) - 1 and most is None:
            raise RecordInvalid(f"{here}.max", _("only the final step has no end"))
        unit = usual if each.get("unit") is None else str(each["unit"])
        if unit.lower() not in known:
            words, listed = _("steps in %(units)s are not taken; known are %(known)s"), ", ".join(sorted(known))
            raise RecordInvalid(f"{here}.unit", words, units=unit.lower(), known=listed)
        before = steps[-1].most if steps and steps[-1].unit.lower() == unit.lower() else None
        if before is not None and most is not None and most <= before:
            raise RecordInvalid(f"{here}.max", _("a step must end above the one before"))
        steps.append(Step(most, unit, price, _decimal(each.get("sell", 0), f"{here}.sell")))
    # What is used above the end of the final step costs what that costs.
    final = steps[-1]
    return (*steps[:-1], Step(None, final.unit, final.price, final.sell))


def _end(given: object, place: str) -> Decimal | None:
    """Where a step ends; None: it has no end."""
    if given is None:
        return None
    is_number = isinstance(given, int | Decimal) and not isinstance(given, bool)
    return None if is_number and Decimal(str(given)) >= ENDLESS else _decimal(given, place)


def _schedule(raw: Mapping[str, Any], key: str, periods: int) -> Schedule:
    given = raw.get(key)
    if given is None and periods == 1:
        return ((0,) * HOURS,) * MONTHS
    if not isinstance(given, list) or len(given) != MONTHS:
        raise RecordInvalid(key, _("it must hold twelve months"))
    return tuple(_hours(each, f"{key}[{month}]", periods) for month, each in enumerate(given))


def _hours(given: object, place: str, periods: int) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) != HOURS:
        raise RecordInvalid(place, _("a month must hold 24 hours"))
    return tuple(_index(each, f"{place}[{hour}]", periods) for hour, each in enumerate(given))


def _months(raw: Mapping[str, Any], key: str, periods: int) -> tuple[int, ...]:
    given = raw.get(key)
    if given is None and periods == 1:
        return (0,) * MONTHS
    if not isinstance(given, list) or len(given) != MONTHS:
        raise RecordInvalid(key, _("it must hold twelve months"))
    return tuple(_index(each, f"{key}[{month}]", periods) for month, each in enumerate(given))


def _index(given: object, place: str, periods: int) -> int:
    found = _whole(given, place)
    if found is None or not 0 <= found < periods:
        raise RecordInvalid(
            place, _("there is no period %(given)s; they are counted from 0 to %(most)s"), given=given, most=periods - 1
        )
    return found


def _first(raw: Mapping[str, Any], name: str, default: object) -> Any:  # noqa: ANN401 - JSON
    return next((raw[key] for key in NAMES[name] if raw.get(key) is not None), default)


def _given(raw: Mapping[str, Any], name: str) -> bool:
    """Whether anything of a structure has a price."""
    found = _listed(raw, name)
    steps = [step for ladder in found if isinstance(ladder, list) for step in ladder if isinstance(step, Mapping)]
    return any(step.get(key) for step in steps for key in ("rate", "adj"))


def _decimals(raw: Mapping[str, Any], name: str) -> tuple[Decimal, ...]:
    listed = _listed(raw, name, _("it must be a list of numbers"))
    return tuple(_decimal(each, f"{NAMES[name][0]}[{index}]") for index, each in enumerate(listed))


def _listed(raw: Mapping[str, Any], name: str, words: str = _("it must be a list")) -> list[Any]:
    given = _first(raw, name, [])
    if not isinstance(given, list):
        raise RecordInvalid(NAMES[name][0], words)
    return given


def _decimal(given: object, place: str) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        raise RecordInvalid(place, _NO_NUMBER, given=repr(given)[:80])
    found = Decimal(given)
    if abs(found) >= LARGEST:
        raise RecordInvalid(place, _TOO_LARGE, given=str(given)[:40], most=f"{LARGEST:,f}")
    return found


def _whole(given: object, place: str) -> int | None:
    if given is None:
        return None
    found = _decimal(given, place)
    if found != found.to_integral_value():
        raise RecordInvalid(place, _("%(given)s is not a whole number"), given=given)
    return int(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that is there twice, one figure would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise RecordInvalid(twice, _("it is there twice in one object"))
    return found


def _no_number(text: str) -> Decimal:
    raise RecordInvalid("", _NO_NUMBER, given=text)
