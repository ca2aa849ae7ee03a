"""Modbus TCP frames, questions and answers, one or several in a buffer; and registers without a frame."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import Options, Plain, one_or_frames
from meterbook.acquisition.contract.modbus import mbap
from meterbook.acquisition.library import modbus_frames


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode the frames of a buffer; an exception of a device is an answer, no error.

    :raises DecodeError: when header, length, function or byte count are wrong
    """
    if options.registers:
        registers: list[Plain] = list(options.registers)
        return {"registers": registers, **modbus_frames.meant(registers, options)}
    conversation = modbus_frames.Conversation(options)
    for adu in mbap.frames(options.request or b""):
        conversation.told(adu.head, adu.pdu, adu.start)
    return one_or_frames([conversation.told(adu.head, adu.pdu, adu.start) for adu in mbap.frames(frame)])
