"""From the windows of a tariff's calendar to the price period of every minute, with full cover and no overlap."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meterbook.tariffs.rating.document import MINUTES
from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _


@dataclass(frozen=True)
class Codes:
    """The codes that a calendar can name."""

    seasons: Sequence[str]
    day_types: Sequence[str]
    periods: Sequence[str]


Rows = tuple[tuple[int, ...], ...]
NOTHING = -1


def tables(raw: Sequence[Mapping[str, Any]] | None, codes: Codes, *, by_start: bool, note: Note) -> tuple[Rows, Rows]:
    """This will return one row for each (season, day type), each with the index of a period for every minute.

    A window that crosses midnight is split there. Each part takes the day type of its own date, or with `by_start`
    that of the date at its start (B-14): then the second table holds for each (season, day type) which minutes of the
    next day belong to such windows (-1: none does). It is empty otherwise.

    :param note: told of each problem: a gap, an overlap, an unknown code
    """
    combinations = list(itertools.product(codes.seasons, codes.day_types))
    if raw is None:
        if len(codes.periods) > 1:
            note("calendar", _("several price periods need a calendar that says when each of them holds"))
        return tuple((0,) * MINUTES for _each in combinations), ()
    rows: dict[tuple[str, str], tuple[int, ...]] = {}
    tails: dict[tuple[str, str], tuple[int, ...]] = {}
    for index, entry in enumerate(raw):
        place = f"calendar[{index}]"
        row = _row(place, entry["windows"], codes.periods, note)
        for key in itertools.product(
            _named(f"{place}.seasons", entry.get("seasons"), codes.seasons, note),
            _named(f"{place}.day_types", entry.get("day_types"), codes.day_types, note),
        ):
            if key in rows:
                words = _("season “%(season)s” with day type “%(day_type)s” has windows already")
                note(place, words, season=key[0], day_type=key[1])
            rows[key] = row
            tails[key] = _tail(entry["windows"], codes.periods)
    for season, day_type in combinations:
        if (season, day_type) not in rows:
            words = _("season “%(season)s” with day type “%(day_type)s” has no windows")
            note("calendar", words, season=season, day_type=day_type)
    table = tuple(rows.get(key, (0,) * MINUTES) for key in combinations)
    return table, tuple(tails.get(key, ()) for key in combinations) if by_start else ()


def _tail(windows: Sequence[Mapping[str, str]], periods: Sequence[str]) -> tuple[int, ...]:
    """Of the next day: the minutes that windows over midnight reach into."""
    minutes = [NOTHING] * MINUTES
    for window in windows:
        first, until = _minute(window["from"]), _minute(window["to"])
        if until < first < MINUTES and window["period"] in periods:
            minutes[:until] = [periods.index(window["period"])] * until
    return tuple(minutes)


def _named(place: str, given: Sequence[str] | None, known: Sequence[str], note: Note) -> list[str]:
    if given is None:
        return list(known)
    for index, code in enumerate(given):
        if code not in known:
            note(f"{place}[{index}]", _("there is no “%(code)s”"), code=code)
    return [code for code in given if code in known]


def _row(place: str, windows: Sequence[Mapping[str, str]], periods: Sequence[str], note: Note) -> tuple[int, ...]:
    minutes: list[int | None] = [None] * MINUTES
    for index, window in enumerate(windows):
        here = f"{place}.windows[{index}]"
        if window["period"] not in periods:
            note(f"{here}.period", _("there is no price period “%(code)s”"), code=window["period"])
            continue
        period = periods.index(window["period"])
        for minute in _minutes(here, window["from"], window["to"], note):
            if minutes[minute] is not None:
                note(here, _("%(time)s belongs to another window already"), time=clock(minute))
                break
            minutes[minute] = period
    gaps = [minute for minute, period in enumerate(minutes) if period is None]
    if gaps:
        until = next((minute for minute in range(gaps[0], MINUTES) if minutes[minute] is not None), MINUTES)
        words = _("%(start)s to %(end)s belongs to no window")
        note(f"{place}.windows", words, start=clock(gaps[0]), end=clock(until))
    return tuple(period or 0 for period in minutes)


def _minutes(place: str, start: str, end: str, note: Note) -> list[int]:
    first, until = _minute(start), _minute(end)
    if first in (MINUTES, until):
        note(place, _("%(start)s to %(end)s is no window; a whole day is 00:00 to 24:00"), start=start, end=end)
        return []
    if first < until:
        return list(range(first, until))
    return [*range(first, MINUTES), *range(until)]


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def clock(minute: int) -> str:
    """This will write a minute of the day: 1320 is 22:00."""
    return f"{minute // 60:02}:{minute % 60:02}"
