"""Who sends: manufacturer, identification, device type, status bits (EN 13757-3 and -7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets

# Captions of device types as libmbus prints them.
CAPTIONS = {
    0x00: "Other",
    0x01: "Oil",
    0x02: "Electricity",
    0x03: "Gas",
    0x04: "Heat: Outlet",
    0x05: "Steam",
    0x06: "Warm water (30-90°C)",
    0x07: "Water",
    0x08: "Heat Cost Allocator",
    0x09: "Compressed Air",
    0x0A: "Cooling load meter: Outlet",
    0x0B: "Cooling load meter: Inlet",
    0x0C: "Heat: Inlet",
    0x0D: "Heat / Cooling load meter",
    0x0E: "Bus/System",
    0x0F: "Unknown Medium",
    0x10: "Irrigation Water",
    0x11: "Water Logger",
    0x12: "Gas Logger",
    0x13: "Gas Converter",
    0x14: "Calorific value",
    0x15: "Hot water (>90°C)",
    0x16: "Cold water",
    0x17: "Dual water",
    0x18: "Pressure",
    0x19: "A/D Converter",
    0x1A: "Smoke Detector",
    0x1B: "Ambient Sensor",
    0x1C: "Gas Detector",
    0x20: "Breaker: Electricity",
    0x21: "Valve: Gas or Water",
    0x25: "Customer Unit: Display Device",
    0x28: "Waste Water",
    0x29: "Garbage",
    0x30: "Service Unit",
    0x36: "Radio Converter: System",
    0x37: "Radio Converter: Meter",
}
# Short names of what is measured, for named fields.
MEDIA = {
    0x00: "other",
    0x01: "oil",
    0x02: "electricity",
    0x03: "gas",
    0x04: "heat",
    0x05: "steam",
    0x06: "warm water",
    0x07: "water",
    0x08: "heat cost allocation",
    0x09: "compressed air",
    0x0A: "cooling load volume at outlet",
    0x0B: "cooling load volume at inlet",
    0x0C: "heat volume at inlet",
    0x0D: "heat/cooling load",
    0x0E: "bus/system component",
    0x0F: "unknown",
    0x14: "calorific value",
    0x15: "hot water",
    0x16: "cold water",
    0x17: "hot/cold water meter",
    0x18: "pressure",
    0x19: "a/d converter",
    0x1A: "smoke detector",
    0x1B: "room sensor",
    0x1C: "gas detector",
    0x20: "breaker",
    0x21: "valve",
    0x25: "customer unit",
    0x28: "waste water",
    0x29: "garbage",
    0x36: "radio converter (system side)",
    0x37: "radio converter (meter side)",
    # Techem's own numbers
    0x43: "heat",
    0x45: "heat",
    0x62: "warm water",
    0x72: "cold water",
    0x80: "heat cost allocator",
    0x82: "heat cost allocator",
    0xC3: "heat",
    0xF0: "smoke detector",
}
RESERVED = "reserved"
STATES = {1: "BUSY", 2: "ERROR", 3: "ALARM"}
BITS = {0x04: "POWER_LOW", 0x08: "PERMANENT_ERROR", 0x10: "TEMPORARY_ERROR"}
OWN_BITS = 0xE0


@dataclass(frozen=True)
class Identity:
    """The address of a meter, unique with all four parts; `number` is its identification as 8 digits."""

    manufacturer: str
    number: str
    version: int
    type: int

    @property
    def caption(self) -> str:
        """The device type as libmbus prints it."""
        return CAPTIONS.get(self.type, f"Unknown medium (0x{self.type:02x})")

    @property
    def media(self) -> str:
        """What it measures, in a word or two."""
        return MEDIA.get(self.type, RESERVED)


def manufacturer(raw: bytes) -> str:
    """This will read the three letters of a maker: b4 05 is AMT."""
    code = int.from_bytes(raw, "little")
    return "".join(chr((code >> shift & 0x1F) + 64) for shift in (10, 5, 0))


def manufacturer_code(letters: str) -> bytes:
    """This will pack the three letters of a maker.

    :raises ValueError: for anything but three letters from A to Z
    """
    if len(letters) != 3 or not all("A" <= letter <= "Z" for letter in letters):
        raise ValueError(f"{letters}: a maker has three letters from A to Z")
    code = 0
    for letter in letters:
        code = code << 5 | ord(letter) - 64
    return code.to_bytes(2, "little")


def identity(number: bytes, maker: bytes, version: int, kind: int) -> Identity:
    """This will read the parts of an address; digits of the number that are none stay as they are sent."""
    return Identity(manufacturer(maker), number[::-1].hex().upper(), version, kind)


@dataclass(frozen=True)
class Header:
    """The header of the application layer. `configuration` is the signature word: security mode and blocks."""

    ci: int
    access: int | None = None
    status: int | None = None
    configuration: int = 0
    identity: Identity | None = None
    raw_address: bytes = b""

    @property
    def mode(self) -> int:
        """The security mode, 0 for none."""
        return self.configuration >> 8 & 0x1F


def header(ci: int, octets: Octets) -> Header:
    """This will read the header that a CI announces: 72 long, 7A short, 78 none; the cursor stands at the records.

    :raises meterbook.acquisition.contract.decoding.DecodeError: when it is cut, or for a CI that has none of them
    """
    if ci in LONG:
        octets_of_address = octets.take(8, "address")
        number, maker = octets_of_address[:4], octets_of_address[4:6]
        who = identity(number, maker, octets_of_address[6], octets_of_address[7])
        access, status, configuration = _short(octets)
        address = maker + number + octets_of_address[6:]
        return Header(ci, access, status, configuration, who, address)
    if ci in SHORT:
        access, status, configuration = _short(octets)
        return Header(ci, access, status, configuration)
    if ci in NONE:
        return Header(ci)
    raise DecodeError(f"CI {ci:02x} announces nothing that can be read here", place=octets.place)


LONG = (0x72, 0x53, 0x5B, 0x60, 0x6B, 0x6F, 0x73, 0x75, 0x7D, 0x7F, 0x9F)
SHORT = (0x7A, 0x5A, 0x61, 0x6A, 0x6E, 0x74, 0x7B, 0x7E, 0x9E)
NONE = (0x78, 0x51, 0x69, 0x79)


def _short(octets: Octets) -> tuple[int, int, int]:
    access, status = octets.byte("access number"), octets.byte("status")
    return access, status, octets.number(2, "configuration", order="little")


def states(status: int, own: Mapping[int, str] | None = None) -> list[str]:
    """This will name the bits of a status byte: 0x48 is PERMANENT_ERROR and what the maker calls 0x40."""
    found = [STATES[status & 0x03]] if status & 0x03 else []
    found += [name for bit, name in BITS.items() if status & bit]
    unnamed = status & OWN_BITS
    for mask, name in (own or {}).items():
        if status & mask:
            found.append(name)
            unnamed &= ~mask
    return [*found, f"UNKNOWN_{unnamed:X}"] if unnamed else found
