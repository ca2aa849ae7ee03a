"""What a register of maximum demand showed: the highest power since the reading before, and which reading counts when.

The register keeps the highest mean power of its intervals and is reset when it is read. So a reading tells of the time
since the one before it, and counts for the period in which the middle of that time lies (decision 0036).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel import quantity
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit


@dataclass(frozen=True)
class Registered:
    """The register of `meter` showed `shown` at `at`, in `unit`: the highest since `since`.

    It counts `multiplier` times. `source` is where the reading comes from, as bills write it.
    """

    since: datetime
    at: datetime
    shown: Decimal
    unit: Unit
    multiplier: Fraction = Fraction(1)
    meter: str = ""
    source: str = ""

    @property
    def middle(self) -> datetime:
        """The middle of the time that it tells of."""
        return self.since + (self.at - self.since) / 2

    def power(self, unit: Unit) -> Fraction:
        """This will return the power in a unit: 12.5 kW on the display, 40 times, are 500 kW, or 0.5 MW."""
        return Fraction(self.shown) * self.multiplier * quantity.factor(self.unit, unit)


def highest(readings: Sequence[Registered], period: Period, unit: Unit) -> Registered | None:
    """This will return the reading that tells the highest power of a period, the earliest of several; None without any.

    Readings count whose time has its middle in the period. Where there is none, as in a part of a billing period
    before a tariff changed, those count that tell of any of its time. Units of another dimension count for nothing.
    """
    known = [each for each in readings if each.since < each.at and each.unit.dimension is unit.dimension]
    within = [each for each in known if period.start <= each.middle < period.end]
    touching = [each for each in known if each.since < period.end and period.start < each.at]
    return max(within or touching, key=lambda each: (each.power(unit), -each.at.timestamp()), default=None)


def of_share(readings: Sequence[Registered], parts: Sequence[Period], unit: Unit) -> tuple[Registered, ...]:
    """This will return the readings that a share of a meter point is billed by: for each of its parts the highest.

    Only those count whose time has its middle in the share: what another occupant, or another bill, has is theirs.

    :param parts: of the share, one for each tariff version, in order of time
    """
    own = [each for each in readings if any(part.start <= each.middle < part.end for part in parts)]
    found = {highest(own, part, unit) for part in parts}
    return tuple(sorted((each for each in found if each is not None), key=lambda each: each.at))
