"""The transport of SML 1.04: where a telegram begins and ends in a stream, and what it carries between."""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError

ESCAPE = b"\x1b\x1b\x1b\x1b"
START = ESCAPE + b"\x01\x01\x01\x01"
END = 0x1A
TAIL = 8  # escape, end mark, number of filling bytes, two bytes of CRC
LONGEST = 65_536


@dataclass(frozen=True)
class Telegram:
    """A whole telegram: its bytes as sent, and the messages in it without escapes and filling."""

    raw: bytes
    messages: bytes


class Splitter:
    """Cuts a stream of bytes into telegrams. What is no telegram is dropped; `dropped` counts those bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.dropped = 0

    def add(self, received: bytes) -> list[bytes]:
        """This will take what was received and return the telegrams that it completes, as sent, unchecked."""
        self._buffer += received
        found: list[bytes] = []
        while True:
            begin = self._buffer.find(START)
            if begin < 0:
                self._drop(max(0, len(self._buffer) - len(START) + 1))
                return found
            self._drop(begin)
            end, restart = end_of(self._buffer)
            if end:
                found.append(bytes(self._buffer[:end]))
                del self._buffer[:end]
            elif restart:
                self._drop(restart)
            elif len(self._buffer) > LONGEST:
                self._drop(len(START))
            else:
                return found

    def _drop(self, count: int) -> None:
        self.dropped += count
        del self._buffer[:count]


def end_of(buffer: bytes | bytearray) -> tuple[int, int]:
    """This will return where the telegram at the buffer's start ends, and where a new one begins before that: 0 if not.

    An escape is followed by an escape that belongs to the data, by the end mark, or by a new start when the end of the
    telegram was lost.
    """
    at = len(START)
    while (at := buffer.find(ESCAPE, at)) >= 0 and len(buffer) >= at + TAIL:
        if buffer[at + 4] == END:
            return at + TAIL, 0
        if buffer[at + 4 : at + 8] == START[4:]:
            return 0, at
        at += TAIL if buffer[at + 4 : at + 8] == ESCAPE else 1
    return 0, 0


def unwrap(raw: bytes) -> Telegram:
    """This will check a whole telegram and take its messages out.

    :raises DecodeError: when start, end, filling or CRC are wrong
    """
    if not raw.startswith(START):
        raise DecodeError(f"an SML telegram begins with {START.hex()}", place="byte 0")
    end, restart = end_of(raw)
    if restart:
        raise DecodeError("another telegram begins before this one has ended", place=f"byte {restart}")
    if not end:
        raise DecodeError("the telegram is cut off: its end mark 1b1b1b1b1a is missing", place=f"byte {len(raw)}")
    if end != len(raw):
        raise DecodeError(f"{len(raw) - end} bytes follow the end of the telegram", place=f"byte {end}")
    check_sum(raw)
    filling, content = raw[end - 3], raw[len(START) : end - TAIL]
    if filling > len(content) or filling > 4 or any(content[len(content) - filling :]):
        raise DecodeError(f"{filling} filling bytes are announced, but are not there", place=f"byte {end - 3}")
    return Telegram(raw, content[: len(content) - filling].replace(ESCAPE + ESCAPE, ESCAPE))


def check_sum(raw: bytes) -> None:
    """This will compare the CRC at the end of a telegram; some meters send Kermit's in place of X.25's.

    :raises DecodeError: when neither fits
    """
    sent = int.from_bytes(raw[-2:], "little")
    if sent not in possible_sums(raw[:-2]):
        expected = octets.crc16_x25(raw[:-2]).to_bytes(2, "little").hex()
        raise DecodeError(
            f"CRC {raw[-2:].hex()} is sent, {expected} is computed: the telegram was damaged on its way",
            place=f"byte {len(raw) - 2}",
        )


def possible_sums(content: bytes) -> set[int]:
    """This will return the CRCs that meters send for these bytes, read low byte first."""
    kermit = octets.crc16_kermit(content)
    return {octets.crc16_x25(content), kermit, int.from_bytes(kermit.to_bytes(2, "big"), "little")}
