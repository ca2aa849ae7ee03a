"""Measured quantities: integers in a declared unit, converted by exact constants only (spec 4.7)."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode


class Dimension(enum.StrEnum):
    """What is measured; only units of one dimension convert into each other."""

    ENERGY = "ENERGY"
    REACTIVE_ENERGY = "REACTIVE_ENERGY"
    APPARENT_ENERGY = "APPARENT_ENERGY"
    POWER = "POWER"
    REACTIVE_POWER = "REACTIVE_POWER"
    APPARENT_POWER = "APPARENT_POWER"
    VOLUME = "VOLUME"
    FLOW = "FLOW"
    VOLTAGE = "VOLTAGE"
    CURRENT = "CURRENT"
    FREQUENCY = "FREQUENCY"
    TEMPERATURE = "TEMPERATURE"
    ANGLE = "ANGLE"
    TIME = "TIME"
    RATIO = "RATIO"
    COUNT = "COUNT"


_BTU = Fraction("1055.05585262")  # joules in a BTU (International Table)
_JOULE = Fraction(1, 3600)  # watt-hours in a joule
_GALLON = Fraction("3.785411784")  # liters in a US gallon
_FOOT = Fraction("28.316846592")  # liters in a cubic foot
_THERM_US = Fraction(105_480_400)  # joules in a US therm

# unit -> (dimension, how many of the dimension's first unit it is, how it is written)
_UNITS: dict[str, tuple[Dimension, Fraction, str]] = {
    "WH": (Dimension.ENERGY, Fraction(1), "Wh"),
    "KWH": (Dimension.ENERGY, Fraction(1_000), "kWh"),
    "MWH": (Dimension.ENERGY, Fraction(1_000_000), "MWh"),
    "J": (Dimension.ENERGY, _JOULE, "J"),
    "MJ": (Dimension.ENERGY, 1_000_000 * _JOULE, "MJ"),
    "GJ": (Dimension.ENERGY, 1_000_000_000 * _JOULE, "GJ"),
    "BTU": (Dimension.ENERGY, _BTU * _JOULE, "BTU"),
    "RTH": (Dimension.ENERGY, 12_000 * _BTU * _JOULE, "RTh"),
    "THERM_IT": (Dimension.ENERGY, 100_000 * _BTU * _JOULE, "therm (IT)"),
    "THERM_US": (Dimension.ENERGY, _THERM_US * _JOULE, "therm (US)"),
    "VARH": (Dimension.REACTIVE_ENERGY, Fraction(1), "varh"),
    "KVARH": (Dimension.REACTIVE_ENERGY, Fraction(1_000), "kvarh"),
    "VAH": (Dimension.APPARENT_ENERGY, Fraction(1), "VAh"),
    "KVAH": (Dimension.APPARENT_ENERGY, Fraction(1_000), "kVAh"),
    "W": (Dimension.POWER, Fraction(1), "W"),
    "KW": (Dimension.POWER, Fraction(1_000), "kW"),
    "MW": (Dimension.POWER, Fraction(1_000_000), "MW"),
    "RT": (Dimension.POWER, 12_000 * _BTU * _JOULE, "RT"),
    "VAR": (Dimension.REACTIVE_POWER, Fraction(1), "var"),
    "KVAR": (Dimension.REACTIVE_POWER, Fraction(1_000), "kvar"),
    "VA": (Dimension.APPARENT_POWER, Fraction(1), "VA"),
    "KVA": (Dimension.APPARENT_POWER, Fraction(1_000), "kVA"),
    "L": (Dimension.VOLUME, Fraction(1), "L"),
    "M3": (Dimension.VOLUME, Fraction(1_000), "m³"),
    "GAL_US": (Dimension.VOLUME, _GALLON, "gal"),
    "FT3": (Dimension.VOLUME, _FOOT, "ft³"),
    "CCF": (Dimension.VOLUME, 100 * _FOOT, "CCF"),
    "L_H": (Dimension.FLOW, Fraction(1), "L/h"),
    "M3_H": (Dimension.FLOW, Fraction(1_000), "m³/h"),
    "V": (Dimension.VOLTAGE, Fraction(1), "V"),
    "KV": (Dimension.VOLTAGE, Fraction(1_000), "kV"),
    "A": (Dimension.CURRENT, Fraction(1), "A"),
    "HZ": (Dimension.FREQUENCY, Fraction(1), "Hz"),
    "CELSIUS": (Dimension.TEMPERATURE, Fraction(1), "°C"),
    "DEGREE": (Dimension.ANGLE, Fraction(1), "°"),
    "S": (Dimension.TIME, Fraction(1), "s"),
    "H": (Dimension.TIME, Fraction(3_600), "h"),
    "ONE": (Dimension.RATIO, Fraction(1), ""),
    "PERCENT": (Dimension.RATIO, Fraction(1, 100), "%"),
    "COUNT": (Dimension.COUNT, Fraction(1), ""),
}


class Unit(enum.StrEnum):
    """The closed list of units. The value is the stored code, `symbol` what a screen shows."""

    WH = "WH"
    KWH = "KWH"
    MWH = "MWH"
    J = "J"
    MJ = "MJ"
    GJ = "GJ"
    BTU = "BTU"
    RTH = "RTH"
    THERM_IT = "THERM_IT"
    THERM_US = "THERM_US"
    VARH = "VARH"
    KVARH = "KVARH"
    VAH = "VAH"
    KVAH = "KVAH"
    W = "W"
    KW = "KW"
    MW = "MW"
    RT = "RT"
    VAR = "VAR"
    KVAR = "KVAR"
    VA = "VA"
    KVA = "KVA"
    L = "L"
    M3 = "M3"
    GAL_US = "GAL_US"
    FT3 = "FT3"
    CCF = "CCF"
    L_H = "L_H"
    M3_H = "M3_H"
    V = "V"
    KV = "KV"
    A = "A"
    HZ = "HZ"
    CELSIUS = "CELSIUS"
    DEGREE = "DEGREE"
    S = "S"
    H = "H"
    ONE = "ONE"
    PERCENT = "PERCENT"
    COUNT = "COUNT"

    @property
    def dimension(self) -> Dimension:
        """What the unit measures."""
        return _UNITS[self.value][0]

    @property
    def symbol(self) -> str:
        """How the unit is written beside a number."""
        return _UNITS[self.value][2]


class UnitMismatch(ValueError):
    """Units of different dimensions do not convert, add or compare."""


@functools.lru_cache(maxsize=1_024)
def factor(source: Unit, target: Unit) -> Fraction:
    """This will return the exact number of `target` units in one `source` unit: KWH to MJ is 3.6 = 18/5.

    :raises UnitMismatch: when the two measure different things
    """
    if source.dimension is not target.dimension:
        raise UnitMismatch(f"{source} to {target}: {UnitMismatch.__doc__}")
    return _UNITS[source.value][1] / _UNITS[target.value][1]


@dataclass(frozen=True)
class Quantity:
    """`value` x 10^-`decimals` of a unit: Quantity(12345, KWH, 2) is 123.45 kWh. The value is an integer, always."""

    value: int
    unit: Unit
    decimals: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise rounding.NotExact(f"{self.value!r}: {rounding.NotExact.__doc__}")

    def exact(self, unit: Unit | None = None) -> Fraction:
        """This will return the exact number of units, of its own unit or of another."""
        own = self.value / Fraction(10) ** self.decimals
        return own if unit is None else own * factor(self.unit, unit)

    def to(self, unit: Unit, decimals: int, mode: RoundingMode = RoundingMode.HALF_UP) -> Quantity:
        """This will convert to another unit, rounded once to `decimals` places (B-50).

        12,000 BTU to KWH with 6 decimals is 3.516853.

        :raises UnitMismatch: when the two measure different things
        """
        scaled = self.exact(unit) * Fraction(10) ** decimals
        return Quantity(rounding.divide(scaled.numerator, scaled.denominator, mode), unit, decimals)

    @property
    def number(self) -> Decimal:
        """The number of units, as an exact Decimal with its decimals."""
        return Decimal(self.value).scaleb(-self.decimals, context=rounding.EXACT)

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.value + self._same(other), self.unit, self.decimals)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.value - self._same(other), self.unit, self.decimals)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.unit, self.decimals)

    def __str__(self) -> str:
        return f"{self.number:f} {self.unit.symbol}".rstrip()

    def _same(self, other: Quantity) -> int:
        if (other.unit, other.decimals) != (self.unit, self.decimals):
            raise UnitMismatch(f"{self} and {other}: convert one to the unit and decimals of the other first.")
        return other.value
