"""The records of an M-Bus telegram, wired or wireless (EN 13757-3): what, of when, of which tariff, and how much."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.library.en13757 import moments, numbers, vib

FILLER = 0x2F
SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 10: 2, 11: 3, 12: 4, 14: 6}
REAL, VARIABLE, SPECIAL = 5, 13, 15
BCD = (9, 10, 11, 12, 14)
Value = Decimal | str | moments.Moment | bytes | None


class Function(enum.Enum):
    """Which value of its period a record is; the captions are those of libmbus."""

    INSTANTANEOUS = "Instantaneous value"
    MAXIMUM = "Maximum value"
    MINIMUM = "Minimum value"
    ERROR = "Value during error state"
    MANUFACTURER = "Manufacturer specific"
    MORE = "More records follow"


@dataclass(frozen=True)
class Record:
    """One record. `number` is what was sent, unscaled; `value` is it in `information.meaning.unit`.

    `header` is the DIF, DIFE, VIF and VIFE as sent, `raw` the data behind them; `offset` is where they begin in the
    frame. `value` is None where the meter sent none, or none that can be; `information.error` says that it is not to be
    trusted.
    """

    offset: int
    header: bytes
    raw: bytes
    function: Function
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    has_extension: bool = False
    information: vib.ValueInformation | None = None
    number: Decimal | None = None
    value: Value = None

    @property
    def quantity(self) -> str:
        """The name of the quantity; empty for what is the manufacturer's own."""
        return self.information.meaning.quantity if self.information else ""

    @property
    def qualifiers(self) -> frozenset[str]:
        """What tells it apart from the plain quantity: "L1", "backward", "maker 20"."""
        return self.information.qualifiers if self.information else frozenset()

    @property
    def bits(self) -> int:
        """The data as an unsigned number, for flags."""
        return int.from_bytes(self.raw, "little")


@dataclass(frozen=True)
class Records:
    """The records that were read, and what was wrong behind them."""

    records: tuple[Record, ...]
    fault: DecodeError | None = None

    def whole(self) -> tuple[Record, ...]:
        """This will return the records.

        :raises meterbook.acquisition.contract.decoding.DecodeError: the fault, when there was one
        """
        if self.fault:
            raise self.fault
        return self.records


def parse(data: bytes, *, start: int = 0) -> Records:
    """This will read all records; what is good before a fault is kept.

    :param start: the place of `data` in the frame, for the places in complaints
    """
    octets, found = Octets(data, start), []
    try:
        while octets.left:
            if octets.peek("DIF") == FILLER:
                octets.byte("filler")
            else:
                found.append(_record(octets))
    except DecodeError as error:
        return Records(tuple(found), error)
    return Records(tuple(found))


def headers(data: bytes) -> tuple[bytes, ...]:
    """This will split the headers of records that are sent without their data, as formats of compact frames are.

    :raises meterbook.acquisition.contract.decoding.DecodeError: when they end inside one
    """
    octets, found = Octets(data), []
    while octets.left:
        begin = octets.at
        _dib(octets)
        vib.read(octets)
        found.append(data[begin : octets.at])
    return tuple(found)


def _record(octets: Octets) -> Record:
    offset, begin = octets.start + octets.at, octets.at
    first = octets.peek("DIF")
    if first & 0x0F == SPECIAL:
        return _special(octets, offset)
    function, storage, tariff, subunit, has_extension = _dib(octets)
    information = vib.read(octets)
    header = octets.frame[begin : octets.at]
    kind = first & 0x0F
    if kind == VARIABLE:
        number, value, raw = _variable(octets)
    else:
        raw = octets.take(SIZES[kind], f"value of {information.meaning.quantity}")
        number, value = _fixed(kind, raw, information)
    if number is not None and value is None:
        value = number * information.factor + information.offset
    return Record(
        offset, header, raw, function, storage, tariff, subunit, has_extension, information, number, value
    )  # fmt: skip


def _special(octets: Octets, offset: int) -> Record:
    dif = octets.byte("DIF")
    if dif not in (0x0F, 0x1F):
        raise DecodeError(f"DIF {dif:02x} is reserved", place=f"byte {offset}")
    raw = octets.rest()
    return Record(offset, bytes([dif]), raw, Function.MORE if dif == 0x1F else Function.MANUFACTURER, value=raw)


def _dib(octets: Octets) -> tuple[Function, int, int, int, bool]:
    dif = octets.byte("DIF")
    function = list(Function)[dif >> 4 & 0x03]
    storage, tariff, subunit, count = dif >> 6 & 1, 0, 0, 0
    octet = dif
    while octet & vib.EXTENDED:
        if count == vib.MOST_EXTENSIONS:
            raise vib.TooManyExtensions("DIFE", octets.place)
        octet = octets.byte("DIFE")
        storage |= (octet & 0x0F) << (1 + 4 * count)
        tariff |= (octet >> 4 & 0x03) << (2 * count)
        subunit |= (octet >> 6 & 0x01) << count
        count += 1
    return function, storage, tariff, subunit, count > 0


def _fixed(kind: int, raw: bytes, information: vib.ValueInformation) -> tuple[Decimal | None, Value]:
    if not raw:
        return None, None
    if information.is_moment and kind not in BCD and kind != REAL:
        moment = moments.moment(raw)
        if moment:
            return Decimal(numbers.integer(raw)), moment
    if kind == REAL:
        return numbers.real(raw), None
    if kind in BCD:
        digits = numbers.bcd(raw)
        return None if digits is None else Decimal(digits), None
    return Decimal(numbers.integer(raw)), None


def _variable(octets: Octets) -> tuple[Decimal | None, Value, bytes]:
    """Data of variable length: the first byte (LVAR) says how many bytes follow, and of which kind."""
    place = octets.place
    length = octets.byte("LVAR")
    if length <= 0xBF:
        raw = octets.take(length, "text")
        return None, raw[::-1].decode("latin-1"), raw
    if 0xC0 <= length <= 0xC9 or 0xD0 <= length <= 0xD9:
        raw = octets.take(length & 0x0F, "BCD number of variable length")
        digits = numbers.bcd(raw) if raw else 0
        sign = -1 if length >= 0xD0 else 1
        return None if digits is None else Decimal(sign * digits), None, raw
    if 0xE0 <= length <= 0xEF:
        raw = octets.take(length - 0xE0, "binary number of variable length")
        return None, raw, raw
    sizes = {0xF5: 48, 0xF6: 64} | {0xF0 + n: 4 * (n + 4) for n in range(5)}
    if length not in sizes:
        raise DecodeError(f"LVAR {length:02x} is reserved", place=place)
    raw = octets.take(sizes[length], "binary number of variable length")
    return None, raw, raw
