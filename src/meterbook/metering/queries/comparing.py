"""Another period, or another meter, beside a usage: bar by bar, and in sums that are fair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.rounding import RoundingMode
from meterbook.kernel.series import UsageSeries
from meterbook.metering.queries import spans
from meterbook.metering.queries.slots import Slot, is_settled, part


@dataclass(frozen=True)
class Comparison:
    """What is compared with, bar by bar, and the sums over what both have: `here` and `there`, in the own scale.

    `values` are integers of 10^-`decimals`, one a bar, None where there is nothing. `common` counts the bars of which
    at least a part went into the sums.
    """

    period: Period
    values: tuple[int | None, ...]
    decimals: int
    common: int
    here: int
    there: int
    here_decimals: int

    @property
    def change(self) -> Decimal | None:
        """The change in percent with one decimal, or None without anything to compare to: 120 to 100 is 20.0."""
        if not self.common or self.there == 0:
            return None
        most = max(self.decimals, self.here_decimals)
        here, there = self.here * 10 ** (most - self.here_decimals), self.there * 10 ** (most - self.decimals)
        tenths = rounding.divide((here - there) * 1000, there, RoundingMode.HALF_UP)
        return Decimal(tenths).scaleb(-1, context=rounding.EXACT)

    def number(self, value: int) -> Decimal:
        """This will return one of `values` as the exact number of units."""
        return Decimal(value).scaleb(-self.decimals, context=rounding.EXACT)


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: its bars and the intervals that they were summed from."""

    span: spans.Span
    slots: Sequence[Slot]
    run: UsageSeries
    decimals: int
    is_counter: bool


def compare(here: Side, there: Side, zone: tzinfo) -> Comparison | None:
    """This will put another period or meter beside a usage; None when nothing is known of it.

    Two bars that are both whole are summed as they are: June with its 30 days beside May with 31. Where one is not (it
    has not ended, or has a gap), only the intervals at the same distance from its start that both have are summed.
    """
    if all(each.value is None for each in there.slots):
        return None
    places = {key: place for place, key in enumerate(spans.keys(there.span, zone))}
    pairs = [
        (own, there.slots[places[key]] if key in places else None)
        for own, key in zip(here.slots, spans.keys(here.span, zone), strict=True)
    ]
    sums = [_common(own, other, here, there) for own, other in pairs if other is not None]
    found = [each for each in sums if each is not None]
    return Comparison(
        period=there.span.period,
        values=tuple(None if other is None else other.value for _own, other in pairs),
        decimals=there.decimals,
        common=len(found),
        here=sum(each[0] for each in found),
        there=sum(each[1] for each in found),
        here_decimals=here.decimals,
    )


def _common(own: Slot, other: Slot, here: Side, there: Side) -> tuple[int, int] | None:
    if own.is_whole and other.is_whole:
        return own.value or 0, other.value or 0
    if here.run.step != there.run.step or not (here.is_counter and there.is_counter):
        return None
    first, second = part(here.run, own.start, own.end), part(there.run, other.start, other.end)
    length = min(len(first), len(second))
    both = is_settled(first.quality[:length]) & is_settled(second.quality[:length])
    if not both.any():
        return None
    return int(first.values[:length][both].sum()), int(second.values[:length][both].sum())
