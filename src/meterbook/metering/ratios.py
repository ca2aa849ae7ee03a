"""How many times a register counts through time: its multipliers, and what a test of the meter corrects (B-24). Pure.

A meter that a test found to register 97 of 100 counts 100/97 times for as long as it did so. That stands beside its
multiplier and leaves the readings as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Protocol, Self, TypeVar

HUNDRED = 100


class Instant(Protocol):
    """An instant, or microseconds since 1970: anything with an order."""

    def __lt__(self, other: Self, /) -> bool:
        """This will tell which is earlier."""

    def __le__(self, other: Self, /) -> bool:
        """This will tell which is not later."""


T = TypeVar("T", bound=Instant)


@dataclass(frozen=True)
class Ratio(Generic[T]):
    """What was counted in [start, end) counts `by` times; `test` names the certificate that says so."""

    start: T
    end: T
    by: Fraction
    test: str = ""


@dataclass(frozen=True)
class Change(Generic[T]):
    """From `at` on a register counts `factor` times, and `corrected_by` times that; `shown` is what it showed then."""

    at: T
    factor: Fraction
    shown: int | None
    corrected_by: Fraction = Fraction(1)
    test: str = ""


class NothingRegistered(ValueError):
    """A meter that stood still or counted backwards cannot be corrected by a ratio; what it missed is estimated."""


def of_error(percent: Decimal) -> Fraction:
    """This will return the ratio that undoes an error: a meter at -3 % counts 97 of 100, so 100/97.

    :raises NothingRegistered: for an error of -100 % or less
    """
    registered = HUNDRED + Fraction(percent)
    if registered <= 0:
        raise NothingRegistered(NothingRegistered.__doc__)
    return HUNDRED / registered


def overlay(changes: Sequence[Change[T]], ratios: Iterable[Ratio[T]], *, end: T | None) -> tuple[Change[T], ...]:
    """This will cut multipliers where a ratio begins and ends, in order of time.

    40 from January on and 100/97 in March are 40, 40 corrected by 100/97 from March on, and 40 from April on.

    :param changes: in order; the first from the beginning of the installation on
    :param end: of the installation; None while it lasts
    """
    known = [each for each in ratios if changes[0].at < each.end and (end is None or each.start < end)]
    if not known:
        return tuple(changes)
    first = changes[0].at
    edges = {edge for each in known for edge in (each.start, each.end) if first < edge and (end is None or edge < end)}
    own = {each.at: each for each in changes}
    found = []
    for at in sorted({*own, *edges}):
        base = next(each for each in reversed(changes) if each.at <= at)
        inside = next((each for each in reversed(known) if each.start <= at < each.end), None)
        shown = base.shown if base.at == at else None
        by, test = (Fraction(1), "") if inside is None else (inside.by, inside.test)
        found.append(Change(at, base.factor, shown, by, test))
    return tuple(found)


def read(written: object) -> Fraction | None:
    """This will read a ratio as a correction holds it: "100/97"; None for anything else."""
    return Fraction(written) if isinstance(written, str) else None
