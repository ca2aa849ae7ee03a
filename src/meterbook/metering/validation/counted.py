"""Multipliers of a meter with what tests of it correct (B-24): for so long, so many times more or less."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from fractions import Fraction

from meterbook.metering import ratios
from meterbook.metering.validation.inputs import Correction, CorrectionKind, Factor, Installation


def standing(corrections: Iterable[Correction]) -> list[ratios.Ratio[int]]:
    """This will return the ratios that were not withdrawn, in the order in which they were recorded."""
    found: dict[tuple[int, int], ratios.Ratio[int]] = {}
    for each in corrections:
        if each.until is None:
            continue
        key = (each.at, each.until)
        if each.kind in (CorrectionKind.RATIO, CorrectionKind.WITHDRAW_RATIO):
            found.pop(key, None)
        if each.kind is CorrectionKind.RATIO and each.ratio is not None and each.until > each.at:
            found[key] = ratios.Ratio(each.at, each.until, each.ratio)
    return list(found.values())


def corrected(installation: Installation, corrections: Iterable[Correction]) -> Installation:
    """This will return an installation whose factors are cut where a ratio begins and ends, and multiplied by it.

    A factor of 40 with a ratio of 100/97 is 4000/97 in the ratio's time, exactly.
    """
    known = standing(corrections)
    if not known:
        return installation
    own = [
        ratios.Change(each.at, Fraction(each.numerator, each.denominator), each.register)
        for each in installation.factors
    ]
    factors = tuple(_factor(each) for each in ratios.overlay(own, known, end=installation.end))
    return dataclasses.replace(installation, factors=factors)


def _factor(change: ratios.Change[int]) -> Factor:
    times = change.factor * change.corrected_by
    return Factor(change.at, times.numerator, times.denominator, change.shown, is_corrected=change.corrected_by != 1)
