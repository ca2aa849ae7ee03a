"""Random registers for the property tests: meters that behave, and meters that do not."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from meterbook.metering.validation.inputs import DAY, Factor, Installation, Readings, Window

MINUTE = 60_000_000
START = 20_600 * DAY  # a midnight in UTC
QUARTER = 15 * MINUTE


def window(days: int = 1, *, minutes: int = 15, offset_days: int = 0) -> Window:
    """A window of whole UTC days."""
    day = Window.of_day(START + offset_days * DAY, minutes * MINUTE)
    return Window(day.start, days * day.slots, day.step, day.tolerance)


@st.composite
def factors(draw: st.DrawFn) -> tuple[int, int]:
    """A numerator and a denominator."""
    return draw(st.sampled_from([(1, 1), (10, 1), (4000, 1), (1, 3), (18, 5), (7, 1000)]))


@st.composite
def instants(draw: st.DrawFn, *, first: int = START - DAY, until: int = START + 3 * DAY) -> list[int]:
    """Instants of readings in order: on the quarter, near it, or anywhere, with holes."""
    pace = draw(st.sampled_from([QUARTER, QUARTER, 60 * MINUTE, 7 * MINUTE, 11 * 60 * MINUTE]))
    jitter = draw(st.sampled_from([0, 0, 20_000_000, 300_000_000]))
    hole = draw(st.integers(0, 20))
    marks = range(first, until, pace)
    kept = [at for index, at in enumerate(marks) if not hole or (index // 7) % (hole + 1) != hole]
    shifts = draw(st.lists(st.integers(0, jitter), min_size=8, max_size=8)) if jitter else [0]
    return sorted({at + shift for at, shift in zip(kept, itertools.cycle(shifts), strict=False)})


@st.composite
def rising(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Readings of a register that behaves: never falls, sometimes stands still."""
    times = draw(instants())
    rises = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 17, 250]), min_size=5, max_size=9))
    value = draw(st.sampled_from([0, 5, 123_456, 999_000]))
    found = []
    for at, rise in zip(times, itertools.cycle(rises), strict=False):
        found.append((at, value))
        value += rise
    return found


@st.composite
def messy(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Readings with glitches, spikes, small steps back, resets and roll-overs."""
    pairs = dict(draw(rising()))
    times = sorted(pairs)
    for _ in range(draw(st.integers(0, 5))):
        begin = draw(st.integers(0, max(0, len(times) - 1)))
        length = draw(st.sampled_from([1, 1, 2, 3, 5, 40]))
        change = draw(st.sampled_from([-1, -2, -3, 0, 50_000, -500_000, 1, 2]))
        for at in times[begin : begin + length]:
            pairs[at] = 0 if change == 0 else max(0, pairs[at] + change)
    if draw(st.booleans()) and times:
        turn = draw(st.integers(0, len(times) - 1))
        top = max(pairs[at] for at in times[: turn + 1])
        shift = 1_000_000 - top
        for index, at in enumerate(times):
            pairs[at] = (pairs[at] + shift) % 1_000_000 if index >= turn else pairs[at] + shift - 5
    return sorted(pairs.items())


def installation(numerator: int = 1, denominator: int = 1, **fields: object) -> Installation:
    """A meter that hung there long before."""
    long_ago = START - 400 * DAY
    return Installation(start=long_ago, factors=(Factor(long_ago, numerator, denominator),), **fields)  # type: ignore[arg-type]


def readings(pairs: list[tuple[int, int]]) -> Readings:
    """Readings of one source, all valid."""
    return Readings.of(pairs)
