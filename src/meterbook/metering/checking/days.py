"""The checks of a day. Values are integers of the series' scale; each check gives what it found in numbers, or None."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from meterbook.metering.checking.thresholds import USUAL, Thresholds

Integers = NDArray[np.int64]
Facts = dict[str, int | str]

MINUTES_A_DAY = 1440
LEAST_DAYS = 5  # of the same kind, below which nothing is usual
PERCENT = 95


class CheckKind(enum.StrEnum):
    """What is wrong with a day."""

    STUCK = "STUCK"
    SPIKE = "SPIKE"
    ZERO_OCCUPIED = "ZERO_OCCUPIED"
    USE_VACANT = "USE_VACANT"
    REGISTER_SUM = "REGISTER_SUM"
    PARENT_SUM = "PARENT_SUM"
    PHASE_MISSING = "PHASE_MISSING"
    CT_REVERSED = "CT_REVERSED"
    DUPLICATE = "DUPLICATE"
    OFF_TIME = "OFF_TIME"
    TARIFF_SUM = "TARIFF_SUM"


@dataclass(frozen=True)
class Found:
    """One thing found on a day, with its numbers."""

    kind: CheckKind
    facts: Facts


def spike(day: Integers, alike: Sequence[Integers], times: Fraction = USUAL.spike_times) -> Found | None:
    """This will find the interval that is most above `times` P95 of the same hour on days alike (B-18).

    40 where the same hour of twenty working days never had more than 10 is a spike, 25 is not.

    :param day: its intervals, a whole number an hour
    :param alike: days of the same kind (working days, or not), each with as many intervals
    """
    past = [each for each in alike if len(each) == len(day)]
    if len(past) < LEAST_DAYS or len(day) % 24:
        return None
    width = len(day) // 24
    found: Found | None = None
    highest = Fraction(0)
    for hour in range(24):
        part = slice(hour * width, (hour + 1) * width)
        known = sorted(int(value) for each in past for value in each[part])
        usual = known[max(0, -(-len(known) * PERCENT // 100) - 1)]
        value = int(day[part].max())
        over = value - times * usual
        if usual > 0 and over > highest:
            highest = over
            place = part.start + int(day[part].argmax())
            found = Found(CheckKind.SPIKE, {"slot": place, "value": value, "usual": usual, "times": _plain(times)})
    return found


def nothing_used(
    used: int, before: Sequence[int], *, is_occupied: bool, thresholds: Thresholds = USUAL
) -> Found | None:
    """This will find a day without use where somebody lives and nearly every day before had some.

    :param before: what the days before used, the latest first; the first of them may have had none either, as many as
        `zero_days` says
    """
    quiet, usual = before[: thresholds.zero_days - 1], before[thresholds.zero_days - 1 :]
    if used != 0 or any(quiet) or not is_occupied or not _is_active(usual, thresholds.active_percent):
        return None
    return Found(CheckKind.ZERO_OCCUPIED, {"days": len(usual), "mean": sum(usual) // len(usual)})


def _is_active(before: Sequence[int], percent: Fraction) -> bool:
    """Whether nearly all of at least ten days had some use."""
    active = sum(1 for each in before if each > 0)
    return len(before) >= 2 * LEAST_DAYS and active * 100 >= percent * len(before)


def stuck(used: int, power: Integers, most: int) -> Found | None:
    """This will find a counter that stood still all day although the meter showed power in most of its intervals.

    :param power: means of the day, of intervals that were measured
    :param most: power that a meter may show at rest
    """
    above = int((power > most).sum())
    if used != 0 or len(power) < LEAST_DAYS or 2 * above < len(power):
        return None
    return Found(CheckKind.STUCK, {"power": int(np.sort(power)[len(power) // 2]), "intervals": above})


def stood_still(used: int, before: Sequence[int], thresholds: Thresholds = USUAL) -> Found | None:
    """This will find a counter that has shown the same for `stuck_days`, and moved nearly every day before.

    :param before: what the days before used, the latest first
    """
    still, usual = before[: thresholds.stuck_days - 1], before[thresholds.stuck_days - 1 :]
    if used != 0 or len(still) < thresholds.stuck_days - 1 or any(still):
        return None
    if not _is_active(usual, thresholds.active_percent):
        return None
    return Found(CheckKind.STUCK, {"days": thresholds.stuck_days})


def used_while_vacant(used: int, least: int, *, is_vacant: bool) -> Found | None:
    """This will find a day on which a vacant unit used more than `least`."""
    return Found(CheckKind.USE_VACANT, {"used": used, "least": least}) if is_vacant and used > least else None


def registers(intervals: int, difference: int, count: int, thresholds: Thresholds = USUAL) -> Found | None:
    """This will find intervals that sum to another amount than the registers: by more than 0.1 % and two counts.

    :param count: what a count of the register is in the series' scale, rounded up
    """
    bound = max(abs(difference) * thresholds.register_percent / 100, Fraction(thresholds.register_counts * count))
    if abs(intervals - difference) <= bound:
        return None
    return Found(CheckKind.REGISTER_SUM, {"intervals": intervals, "registers": difference})


@dataclass(frozen=True)
class Shown:
    """What a register showed at two instants, in its own counts; one of them is `count` units of the series' scale."""

    first: int
    final: int
    count: Fraction
    decimals: int

    @property
    def counted(self) -> Fraction:
        """What it counted, in the series' scale."""
        return (self.final - self.first) * self.count

    @property
    def step(self) -> Fraction:
        """The finest step that its display may have: 12,000 and 15,000 thousandths are read off in whole units."""
        step = 1
        while step < 10**self.decimals and not (self.first % (10 * step) or self.final % (10 * step)):
            step *= 10
        return step * self.count


def tariffs(total: Shown, parts: Sequence[Shown], thresholds: Thresholds = USUAL) -> Found | None:
    """This will find tariff registers that together counted something else than the register that counts all.

    Each display leaves off what is below its step, so that many steps are right: 333 + 166 beside 500 are, of three
    displays of whole units, and 300 + 150 are not. So is the share in which registers and intervals may differ.
    """
    together, whole = sum((each.counted for each in parts), Fraction(0)), total.counted
    steps = sum((each.step for each in parts), total.step)
    if abs(together - whole) <= max(steps, abs(whole) * thresholds.register_percent / 100):
        return None
    return Found(CheckKind.TARIFF_SUM, {"tariffs": round(together), "registers": round(whole), "count": len(parts)})


def parent(above: int, below: Sequence[int], percent: Fraction = USUAL.sum_percent) -> Found | None:
    """This will find a main meter whose parts sum to more than it counted, by more than `percent` of it.

    Parts of 104 under 100 are right. Less is no fault: not everything behind a main meter has a meter of its own.
    """
    total = sum(below)
    if not below or (total - above) * 100 <= above * percent:
        return None
    return Found(CheckKind.PARENT_SUM, {"above": above, "below": total, "count": len(below)})


def phases(voltages: Sequence[Integers], thresholds: Thresholds = USUAL) -> Found | None:
    """This will find a phase that was dead for an hour while another had voltage: a third is not counted."""
    if len(voltages) != 3 or len({len(each) for each in voltages}) != 1 or not len(voltages[0]):
        return None
    together = np.stack(voltages)
    highest = together.max(axis=0)
    share = thresholds.phase_percent
    dead = (together * 100 * share.denominator < highest * share.numerator) & (highest > 0)
    counts = dead.sum(axis=1)
    phase = int(counts.argmax())
    if int(counts[phase]) * MINUTES_A_DAY < thresholds.phase_minutes * len(voltages[0]):
        return None
    if not int(counts[phase]):
        return None
    return Found(CheckKind.PHASE_MISSING, {"phase": phase + 1, "intervals": int(counts[phase])})


def duplicates(conflicts: int, thresholds: Thresholds = USUAL) -> Found | None:
    """This will find a day on which second numbers came for instants that had one."""
    return Found(CheckKind.DUPLICATE, {"count": conflicts}) if conflicts >= thresholds.duplicates else None


def off_time(apportioned: int, intervals: int, readings: int, thresholds: Thresholds = USUAL) -> Found | None:
    """This will find a day with as many readings as intervals of which most do not lie at the ends of the intervals.

    The clock of the meter is wrong then, or it is read at other times than it should: each interval is apportioned
    although nothing is missing.

    :param apportioned: how many of its `intervals` have no reading at both ends
    """
    if readings < intervals or apportioned * 100 < thresholds.off_time_percent * intervals or not apportioned:
        return None
    return Found(CheckKind.OFF_TIME, {"count": apportioned, "of": intervals})


def reversed_transformer(
    imported: int, exported: int, imported_before: Sequence[int], exported_before: Sequence[int]
) -> Found | None:
    """This will find a day that counted backwards: nothing came in, and what never went out before did."""
    if imported or exported <= 0 or len(imported_before) < LEAST_DAYS or len(exported_before) < LEAST_DAYS:
        return None
    if any(exported_before) or not any(imported_before):
        return None
    return Found(CheckKind.CT_REVERSED, {"exported": exported})


def _plain(number: Fraction) -> int | str:
    """A number as it is stored and said."""
    if number.denominator == 1:
        return number.numerator
    return str(Decimal(number.numerator) / Decimal(number.denominator))
