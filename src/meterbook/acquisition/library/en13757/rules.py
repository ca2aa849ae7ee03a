"""Rules that choose a record for a named field, and the value in the unit that the field's name ends with.

A rule is a quantity and what tells the record apart: "Energy", "Power max", "Volume s1", "Energy t2 +backward",
"H.C.A. s1-17 #2"; or the DIF to VIFE as sent: "=04FF23". Storage, tariff and subunit are 0, the function instantaneous
and nothing tells the record apart where the rule does not say so; "s*", "t*", "u*", "f*" and "+*" allow any. "~" keeps
a date as it was sent, even one that does not exist, and a number as its bytes; "~m" leaves the seconds away, "raw"
takes the number as it was sent, without its factor.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract.decoding import Plain
from meterbook.acquisition.library.en13757 import numbers
from meterbook.acquisition.library.en13757.moments import Moment
from meterbook.acquisition.library.en13757.records import Function, Record

FUNCTIONS = {"max": Function.MAXIMUM, "min": Function.MINIMUM, "err": Function.ERROR, "inst": Function.INSTANTANEOUS}
MILLIONTH = Decimal("0.000001")
HOUR, DAY, YEAR = Decimal(3_600), Decimal(86_400), Decimal(31_556_952)
JOULES = Decimal(3_600)
# Suffix of a field's name: the units it is made of, with the factor from the unit of the standard.
SUFFIXES: dict[str, dict[str, Decimal]] = {
    "kwh": {"Wh": Decimal(1000), "J": JOULES * 1000, "cal": JOULES * 1000 / Decimal("4.1868")},
    "mj": {"J": Decimal(1_000_000), "Wh": Decimal(1_000_000) / JOULES},
    "gj": {"J": Decimal(1_000_000_000), "Wh": Decimal(1_000_000_000) / JOULES},
    "kvarh": {"varh": Decimal(1000), "Wh": Decimal(1000)},
    "kvah": {"VAh": Decimal(1000), "Wh": Decimal(1000)},
    "m3c": {"m^3": Decimal(1)},
    "m3": {"m^3": Decimal(1), "feet^3": Decimal("35.3146667214886"), "American gallon": Decimal("264.172052358148")},
    "l": {"m^3": Decimal("0.001")},
    "kg": {"kg": Decimal(1)},
    "m3h": {"m^3/h": Decimal(1), "m^3/min": Decimal(1) / 60, "m^3/s": Decimal(1) / 3600},
    "lh": {"m^3/h": Decimal("0.001")},
    "kw": {"W": Decimal(1000), "J/h": JOULES * 1000},
    "w": {"W": Decimal(1), "J/h": JOULES},
    "kvar": {"var": Decimal(1000), "W": Decimal(1000)},
    "kva": {"VA": Decimal(1000), "W": Decimal(1000)},
    "c": {"°C": Decimal(1), "K": Decimal(1)},
    "k": {"K": Decimal(1), "°C": Decimal(1)},
    "f": {"°F": Decimal(1)},
    "bar": {"bar": Decimal(1)},
    "v": {"V": Decimal(1)},
    "a": {"A": Decimal(1)},
    "hz": {"Hz": Decimal(1)},
    "rh": {"%": Decimal(1)},
    "dbm": {"dBm": Decimal(1)},
    "deg": {"°": Decimal(1)},
    "s": {"s": Decimal(1)},
    "min": {"s": Decimal(60)},
    "h": {"s": HOUR},
    "d": {"s": DAY},
    "month": {"s": YEAR / 12},
    "y": {"s": YEAR},
}
MOMENTS = ("date", "datetime", "time")
_TOKEN = re.compile(r"(?:#\d+|[stu](?:\d+(?:-\d+)?|\*)|f\*|max|min|err|inst|raw|\+\S+|~m?)\Z")
_TEMPLATE = re.compile(r"\{([stu])([+-]\d+)?\}")


class RuleRefused(ValueError):
    """A rule of a table that cannot be read."""


@dataclass(frozen=True)
class Rule:
    """One rule; a range of numbers is (first, last), None for any."""

    quantity: str = ""
    header: str = ""
    function: Function | None = Function.INSTANTANEOUS
    storage: tuple[int, int] | None = (0, 0)
    tariff: tuple[int, int] | None = (0, 0)
    subunit: tuple[int, int] | None = (0, 0)
    qualifiers: frozenset[str] | None = frozenset()
    position: int = 0
    is_as_sent: bool = False
    has_seconds: bool = True
    is_raw: bool = False

    def matches(self, record: Record) -> bool:
        """Whether it chooses a record."""
        if self.header:
            return record.header.hex() == self.header
        counted = ((self.storage, record.storage), (self.tariff, record.tariff), (self.subunit, record.subunit))
        return (
            record.information is not None
            and record.quantity == self.quantity
            and self.function in (None, record.function)
            and self.qualifiers in (None, record.qualifiers)
            and all(wanted is None or wanted[0] <= found <= wanted[1] for wanted, found in counted)
        )


@functools.cache
def read(text: str) -> Rule:
    """This will read a rule from its text.

    :raises RuleRefused: when it has no quantity or a word that is none
    """
    words = text.split()
    tokens: list[str] = []
    while words and _TOKEN.match(words[-1]):
        tokens.append(words.pop())
    position = next((int(token[1:]) - 1 for token in tokens if token[0] == "#"), 0)
    if len(words) == 1 and words[0].startswith("="):
        return _shown(Rule(header=words[0][1:].lower(), position=position), tokens)
    if not words:
        raise RuleRefused(f"{text}: no quantity")
    ranges = {token[0]: _range(token[1:]) for token in tokens if token[0] in "stu"}
    function = next((FUNCTIONS[token] for token in tokens if token in FUNCTIONS), Function.INSTANTANEOUS)
    names = frozenset(token[1:].replace("_", " ") for token in tokens if token[0] == "+")
    rule = Rule(
        quantity=" ".join(words),
        function=None if "f*" in tokens else function,
        storage=ranges.get("s", (0, 0)),
        tariff=ranges.get("t", (0, 0)),
        subunit=ranges.get("u", (0, 0)),
        qualifiers=None if "*" in names else names,
        position=position,
    )
    return _shown(rule, tokens)


def _shown(rule: Rule, tokens: list[str]) -> Rule:
    """How the value is told; the rest of a rule says which record it is."""
    return dataclasses.replace(rule, is_as_sent="~" in tokens, has_seconds="~m" not in tokens, is_raw="raw" in tokens)


def _range(text: str) -> tuple[int, int] | None:
    if text == "*":
        return None
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def chosen(rule: Rule, records: Iterable[Record]) -> Iterator[Record]:
    """This will return the records that a rule chooses, from its position on."""
    for position, record in enumerate(found for found in records if rule.matches(found)):
        if position >= rule.position:
            yield record


def name(template: str, record: Record) -> str:
    """This will put storage, tariff and subunit into a name: "at_month_{s-7}_hca" of storage 9 is "at_month_2_hca"."""
    counts = {"s": record.storage, "t": record.tariff, "u": record.subunit}
    return _TEMPLATE.sub(lambda found: str(counts[found[1]] + int(found[2] or 0)), template)


def value(field: str, record: Record, rule: Rule) -> Plain:
    """This will return the value of a record for a field, in the unit its name ends with, with at most six decimals."""
    suffix = field.rpartition("_")[2]
    if isinstance(record.value, Moment):
        return _moment(record.value, suffix, rule)
    if suffix in MOMENTS and not rule.is_as_sent:
        return None
    if isinstance(record.value, str):
        return words(record.value)
    if isinstance(record.value, bytes):
        return record.value[::-1].hex().upper()
    if record.information is None:
        return None
    if rule.is_as_sent:
        return record.raw.hex().upper()
    if rule.is_raw:
        return record.number
    if record.information.meaning.kind == "flags":
        if suffix == "counter":
            return Decimal(record.bits)
        return record.raw[::-1].hex().upper()  # versions and serial numbers are words: their digits, the highest first
    if record.value is None:
        return None
    unit = record.information.meaning.unit
    return rounded(record.value / SUFFIXES.get(suffix, {}).get(unit, Decimal(1)))


def words(text: str) -> str:
    """This will return a text as it is, and one that is none as its bytes."""
    text = text.strip("\0")
    return text if text.isprintable() and text.isascii() else text.encode("latin-1").hex().upper()


def rounded(number: Decimal) -> Decimal:
    """This will round to six decimals, without zeros behind."""
    short = numbers.plain(number, MILLIONTH)
    return short if short == short.to_integral_value() else short.normalize()


def _moment(moment: Moment, suffix: str, rule: Rule) -> str | None:
    """Years count from 2000, as devices of these kinds send them; a time is told as it was sent."""
    if moment.year is None:
        return moment.text()
    sent = f"{2000 + moment.year}-{moment.month:02d}-{moment.day:02d}"
    is_date = moment.hour is None or suffix == "date"
    if is_date and rule.is_as_sent:
        return sent
    if moment.is_invalid:
        return None
    if is_date:
        return day(moment, 0).isoformat()
    time = f"{moment.hour:02d}:{moment.minute:02d}"
    return f"{sent} {time}" if moment.second is None or not rule.has_seconds else f"{sent} {time}:{moment.second:02d}"


def day(moment: Moment, months_back: int) -> datetime.date:
    """This will return the date of a moment, or that of so many months before it: the last of a month stays one.

    A date with day 0 is that many days before the first, as calendars count on: 2000-00-00 is 1999-11-30.
    """
    months = (moment.year or 0) * 12 + (moment.month or 0) - 1
    date = _first(months) + datetime.timedelta(days=(moment.day or 0) - 1)
    if not months_back:
        return date
    is_last = (date + datetime.timedelta(days=1)).day == 1
    earlier = _first((date.year - 2000) * 12 + date.month - 1 - months_back)
    last = _first((earlier.year - 2000) * 12 + earlier.month) - datetime.timedelta(days=1)
    return last if is_last else min(last, earlier.replace(day=min(date.day, last.day)))


def _first(months: int) -> datetime.date:
    return datetime.date(2000 + months // 12, months % 12 + 1, 1)
