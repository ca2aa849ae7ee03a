"""From when on a day is told as one that can hardly be right (B-18): the usual numbers, and the bounds of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True)
class Thresholds:
    """What holds for a meter point; exact numbers. Quantities in the unit of the service, shares in percent.

    `vacant_least` None: 1 kWh, or 0.1 m3.
    """

    spike_times: Fraction = Fraction(3)  # k of "k x P95"
    active_percent: Fraction = Fraction(90)  # of the days before, on which something was used
    zero_days: int = 1
    stuck_days: int = 3
    vacant_least: Fraction | None = None
    register_percent: Fraction = Fraction(1, 10)
    register_counts: int = 2
    sum_percent: Fraction = Fraction(5)
    phase_percent: Fraction = Fraction(10)  # of the highest phase, below which a phase is dead
    phase_minutes: int = 60  # of a day
    duplicates: int = 1
    off_time_percent: Fraction = Fraction(50)


@dataclass(frozen=True)
class Bound:
    """Between which numbers a threshold is set, and with how many decimals."""

    least: int
    most: int
    places: int = 0


USUAL = Thresholds()
BOUNDS = {
    "spike_times": Bound(1, 100, 1),
    "active_percent": Bound(50, 100),
    "zero_days": Bound(1, 14),
    "stuck_days": Bound(1, 14),
    "vacant_least": Bound(0, 100_000, 3),
    "register_percent": Bound(0, 5, 2),
    "register_counts": Bound(0, 1_000),
    "sum_percent": Bound(0, 50, 1),
    "phase_percent": Bound(1, 90),
    "phase_minutes": Bound(5, 1_440),
    "duplicates": Bound(1, 1_000),
    "off_time_percent": Bound(1, 100),
}


class ThresholdInvalid(ValueError):
    """There is no such threshold, or it lies outside its bounds; `name` says which."""

    def __init__(self, name: str) -> None:
        bound = BOUNDS.get(name)
        told = "" if bound is None else f" between {bound.least} and {bound.most}, with {bound.places} decimals at most"
        super().__init__(f"{name}:{told or ' there is no such threshold'}.")
        self.name = name


def check(given: Mapping[str, str]) -> dict[str, str]:
    """This will return thresholds as they are stored: decimal text by name.

    :raises ThresholdInvalid: for a name that there is not, or a number outside of its bounds
    """
    found = {}
    for name, written in given.items():
        bound = BOUNDS.get(name)
        number = Decimal(written)
        if bound is None or not number.is_finite() or not bound.least <= number <= bound.most:
            raise ThresholdInvalid(name)
        fitted = number.quantize(Decimal(1).scaleb(-bound.places))
        if fitted != number:
            raise ThresholdInvalid(name)
        found[name] = f"{fitted.normalize():f}"
    return found


def merged(*layers: Mapping[str, str]) -> Thresholds:
    """This will return what holds where each layer overrides those before it, from the usual thresholds on."""
    whole = {field.name for field in fields(Thresholds) if field.type == "int"}
    given: dict[str, str] = {}
    for layer in layers:
        given |= {name: written for name, written in layer.items() if name in BOUNDS}
    exact = {name: Fraction(written) for name, written in given.items()}
    return replace(USUAL, **{name: int(each) if name in whole else each for name, each in exact.items()})  # type: ignore[arg-type]


def written(thresholds: Thresholds) -> dict[str, str]:
    """This will return each threshold as decimal text; those that are left to the service are left out."""
    found = {}
    for name, bound in BOUNDS.items():
        value = getattr(thresholds, name)
        if value is not None:
            number = Decimal(Fraction(value).numerator) / Decimal(Fraction(value).denominator)
            found[name] = f"{number.quantize(Decimal(1).scaleb(-bound.places)).normalize():f}"
    return found
