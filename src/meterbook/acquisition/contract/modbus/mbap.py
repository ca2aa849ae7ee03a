"""The header of Modbus TCP: cutting a buffer into frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets

HEADER = 7
SHORTEST, LONGEST = 2, 254  # unit and PDU (Messaging on TCP/IP 1.0b, 3.1.3)


@dataclass(frozen=True)
class Adu:
    """One frame. `start` is where its PDU begins in the buffer."""

    transaction: int
    unit: int
    pdu: bytes
    start: int
    raw: bytes

    @property
    def head(self) -> dict[str, Plain]:
        """The fields of the header as a decoder tells them."""
        return {"tid": self.transaction, "unit": self.unit}


def frames(buffer: bytes) -> Iterator[Adu]:
    """This will give the frames of a buffer one after another.

    :raises DecodeError: when a header is wrong or the last frame is cut off
    """
    octets = Octets(buffer)
    while octets.left:
        begin = octets.at
        transaction = octets.number(2, "transaction number")
        place, protocol = octets.place, octets.number(2, "protocol number")
        if protocol:
            raise DecodeError(f"protocol number {protocol}, of Modbus it is 0", place=place)
        place, length = octets.place, octets.number(2, "length")
        if not SHORTEST <= length <= LONGEST:
            raise DecodeError(f"length {length}, of Modbus it is {SHORTEST} to {LONGEST}", place=place)
        if octets.left < length:
            raise DecodeError(f"length {length}, but {octets.left} bytes follow: the frame is cut off", place=place)
        unit, start = octets.byte("unit"), octets.at
        yield Adu(transaction, unit, octets.take(length - 1, "PDU"), start, buffer[begin : octets.at])
