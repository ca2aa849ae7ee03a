"""The fixed data structure (CI 73h), which EN 13757-3 keeps for old meters: two counters and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.library.en13757 import numbers

MEDIA = (
    "Other",
    "Oil",
    "Electricity",
    "Gas",
    "Heat",
    "Steam",
    "Hot Water",
    "Water",
    "H.C.A.",
    "Reserved",
    "Gas Mode 2",
    "Heat Mode 2",
    "Hot Water Mode 2",
    "Water Mode 2",
    "H.C.A. Mode 2",
    "Reserved",
)
PREFIXES = ("", "10 ", "100 ")
SCALES = (
    (0x02, "Wh", 3),
    (0x05, "kWh", 3),
    (0x08, "MWh", 3),
    (0x0B, "kJ", 3),
    (0x0E, "MJ", 3),
    (0x11, "GJ", 3),
    (0x14, "W", 3),
    (0x17, "kW", 3),
    (0x1A, "MW", 3),
    (0x1D, "kJ/h", 3),
    (0x20, "MJ/h", 3),
    (0x23, "GJ/h", 3),
    (0x26, "ml", 3),
    (0x29, "l", 3),
    (0x2C, "m^3", 3),
    (0x2F, "ml/h", 3),
    (0x32, "l/h", 3),
    (0x35, "m^3/h", 3),
)
UNITS = {first + n: f"{PREFIXES[n]}{unit}" for first, unit, count in SCALES for n in range(count)} | {
    0x00: "h,m,s",
    0x01: "D,M,Y",
    0x38: "1e-3 °C",
    0x39: "units for HCA",
    0x3E: "reserved but historic",
    0x3F: "without units",
}
IS_BINARY, IS_STORED = 0x01, 0x02


@dataclass(frozen=True)
class Fixed:
    """What the frame says; the counters are in `units`, the second may repeat the unit of the first ("historic")."""

    number: str
    access: int
    status: int
    medium: str
    units: tuple[str, str]
    counters: tuple[Decimal | None, Decimal | None]

    @property
    def function(self) -> str:
        """Whether the counters are of now or of the key date."""
        return "Stored value" if self.status & IS_STORED else "Actual value"


def parse(octets: Octets) -> Fixed:
    """This will read the 16 bytes behind CI 73h.

    :raises meterbook.acquisition.contract.decoding.DecodeError: when there are more or fewer
    """
    number = octets.take(4, "identification")[::-1].hex().upper()
    access, status = octets.byte("access number"), octets.byte("status")
    first, second = octets.byte("unit of counter 1"), octets.byte("unit of counter 2")
    counters = tuple(octets.take(4, f"counter {n}") for n in (1, 2))
    octets.end("the two counters")
    values = [_value(raw, is_binary=bool(status & IS_BINARY)) for raw in counters]
    return Fixed(
        number,
        access,
        status,
        MEDIA[first >> 6 | (second >> 6) << 2],
        (_unit(first), _unit(second)),
        (values[0], values[1]),
    )


def _unit(code: int) -> str:
    return UNITS.get(code & 0x3F, "reserved")


def _value(raw: bytes, *, is_binary: bool) -> Decimal | None:
    number = int.from_bytes(raw, "little", signed=True) if is_binary else numbers.bcd(raw)
    return None if number is None else Decimal(number)
