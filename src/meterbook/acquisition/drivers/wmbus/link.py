"""The data link layer of wireless M-Bus (EN 13757-4): formats A and B with their check sums, or without them."""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.library.en13757 import identity as identities

POLYNOMIAL = 0x3D65
FIRST_BLOCK, NEXT_BLOCK = 10, 16
LONG_B = 128  # a frame of format B with more bytes has a second check sum
CHECK = 2
# Diehl's makers put version and type in front of the number when the frame is no OMS frame.
TRANSPOSED = ("DME", "EWT", "HYD", "SAP", "SPL")


@dataclass(frozen=True)
class Link:
    """A frame without check sums. `octets` is all of it, length first; the CI is at byte 10."""

    octets: bytes

    CI_AT = 10

    @property
    def control(self) -> int:
        """The C field: 44 sends without asking, 46 asks to be installed, 08 answers."""
        return self.octets[1]

    @property
    def address(self) -> bytes:
        """Maker, number, version and type as sent, 8 bytes: the beginning of most initialization vectors."""
        return self.octets[2:10]

    @property
    def identity(self) -> identities.Identity:
        """Who sends."""
        return identities.identity(self.octets[4:8], self.octets[2:4], self.octets[8], self.octets[9])

    @property
    def transposed(self) -> identities.Identity:
        """Who sends, when version and type stand in front of the number."""
        return identities.identity(self.octets[6:10], self.octets[2:4], self.octets[4], self.octets[5])


def parse(frame: bytes) -> tuple[Link, ...]:
    """This will check the length, remove the check sums where there are any, and refuse a frame that is damaged.

    More bytes than L says are either the receiver's (the strength of the signal), or L was not kept in step by who
    handed the frame on: then there are two ways to read it.

    :raises meterbook.acquisition.contract.decoding.DecodeError: with the byte that is wrong
    """
    if len(frame) <= FIRST_BLOCK:
        raise DecodeError(f"a frame has at least 11 bytes, this one {len(frame)}", place=f"byte {len(frame)}")
    length = frame[0]
    if len(frame) == length + 1:
        return (Link(_without_b(frame) or frame),)
    if len(frame) == _size_with_a(length):
        return (Link(_without_a(frame)),)
    if len(frame) > length + 1 and length >= FIRST_BLOCK:
        return (Link(frame[: length + 1]), Link(frame))
    raise DecodeError(f"the frame should have {length + 1} bytes and ends after {len(frame)}", place="byte 0")


def crc(octets: bytes) -> int:
    """This will return the check sum of EN 13757-4; it is sent high byte first, and is the signature of a format."""
    value = 0
    for octet in octets:
        value ^= octet << 8
        for _ in range(8):
            value = (value << 1 ^ POLYNOMIAL if value & 0x8000 else value << 1) & 0xFFFF
    return value ^ 0xFFFF


def _size_with_a(length: int) -> int:
    behind = length + 1 - FIRST_BLOCK
    return length + 1 + CHECK * (1 + -(-behind // NEXT_BLOCK))


def _without_a(frame: bytes) -> bytes:
    kept, at, size = b"", 0, FIRST_BLOCK
    while at < len(frame):
        block = frame[at : min(at + size + CHECK, len(frame))]
        if crc(block[:-CHECK]) != int.from_bytes(block[-CHECK:]):
            raise DecodeError(f"the check sum is {block[-CHECK:].hex()} and should be {crc(block[:-CHECK]):04x}",
                              place=f"byte {at + len(block) - CHECK}")  # fmt: skip
        kept += block[:-CHECK]
        at, size = at + len(block), NEXT_BLOCK
    return kept


def _without_b(frame: bytes) -> bytes | None:
    """Format B counts its check sums in L; None when the last bytes are none, as most receivers hand frames on."""
    first, second = frame[:LONG_B], frame[LONG_B:]
    parts = [part for part in (first, second) if part]
    if any(len(part) <= CHECK or crc(part[:-CHECK]) != int.from_bytes(part[-CHECK:]) for part in parts):
        return None
    kept = b"".join(part[:-CHECK] for part in parts)
    return bytes([len(kept) - 1]) + kept[1:]
