"""Heat or cold that water carried: volume x temperature difference, interval by interval, from day blocks (B-54). Pure.

Exact to the end: numerators over one divisor, without density and specific heat, which the factor of the row holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering import qualities

Integers = NDArray[np.int64]
Codes = NDArray[np.uint8]
Exact = NDArray[Any]  # Python's integers


@dataclass(frozen=True)
class Carried:
    """The series of the warmer and of the colder side; `warm_scale` and `cold_scale` are kelvins in one unit of each.

    `is_rate`: what carries is measured as a flow (an hour), not as a counted volume.
    """

    warm: int
    cold: int
    warm_scale: Fraction
    cold_scale: Fraction
    is_rate: bool = False


@dataclass(frozen=True)
class Sample:
    """A decoded day of a series: int64 and uint8 of shape (slots,), in intervals of `step` minutes."""

    step: int
    values: Integers
    quality: Codes


@dataclass(frozen=True)
class Product:
    """Volume x kelvins of a day: numerators and quality of shape (slots,), each over `divisor`."""

    values: Exact
    quality: Codes
    divisor: int


def product(carried: Carried, water: Sample, warm: Sample, cold: Sample, wanted: int) -> Product:
    """This will multiply in the longest interval of the three, and bring that into intervals of `wanted` minutes.

    A temperature, or a flow, of an interval is the mean of what is known in it. Water that came back colder than it
    went, where it should be warmer, carried nothing: a meter of cold counts no heat. Where one of the three has no
    value, there is none.
    """
    step = max(water.step, warm.step, cold.step)
    volume, by_volume, codes = _mean(water, step) if carried.is_rate else _sum(water, step)
    over, by_warm, warm_codes = _mean(warm, step)
    under, by_cold, cold_codes = _mean(cold, step)
    counts = [*_held(by_warm * carried.warm_scale.denominator), *_held(by_cold * carried.cold_scale.denominator)]
    kelvins = math.lcm(*counts)
    difference = over * carried.warm_scale.numerator * (kelvins // (by_warm * carried.warm_scale.denominator)) - (
        under * carried.cold_scale.numerator * (kelvins // (by_cold * carried.cold_scale.denominator))
    )
    volumes = math.lcm(*_held(by_volume))
    found = np.maximum(difference, 0) * volume * (volumes // by_volume)
    quality = qualities.worst(codes, warm_codes, cold_codes)
    found[quality == Quality.MISSING] = 0
    divisor = kelvins * volumes
    if carried.is_rate:
        found, divisor = found * step, divisor * 60
    return _into(Product(found, quality, divisor), step, wanted)


def _sum(sample: Sample, step: int) -> tuple[Exact, Exact, Codes]:
    """A counted volume in longer intervals: all of it must be known."""
    size = step // sample.step
    values = sample.values.astype(object).reshape(-1, size).sum(axis=1)
    return values, np.ones(len(values), object), qualities.worst_of(sample.quality, size)


def _mean(sample: Sample, step: int) -> tuple[Exact, Exact, Codes]:
    """Sum and count of what is known in longer intervals; none is known where the quality is MISSING."""
    size = step // sample.step
    known = (sample.quality != Quality.MISSING).reshape(-1, size)
    values = np.where(known, sample.values.astype(object).reshape(-1, size), 0).sum(axis=1)
    counts = np.maximum(known.sum(axis=1), 1).astype(object)
    return values, counts, qualities.worst_of(sample.quality, size, known=known)


def _held(counts: Exact) -> list[int]:
    return sorted(set(counts.tolist()))


def _into(found: Product, step: int, wanted: int) -> Product:
    if step == wanted:
        return found
    if step < wanted:
        size = wanted // step
        return Product(
            found.values.reshape(-1, size).sum(axis=1), qualities.worst_of(found.quality, size), found.divisor
        )
    size = step // wanted
    return Product(np.repeat(found.values, size), qualities.spread(found.quality, size), found.divisor * size)
