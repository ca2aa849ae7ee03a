"""Frames on the wire (EN 13757-2): acknowledgement, short, control and long frames, checked in every field."""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError

ACKNOWLEDGE, SHORT_START, LONG_START, STOP = 0xE5, 0x10, 0x68, 0x16
SHORT_SIZE = 5
AROUND = 6  # start, length, length, start; checksum, stop


@dataclass(frozen=True)
class Link:
    """A frame that is whole. `data` is what follows the CI, at byte 7 of the frame."""

    control: int | None = None
    address: int | None = None
    ci: int | None = None
    data: bytes = b""

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it is the single byte E5."""
        return self.control is None


DATA_AT = 7


def parse(frame: bytes) -> Link:
    """This will check a frame and take it apart.

    :raises meterbook.acquisition.contract.decoding.DecodeError: with the byte that is wrong
    """
    if frame == bytes([ACKNOWLEDGE]):
        return Link()
    if not frame:
        raise DecodeError("the frame is empty", place="byte 0")
    if frame[0] == SHORT_START:
        _size(frame, SHORT_SIZE)
        _end(frame, frame[1:3])
        return Link(frame[1], frame[2])
    if frame[0] != LONG_START:
        raise DecodeError(f"{frame[0]:02x} begins no M-Bus frame (E5, 10 or 68)", place="byte 0")
    if len(frame) < 4:
        raise DecodeError(f"the frame ends after {len(frame)} bytes", place=f"byte {len(frame)}")
    if frame[1] != frame[2]:
        raise DecodeError(f"the two lengths differ: {frame[1]:02x} and {frame[2]:02x}", place="byte 2")
    if frame[3] != LONG_START:
        raise DecodeError(f"the second start is {frame[3]:02x}, not 68", place="byte 3")
    if frame[1] < 3:
        raise DecodeError(f"length {frame[1]} has no room for control, address and CI", place="byte 1")
    _size(frame, frame[1] + AROUND)
    _end(frame, frame[4:-2])
    return Link(frame[4], frame[5], frame[6], frame[DATA_AT:-2])


def _size(frame: bytes, size: int) -> None:
    if len(frame) < size:
        raise DecodeError(f"the frame should have {size} bytes and ends after {len(frame)}", place=f"byte {len(frame)}")
    if len(frame) > size:
        raise DecodeError(f"{len(frame) - size} bytes follow the end of the frame", place=f"byte {size}")


def _end(frame: bytes, summed: bytes) -> None:
    if frame[-1] != STOP:
        raise DecodeError(f"the frame ends with {frame[-1]:02x}, not 16", place=f"byte {len(frame) - 1}")
    if checksum(summed) != frame[-2]:
        raise DecodeError(
            f"the checksum is {frame[-2]:02x} and should be {checksum(summed):02x}", place=f"byte {len(frame) - 2}"
        )


def checksum(octets: bytes) -> int:
    """This will return the sum of bytes, without carry."""
    return sum(octets) & 0xFF
