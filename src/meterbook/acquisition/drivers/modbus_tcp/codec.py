"""The bytes of Modbus TCP: building a request, and accepting only the answer that belongs to it.

Frames are built and values unpacked by pymodbus; whether an answer belongs to the request is decided here, because
pymodbus skips what it does not expect and keeps waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block

HEADER = 7  # transaction, protocol, length, unit
LONGEST = 254  # unit and PDU: 1 + 253 (Modbus Messaging on TCP/IP 1.0b, 3.1.3)
SHORTEST = 3  # unit, function, and at least one byte
MAX_WORDS = 125
REQUESTS = {3: ReadHoldingRegistersRequest, 4: ReadInputRegistersRequest}
EXCEPTION_BIT = 0x80


class RequestRefused(ValueError):
    """A read needs a unit from 1 to 255, function 3 or 4, 1 to 125 words, and an address up to 65535."""


@dataclass(frozen=True)
class Request:
    """One read request as it goes over the wire."""

    transaction: int
    unit: int
    block: Block
    octets: bytes


def request(transaction: int, unit: int, block: Block) -> Request:
    """This will build a read request. Unit 0 is refused: it addresses all devices, and none of them answers.

    :raises RequestRefused: when the protocol has no such request
    """
    in_range = 1 <= block.count <= MAX_WORDS and block.address >= 0 and block.end <= 65_536
    if block.function not in REQUESTS or not 1 <= unit <= 255 or not in_range:
        raise RequestRefused(f"unit {unit}, {block}: {RequestRefused.__doc__}")
    pdu = REQUESTS[block.function](address=block.address, count=block.count, dev_id=unit, transaction_id=transaction)
    return Request(transaction, unit, block, FramerSocket(DecodePDU(False)).buildFrame(pdu))


def rest_of(header: bytes) -> int:
    """This will return how many bytes follow a header of 7 bytes.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: when these bytes begin no Modbus TCP frame
    """
    protocol, length = int.from_bytes(header[2:4], "big"), int.from_bytes(header[4:6], "big")
    if protocol != 0 or not SHORTEST <= length <= LONGEST:
        raise errors.FrameMismatch(f"{header.hex()} begins no Modbus TCP frame", response=header.hex())
    return length - 1


def accept(asked: Request, answer: bytes) -> tuple[int, ...]:
    """This will return the words of an answer after it has matched the request in every field.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: when transaction, unit, function or length differ
    :raises meterbook.acquisition.contract.errors.ExceptionAnswer: when the device refused
    """
    _match(asked, answer, "transaction", asked.transaction, int.from_bytes(answer[0:2], "big"))
    _match(asked, answer, "unit", asked.unit, answer[6])
    function = answer[7]
    if function == asked.block.function | EXCEPTION_BIT and len(answer) == HEADER + 2:
        raise errors.ExceptionAnswer(
            _where(asked), exception=answer[8], request=asked.octets.hex(), response=answer.hex()
        )
    _match(asked, answer, "function", asked.block.function, function)
    size = 2 * asked.block.count
    _match(asked, answer, "byte count", size, answer[8])
    _match(asked, answer, "length", HEADER + 2 + size, len(answer))
    pdu = DecodePDU(False).decode(answer[HEADER:])
    if pdu is None:
        raise errors.FrameMismatch(f"{_where(asked)}: the answer cannot be unpacked", response=answer.hex())
    return tuple(pdu.registers)


def _match(asked: Request, answer: bytes, what: str, expected: int, found: int) -> None:
    if found != expected:
        raise errors.FrameMismatch(
            f"{_where(asked)}: the answer has {what} {found}, asked was {expected}",
            field=what,
            expected=expected,
            found=found,
            request=asked.octets.hex(),
            response=answer.hex(),
        )


def _where(asked: Request) -> str:
    return f"unit {asked.unit}, addresses {asked.block.address} to {asked.block.end - 1}"
