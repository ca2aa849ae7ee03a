"""Frames of Modbus RTU, the same on a serial line and within TCP: CRC, silence between frames, cutting a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.modbus import pdu

SHORTEST, LONGEST = 4, 256
BITS_OF_A_CHARACTER = 11
FAST_BAUD, FAST_SILENCE = 19_200, Decimal("0.00175")
SILENT_CHARACTERS = Decimal("3.5")


@dataclass(frozen=True)
class Adu:
    """One frame whose CRC fits. `start` is where its PDU begins in the buffer."""

    unit: int
    pdu: bytes
    start: int


def silence(baud: int) -> Decimal:
    """This will return the seconds that a line must be silent between two frames (Serial Line 1.02, 2.5.1.1).

    3.5 characters of 11 bits: at 9600 baud 0.004011 s; above 19200 baud the fixed 0.00175 s.
    """
    if baud > FAST_BAUD:
        return FAST_SILENCE
    return (SILENT_CHARACTERS * BITS_OF_A_CHARACTER / baud).quantize(Decimal("0.000001"), ROUND_CEILING)


def build(unit: int, content: bytes) -> bytes:
    """This will put unit and CRC around a PDU."""
    body = bytes([unit]) + content
    return body + octets.crc16_modbus(body).to_bytes(2, "little")


def is_sound(frame: bytes) -> bool:
    """Whether the CRC at the end of these bytes fits."""
    return len(frame) >= SHORTEST and octets.crc16_modbus(frame[:-2]) == int.from_bytes(frame[-2:], "little")


def find(buffer: bytes, at: int) -> int:
    """This will return how long the frame at this place is, 0 when no length that its function allows has its CRC."""
    return next(_sound_sizes(buffer, at), 0)


def frames(buffer: bytes) -> list[Adu]:
    """This will cut a buffer into frames; nothing may be between them.

    :raises DecodeError: when a CRC is wrong or the last frame is cut off
    """
    found: list[Adu] = []
    at = 0
    for size in _cut(buffer) or _cut_as_far_as_possible(buffer):
        found.append(Adu(buffer[at], buffer[at + 1 : at + size - 2], at + 1))
        at += size
    return found


def _sound_sizes(buffer: bytes, at: int) -> Iterator[int]:
    for size in pdu.lengths(buffer[at + 1 : at + LONGEST]):
        if at + size + 3 <= len(buffer) and is_sound(buffer[at : at + size + 3]):
            yield size + 3


def _cut(buffer: bytes) -> list[int] | None:
    """A CRC fits by chance once in 65,536 times: of several ways to cut, one that leaves nothing over is right."""
    sizes: list[int] = []
    dead: set[int] = set()
    at, ways = 0, [_sound_sizes(buffer, 0)]
    while at < len(buffer):
        size = next(ways[-1], None)
        if size is None:
            dead.add(at)
            ways.pop()
            if not ways:
                return None
            at -= sizes.pop()
        elif at + size not in dead:
            sizes.append(size)
            at += size
            ways.append(_sound_sizes(buffer, at))
    return sizes


def _cut_as_far_as_possible(buffer: bytes) -> list[int]:
    sizes: list[int] = []
    at = 0
    while at < len(buffer):
        size = find(buffer, at)
        if not size and is_sound(buffer[at:]):
            size = len(buffer) - at  # a function that nobody knows: its complaint is better than one about the CRC
        if not size:
            raise _fault(buffer, at)
        sizes.append(size)
        at += size
    return sizes


def _fault(buffer: bytes, at: int) -> DecodeError:
    rest = buffer[at:]
    if len(rest) < SHORTEST:
        return DecodeError(f"a frame has {SHORTEST} bytes at least, {len(rest)} are left", place=f"byte {at}")
    allowed = [size + 3 for size in pdu.lengths(rest[1:])]
    if allowed and len(rest) < min(allowed):
        return DecodeError(
            f"the frame is cut off: {min(allowed)} bytes are expected, {len(rest)} are there", place=f"byte {at}"
        )
    end = next((size for size in reversed(allowed) if size <= len(rest)), len(rest))
    computed = octets.crc16_modbus(rest[: end - 2]).to_bytes(2, "little").hex()
    cut = f", or cut off: {max(allowed)} bytes may be expected" if max(allowed, default=0) > len(rest) else ""
    return DecodeError(
        f"CRC {rest[end - 2 : end].hex()} is sent, {computed} is computed: the frame was damaged on its way{cut}",
        place=f"byte {at + end - 2}",
    )
