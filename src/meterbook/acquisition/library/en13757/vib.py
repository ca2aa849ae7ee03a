"""The value information block: VIF, its extensions (VIFE) and a unit in plain text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.library.en13757 import units

MOST_EXTENSIONS = 10
EXTENDED = 0x80
PLAIN_TEXT = 0x7C
MANUFACTURER = 0x7F


class TooManyExtensions(DecodeError):
    """A record with more than 10 DIFE or 10 VIFE, which EN 13757-3 forbids; `field` is "DIFE" or "VIFE"."""

    def __init__(self, field: str, place: str) -> None:
        super().__init__(f"more than {MOST_EXTENSIONS} {field}", place=place)
        self.field = field


@dataclass(frozen=True)
class ValueInformation:
    """What a number means: its quantity, the factor to its unit, and what tells it apart from the plain quantity."""

    meaning: units.Meaning
    factor: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    qualifiers: frozenset[str] = frozenset()
    error: str = ""
    is_moment: bool = False


def read(octets: Octets) -> ValueInformation:
    """This will read a value information block; the cursor stands behind it afterwards.

    :raises TooManyExtensions: for an eleventh VIFE
    :raises meterbook.acquisition.contract.decoding.DecodeError: when the data end inside it
    """
    first = octets.byte("VIF")
    if first & 0x7F == PLAIN_TEXT:
        return _plain_text(octets, is_extended=bool(first & EXTENDED))
    codes = _extensions(octets, "VIF") if first & EXTENDED else []
    if first in (0xFD, 0xFB):
        table = units.MAIN_EXTENSION if first == 0xFD else units.ALTERNATE_EXTENSION
        return _apply(table.get(codes[0], units.RESERVED), codes[1:])
    meaning = units.PRIMARY.get(first & 0x7F, units.RESERVED)
    return _apply(meaning, codes, is_manufacturers=first & 0x7F == MANUFACTURER)


def _extensions(octets: Octets, field: str) -> list[int]:
    codes: list[int] = []
    while True:
        if len(codes) == MOST_EXTENSIONS:
            raise TooManyExtensions(f"{field}E", octets.place)
        octet = octets.byte(f"{field}E")
        codes.append(octet & 0x7F)
        if not octet & EXTENDED:
            return codes


def _plain_text(octets: Octets, *, is_extended: bool) -> ValueInformation:
    """EN 13757-3 puts the text behind the VIFEs, older meters put it behind the VIF: the one that is text is taken."""
    codes: list[int] = []
    if is_extended and not _begins_text(octets):
        codes = _extensions(octets, "VIF")
        text = _text(octets)
    else:
        text = _text(octets)
        codes = _extensions(octets, "VIF") if is_extended else []
    return _apply(units.Meaning(text, "-"), codes)


def _begins_text(octets: Octets) -> bool:
    length = octets.peek("length of the unit")
    following = octets.frame[octets.at + 1 : octets.at + 1 + length]
    return 0 < length == len(following) and all(0x20 <= octet < 0x7F or octet >= 0xA0 for octet in following)


def _text(octets: Octets) -> str:
    return octets.take(octets.byte("length of the unit"), "unit in plain text")[::-1].decode("latin-1")


def _apply(meaning: units.Meaning, codes: list[int], *, is_manufacturers: bool = False) -> ValueInformation:
    factor, offset, error, names, moment = meaning.factor, Decimal(0), "", [], meaning.kind == "time"
    following = iter(codes)
    for code in following:
        if is_manufacturers:
            names.append(f"maker {code:02x}")
        elif 0x70 <= code <= 0x77:
            factor = factor.scaleb((code & 0x07) - 6)
        elif 0x78 <= code <= 0x7B:
            offset += Decimal(1).scaleb((code & 0x03) - 3)
        elif code == 0x7D:
            factor = factor.scaleb(3)
        elif code == 0x7C:
            second = next(following, 0)
            names.append(units.SECOND_ORTHOGONAL.get(second, f"combined {second:02x}"))
        elif code == MANUFACTURER:
            is_manufacturers = True
        elif code in units.ERRORS:
            error = units.ERRORS[code]
            names.append(error)
        elif code:
            name, is_time = _qualifier(code)
            moment = moment or is_time
            names.append(name)
    return ValueInformation(meaning, factor, offset, frozenset(names), error, moment)


def _qualifier(code: int) -> tuple[str, bool]:
    """The name of a combinable VIFE, and whether it turns the value into a date or a time."""
    if code in units.LIMIT_DATES:
        return units.LIMIT_DATES[code], True
    if 0x50 <= code <= 0x5F:
        which = "upper" if code & 0x08 else "lower"
        turn = "last" if code & 0x04 else "first"
        return f"duration of {turn} {which} limit {'smhd'[code & 0x03]}", False
    if 0x60 <= code <= 0x67:
        return f"duration of {'last' if code & 0x04 else 'first'} {'smhd'[code & 0x03]}", False
    return units.ORTHOGONAL.get(code, f"vife {code:02x}"), code == 0x39
