"""The heat that water carries: volume x temperature difference x density x specific heat, as exact fractions.

Where the heat meter itself says what it counted, its register is the truth; this is for plants that measure flow and
temperatures apart, and for the mean temperature difference of a period. Density and specific heat are taken as
constant over the few kelvins of a chilled-water circuit; with glycol in it they are those of the mixture.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

# Water at 10 degrees Celsius and 0.101325 MPa by IAPWS-IF97, region 1: 999.7015 kg/m3 and 4.19545 kJ/(kg K).
DENSITY = Decimal("999.70")  # kg/m3
SPECIFIC_HEAT = Decimal("4.1954")  # kJ/(kg K)
_KILOJOULES = 3_600  # in a kilowatt hour


def capacity(density: Decimal, specific_heat: Decimal) -> Fraction:
    """This will return the kilowatt hours that a cubic meter carries for each kelvin.

    999.70 kg/m3 x 4.1954 kJ/(kg K) / 3,600 are 1.1650392... kWh; 10 m3 that warm up by 6 K carry 69.902 kWh.
    """
    return Fraction(density) * Fraction(specific_heat) / _KILOJOULES
