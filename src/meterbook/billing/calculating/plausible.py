"""What a person should look at before a bill is approved: more than a meter counts, ten times the usual, nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from meterbook.billing import content
from meterbook.billing.calculating import checking, facts
from meterbook.billing.values import HoldReason
from meterbook.kernel import civil, rounding
from meterbook.kernel.quantity import Unit

MUCH = 10  # times the usual use
LITTLE = Fraction(1, 1000)  # of the bound: below it ten times next to nothing is nothing to look at


def remarks(chunk: facts.Chunk, points: Sequence[content.Point]) -> list[checking.Held]:
    """This will return what of an account's use is not plausible; its bill is drafted all the same.

    Without a noted rating the cold water of a dwelling is bound to 3 m³ an hour, 72 a day (`metering.capacities`); with
    one the derivation holds what exceeds it. 30 a day where the months before had 2 a day is unusual; so is nothing.
    """
    own = chunk.by_public_id
    return [found for each in points if (found := _of(each, own[each.public_id])) is not None]


def _of(point: content.Point, own: facts.Point) -> checking.Held | None:
    per_hour = own.assumed_per_hour
    a_day = Fraction(point.quantity, max(point.days, 1) * 10**point.decimals)
    usual = _usual(point, civil.local_date(point.period.start, own.zone))
    if per_hour is None and a_day > 0 and (usual is None or a_day <= MUCH * usual):
        return None
    used = {"used": _written(a_day), "unit": Unit(point.unit).symbol}
    if per_hour is not None and a_day > per_hour * 24:
        return checking.hold(HoldReason.TOO_MUCH, point.code, **used, most=_written(per_hour * 24))
    if a_day < 0:
        return checking.hold(HoldReason.NEGATIVE, point.code, **used)
    if usual is not None and not a_day:
        return checking.hold(HoldReason.NO_USE, point.code, unit=used["unit"], usual=_written(usual))
    if usual is not None and a_day > MUCH * usual and a_day > LITTLE * (per_hour or 0) * 24:
        return checking.hold(HoldReason.UNUSUAL, point.code, **used, usual=_written(usual))
    return None


def _usual(point: content.Point, first_day: date) -> Fraction | None:
    """Units a day of the months before that were the account's own; None where nothing was used."""
    known = [each for each in point.history if each.quantity is not None and each.first < first_day.replace(day=1)]
    used, days = sum(each.quantity or 0 for each in known), sum(each.days for each in known)
    return Fraction(used, days * 10**point.decimals) if used > 0 else None


def _written(number: Fraction) -> str:
    """With three decimals, and none that say nothing: 0.333, 72."""
    thousandths = rounding.divide(number.numerator * 1000, number.denominator)
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
