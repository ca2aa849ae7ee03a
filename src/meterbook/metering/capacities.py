"""What a supply can plausibly deliver where nobody noted what it can: a bound that asks, and never one that refuses."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import PointRole, Service
from meterbook.sites.values import UsageType

# Units an hour. A dwelling has a water meter of Q3 = 2.5 m³/h, which bears 3.125 m³/h for a while; a house or a shop
# one of up to Q3 = 10. Gas: a G6 meter passes 10 m³/h, about 100 kW. Heat: 50 kW warm a large house; electricity:
# three phases of 125 A are 87 kW, and a larger supply has transformers, and with them somebody who notes its rating.
# Chilled water and steam are built for whole floors.
_WATER = (Fraction(10), Unit.M3)
OF_SERVICE: dict[Service, tuple[Fraction, Unit]] = {
    Service.ELECTRICITY: (Fraction(100), Unit.KWH),
    Service.COLD_WATER: _WATER,
    Service.HOT_WATER: _WATER,
    Service.GAS: (Fraction(10), Unit.M3),
    Service.HEATING: (Fraction(50), Unit.KWH),
}
OF_DWELLING_WATER = (Fraction(3), Unit.M3)
WATER = (Service.COLD_WATER, Service.HOT_WATER)
GAS_AS_ENERGY = (Fraction(100), Unit.KWH)  # of a gas meter that shows kWh
# Points of whole sites measure the sum of many supplies: nothing is assumed of them.
ASSUMED_OF = (PointRole.TENANT, PointRole.COMMON)

HOUR = timedelta(hours=1)
# What a register can show at its first reading: fifteen years, the longest that a meter serves, at a tenth of its
# bound in the mean, which no supply reaches.
LIFE_HOURS = 15 * 8766
MEAN_SHARE = Fraction(1, 10)


def assumed_per_hour(*, service: Service, role: PointRole, usage: str, unit: Unit) -> Fraction | None:
    """This will return what a supply can plausibly deliver an hour, in `unit`; None where nothing is assumed.

    The cold water of a dwelling is 3 m³ an hour, 3,000 l for a meter that counts liters.

    :param usage: what the unit is used for, a `sites.values.UsageType` or empty
    """
    bound = OF_SERVICE.get(service) if role in ASSUMED_OF else None
    if bound is None:
        return None
    if service in WATER and usage == UsageType.HOME:
        bound = OF_DWELLING_WATER
    for number, own in (bound, GAS_AS_ENERGY) if service is Service.GAS else (bound,):
        if own.dimension is unit.dimension:
            return number * quantity.factor(own, unit)
    return None


def most_within(per_hour: Fraction, time: timedelta) -> Fraction:
    """This will return the most that is plausible within a time: 3 an hour are 2,160 in thirty days.

    Of less than a day nothing can be told, as a display counts in steps.
    """
    return per_hour * Fraction(max(time, 24 * HOUR) // timedelta.resolution, HOUR // timedelta.resolution)


def most_at_first(per_hour: Fraction) -> Fraction:
    """This will return the most that a first reading plausibly shows: 3 m³ an hour give 39,447 m³."""
    return per_hour * LIFE_HOURS * MEAN_SHARE
