"""A simulated M-Bus meter: the telegrams of a real one, in which a test or a demonstration changes the numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from importlib import resources

from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.mbus import codec, fixed
from meterbook.acquisition.library.en13757 import records, registers, wired
from meterbook.acquisition.library.en13757.moments import Moment

ADDRESS_AT, NUMBER_AT, ACCESS_AT = 5, 7, 15
FIXED_NAMES = ("energy", "volume")  # of the two counters of the old meters that are simulated


@dataclass(frozen=True)
class _Place:
    """Where a number stands in the telegrams, and how it is sent there."""

    telegram: int
    at: int
    size: int
    is_bcd: bool
    factor: Decimal


def recorded(model: str) -> tuple[bytes, ...]:
    """This will return the telegrams that a real meter of a model sent.

    :raises KeyError: when none were recorded
    """
    text = (resources.files("meterbook_lab") / "data" / "mbus_telegrams.json").read_text(encoding="utf-8")
    return tuple(bytes.fromhex(each) for each in json.loads(text)[model])


@dataclass
class MbusMeter:
    """One meter; `address` is its primary one, `number` its identification of 8 digits, None for those recorded."""

    telegrams: Sequence[bytes]
    address: int
    number: str | None = None
    ignores_masks: bool = False  # it takes every selection for its own
    _bodies: list[bytearray] = field(init=False)
    _places: dict[str, _Place] = field(init=False)
    _moments: dict[str, tuple[int, int, int]] = field(init=False)  # telegram, place in it, size
    last_count: int | None = field(default=None, init=False)  # the frame count bit of the latest question
    at: int = field(default=-1, init=False)  # which telegram it sent last
    is_selected: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._bodies = [bytearray(each) for each in self.telegrams]
        if self.number is not None:
            for body in self._bodies:
                body[NUMBER_AT : NUMBER_AT + 4] = bytes.fromhex(self.number)[::-1]
        self._places = _places(self.telegrams)
        self._moments = _moments(self.telegrams)

    @property
    def secondary(self) -> bytes:
        """The 8 bytes by which it is selected."""
        return bytes(self._bodies[0][NUMBER_AT : NUMBER_AT + codec.ADDRESS_SIZE])

    def set(self, name: str, value: Decimal) -> None:
        """This will make a record show a value, in the unit of the standard (Wh, m^3).

        :raises KeyError: when it sends no such number
        """
        place = self._places[name]
        number = int(value / place.factor)
        digits = f"{abs(number):0{2 * place.size}d}"[-2 * place.size :]
        if place.is_bcd:
            raw = bytes.fromhex(("f" + digits[1:]) if number < 0 else digits)[::-1]
        else:
            raw = number.to_bytes(place.size, "little", signed=True)
        self._bodies[place.telegram][place.at : place.at + place.size] = raw

    def set_moment(self, name: str, moment: datetime) -> None:
        """This will make a date, or a date with time, show what the meter's clock shows (EN 13757-3, types F and G).

        :raises KeyError: when it sends no such moment
        """
        telegram, at, size = self._moments[name]
        year = moment.year % 100
        raw = bytes([moment.day | (year & 0x07) << 5, moment.month | (year >> 3) << 4])
        if size == 4:
            raw = bytes([moment.minute, moment.hour]) + raw
        self._bodies[telegram][at : at + size] = raw

    def spoil(self) -> bytes:
        """This will return its next telegram with digits that are none and numbers that end too soon."""
        body = bytearray(self.frame(max(self.at, 0)))
        for place in self._places.values():
            if place.telegram == max(self.at, 0) and place.is_bcd:
                body[place.at : place.at + place.size] = b"\xee" * place.size
        return sealed(body)

    def begin(self) -> None:
        """This will forget the frame count bit: the first telegram comes next."""
        self.last_count, self.at = None, -1

    def answer(self, count: int) -> bytes:
        """This will return the next telegram, or the same again when the frame count bit did not turn."""
        if count != self.last_count or self.at < 0:
            self.at = (self.at + 1) % len(self._bodies)
        self.last_count = count
        return self.frame(self.at)

    def frame(self, index: int) -> bytes:
        """This will return a telegram as it goes over the line now."""
        body = bytearray(self._bodies[index])
        body[ADDRESS_AT] = self.address
        return sealed(body)


def sealed(body: bytearray) -> bytes:
    """This will put the right checksum behind the content of a long frame."""
    body[-2] = wired.checksum(bytes(body[4:-2]))
    return bytes(body)


def _whole(telegrams: Sequence[bytes]) -> list[tuple[int, records.Record]]:
    whole: list[tuple[int, records.Record]] = []
    for index, telegram in enumerate(telegrams):
        link = wired.parse(telegram)
        if link.ci != codec.FIXED:
            whole += [(index, each) for each in codec.telegram(link).records if each.information is not None]
    return whole


def _moments(telegrams: Sequence[bytes]) -> dict[str, tuple[int, int, int]]:
    whole = _whole(telegrams)
    return {
        reading.key: (index, record.offset + len(record.header), len(record.raw))
        for (index, record), reading in zip(whole, registers.readings([each for _, each in whole]), strict=True)
        if isinstance(record.value, Moment)
    }


def _places(telegrams: Sequence[bytes]) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    first = wired.parse(telegrams[0])
    if first.ci == codec.FIXED:
        return _fixed_places(first)
    whole = _whole(telegrams)
    for (index, record), reading in zip(whole, registers.readings([each for _, each in whole]), strict=True):
        kind = record.header[0] & 0x0F
        if reading.value is not None and kind in records.SIZES and kind != records.REAL and record.information:
            is_bcd, at = kind in records.BCD, record.offset + len(record.header)
            found[reading.key] = _Place(index, at, len(record.raw), is_bcd, record.information.factor)
    return found


def _fixed_places(link: wired.Link) -> dict[str, _Place]:
    part = fixed.parse(Octets(link.data, wired.DATA_AT))
    factors = {"kWh": Decimal(1000), "l": Decimal("0.001")}
    return {
        name: _Place(0, wired.DATA_AT + 8 + 4 * index, 4, not part.status & fixed.IS_BINARY, factors[unit])
        for index, (name, unit) in enumerate(zip(FIXED_NAMES, part.units, strict=True))
    }
