"""What a person should look at before a bill is approved: more than a meter counts, ten times the usual, nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

from meterbook.billing import content
from meterbook.billing.calculating import checking, facts, measured
from meterbook.billing.values import HoldReason
from meterbook.kernel import civil, rounding
from meterbook.kernel.quantity import Unit

MUCH = 10  # times the usual use
LITTLE = Fraction(1, 1000)  # of the bound: below it ten times next to nothing is nothing to look at


class Use(NamedTuple):
    """What a meter point used in the days of a bill, in 10^-`decimals` of `unit`, and in the months up to it."""

    code: str
    unit: str
    decimals: int
    start: datetime
    days: int
    quantity: int
    history: Sequence[content.Month]

    @classmethod
    def of(cls, piece: measured.Piece, quantity: int, history: Sequence[content.Month]) -> Use:
        """This will return what a piece used, where it is all of a share."""
        point, series = piece.point, measured.series_of(piece)
        days = len(piece.span.days)
        return cls(point.code, series.unit.value, series.decimals, piece.span.cut.start, days, quantity, history)


def remarks(chunk: facts.Chunk, points: Sequence[content.Point]) -> list[checking.Held]:
    """This will return what of an account's use is not plausible; its bill is drafted all the same.

    Without a noted rating the cold water of a dwelling is bound to 3 m³ an hour, 72 a day (`metering.capacities`); with
    one the derivation holds what exceeds it. 30 a day where the months before had 2 a day is unusual; so is nothing.
    """
    own = chunk.by_public_id
    uses = (
        (Use(each.code, each.unit, each.decimals, each.period.start, each.days, each.quantity, each.history), each)
        for each in points
    )
    return [found for use, each in uses if (found := of_use(use, own[each.public_id])) is not None]


def of_use(use: Use, own: facts.Point) -> checking.Held | None:
    """This will return what is not plausible of the use of a meter point; None where nothing is."""
    per_hour, days = own.assumed_per_hour, max(use.days, 1)
    before, days_before = _before(use, civil.local_date(use.start, own.zone))
    if use.quantity > 0 and _is_possible(use, per_hour) and use.quantity * days_before <= MUCH * before * days:
        return None
    usual = Fraction(before, days_before * 10**use.decimals) if before else None
    a_day = Fraction(use.quantity, days * 10**use.decimals)
    used = {"used": _written(a_day), "unit": Unit(use.unit).symbol}
    if per_hour is not None and a_day > per_hour * 24:
        return checking.hold(HoldReason.TOO_MUCH, use.code, **used, most=_written(per_hour * 24))
    if a_day < 0:
        return checking.hold(HoldReason.NEGATIVE, use.code, **used)
    if usual is not None and not a_day:
        return checking.hold(HoldReason.NO_USE, use.code, unit=used["unit"], usual=_written(usual))
    if usual is not None and a_day > MUCH * usual and a_day > LITTLE * (per_hour or 0) * 24:
        return checking.hold(HoldReason.UNUSUAL, use.code, **used, usual=_written(usual))
    return None


def _is_possible(use: Use, per_hour: Fraction | None) -> bool:
    """Without fractions: most uses are plausible."""
    if per_hour is None:
        return True
    most: int = per_hour.numerator * 24 * max(use.days, 1) * 10**use.decimals
    return use.quantity * per_hour.denominator <= most


def _before(use: Use, first_day: date) -> tuple[int, int]:
    """What was used in the months before that were the account's own, and in how many days; nothing: (0, 0)."""
    first = first_day.replace(day=1)
    used = days = 0
    for each in use.history:
        if each.quantity is not None and each.first < first:
            used, days = used + each.quantity, days + each.days
    return (used, days) if used > 0 else (0, 0)


def _written(number: Fraction) -> str:
    """With three decimals, and none that say nothing: 0.333, 72."""
    thousandths = rounding.divide(number.numerator * 1000, number.denominator)
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
