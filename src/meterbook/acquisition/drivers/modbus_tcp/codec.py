"""The bytes of Modbus TCP: building a request, and accepting only the answer that belongs to it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.contract.modbus import registers

HEADER = 7  # transaction, protocol, length, unit
LONGEST = 254  # unit and PDU: 1 + 253 (Modbus Messaging on TCP/IP 1.0b, 3.1.3)
SHORTEST = 3  # unit, function, and at least one byte


@dataclass(frozen=True)
class Request(registers.Request):
    """One read request as it goes over the wire."""

    transaction: int


def request(transaction: int, unit: int, block: Block) -> Request:
    """This will build a read request.

    :raises meterbook.acquisition.contract.modbus.registers.RequestRefused: when the protocol has no such request
    """
    pdu = registers.question(unit, block)
    header = struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit)
    return Request(unit, block, header + pdu, transaction)


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
    registers.match(asked, answer, "transaction", asked.transaction, int.from_bytes(answer[0:2], "big"))
    return registers.accept(asked, answer[6], answer[HEADER:], answer)
