"""What a bill says of a meter point at a glance: estimated, apportioned."""

from __future__ import annotations

from meterbook.billing.content import gas
from meterbook.billing.content.parts import Counter, Point, Register
from meterbook.kernel.quality import ESTIMATED, Quality


def is_estimated(point: Point) -> bool:
    """This will tell whether a part of a point is an estimate: an interval, a register, or what its gas holds."""
    if any(map(gas.is_estimated, point.charges)):
        return True
    return _has_estimates(point) or any(map(_has_estimates, point.registers))


def _has_estimates(part: Point | Counter) -> bool:
    if part.counts.estimated:
        return True
    return any(each.quality in ESTIMATED for own in part.segments for each in (own.previous, own.present))


def is_apportioned(point: Point) -> bool:
    """This will tell whether an amount depends on how a sum between two readings was spread (B-15, B-20, B-31).

    Between readings at both ends of the period the total is measured: 100 on the 1st, 340 on the next 1st are 240 at
    any flat or stepped price. It is apportioned when prices change within the day or within the period, or when an end
    of the period falls between readings.
    """
    has_times = any(len(each.rated.periods) > 1 for each in point.charges)
    return _is_spread(point, is_cut=len(point.charges) > 1 or has_times) or any(
        _is_spread(each, is_cut=len(point.charges) > 1) for each in point.registers
    )


def _is_spread(part: Point | Counter, *, is_cut: bool) -> bool:
    """Whether a quantity follows from where between two readings it was; `is_cut`: prices change within the time."""
    counts = part.counts
    if not counts.interpolated:
        return False
    if is_cut:
        return True
    first, final = (part.segments[0].previous, part.segments[-1].present) if part.segments else (None, None)
    return (counts.starts_between and _is_worked_out(first)) or (counts.ends_between and _is_worked_out(final))


def _is_worked_out(register: Register | None) -> bool:
    return register is None or register.quality is Quality.INTERPOLATED
