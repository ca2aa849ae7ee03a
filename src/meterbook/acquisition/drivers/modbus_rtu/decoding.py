"""Modbus RTU frames from a serial line or from within TCP, one or several in a buffer."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import Options, Plain, one_or_frames
from meterbook.acquisition.drivers.modbus_rtu import rtu
from meterbook.acquisition.library import modbus_frames


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode the frames of a buffer; an exception of a device is an answer, no error.

    :raises DecodeError: when a CRC, a length, a function or a byte count is wrong
    """
    conversation = modbus_frames.Conversation(options)
    for adu in rtu.frames(options.request or b""):
        conversation.told({"unit": adu.unit}, adu.pdu, adu.start)
    return one_or_frames([conversation.told({"unit": adu.unit}, adu.pdu, adu.start) for adu in rtu.frames(frame)])
