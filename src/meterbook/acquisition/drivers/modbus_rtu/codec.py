"""Modbus RTU on a line: building a request, and finding the answer that belongs to it among what comes."""

from __future__ import annotations

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.contract.modbus import registers
from meterbook.acquisition.drivers.modbus_rtu import rtu

REFUSAL = 5  # unit, function, exception, CRC
AROUND = 5  # unit, function, byte count, CRC: what is around the words
MOST_UNITS = 247


def request(unit: int, block: Block) -> registers.Request:
    """This will build a read request.

    :raises meterbook.acquisition.contract.modbus.registers.RequestRefused: when the protocol has no such request
    """
    return registers.Request(unit, block, rtu.build(unit, registers.question(unit, block)))


def find(asked: registers.Request, received: bytes) -> bytes | None:
    """This will return the answer as soon as it is whole, without what a line adds before it; None: more must come.

    A line that changes its direction often adds a byte or two. A whole frame of another unit is nobody's answer.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: when a sound frame begins there that is another's
    """
    for at in range(len(received) - 2):
        unit, function = received[at], received[at + 1]
        if unit == asked.unit and function in (asked.block.function, asked.block.function | registers.EXCEPTION_BIT):
            size = REFUSAL if function & registers.EXCEPTION_BIT else AROUND + received[at + 2]
            frame = received[at : at + size]
            if len(frame) == size and rtu.is_sound(frame):
                return frame
    size = rtu.find(received, 0)
    # The echo of the own request is no answer: adapters that hear themselves send it back.
    if size and received[:size] != asked.octets:
        accept(asked, received[:size])
    return None


def accept(asked: registers.Request, answer: bytes) -> tuple[int, ...]:
    """This will return the words of an answer after it has matched the request in every field.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: when CRC, unit, function or length differ
    :raises meterbook.acquisition.contract.errors.ExceptionAnswer: when the device refused
    """
    if not rtu.is_sound(answer):
        raise damaged(asked, answer)
    return registers.accept(asked, answer[0], answer[1:-2], answer)


def damaged(asked: registers.Request, answer: bytes) -> errors.FrameMismatch:
    """This will return the error for bytes whose CRC does not fit."""
    return errors.FrameMismatch(
        f"{asked.where}: the answer was damaged on its way, its checksum does not fit",
        field="checksum",
        request=asked.octets.hex(),
        response=answer.hex(),
    )
