"""What an example month costs: a quantity spread over the hours of a month, through the real rating. Pure."""

from __future__ import annotations

import enum
import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.kernel import civil, rounding
from meterbook.kernel.quantity import Unit
from meterbook.kernel.quantity import factor as quantity_factor
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import fold, needs
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.inputs import NONE, Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.registered import Registered
from meterbook.tariffs.rating.terms import OF_METER

_STEP = 30  # minutes
_POWER_DECIMALS = 3


class Load(enum.StrEnum):
    """At which hours of the day an example uses more."""

    EVEN = "EVEN"
    DAYTIME = "DAYTIME"  # four times as much from 8 to 20
    EVENING = "EVENING"  # four times as much from 18 to 23


_BUSY = {Load.EVEN: range(0), Load.DAYTIME: range(8, 20), Load.EVENING: range(18, 23)}
_MORE = 4


def rate(document: TariffDocument, *, month: date, quantity: Decimal, load: Load, zone: ZoneInfo) -> Rated:
    """This will rate a calendar month in which a quantity (in the tariff's unit, from 0 on) is used.

    300 kWh spread evenly over the 720 hours of a June at a flat 0.10: 30.00. Tariff registers of the meter that the
    tariff prices have equal parts of the quantity.

    :param month: any day of the month
    :raises UsageMisfit: when the tariff needs what an example does not have
    """
    period = civil.month_bounds(month, zone)
    step = _step(document)
    count = period.duration // step
    busy = _BUSY[load]
    weights = [_MORE if (period.start + number * step).astimezone(zone).hour in busy else 1 for number in range(count)]
    total = rounding.divide(*_whole(quantity, document.decimals))

    def spread(part: int) -> UsageSeries:
        values = [until - first for first, until in pairwise(_shares(part, weights))]
        return UsageSeries(period.start, step, np.array(values, np.int64), np.zeros(count, np.uint8))

    scale = Scale(document.unit, document.decimals)
    priced = {each.channel for each in document.components}
    registers = [each for each in OF_METER if each in priced]
    parts = pairwise(_shares(total, [1] * len(registers))) if registers else ()
    channels = {each: (spread(until - first), scale) for each, (first, until) in zip(registers, parts, strict=True)}
    used = spread(total)
    inputs = Inputs(registered=_registers(document, used, scale)) if needs.of(document).registered else NONE
    return fold.rate(Plan(document, zone, period, scale), used, inputs, channels)


def _registers(document: TariffDocument, used: UsageSeries, scale: Scale) -> tuple[Registered, ...]:
    """What a register of maximum demand shows at the end of the month: the highest of the intervals, in kW."""
    hours = Fraction(used.step // timedelta(minutes=1), 60)
    most = Fraction(int(used.values.max(initial=0)), 10**scale.decimals) / hours
    shown = rounding.round_fraction(most * quantity_factor(document.unit, Unit.KWH), _POWER_DECIMALS)
    return (Registered(used.start, used.end, shown, Unit.KW),)


def _step(document: TariffDocument) -> timedelta:
    """Half hours, or parts of them of which all windows of demand are made."""
    minutes = _STEP
    for each in document.components:
        if each.demand is not None:
            minutes = math.gcd(minutes, each.demand.interval, each.demand.sliding_by)
    return timedelta(minutes=minutes)


def _whole(quantity: Decimal, decimals: int) -> tuple[int, int]:
    fraction = rounding.exact(quantity) * 10**decimals
    return fraction.numerator, fraction.denominator


def _shares(total: int, weights: list[int]) -> list[int]:
    """Where each share ends, so that the shares are whole and sum exactly to the total."""
    ends = [0, *accumulate(weights)]
    return [total * each // ends[-1] for each in ends]
