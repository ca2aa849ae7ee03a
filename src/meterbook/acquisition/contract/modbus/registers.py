"""Asking a Modbus device for registers, and accepting only the answer that belongs to the question.

The same over TCP and on a serial line; what is around the PDU is the driver's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block

MAX_WORDS = 125
FUNCTIONS = frozenset({3, 4})
EXCEPTION_BIT = 0x80


class RequestRefused(ValueError):
    """A read needs a unit from 1 to 255, function 3 or 4, 1 to 125 words, and an address up to 65535."""


@dataclass(frozen=True)
class Request:
    """One read request; `octets` is the whole frame as it goes over the wire."""

    unit: int
    block: Block
    octets: bytes

    @property
    def where(self) -> str:
        """What is asked, for the words of an error."""
        return f"unit {self.unit}, addresses {self.block.address} to {self.block.end - 1}"


def question(unit: int, block: Block) -> bytes:
    """This will build the PDU of a read. Unit 0 is refused: it addresses all devices, and none of them answers.

    :raises RequestRefused: when the protocol has no such request
    """
    in_range = 1 <= block.count <= MAX_WORDS and block.address >= 0 and block.end <= 65_536
    if block.function not in FUNCTIONS or not 1 <= unit <= 255 or not in_range:
        raise RequestRefused(f"unit {unit}, {block}: {RequestRefused.__doc__}")
    return struct.pack(">BHH", block.function, block.address, block.count)


def accept(asked: Request, unit: int, pdu: bytes, answer: bytes) -> tuple[int, ...]:
    """This will return the words of an answer after it has matched the request in every field.

    :param unit: whose answer it says it is
    :param pdu: function and content of the answer
    :param answer: its whole frame, for the words of an error
    :raises meterbook.acquisition.contract.errors.FrameMismatch: when unit, function or length differ
    :raises meterbook.acquisition.contract.errors.ExceptionAnswer: when the device refused
    """
    match(asked, answer, "unit", asked.unit, unit)
    if pdu[0] == asked.block.function | EXCEPTION_BIT and len(pdu) == 2:
        raise errors.ExceptionAnswer(asked.where, exception=pdu[1], request=asked.octets.hex(), response=answer.hex())
    match(asked, answer, "function", asked.block.function, pdu[0])
    size = 2 * asked.block.count
    match(asked, answer, "byte count", size, pdu[1])
    match(asked, answer, "length", 2 + size, len(pdu))
    return struct.unpack(f">{asked.block.count}H", pdu[2:])


def match(asked: Request, answer: bytes, what: str, expected: int, found: int) -> None:
    """This will refuse an answer of which a field is not as the request demands.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: naming the field and both values
    """
    if found != expected:
        raise errors.FrameMismatch(
            f"{asked.where}: the answer has {what} {found}, asked was {expected}",
            field=what,
            expected=expected,
            found=found,
            request=asked.octets.hex(),
            response=answer.hex(),
        )
