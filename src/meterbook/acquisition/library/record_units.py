"""From the units that meters name to those that are stored: of M-Bus (EN 13757-3, in the spelling of `en13757.units`),
and our own codes, which the other drivers use."""

from __future__ import annotations

from fractions import Fraction

from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit

_CALORIE = Fraction("4.1868")  # joules, International Table
# Unit of the standard: the units of the product that it may mean, with how many of the unit it is. Makers send
# reactive and apparent power as watts, and tell them apart by a subunit or a VIFE of their own.
MEANINGS: dict[str, tuple[tuple[Unit, Fraction], ...]] = {
    "Wh": ((Unit.WH, Fraction(1)), (Unit.VARH, Fraction(1)), (Unit.VAH, Fraction(1))),
    "J": ((Unit.J, Fraction(1)),),
    "cal": ((Unit.J, _CALORIE),),
    "varh": ((Unit.VARH, Fraction(1)),),
    "VAh": ((Unit.VAH, Fraction(1)),),
    "W": ((Unit.W, Fraction(1)), (Unit.VAR, Fraction(1)), (Unit.VA, Fraction(1))),
    "J/h": ((Unit.W, Fraction(1, 3600)),),
    "var": ((Unit.VAR, Fraction(1)),),
    "VA": ((Unit.VA, Fraction(1)),),
    "m^3": ((Unit.M3, Fraction(1)),),
    "feet^3": ((Unit.FT3, Fraction(1)),),
    "American gallon": ((Unit.GAL_US, Fraction(1)),),
    "m^3/h": ((Unit.M3_H, Fraction(1)),),
    "m^3/min": ((Unit.M3_H, Fraction(60)),),
    "m^3/s": ((Unit.M3_H, Fraction(3600)),),
    "V": ((Unit.V, Fraction(1)),),
    "A": ((Unit.A, Fraction(1)),),
    "Hz": ((Unit.HZ, Fraction(1)),),
    "°C": ((Unit.CELSIUS, Fraction(1)),),
    "K": ((Unit.CELSIUS, Fraction(1)),),
    "°": ((Unit.DEGREE, Fraction(1)),),
    "s": ((Unit.S, Fraction(1)),),
    "%": ((Unit.PERCENT, Fraction(1)),),
    "": ((Unit.ONE, Fraction(1)), (Unit.COUNT, Fraction(1))),
}


def factor(source: str, target: Unit) -> Fraction | None:
    """This will return how many `target` units one unit of the standard is, exactly; None: it measures otherwise."""
    own = ((Unit[source], Fraction(1)),) if source in Unit.__members__ else ()
    for meaning, size in MEANINGS.get(source, own):
        if meaning.dimension is target.dimension:
            return size * quantity.factor(meaning, target)
    return None
