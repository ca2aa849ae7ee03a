"""The bytes of wired M-Bus: building what a master sends, and accepting only the answer that belongs to it.

Pure: no port, no clock. A conversation is SND_NKE (answered by E5), then, for a secondary address, a selection (E5),
then REQ_UD2 with its frame count bit turned at each new telegram (EN 13757-2, 5.7.6).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.library.en13757 import identity, records, registers, wired

SND_NKE, REQ_UD1, REQ_UD2, SND_UD, RSP_UD = 0x40, 0x5A, 0x5B, 0x53, 0x08
FCB = 0x20
DIRECTION_AND_STATE = 0x08 | 0x10 | 0x20  # RSP_UD with access demand and data flow control
BY_SELECTION, TO_ALL_ANSWERED, TO_ALL = 0xFD, 0xFE, 0xFF
SELECT, DATA_SEND, RESET = 0x52, 0x51, 0x50
BAUD_RATES = {300: 0xB8, 600: 0xB9, 1200: 0xBA, 2400: 0xBB, 4800: 0xBC, 9600: 0xBD, 19200: 0xBE, 38400: 0xBF}
LONGEST_DATA = 252
VARIABLE, FIXED = 0x72, 0x73  # CI of answers with values
ADDRESS_SIZE = 8  # bytes of a secondary address


class RequestRefused(ValueError):
    """A request needs a primary address from 0 to 255, and a secondary address its number, maker, version and type."""


@dataclass(frozen=True)
class SecondaryAddress:
    """A meter among those of a bus; F stands for any digit of the number, None for any maker, version or type."""

    number: str = "FFFFFFFF"
    manufacturer: str | None = None
    version: int | None = None
    type: int | None = None

    @property
    def octets(self) -> bytes:
        """The 8 bytes of a selection: number, maker, version, type.

        :raises RequestRefused: when a part is out of range
        """
        try:
            number = bytes.fromhex(self.number)[::-1]
            maker = b"\xff\xff" if self.manufacturer is None else identity.manufacturer_code(self.manufacturer)
            rest = bytes(0xFF if part is None else part for part in (self.version, self.type))
        except ValueError as error:
            raise RequestRefused(f"{self}: {error}") from error
        if len(number) != 4:
            raise RequestRefused(f"{self.number}: a number has 8 digits")
        return number + maker + rest


@dataclass(frozen=True)
class Telegram:
    """An answer with its records. `is_followed` asks for the next telegram with the frame count bit turned."""

    header: identity.Header
    records: tuple[records.Record, ...]

    @property
    def is_followed(self) -> bool:
        """Whether the meter has more telegrams (DIF 1Fh)."""
        return any(record.function is records.Function.MORE for record in self.records)

    @property
    def readings(self) -> tuple[registers.Reading, ...]:
        """The records by the names that a meter-model document uses."""
        return registers.readings(self.records)


def reset_link(address: int) -> bytes:
    """This will build SND_NKE: the meter forgets the frame count bit (and, sent to 253, its selection)."""
    return short(SND_NKE, address)


def request_data(address: int, *, frame_count: bool) -> bytes:
    """This will build REQ_UD2, "send your values"; `frame_count` turns for each new telegram, stays to repeat one."""
    return short(REQ_UD2 | (FCB if frame_count else 0), address)


def request_alarm(address: int, *, frame_count: bool) -> bytes:
    """This will build REQ_UD1, "send your alarms"; E5 means that there are none."""
    return short(REQ_UD1 | (FCB if frame_count else 0), address)


def select(meter: SecondaryAddress) -> bytes:
    """This will build the selection of a meter by its secondary address; it answers at 253 from then on."""
    return long(SND_UD, BY_SELECTION, SELECT, meter.octets)


def is_secondary(unit: int) -> bool:
    """Whether the number of a device is a secondary address: its 16 digits, which no primary one reaches."""
    return 0xFF < unit < 1 << 8 * ADDRESS_SIZE


def digits(unit: int) -> str:
    """This will write a secondary address as people do: number, maker as sent, version, type; F stands for any."""
    return f"{unit:0{2 * ADDRESS_SIZE}X}"


def octets(unit: int) -> bytes:
    """This will return the 8 bytes of a secondary address as they are sent: the number lowest digits first."""
    written = bytes.fromhex(digits(unit))
    return written[3::-1] + written[4:]


def select_octets(unit: int) -> bytes:
    """This will build the selection of a meter by the number that `digits` writes."""
    return long(SND_UD, BY_SELECTION, SELECT, octets(unit))


def reset_application(address: int, *, frame_count: bool = False) -> bytes:
    """This will build a reset of the application: the meter begins with its first telegram again."""
    return long(SND_UD | (FCB if frame_count else 0), address, RESET)


def set_baud_rate(address: int, rate: int, *, frame_count: bool = False) -> bytes:
    """This will build a change of speed; the meter acknowledges at the old one.

    :raises RequestRefused: for a speed that M-Bus has not
    """
    if rate not in BAUD_RATES:
        raise RequestRefused(f"{rate} baud: choose one of {', '.join(map(str, BAUD_RATES))}")
    return long(SND_UD | (FCB if frame_count else 0), address, BAUD_RATES[rate])


def short(control: int, address: int) -> bytes:
    """This will build a short frame.

    :raises RequestRefused: when the address is out of range
    """
    body = bytes([control, _primary(address)])
    return bytes([wired.SHORT_START, *body, wired.checksum(body), wired.STOP])


def long(control: int, address: int, ci: int, data: bytes = b"") -> bytes:
    """This will build a long frame (a control frame when there are no data).

    :raises RequestRefused: when the address is out of range or the data have more than 252 bytes
    """
    if len(data) > LONGEST_DATA:
        raise RequestRefused(f"{len(data)} bytes of data: a frame carries {LONGEST_DATA}")
    body = bytes([control, _primary(address), ci]) + data
    start = bytes([wired.LONG_START, len(body), len(body), wired.LONG_START])
    return start + body + bytes([wired.checksum(body), wired.STOP])


def accept_acknowledgement(answer: bytes) -> None:
    """This will accept E5 and nothing else.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: for any other answer
    """
    if answer != bytes([wired.ACKNOWLEDGE]):
        raise errors.FrameMismatch(f"{answer.hex() or 'nothing'} came in place of E5", response=answer.hex())


def accept(address: int, answer: bytes) -> Telegram:
    """This will return the records of an answer to REQ_UD2 that came from the meter asked.

    :param address: the primary address asked; 253 and 254 are answered under the meter's own
    :raises meterbook.acquisition.contract.errors.FrameMismatch: when it is no answer with records, or another's
    """
    try:
        link = wired.parse(answer)
        if link.control is None or link.control & ~DIRECTION_AND_STATE:
            raise DecodeError("the frame is no answer with data", place="byte 4")
        if address not in (BY_SELECTION, TO_ALL_ANSWERED) and link.address != address:
            raise DecodeError(f"address {link.address} answered, asked was {address}", place="byte 5")
        return telegram(link)
    except DecodeError as error:
        raise errors.FrameMismatch(f"address {address}: {error}", response=answer.hex()) from error


def telegram(link: wired.Link) -> Telegram:
    """This will read the header and the records of a link frame with variable data.

    :raises meterbook.acquisition.contract.decoding.DecodeError: with the byte that is wrong
    """
    octets = Octets(link.data, wired.DATA_AT)
    header = identity.header(link.ci or 0, octets)
    place = octets.start + octets.at
    return Telegram(header, records.parse(octets.rest(), start=place).whole())


def _primary(address: int) -> int:
    if not 0 <= address <= 0xFF:
        raise RequestRefused(f"primary address {address}: 0 to 255")
    return address
