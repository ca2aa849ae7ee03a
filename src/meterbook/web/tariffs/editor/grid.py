"""The week of each season as cells of half (or quarter) hours, and back into the calendar of a document. Pure.

A cell is a letter: `a` is the first price period of the document, `b` the second; a dot has no price, `!` has two.
"""

from __future__ import annotations

import itertools
import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meterbook.tariffs.rating.document import MINUTES
from meterbook.tariffs.rating.windows import clock
from meterbook.web.tariffs.editor import naming
from meterbook.web.tariffs.editor.loose import Raw

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
HOLIDAYS = "HOL"
GAP, TWICE = ".", "!"
ALL = "all"
_LETTERS = string.ascii_lowercase
_WIDTHS = (30, 15)
_TIME = re.compile(r"(?a:([01]\d|2[0-3]):([0-5]\d)|24:00)")

Rows = list[list[str]]  # season, day, a letter for each cell


@dataclass(frozen=True)
class Grid:
    """`cells[season][day]` is a text of `slots` letters; `days` are weekdays, and HOL where holidays have prices."""

    seasons: tuple[str, ...]
    days: tuple[str, ...]
    periods: tuple[str, ...]
    slots: int
    cells: Rows

    @property
    def unpriced(self) -> int:
        """How many cells have no price, or two."""
        return sum(row.count(GAP) + row.count(TWICE) for season in self.cells for row in season)


def read(raw: Raw) -> Grid | None:
    """This will return the cells of a document, None when its times do not fit cells of half or quarter hours."""
    periods, width = codes(raw, "periods"), _width(raw)
    if not 1 < len(periods) <= len(_LETTERS) or width is None:
        return None
    days = (*WEEKDAYS, HOLIDAYS) if any(each.get("is_holiday") for each in raw.get("day_types", [])) else WEEKDAYS
    day_type_of = {day: code for code, held in reversed(_members(raw).items()) for day in held}
    rows = _rows(raw, periods, width)
    empty = GAP * (MINUTES // width)
    cells = [[rows.get((season, day_type_of.get(day, "")), empty) for day in days] for season in season_codes(raw)]
    return Grid(season_codes(raw), days, periods, MINUTES // width, cells)


def parse(text: str, of: Grid) -> Rows | None:
    """This will read the cells that the painter sends, None when they do not fit the document."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    allowed = {*_LETTERS[: len(of.periods)], GAP, TWICE}
    fits = (
        isinstance(found, list)
        and len(found) == len(of.seasons)
        and all(isinstance(season, list) and len(season) == len(of.days) for season in found)
        and all(
            isinstance(row, str) and len(row) == of.slots and set(row) <= allowed for season in found for row in season
        )
    )
    return found if fits else None


def apply(raw: Raw, painted: Rows) -> None:
    """This will write painted cells into a document: what they do not change stays as it was written.

    Days of one day type that were painted differently become day types of their own.
    """
    grid = read(raw)
    if grid is None or painted == grid.cells:
        return
    _divide(raw, grid, painted)
    width = MINUTES // grid.slots
    held = _members(raw)
    wanted = {
        (season, code): painted[number][grid.days.index(days[0])]
        for number, season in enumerate(grid.seasons)
        for code, days in held.items()
        if days
    }
    # Day types of dates and special days have no column to paint: their hours stay.
    rows, unpainted = _rows(raw, grid.periods, width), [code for code, days in held.items() if not days]
    wanted |= {
        (season, code): rows.get((season, code), GAP * grid.slots) for season in grid.seasons for code in unpainted
    }
    kept: list[dict[str, Any]] = []
    covered: set[tuple[str, str]] = set()
    for entry in raw.get("calendar", []):
        combinations = set(_combinations(raw, entry))
        row = _row(entry, grid.periods, width)
        if combinations and not combinations & covered and all(wanted.get(each) == row for each in combinations):
            kept.append(entry)
            covered |= combinations
    left = {key: row for key, row in wanted.items() if key not in covered}
    raw["calendar"] = [*kept, *_entries(left, grid, list(held), width)]


def codes(raw: Raw, key: str) -> tuple[str, ...]:
    """This will return the codes of seasons, day types or price periods, in the document's order."""
    return tuple(each.get("code", "") for each in raw.get(key, []))


def season_codes(raw: Raw) -> tuple[str, ...]:
    """This will return the seasons, or the one that is meant when none is written."""
    return codes(raw, "seasons") or (ALL,)


def day_type_codes(raw: Raw) -> tuple[str, ...]:
    """This will return the day types, or the one that is meant when none is written."""
    return codes(raw, "day_types") or (ALL,)


def _members(raw: Raw) -> dict[str, list[str]]:
    """The weekdays, and HOL, of each day type."""
    if not raw.get("day_types"):
        return {ALL: list(WEEKDAYS)}
    return {
        each.get("code", ""): [
            *(day for day in WEEKDAYS if day in each.get("weekdays", [])),
            *([HOLIDAYS] if each.get("is_holiday") else []),
        ]
        for each in raw["day_types"]
    }


def _width(raw: Raw) -> int | None:
    times = [
        minute
        for entry in raw.get("calendar", [])
        for window in entry.get("windows", [])
        for key in ("from", "to")
        if (minute := _minute(window.get(key, ""))) is not None
    ]
    return next((width for width in _WIDTHS if all(minute % width == 0 for minute in times)), None)


def _minute(text: str) -> int | None:
    if not _TIME.fullmatch(text):
        return None
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _combinations(raw: Raw, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return itertools.product(entry.get("seasons", season_codes(raw)), entry.get("day_types", day_type_codes(raw)))


def _rows(raw: Raw, periods: Sequence[str], width: int) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for entry in raw.get("calendar", []):
        row = _row(entry, periods, width)
        for key in _combinations(raw, entry):
            found[key] = TWICE * len(row) if key in found else row
    return found


def _row(entry: Mapping[str, Any], periods: Sequence[str], width: int) -> str:
    cells = [GAP] * (MINUTES // width)
    for window in entry.get("windows", []):
        first, until = _minute(window.get("from", "")), _minute(window.get("to", ""))
        if first is None or until is None or window.get("period") not in periods or first in (MINUTES, until):
            continue
        letter = _LETTERS[periods.index(window["period"])]
        reach = (
            range(first, until, width) if first < until else [*range(first, MINUTES, width), *range(0, until, width)]
        )
        for minute in reach:
            cells[minute // width] = letter if cells[minute // width] == GAP else TWICE
    return "".join(cells)


def _divide(raw: Raw, grid: Grid, painted: Rows) -> None:
    """Split day types whose days were painted differently; the largest part keeps code and name."""
    listed: list[dict[str, Any]] = raw.get("day_types") or [naming.every_day()]
    taken = {each.get("code", "") for each in listed}
    held, found = _members(raw), []
    for each in listed:
        parts: dict[tuple[str, ...], list[str]] = {}
        for day in held.get(each.get("code", ""), []):
            parts.setdefault(tuple(season[grid.days.index(day)] for season in painted), []).append(day)
        groups = sorted(parts.values(), key=len, reverse=True)
        if len(groups) < 2:
            found.append(each)
            continue
        rest = groups if "day_types" not in raw else groups[1:]
        if rest is not groups:
            found.append(_of_days(each, groups[0]))
        for days in rest:
            made = naming.day_type(days, taken)
            taken.add(made["code"])
            found.append(_of_days(made, days))
    for days in _homeless(grid, painted, held):
        made = naming.day_type(days, taken)
        taken.add(made["code"])
        found.append(_of_days(made, days))
    if "day_types" in raw or len(found) > 1:
        _spread(raw, listed, found, held)
        raw["day_types"] = found


def _homeless(grid: Grid, painted: Rows, held: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Days that belong to no day type and were painted, those painted alike together."""
    parts: dict[tuple[str, ...], list[str]] = {}
    for index, day in enumerate(grid.days):
        rows = tuple(season[index] for season in painted)
        if not any(day in days for days in held.values()) and set("".join(rows)) != {GAP}:
            parts.setdefault(rows, []).append(day)
    return list(parts.values())


def _of_days(day_type: Mapping[str, Any], days: Sequence[str]) -> dict[str, Any]:
    kept = {key: value for key, value in day_type.items() if key not in {"weekdays", "is_holiday"}}
    weekdays = [day for day in days if day != HOLIDAYS]
    return {
        **kept,
        **({"weekdays": weekdays} if weekdays else {}),
        **({"is_holiday": True} if HOLIDAYS in days else {}),
    }


def _spread(
    raw: Raw, before: Iterable[Mapping[str, Any]], after: list[dict[str, Any]], held: Mapping[str, Sequence[str]]
) -> None:
    """Where the calendar names a day type that was split, it names its parts as well."""
    of_day = {day: code for code, days in held.items() for day in days}
    old = {each.get("code", "") for each in before}
    for each in after:
        code, days = each.get("code", ""), [*each.get("weekdays", [])]
        days += [HOLIDAYS] if each.get("is_holiday") else []
        if code in old or not days:
            continue
        for entry in raw.get("calendar", []):
            if of_day.get(days[0]) in entry.get("day_types", []):
                entry["day_types"] = [*entry["day_types"], code]


def _entries(
    rows: Mapping[tuple[str, str], str], grid: Grid, day_types: Sequence[str], width: int
) -> Iterator[dict[str, Any]]:
    """Combinations with the same row share an entry; what holds for all seasons or day types does not list them."""
    by_row: dict[str, dict[str, list[str]]] = {}
    for (season, day_type), row in rows.items():
        by_row.setdefault(row, {}).setdefault(day_type, []).append(season)
    for row, of_type in by_row.items():
        windows = list(_windows(row, grid.periods, width))
        by_seasons: dict[tuple[str, ...], list[str]] = {}
        for day_type, seasons in of_type.items():
            by_seasons.setdefault(tuple(seasons), []).append(day_type)
        for among, types in by_seasons.items():
            if windows:
                yield {
                    **({} if set(among) == set(grid.seasons) else {"seasons": list(among)}),
                    **({} if set(types) == set(day_types) else {"day_types": types}),
                    "windows": windows,
                }


def _windows(row: str, periods: Sequence[str], width: int) -> Iterator[dict[str, str]]:
    """Runs of one letter; what ends and begins at midnight is one window."""
    found, start = [], 0
    for letter, stretch in itertools.groupby(row):
        until = start + len(list(stretch))
        found.append((letter, start, until))
        start = until
    if len(found) > 1 and found[0][0] == found[-1][0]:
        letter, start, _until = found.pop()
        found.append((letter, start, found.pop(0)[2]))
    for letter, start, until in found:
        if letter in _LETTERS:
            period = periods[_LETTERS.index(letter)]
            yield {"from": clock(start * width), "to": clock(until * width), "period": period}
