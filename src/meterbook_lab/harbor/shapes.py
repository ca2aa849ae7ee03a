"""The rhythm of a week, from real load data (data/load_shapes.json, data/SOURCES.md), at a place's own clock."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

ZONE = ZoneInfo("Europe/Madrid")
EPOCH_DAY = date(1970, 1, 1)
QUARTERS_A_DAY, QUARTERS_A_WEEK, HOURS_A_WEEK = 96, 672, 168
DAYS = 7
SUNDAY = 6


@dataclass(frozen=True)
class Profile:
    """A measured week (`shape`), begun `later` hours later, floored at `base` thousandths of its mean.

    `days` says which measured day stands for each of Monday to Sunday: a mall's Saturday is a working day.
    """

    shape: str
    later: int = 0
    base: int = 0
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    is_turned_over: bool = False  # high where the measured one is low, as light at night


PROFILES = {
    # Shut at lunch, as many shops are; open on Saturdays.
    "shop": Profile("workplace", later=2, base=150, days=(0, 1, 2, 3, 4, 4, 5)),
    "office": Profile("workplace", base=120),
    "kitchen": Profile("household", later=1, base=300),
    "leisure": Profile("suburb", later=2, base=250),
    "crowd": Profile("apartments", later=-1, base=200),
    "night": Profile("apartments", base=100, is_turned_over=True),
    "always": Profile("apartments", base=900),
}


@functools.cache
def quarters(name: str) -> Integers:
    """This will return the use of each local quarter of an hour of the week, Monday first, in thousandths of the mean.

    Between the middles of two hours it runs straight; shape (672,).
    """
    profile = PROFILES[name]
    measured = _measured()[profile.shape]
    hours = np.roll(np.concatenate([measured[day] for day in profile.days]), profile.later)
    if profile.is_turned_over:
        hours = np.maximum(2_000 - hours, 0)
    hours = np.maximum(hours, profile.base)
    hours = hours * 1_000 // int(hours.mean())
    before, after = np.roll(hours, 1), np.roll(hours, -1)
    parts = (5 * hours + 3 * before, 7 * hours + before, 7 * hours + after, 5 * hours + 3 * after)
    found: Integers = np.stack(parts, axis=1).reshape(QUARTERS_A_WEEK) // 8
    return found


@functools.lru_cache(maxsize=64)
def week_quarters(first_day: int, count: int) -> Integers:
    """This will return which quarter of the local week each quarter of some UTC days is, shape (count, 96).

    :param first_day: days since 1970
    """
    start = datetime.combine(EPOCH_DAY + timedelta(days=first_day), datetime.min.time(), UTC)
    hours = []
    for offset in range(count * 24):
        local = (start + timedelta(hours=offset)).astimezone(ZONE)
        hours.append((local.weekday() * 24 + local.hour) * 4)
    found: Integers = (np.array(hours, np.int64)[:, None] + np.arange(4)).reshape(count, QUARTERS_A_DAY)
    return found


@functools.lru_cache(maxsize=64)
def months(first_day: int, count: int) -> Integers:
    """This will return the month (0 to 11) of some UTC days, shape (count,)."""
    days = np.arange(first_day, first_day + count).astype("datetime64[D]").astype("datetime64[M]")
    found: Integers = days.astype(np.int64) % 12
    return found


@functools.cache
def _measured() -> dict[str, list[list[int]]]:
    text = (resources.files("meterbook_lab") / "data" / "load_shapes.json").read_text(encoding="utf-8")
    return {name: each["days"] for name, each in json.loads(text)["shapes"].items()}
