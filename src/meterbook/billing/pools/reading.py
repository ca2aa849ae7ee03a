"""Read a pool's document. Reading never fails: what is wrong is returned with its place, for a form to say."""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from meterbook.billing.pools import rules
from meterbook.billing.pools.definition import (
    CARRIED,
    FORMAT,
    MEASURED,
    MOST_MEMBERS,
    MOST_METERS,
    MOST_PARTS,
    SECONDARY,
    Cost,
    Definition,
    Division,
    Fault,
    Key,
    Kind,
    Leaving,
    LineKind,
    LossPolicy,
    Member,
    Names,
    Part,
    Problem,
    Rounding,
    Rule,
    Source,
    Tax,
    Vacancy,
)
from meterbook.kernel import rounding, signs
from meterbook.kernel.quantity import Unit

LONGEST = 200  # characters of a name
SERVICES = ("ELECTRICITY", "COLD_WATER", "HOT_WATER", "GAS", "HEATING", "COOLING")
KNOWN = frozenset(
    [
        "format",
        "name",
        "names",
        "kind",
        "stage",
        "source",
        "parts",
        "members",
        "place",
        "service",
        "vacancy",
        "rounding",
        "cap",
        "tax",
        "division",
        "rule",
        "leaving",
    ]
)
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", re.ASCII)
E = TypeVar("E", bound=enum.StrEnum)


def read(document: Mapping[str, Any]) -> tuple[Definition | None, list[Problem]]:
    """This will read a document; no definition where there are problems."""
    reader = _Reader()
    found = reader.definition(document)
    return (None if reader.problems else found), reader.problems


class _Reader:
    """Collects problems while it reads; values that cannot be read get harmless stand-ins."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def definition(self, document: Mapping[str, Any]) -> Definition:
        if document.get("format", FORMAT) != FORMAT:
            self._wrong("format", Fault.FORMAT)
        for key in sorted(str(each) for each in document.keys() - KNOWN)[:1]:
            self._wrong(key[:40] if key.isprintable() else "?", Fault.UNKNOWN)
        division = self._choice(document, "division", Division, Division.TOGETHER)
        parts = self._parts(_mappings(document.get("parts")), division)
        members = self._members(_mappings(document.get("members")), parts)
        cost = self._cost(_mapping(document.get("source")))
        if division is Division.EACH and cost.source not in (Source.AMOUNT, Source.INVOICE):
            self._wrong("division", Fault.EACH)
        rule = self._choice(document, "rule", Rule, Rule.NONE)
        if not rules.keeps(rule, parts, division):
            self._wrong("rule", Fault.HEATING_COSTS)
        return Definition(
            name=self._text(document, "name", "name"),
            kind=self._choice(document, "kind", Kind, Kind.OTHER),
            stage=self._stage(document.get("stage", 1)),
            cost=cost,
            parts=parts,
            members=members,
            place=self._id(document, "place", "place"),
            service=self._among(document, "service", SERVICES, SERVICES[0]),
            vacancy=self._choice(document, "vacancy", Vacancy, Vacancy.LANDLORD),
            rounding=self._choice(document, "rounding", Rounding, Rounding.LARGEST_REMAINDER),
            cap=self._number(document, "cap", "cap"),
            tax=self._tax(document.get("tax")),
            division=division,
            rule=rule,
            leaving=self._choice(document, "leaving", Leaving, Leaving.FORMER_MEMBER),
            names=self._names(document, "names"),
        )

    def _wrong(self, path: str, fault: Fault, **data: object) -> None:
        self.problems.append(Problem(path, fault, tuple((key, str(value)) for key, value in data.items())))

    def _text(self, given: Mapping[str, Any], key: str, path: str) -> str:
        text = given.get(key)
        if not isinstance(text, str) or not text.strip():
            self._wrong(path, Fault.REQUIRED)
            return ""
        if len(text) > LONGEST or signs.find(text) is not None:
            self._wrong(path, Fault.TEXT)
            return ""
        return text.strip()

    def _names(self, given: Mapping[str, Any], path: str) -> Names:
        found = given.get("names")
        if found is not None and not isinstance(found, Mapping):
            self._wrong(path, Fault.TEXT)
        said = {str(key): text for key, text in _mapping(found).items() if text}
        if any(not _LANGUAGE.fullmatch(key) for key in said):
            self._wrong(path, Fault.UNKNOWN)
            return ()
        return tuple((key, self._text(said, key, f"{path}/{key}")) for key in sorted(said))

    def _among(self, given: Mapping[str, Any], key: str, known: Sequence[str], usual: str) -> str:
        text = given.get(key)
        if text and (not isinstance(text, str) or text not in known):
            self._wrong(key, Fault.UNKNOWN)
        return text if isinstance(text, str) and text in known else usual

    def _choice(self, given: Mapping[str, Any], key: str, known: type[E], usual: E) -> E:
        text = given.get(key)
        if text is None or text == "":
            return usual
        if not isinstance(text, str) or text not in {each.value for each in known}:
            self._wrong(key, Fault.UNKNOWN)
            return usual
        return known(text)

    def _stage(self, given: object) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 9:
            self._wrong("stage", Fault.NUMBER)
            return 1
        return given

    def _number(self, given: Mapping[str, Any], key: str, path: str) -> Fraction | None:
        text = given.get(key)
        if text is None or text == "":
            return None
        if not isinstance(text, str) or not _NUMBER.fullmatch(text):
            self._wrong(path, Fault.NUMBER)
            return None
        number = Fraction(text)
        if number < 0:
            self._wrong(path, Fault.NEGATIVE)
            return None
        return number

    def _id(self, given: Mapping[str, Any], key: str, path: str) -> uuid.UUID | None:
        text = given.get(key)
        if text is None or text == "":
            return None
        try:
            return uuid.UUID(str(text))
        except ValueError:
            self._wrong(path, Fault.UNKNOWN)
            return None

    def _day(self, given: Mapping[str, Any], key: str, path: str) -> date | None:
        text = given.get(key)
        if text is None or text == "":
            return None
        try:
            return date.fromisoformat(str(text))
        except ValueError:
            self._wrong(path, Fault.DAYS)
            return None

    def _cost(self, given: Mapping[str, Any]) -> Cost:
        source = self._choice(given, "kind", Source, Source.AMOUNT)
        ids = given.get("meters") if isinstance(given.get("meters"), list) else []
        cost = Cost(
            source=source,
            meter_point=self._id(given, "meter_point", "source/meter_point"),
            meters=tuple(found for each in ids or [] if (found := self._id({"id": each}, "id", "source/meters"))),
            price=self._number(given, "price", "source/price"),
            unit=self._among(given, "unit", [each.value for each in Unit], ""),
            tariff=self._id(given, "tariff", "source/tariff"),
            policy=self._choice(given, "policy", LossPolicy, LossPolicy.SHARED),
            cap=self._number(given, "cap", "source/cap"),
            is_never_above=given.get("never_above") is True,
        )
        if given.get("never_above") not in (None, False, True) or (cost.is_never_above and source is not Source.METER):
            self._wrong("source/never_above", Fault.ABOVE)
        if source in (Source.METER, Source.LOSS):
            if cost.meter_point is None:
                self._wrong("source/meter_point", Fault.REQUIRED)
            if (cost.price is None) == (cost.tariff is None):
                self._wrong("source/price", Fault.LANDLORD_PRICE)
        if source is Source.LOSS:
            if not cost.meters:
                self._wrong("source/meters", Fault.REQUIRED)
            if cost.policy is LossPolicy.CAPPED and cost.cap is None:
                self._wrong("source/cap", Fault.REQUIRED)
        if len(cost.meters) > MOST_METERS:
            self._wrong("source/meters", Fault.TOO_MANY, most=MOST_METERS)
        return cost

    def _parts(self, given: Sequence[Mapping[str, Any]], division: Division) -> tuple[Part, ...]:
        if not given:
            self._wrong("parts", Fault.REQUIRED)
        if len(given) > MOST_PARTS:
            self._wrong("parts", Fault.TOO_MANY, most=MOST_PARTS)
        found = []
        for place, each in enumerate(given[:MOST_PARTS]):
            path = f"parts/{place}"
            percent = self._number(each, "percent", f"{path}/percent")
            key = each.get("key")
            if not isinstance(key, str) or key not in {known.value for known in Key}:
                self._wrong(f"{path}/key", Fault.REQUIRED if not key else Fault.UNKNOWN)
                continue
            secondary = each.get("secondary") or None
            if secondary is not None and str(secondary) not in {known.value for known in SECONDARY}:
                self._wrong(f"{path}/secondary", Fault.UNKNOWN)
                secondary = None
            elif Key(key) in MEASURED and secondary is None:
                self._wrong(f"{path}/secondary", Fault.SECONDARY)
            is_each = division is Division.EACH
            usual = Fraction(100) if len(given) == 1 or is_each else Fraction(0)
            chosen = Key(str(secondary)) if secondary else None
            found.append(
                Part(usual if percent is None or is_each else percent, Key(key), chosen, self._of(each, f"{path}/of"))
            )
        if division is Division.EACH:
            self._of_lines(found)
        elif any(each.of for each in found):
            self._wrong("parts", Fault.LINES)
        elif found and len(found) == len(given) and sum(each.percent for each in found) != 100:
            self._wrong("parts", Fault.PART_SUM, sum=_written(sum((each.percent for each in found), Fraction(0))))
        return tuple(found)

    def _of(self, given: Mapping[str, Any], path: str) -> tuple[LineKind, ...]:
        kinds = given.get("of") or ()
        known = {each.value for each in LineKind}
        if not isinstance(kinds, list | tuple) or any(each not in known for each in kinds):
            self._wrong(path, Fault.UNKNOWN)
            return ()
        return tuple(each for each in LineKind if each.value in kinds)

    def _of_lines(self, parts: Sequence[Part]) -> None:
        """Each kind of line has one part, and one part has all the others."""
        named = [kind for each in parts for kind in each.of]
        if len(named) != len(set(named)) or sum(not each.of for each in parts) != 1:
            self._wrong("parts", Fault.LINES)

    def _members(self, given: Sequence[Mapping[str, Any]], parts: tuple[Part, ...]) -> tuple[Member, ...]:
        if len(given) > MOST_MEMBERS:
            self._wrong("members", Fault.TOO_MANY, most=MOST_MEMBERS)
        found = []
        for place, each in enumerate(given[:MOST_MEMBERS]):
            path = f"members/{place}"
            member = Member(
                unit=self._id(each, "unit", f"{path}/unit"),
                meter_point=self._id(each, "meter_point", f"{path}/meter_point"),
                value=self._number(each, "value", f"{path}/value"),
                first_day=self._day(each, "first_day", f"{path}/first_day"),
                until_day=self._day(each, "until_day", f"{path}/until_day"),
                pool=self._text(each, "pool", f"{path}/pool") if each.get("pool") else "",
            )
            if (member.unit is None) == (member.meter_point is None):
                self._wrong(f"{path}/unit", Fault.REQUIRED)
            if member.first_day and member.until_day and member.until_day <= member.first_day:
                self._wrong(f"{path}/until_day", Fault.DAYS)
            found.append(member)
        keys = {key for part in parts for key in (part.key, part.secondary)}
        if keys & CARRIED:
            if not found:
                self._wrong("members", Fault.MEMBERS)
            for place, member in enumerate(found):
                if member.value is None:
                    self._wrong(f"members/{place}/value", Fault.VALUE)
        self._once(found)
        if Key.PERCENT in keys and not any(each.value is None for each in found):
            self._whole(found)
        return tuple(found)

    def _once(self, members: list[Member]) -> None:
        by_place: dict[object, list[Member]] = {}
        for place, each in enumerate(members):
            if any(_share_days(each, other) for other in by_place.get(each.place, [])):
                self._wrong(f"members/{place}/first_day", Fault.OVERLAP)
            by_place.setdefault(each.place, []).append(each)

    def _whole(self, members: list[Member]) -> None:
        """On every day on which somebody takes part, the percents are 100."""
        days = {day for each in members for day in (each.first_day, each.until_day) if day is not None}
        for day in (date.min, *sorted(days)):
            sums = [each.value or Fraction(0) for each in members if _is_in(each, day)]
            if sums and sum(sums) != 100:
                self._wrong("members", Fault.PERCENT_SUM, sum=_written(sum(sums, Fraction(0))))
                return

    def _tax(self, given: object) -> Tax | None:
        if not given:
            return None
        tax = _mapping(given)
        rate = self._number(tax, "rate", "tax/rate")
        code = str(tax.get("code") or "")
        name = self._text(tax, "name", "tax") if tax.get("name") else ""
        if rate is None or not re.fullmatch(r"[a-z0-9_]{1,40}", code) or not name:
            self._wrong("tax", Fault.TAX)
            return None
        return Tax(code, name, rate, self._names(tax, "tax/names"))


def _mapping(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _mappings(given: object) -> list[Mapping[str, Any]]:
    return [_mapping(each) for each in given] if isinstance(given, list | tuple) else []


def _is_in(member: Member, day: date) -> bool:
    return (member.first_day is None or member.first_day <= day) and (
        member.until_day is None or day < member.until_day
    )


def _share_days(one: Member, other: Member) -> bool:
    return (one.until_day is None or other.first_day is None or other.first_day < one.until_day) and (
        other.until_day is None or one.first_day is None or one.first_day < other.until_day
    )


def _written(number: Fraction) -> str:
    return rounding.round_fraction(number, 4).normalize().to_eng_string()
