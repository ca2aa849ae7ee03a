"""Green Button files (NAESB ESPI, REQ.21): usage of a customer's meters as a utility hands it out, made into a table.

Blocks of intervals hang at a meter reading, which has a type (unit, power of ten, direction) and a usage point. Files
link them by addresses that are often relative or shortened; where a link is missing, the only candidate is taken.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from meterbook.kernel import rounding
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import Cell, Table

ESPI, ATOM = "{http://naesb.org/espi}", "{http://www.w3.org/2005/Atom}"
_NAMESPACE = re.compile(rb"naesb\.org/espi")
_DECLARED = re.compile(rb"<!(DOCTYPE|ENTITY)")
_VALUE = re.compile(r"-?\d{1,15}")
_SECONDS = re.compile(r"\d{1,11}")
# ESPI's uom: how the unit is written in the table's header, by which the importer knows it.
UNITS = {
    "72": "Wh",
    "73": "varh",
    "71": "VAh",
    "42": "m3",
    "119": "ft3",
    "128": "gal",
    "132": "BTU",
    "134": "liter",
    "169": "therm",
}
BACKWARD = "19"  # flowDirection: from the customer to the grid
HOUR, DAY = 3_600, 86_400
EVEN_STEPS = frozenset(60 * minutes for minutes in (1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60))
MOST_ENTRIES = 1_000_000


@dataclass(frozen=True)
class Interval:
    """What was used from `start` on, for `seconds`; both in seconds since 1970. `number` counts in the file from 1."""

    start: int
    seconds: int
    value: Decimal
    number: int


@dataclass
class Reading:
    """A meter reading with its intervals. `column` is the header of its values, such as "import Wh"."""

    meter: str
    column: str
    intervals: list[Interval] = field(default_factory=list)


def is_green_button(content: bytes) -> bool:
    """This will tell whether the bytes are XML of Green Button."""
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and _NAMESPACE.search(content) is not None


def read(content: bytes) -> Table:
    """This will read a file into a table with the columns "meter", "start" and one for each unit and direction.

    Intervals of a day or longer, whose lengths differ with the calendar, become register readings in a column "time":
    zero at the first start, then what was used until each end.

    :raises FileInvalid: when it is no sound file, or holds no usage
    """
    if _DECLARED.search(content):
        raise refuse(_("The file declares entities, which are not read."), _("Take it as the utility gave it out."))
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - entities were refused
    except ElementTree.ParseError as error:
        raise refuse(
            _("The file is not sound XML (%(reason)s).") % {"reason": error}, _("Download it again.")
        ) from error
    readings = [each for each in _readings(root) if each.intervals]
    if not readings:
        raise refuse(_("The file holds no usage."), _("Ask the utility for a file with interval data."))
    for each in readings:
        each.intervals.sort(key=lambda interval: (interval.start, interval.number))
    is_even = all(interval.seconds in EVEN_STEPS for each in readings for interval in each.intervals)
    return _table(readings, "start") if is_even else _table(_registers(readings), "time")


def _readings(root: ElementTree.Element) -> list[Reading]:
    entries = [_Entry.of(each) for each in root.iter(f"{ATOM}entry")]
    types = [each for each in entries if each.has("ReadingType")]
    points = [each for each in entries if each.has("UsagePoint")]
    meters = [each for each in entries if each.has("MeterReading")]
    numbers = itertools.count(1)
    made: dict[str, Reading] = {}
    for entry in entries:
        blocks = entry.content.findall(f"{ESPI}IntervalBlock") if entry.content is not None else []
        if not blocks:
            continue
        meter = _related(entry, meters)
        kind = _kind(meter, types)
        point = _related(meter or entry, points)
        key = f"{meter.name if meter else ''}/{point.name if point else ''}"
        if key not in made:
            name = (point.title or point.name) if point is not None else ""
            made[key] = Reading(name or _("meter"), kind.column)
        made[key].intervals.extend(_intervals(blocks, kind.power, numbers))
    return list(made.values())


def _intervals(blocks: list[ElementTree.Element], power: int, numbers: Iterator[int]) -> Iterator[Interval]:
    for block in blocks:
        for reading in block.findall(f"{ESPI}IntervalReading"):
            number = next(numbers)
            if number > MOST_ENTRIES:
                raise refuse(
                    _("The file has more than %(most)s rows.") % {"most": MOST_ENTRIES}, _("Split it by time.")
                )
            start = (reading.findtext(f"{ESPI}timePeriod/{ESPI}start") or "").strip()
            seconds = (reading.findtext(f"{ESPI}timePeriod/{ESPI}duration") or "").strip()
            value = (reading.findtext(f"{ESPI}value") or "").strip()
            is_whole = _SECONDS.fullmatch(start) and _SECONDS.fullmatch(seconds) and _VALUE.fullmatch(value)
            if not is_whole:
                raise refuse(
                    _("Interval %(number)s has no start in whole seconds, no length or no value.") % {"number": number},
                    _("Ask the utility for a file with interval data."),
                    line=number,
                )
            yield Interval(int(start), int(seconds), Decimal(value).scaleb(power, context=rounding.EXACT), number)


@dataclass(frozen=True)
class _Kind:
    column: str = "Wh"
    power: int = 0


def _kind(meter: _Entry | None, types: list[_Entry]) -> _Kind:
    entry = _linked(meter, types) if meter is not None else None
    entry = entry or (types[0] if len(types) == 1 else None)
    found = entry.content.find(f"{ESPI}ReadingType") if entry is not None and entry.content is not None else None
    uom = (found.findtext(f"{ESPI}uom") or "").strip() if found is not None else ""
    if found is None or not uom:
        raise refuse(
            _("The file does not say in which unit its values are."),
            _("Ask the utility for a file with a ReadingType."),
        )
    if uom not in UNITS:
        raise refuse(
            _("The unit %(uom)s of ESPI is not one of energy or volume.") % {"uom": uom},
            _("Ask the utility for usage in Wh, therms, m³, ft³ or gallons."),
        )
    direction = "export" if (found.findtext(f"{ESPI}flowDirection") or "").strip() == BACKWARD else "import"
    power = (found.findtext(f"{ESPI}powerOfTenMultiplier") or "0").strip()
    return _Kind(f"{direction} {UNITS[uom]}", int(power) if re.fullmatch(r"-?\d{1,2}", power) else 0)


@dataclass(frozen=True)
class _Entry:
    """An entry of the feed; `name` is the path of its own link, `links` are those of all others."""

    name: str
    links: tuple[str, ...]
    title: str
    content: ElementTree.Element | None

    @classmethod
    def of(cls, element: ElementTree.Element) -> _Entry:
        links = [(each.get("rel", ""), _path(each.get("href", ""))) for each in element.findall(f"{ATOM}link")]
        own = next((path for rel, path in links if rel == "self"), "")
        others = tuple(path for rel, path in links if rel != "self")
        title = " ".join((element.findtext(f"{ATOM}title") or "").split())
        return cls(own, others, title, element.find(f"{ATOM}content"))

    def has(self, kind: str) -> bool:
        return self.content is not None and self.content.find(f"{ESPI}{kind}") is not None


def _path(link: str) -> str:
    return re.sub(r"^https?://[^/]*", "", link).strip("/")


def _related(entry: _Entry, parents: list[_Entry]) -> _Entry | None:
    """The parent that the entry lies below: by its own path, by a link of the parent, or as the only one."""
    paths = [each for each in (entry.name, *entry.links) if each]
    for parent in parents:
        if parent.name and any(path == parent.name or path.startswith(parent.name + "/") for path in paths):
            return parent
    for parent in parents:
        if any(link and path.startswith(link) for link in parent.links for path in paths):
            return parent
    return parents[0] if len(parents) == 1 else None


def _linked(entry: _Entry, types: list[_Entry]) -> _Entry | None:
    return next((each for each in types if each.name and each.name in entry.links), None)


def _registers(readings: list[Reading]) -> list[Reading]:
    """A length that a clock change falsified is that until the next start."""
    made = []
    for each in readings:
        total, rows = Decimal(0), [Interval(each.intervals[0].start, 0, Decimal(0), each.intervals[0].number)]
        for place, interval in enumerate(each.intervals):
            end = interval.start + interval.seconds
            after = each.intervals[place + 1].start if place + 1 < len(each.intervals) else end
            if interval.seconds >= DAY - HOUR and abs(after - end) <= HOUR:
                end = after
            if after < end:
                raise refuse(
                    _("Interval %(number)s overlaps the one before it.") % {"number": each.intervals[place + 1].number},
                    _("Ask the utility for a file whose intervals follow each other."),
                    line=each.intervals[place + 1].number,
                )
            total += interval.value
            rows.append(Interval(end, 0, total, interval.number))
        made.append(Reading(each.meter, f"register {each.column}", rows))
    return made


def _instant(seconds: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


def _table(readings: list[Reading], time: str) -> Table:
    """One row for a meter and an instant. A second value for the same cell gets a row of its own: the parser judges."""
    columns = list(dict.fromkeys(each.column for each in readings))
    rows: dict[tuple[str, int], list[Cell]] = {}
    lines: dict[tuple[str, int], int] = {}
    again: list[tuple[int, tuple[Cell, ...]]] = []
    for each in readings:
        place = 2 + columns.index(each.column)
        for interval in each.intervals:
            key = (each.meter, interval.start)
            row = rows.setdefault(key, [each.meter, _instant(interval.start), *[""] * len(columns)])
            if row[place] == "":
                row[place] = interval.value
                lines.setdefault(key, interval.number)
            else:
                twice: list[Cell] = [each.meter, _instant(interval.start), *[""] * len(columns)]
                twice[place] = interval.value
                again.append((interval.number, tuple(twice)))
    listed = [(lines[key], tuple(row)) for key, row in rows.items()] + again
    listed.sort(key=lambda each: (str(each[1][0]), str(each[1][1]), each[0]))
    return Table(("meter", time, *columns), [row for _line, row in listed], [line for line, _row in listed])
