"""What a virtual meter used in a day, from the day blocks of others (decision 0018). Pure; instants as microseconds.

A formula is a sum of terms. A term is a factor (signed, exact) times the intervals of another series, or a constant an
hour; it may count in certain local hours and weekdays only. A slot in which an input is missing is missing, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, carried, qualities
from meterbook.metering.carried import Carried

Integers = NDArray[np.int64]
Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

WEEK = 0b111_1111  # Monday is the lowest bit
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FITS = 2**62


@dataclass(frozen=True)
class Hours:
    """When a term counts, by the clock on the wall: slots that begin at [from_minute, until_minute) on these weekdays.

    Past midnight where `until_minute` is not later: 22:00 to 06:00 of a Monday holds Monday's early and late hours.
    """

    weekdays: int = WEEK
    from_minute: int = 0
    until_minute: int = blocks.MINUTES_A_DAY

    @property
    def is_always(self) -> bool:
        """Whether nothing is left out."""
        return self.weekdays == WEEK and (self.from_minute, self.until_minute) == (0, blocks.MINUTES_A_DAY)

    def covers(self, weekday: Integers, minute: Integers) -> Flags:
        """This will tell which slots count; `weekday` (Monday is 0) and `minute` of the day of each, shape (n,)."""
        is_day: Flags = (self.weekdays >> weekday) & 1 == 1
        if self.from_minute < self.until_minute:
            return is_day & (minute >= self.from_minute) & (minute < self.until_minute)
        return is_day & ((minute >= self.from_minute) | (minute < self.until_minute))


ALWAYS = Hours()


@dataclass(frozen=True)
class Term:
    """`factor` times the intervals of a series; without a series a constant, in the formula's scale an hour.

    `factor` of a series holds what turns its scale into that of the formula. With `carried` the series is water, times
    the kelvins between the series that it names.
    """

    factor: Fraction
    series_id: int | None = None
    hours: Hours = ALWAYS
    carried: Carried | None = None

    @property
    def inputs(self) -> frozenset[int]:
        """The series that it takes."""
        own = () if self.series_id is None else (self.series_id,)
        return frozenset(own if self.carried is None else (*own, self.carried.warm, self.carried.cold))


@dataclass(frozen=True)
class Version:
    """The terms that count from an instant on (microseconds since 1970), until the next version does."""

    starts_at: int
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Formula:
    """A virtual series: minutes of its intervals, the zone of its hours, its versions in order of time."""

    step: int
    zone: tzinfo
    versions: tuple[Version, ...]

    @property
    def inputs(self) -> frozenset[int]:
        """The series of all versions."""
        return frozenset[int]().union(*(term.inputs for version in self.versions for term in version.terms))


@dataclass(frozen=True)
class Block:
    """A decoded day block: int64 and uint8 of shape (slots,)."""

    step: int
    values: Integers
    quality: Codes


def compute(
    formula: Formula, day: int, given: Mapping[int, Block], *, only: Term | None = None
) -> tuple[Integers, Codes]:
    """This will compute the intervals of one UTC day (days since 1970), int64 and uint8 of shape (slots,).

    Exact fractions are added up through the day and rounded there (half up), so that the intervals of a day always sum
    to its exact sum, rounded once: thirds of 1, 1 and 1 are 0, 1 and 0. Missing slots add nothing. A day goes as far as
    its inputs do: what only constants say of the hours to come is not known yet.

    :param given: the blocks of that day by series; one that is not there is missing
    :param only: one of the formula's terms, which is computed as if it stood alone
    """
    slots = blocks.MINUTES_A_DAY // formula.step
    starts = day * blocks.DAY + np.arange(slots, dtype=np.int64) * formula.step * blocks.MINUTE
    begins = np.array([each.starts_at for each in formula.versions], np.int64)
    in_force = np.searchsorted(begins, starts, side="right") - 1
    rank = np.where(in_force < 0, qualities.RANK[Quality.MISSING], 0).astype(np.uint8)
    known = _Known(given, formula.step)
    active: list[tuple[Term, Flags]] = []
    for place in np.unique(in_force[in_force >= 0]).tolist():
        for term in formula.versions[place].terms:
            counts = (in_force == place) & _counting(term.hours, starts, formula.zone)
            if counts.any() and (only is None or term is only):
                active.append((term, counts))
    for term, counts in active:
        if term.series_id is not None:
            found = known.of(term)
            own = qualities.RANK[Quality.MISSING] if found is None else qualities.RANK[found.quality]
            rank = np.where(counts, np.maximum(rank, own), rank)
    rank[_reach(known, formula, slots) :] = qualities.RANK[Quality.MISSING]
    quality = qualities.CODE[rank]
    return _summed(formula.step, active, known, quality)


def regroup(values: Integers, quality: Codes, step: int, wanted: int) -> tuple[Integers, Codes]:
    """This will bring a day into another step: finer intervals are added up, and the worst of them holds.

    A longer interval is spread evenly over its parts, exactly; they are INTERPOLATED, or what is worse.
    """
    if step == wanted:
        return values, quality
    if step < wanted:
        size = wanted // step
        return values.reshape(-1, size).sum(axis=1), qualities.worst_of(quality, size)
    size = step // wanted
    edges = np.arange(size + 1, dtype=np.int64)
    whole, rest = np.divmod(values, size)
    spread = (whole[:, None] + np.diff(rest[:, None] * edges // size, axis=1)).reshape(-1)
    return spread, qualities.spread(quality, size)


def find_cycle(inputs: Mapping[int, Iterable[int]], start: int) -> tuple[int, ...]:
    """This will return a way from a series through its inputs back to itself, or nothing: (1, 2, 1)."""
    way: list[int] = [start]
    waiting = [iter(sorted(set(inputs.get(start, ()))))]
    seen: set[int] = set()
    while waiting:
        following = next(waiting[-1], None)
        if following is None:
            waiting.pop()
            way.pop()
        elif following == start:
            return (*way, start)
        elif following not in seen:
            seen.add(following)
            way.append(following)
            waiting.append(iter(sorted(set(inputs.get(following, ())))))
    return ()


class _Known:
    """What rows have to take of a day, in intervals of the formula: each is brought into them once."""

    def __init__(self, given: Mapping[int, Block], step: int) -> None:
        self._given, self._step = given, step
        self._made: dict[tuple[int | None, Carried | None], carried.Product | None] = {}

    def of(self, term: Term) -> carried.Product | None:
        """The intervals of a row without its factor; None where a block is missing."""
        key = term.series_id, term.carried
        if key not in self._made:
            is_there = term.inputs <= self._given.keys()
            self._made[key] = self._make(term) if is_there and term.series_id is not None else None
        return self._made[key]

    def _make(self, term: Term) -> carried.Product:
        if term.carried is not None:
            water, warm, cold = (
                self._sample(each) for each in (term.series_id or 0, term.carried.warm, term.carried.cold)
            )
            return carried.product(term.carried, water, warm, cold, self._step)
        own = self._given[term.series_id or 0]
        return carried.Product(*regroup(own.values, own.quality, own.step, self._step), 1)

    def _sample(self, series_id: int) -> carried.Sample:
        own = self._given[series_id]
        return carried.Sample(own.step, own.values, own.quality)


def _reach(known: _Known, formula: Formula, slots: int) -> int:
    """How many slots there are up to the final one of which any input knows something."""
    is_known = np.zeros(slots, np.bool_)
    for term in (each for version in formula.versions for each in version.terms):
        found = known.of(term)
        if found is not None:
            is_known |= found.quality != Quality.MISSING
    return int(np.flatnonzero(is_known)[-1]) + 1 if is_known.any() else 0


def _counting(hours: Hours, starts: Integers, zone: tzinfo) -> Flags:
    if hours.is_always:
        return np.ones(len(starts), np.bool_)
    local = [(_EPOCH + timedelta(microseconds=int(each))).astimezone(zone) for each in starts]
    weekday = np.array([each.weekday() for each in local], np.int64)
    return hours.covers(weekday, np.array([each.hour * 60 + each.minute for each in local], np.int64))


def _factor(step: int, term: Term, known: _Known) -> Fraction:
    found = known.of(term)
    if term.series_id is None:
        return term.factor * Fraction(step, 60)
    return term.factor if found is None else term.factor / found.divisor


def _summed(step: int, active: Sequence[tuple[Term, Flags]], known: _Known, quality: Codes) -> tuple[Integers, Codes]:
    factors = [_factor(step, term, known) for term, _counts in active]
    whole = math.lcm(*(each.denominator for each in factors), 1)
    parts: list[tuple[int, carried.Exact]] = []
    for (term, counts), factor in zip(active, factors, strict=True):
        numerator, found = factor.numerator * (whole // factor.denominator), known.of(term)
        if term.series_id is None:
            parts.append((numerator, counts.astype(np.int64)))
        elif found is not None:
            parts.append((numerator, np.where(counts, found.values, 0)))
    # Python's integers where 64 bits might not hold what is added up; the figures are the same.
    largest = sum(abs(numerator) * (int(np.abs(data).max(initial=0)) + 1) for numerator, data in parts)
    kind = np.int64 if (largest + whole) * 2 * (len(quality) + 1) < _FITS else object
    exact = np.zeros(len(quality), kind)
    for numerator, data in parts:
        exact += data.astype(kind) * numerator
    exact[quality == Quality.MISSING] = 0
    if whole > 1:
        through = (2 * np.cumsum(exact) + whole) // (2 * whole)
        exact = np.diff(through, prepend=0)
    too_large = np.abs(exact) >= _FITS
    exact[too_large] = 0
    codes = np.where(too_large, np.uint8(Quality.MISSING), quality).astype(np.uint8)
    return exact.astype(np.int64), codes
