"""Reading bytes in order, with the place in every complaint, and the check sums that protocols share."""

from __future__ import annotations

from typing import Literal

from meterbook.acquisition.contract.decoding import DecodeError

Order = Literal["big", "little"]


class Octets:
    """A cursor over a frame. `start` is where these bytes begin in the whole, so that places are the frame's own."""

    def __init__(self, frame: bytes, start: int = 0) -> None:
        self.frame, self.start, self.at = frame, start, 0

    @property
    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self.frame) - self.at

    @property
    def place(self) -> str:
        """Where the cursor stands."""
        return f"byte {self.start + self.at}"

    def take(self, count: int, what: str) -> bytes:
        """This will return the next bytes.

        :raises DecodeError: when the frame ends before
        """
        if count < 0 or self.left < count:
            raise DecodeError(f"{what} needs {count} bytes, {self.left} are left", place=self.place)
        taken = self.frame[self.at : self.at + count]
        self.at += count
        return taken

    def peek(self, what: str) -> int:
        """This will return the next byte and leave it there."""
        if not self.left:
            raise DecodeError(f"{what} is missing, the frame ends", place=self.place)
        return self.frame[self.at]

    def byte(self, what: str) -> int:
        """This will return the next byte."""
        return self.take(1, what)[0]

    def number(self, count: int, what: str, *, order: Order = "big", signed: bool = False) -> int:
        """This will return the integer in the next bytes."""
        return int.from_bytes(self.take(count, what), order, signed=signed)

    def rest(self) -> bytes:
        """This will return all that is left."""
        return self.take(self.left, "rest")

    def part(self, count: int, what: str) -> Octets:
        """This will return a cursor over the next bytes that knows their place."""
        start = self.start + self.at
        return Octets(self.take(count, what), start)

    def end(self, what: str) -> None:
        """This will refuse bytes behind the end of a part.

        :raises DecodeError: when some are left
        """
        if self.left:
            raise DecodeError(f"{self.left} bytes are left behind {what}", place=self.place)


def crc16(octets: bytes, *, polynomial: int, start: int) -> int:
    """This will return a CRC-16 with the lowest bit first; `polynomial` is reflected: 0xA001 of Modbus and ARC."""
    crc = start
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ polynomial if crc & 1 else crc >> 1
    return crc


def crc16_modbus(octets: bytes) -> int:
    """This will return the CRC of Modbus RTU; it is sent low byte first."""
    return crc16(octets, polynomial=0xA001, start=0xFFFF)


def crc16_arc(octets: bytes) -> int:
    """This will return the CRC of a DSMR telegram, over "/" to "!" included."""
    return crc16(octets, polynomial=0xA001, start=0)


def crc16_x25(octets: bytes) -> int:
    """This will return the CRC of HDLC and SML (ISO/IEC 13239); it is sent low byte first."""
    return crc16(octets, polynomial=0x8408, start=0xFFFF) ^ 0xFFFF


def crc16_kermit(octets: bytes) -> int:
    """This will return the CRC that some SML meters send in place of X.25."""
    return crc16(octets, polynomial=0x8408, start=0)
