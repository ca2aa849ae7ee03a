"""Modbus ASCII frames: a colon, pairs of hex digits, LRC, carriage return and line feed."""

from __future__ import annotations

from collections.abc import Iterator

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain, one_or_frames
from meterbook.acquisition.library import modbus_frames

COLON, END = b":", b"\r\n"
LONGEST = 513


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode the frames of a buffer; what stands before a colon is skipped, as the standard says.

    :raises DecodeError: when there is no frame, or its LRC, length, function or byte count is wrong
    """
    conversation = modbus_frames.Conversation(options)
    for unit, content, start, _ in frames(options.request or b""):
        conversation.told({"unit": unit}, content, start)
    told = [
        {**conversation.told({"unit": unit}, content, start), "lrc": lrc} for unit, content, start, lrc in frames(frame)
    ]
    if not told:
        raise DecodeError("no frame begins here: there is no colon", place="byte 0")
    return one_or_frames(told)


def frames(buffer: bytes) -> Iterator[tuple[int, bytes, int, str]]:
    """This will give unit, PDU, place of the PDU and LRC of each frame.

    :raises DecodeError: when a frame is cut off, holds anything but hex digits, or its LRC is wrong
    """
    at = 0
    while (begin := buffer.find(COLON, at)) >= 0:
        end = buffer.find(b"\n", begin)
        restart = buffer.find(COLON, begin + 1)
        if 0 <= restart < end or (end < 0 <= restart):
            begin = restart  # a colon begins a frame anew wherever it comes
            at = begin
            continue
        if end < 0:
            raise DecodeError(
                "the frame is cut off: carriage return and line feed are missing", place=f"byte {len(buffer)}"
            )
        content = _octets(buffer[begin + 1 : end].rstrip(b"\r"), begin + 1)
        yield content[0], content[1:-1], begin + 3, f"{content[-1]:02X}"
        at = end + 1


def lrc(octets: bytes) -> int:
    """This will return the check sum of ASCII frames: what is missing to a sum of 256."""
    return -sum(octets) & 0xFF


def _octets(digits: bytes, start: int) -> bytes:
    try:
        octets = bytes.fromhex(digits.decode("ascii"))
    except ValueError as error:
        raise DecodeError("only pairs of hex digits may stand in a frame", place=f"byte {start}") from error
    if len(octets) < 3 or len(digits) > LONGEST or b" " in digits:
        raise DecodeError("a frame holds a unit, a function and an LRC at least", place=f"byte {start}")
    if lrc(octets[:-1]) != octets[-1]:
        raise DecodeError(
            f"LRC {octets[-1]:02X} is sent, {lrc(octets[:-1]):02X} is computed: the frame was damaged on its way",
            place=f"byte {start + len(digits) - 2}",
        )
    return octets
