"""What a VIF means (EN 13757-3, tables of primary VIFs and of the extensions FDh and FBh): data, not code.

The names of quantities are those of the standard in the spelling of libmbus' normalized XML, so that a reader finds
them there again. A factor is the power of ten (or the seconds) by which the number is multiplied to give the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["number", "time", "flags"]

MONTH = Decimal("2629743.83")  # a twelfth of the tropical year, as libmbus counts it
YEAR = Decimal("31556926")


@dataclass(frozen=True)
class Meaning:
    """A quantity, its unit and the factor to it; `kind` "time" for dates, "flags" for bits and identifications."""

    quantity: str
    unit: str
    factor: Decimal = Decimal(1)
    kind: Kind = "number"


Table = dict[int, Meaning]


def _scale(first: int, count: int, quantity: str, unit: str, exponent: int) -> Table:
    return {first + n: Meaning(quantity, unit, Decimal(1).scaleb(exponent + n)) for n in range(count)}


def _steps(first: int, quantity: str, *factors: int | Decimal) -> Table:
    return {first + n: Meaning(quantity, "s", Decimal(factor)) for n, factor in enumerate(factors)}


def _plain(names: dict[int, str], *, unit: str = "", kind: Kind = "number") -> Table:
    return {code: Meaning(name, unit, kind=kind) for code, name in names.items()}


SECONDS = (1, 60, 3_600, 86_400)

PRIMARY: Table = {
    **_scale(0x00, 8, "Energy", "Wh", -3),
    **_scale(0x08, 8, "Energy", "J", 0),
    **_scale(0x10, 8, "Volume", "m^3", -6),
    **_scale(0x18, 8, "Mass", "kg", -3),
    **_steps(0x20, "On time", *SECONDS),
    **_steps(0x24, "Operating time", *SECONDS),
    **_scale(0x28, 8, "Power", "W", -3),
    **_scale(0x30, 8, "Power", "J/h", 0),
    **_scale(0x38, 8, "Volume flow", "m^3/h", -6),
    **_scale(0x40, 8, "Volume flow", "m^3/min", -7),
    **_scale(0x48, 8, "Volume flow", "m^3/s", -9),
    **_scale(0x50, 8, "Mass flow", "kg/h", -3),
    **_scale(0x58, 4, "Flow temperature", "°C", -3),
    **_scale(0x5C, 4, "Return temperature", "°C", -3),
    **_scale(0x60, 4, "Temperature difference", "K", -3),
    **_scale(0x64, 4, "External temperature", "°C", -3),
    **_scale(0x68, 4, "Pressure", "bar", -3),
    0x6C: Meaning("Time point (date)", "-", kind="time"),
    0x6D: Meaning("Time point (date & time)", "-", kind="time"),
    0x6E: Meaning("H.C.A.", "Units for H.C.A."),
    0x6F: Meaning("Reserved", "Reserved"),
    **_steps(0x70, "Averaging Duration", *SECONDS),
    **_steps(0x74, "Actuality Duration", *SECONDS),
    **_plain({0x78: "Fabrication No", 0x79: "(Enhanced) Identification", 0x7A: "Bus Address"}, kind="flags"),
    0x7E: Meaning("Any VIF", ""),
    0x7F: Meaning("Manufacturer specific", ""),
}

MAIN_EXTENSION: Table = {
    **_scale(0x00, 4, "Credit", "Currency units", -3),
    **_scale(0x04, 4, "Debit", "Currency units", -3),
    **_plain(
        {
            0x08: "Access Number (transmission count)",
            0x09: "Medium",
            0x0A: "Manufacturer",
            0x0B: "Parameter set identification",
            0x0C: "Device type",
            0x0D: "Hardware version",
            0x0E: "Firmware version",
            0x0F: "Software version",
            0x10: "Customer location",
            0x11: "Customer",
            0x12: "Access Code User",
            0x13: "Access Code Operator",
            0x14: "Access Code System Operator",
            0x15: "Access Code Developer",
            0x16: "Password",
            0x17: "Error flags",
            0x18: "Error mask",
            0x19: "Security key",
            0x1A: "Digital Output",
            0x1B: "Digital Input",
        },
        kind="flags",
    ),
    0x1C: Meaning("Baudrate", "Baud"),
    0x1D: Meaning("Response delay time", "Bittimes"),
    **_plain({0x1E: "Retry", 0x1F: "Remote control", 0x20: "First storage # for cyclic storage"}),
    **_plain({0x21: "Last storage # for cyclic storage", 0x22: "Size of storage block"}),
    0x23: Meaning("Descriptor for tariff and subunit", "", kind="flags"),
    **_steps(0x24, "Storage interval", *SECONDS, MONTH, YEAR),
    0x2A: Meaning("Operator specific data", "", kind="flags"),
    0x2B: Meaning("Time point second", "s"),
    **_steps(0x2C, "Duration since last readout", *SECONDS),
    0x30: Meaning("Start of tariff", "-", kind="time"),
    **_steps(0x31, "Duration of tariff", *SECONDS[1:]),
    **_steps(0x34, "Period of tariff", *SECONDS, MONTH, YEAR),
    0x3A: Meaning("Dimensionless", ""),
    0x3B: Meaning("Data container for wireless M-Bus", "", kind="flags"),
    **_steps(0x3C, "Period of nominal data transmissions", *SECONDS),
    **_scale(0x40, 16, "Voltage", "V", -9),
    **_scale(0x50, 16, "Current", "A", -12),
    **_plain({0x60: "Reset counter", 0x61: "Cumulation counter", 0x62: "Control signal", 0x63: "Day of week"}),
    **_plain({0x64: "Week number", 0x66: "State of parameter activation", 0x67: "Special supplier information"}),
    0x65: Meaning("Time point of day change", ""),
    **_steps(0x68, "Duration since last cumulation", 3_600, 86_400, MONTH, YEAR),
    **_steps(0x6C, "Operating time battery", 3_600, 86_400, MONTH, YEAR),
    0x70: Meaning("Date and time of battery change", "", kind="time"),
    0x71: Meaning("RF level", "dBm"),
    0x72: Meaning("Daylight saving", "", kind="flags"),
    0x73: Meaning("Listening window management", "", kind="flags"),
    0x74: Meaning("Remaining battery life time", "s", Decimal(86_400)),
    0x75: Meaning("Number of times the meter was stopped", ""),
    0x76: Meaning("Data container for manufacturer specific protocol", "", kind="flags"),
}

ALTERNATE_EXTENSION: Table = {
    **_scale(0x00, 2, "Energy", "Wh", 5),
    **_scale(0x02, 2, "Reactive energy", "varh", 3),
    **_scale(0x04, 2, "Apparent energy", "VAh", 3),
    **_scale(0x08, 2, "Energy", "J", 8),
    **_scale(0x0C, 4, "Energy", "cal", 5),
    **_scale(0x10, 2, "Volume", "m^3", 2),
    **_scale(0x14, 4, "Reactive power", "var", 0),
    **_scale(0x18, 2, "Mass", "kg", 5),
    **_scale(0x1A, 2, "Relative humidity", "%", -1),
    **_scale(0x20, 2, "Volume", "feet^3", 0),
    0x21: Meaning("Volume", "feet^3", Decimal("0.1")),
    **_scale(0x22, 2, "Volume", "American gallon", -1),
    0x24: Meaning("Volume flow", "American gallon/min", Decimal("0.001")),
    0x25: Meaning("Volume flow", "American gallon/min"),
    0x26: Meaning("Volume flow", "American gallon/h"),
    **_scale(0x28, 2, "Power", "W", 5),
    0x2A: Meaning("Phase U-U", "°", Decimal("0.1")),
    0x2B: Meaning("Phase U-I", "°", Decimal("0.1")),
    **_scale(0x2C, 4, "Frequency", "Hz", -3),
    **_scale(0x30, 2, "Power", "J/h", 8),
    **_scale(0x34, 4, "Apparent power", "VA", 0),
    **_scale(0x58, 4, "Flow temperature", "°F", -3),
    **_scale(0x5C, 4, "Return temperature", "°F", -3),
    **_scale(0x60, 4, "Temperature difference", "°F", -3),
    **_scale(0x64, 4, "External temperature", "°F", -3),
    **_scale(0x70, 4, "Cold / Warm Temperature Limit", "°F", -3),
    **_scale(0x74, 4, "Cold / Warm Temperature Limit", "°C", -3),
    **_scale(0x78, 8, "Cumul count max power", "W", -3),
}

RESERVED = Meaning("Reserved", "Reserved")

# Combinable VIFEs that say which value it is; those that scale or report an error are told apart by range in `vib`.
ORTHOGONAL: dict[int, str] = {
    0x20: "per second",
    0x21: "per minute",
    0x22: "per hour",
    0x23: "per day",
    0x24: "per week",
    0x25: "per month",
    0x26: "per year",
    0x27: "per revolution",
    0x28: "per input pulse 0",
    0x29: "per input pulse 1",
    0x2A: "per output pulse 0",
    0x2B: "per output pulse 1",
    0x2C: "per liter",
    0x2D: "per m3",
    0x2E: "per kg",
    0x2F: "per K",
    0x30: "per kWh",
    0x31: "per GJ",
    0x32: "per kW",
    0x33: "per K liter",
    0x34: "per V",
    0x35: "per A",
    0x36: "times s",
    0x37: "times s per V",
    0x38: "times s per A",
    0x39: "start",
    0x3A: "uncorrected",
    0x3B: "forward",
    0x3C: "backward",
    0x3D: "non-metric",
    0x3E: "base conditions",
    0x3F: "obis",
    0x40: "lower limit",
    0x41: "exceeds of lower limit",
    0x48: "upper limit",
    0x49: "exceeds of upper limit",
    0x68: "leakage value",
    0x69: "overflow value",
    0x7E: "future",
}
LIMIT_DATES = {
    0x42: "begin of first lower limit",
    0x43: "end of first lower limit",
    0x46: "begin of last lower limit",
    0x47: "end of last lower limit",
    0x4A: "begin of first upper limit",
    0x4B: "end of first upper limit",
    0x4E: "begin of last upper limit",
    0x4F: "end of last upper limit",
    0x6A: "begin of first",
    0x6B: "end of first",
    0x6E: "begin of last",
    0x6F: "end of last",
}
SECOND_ORTHOGONAL: dict[int, str] = {
    0x01: "L1",
    0x02: "L2",
    0x03: "L3",
    0x04: "N",
    0x05: "L1-L2",
    0x06: "L2-L3",
    0x07: "L3-L1",
    0x08: "Q1",
    0x09: "Q2",
    0x0A: "Q3",
    0x0B: "Q4",
    0x0C: "import less export",
    0x10: "absolute",
}
ERRORS: dict[int, str] = {
    0x01: "too many DIFE",
    0x02: "storage number not implemented",
    0x03: "unit number not implemented",
    0x04: "tariff number not implemented",
    0x05: "function not implemented",
    0x06: "data class not implemented",
    0x07: "data size not implemented",
    0x0B: "too many VIFE",
    0x0C: "illegal VIF group",
    0x0D: "illegal VIF exponent",
    0x0E: "VIF and DIF do not match",
    0x0F: "action not implemented",
    0x15: "no data available",
    0x16: "data overflow",
    0x17: "data underflow",
    0x18: "data error",
    0x1C: "premature end of record",
}
