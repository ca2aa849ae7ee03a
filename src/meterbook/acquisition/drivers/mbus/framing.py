"""Frames in a stream of bytes, and whose they are."""

from __future__ import annotations

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.drivers.mbus import codec
from meterbook.acquisition.library.en13757 import wired

LONGEST = 0xFF + wired.AROUND
STARTS = bytes([wired.ACKNOWLEDGE, wired.SHORT_START, wired.LONG_START])
NUMBER = 4  # bytes of a secondary address that hold its digits


def has_begun(taken: bytes | bytearray) -> bool:
    """Whether a frame has begun."""
    return any(octet in STARTS for octet in taken)


def cut(taken: bytearray) -> bytes | None:
    """This will take the first whole frame out of `taken`; None while it is not there. What begins no frame is dropped.

    :raises meterbook.acquisition.contract.errors.FrameMismatch: when what begins as a frame is none
    """
    while taken and taken[0] not in STARTS:
        del taken[0]
    if not taken:
        return None
    size = 1 if taken[0] == wired.ACKNOWLEDGE else wired.SHORT_SIZE
    if taken[0] == wired.LONG_START:
        if len(taken) < 4:
            return None
        size = taken[1] + wired.AROUND if taken[1] == taken[2] else 4
    if len(taken) < size:
        return None
    frame = bytes(taken[:size])
    try:
        wired.parse(frame)
    except DecodeError as error:
        words = f"the answer is damaged, or two meters answered at once: {error}"
        raise errors.FrameMismatch(words, response=bytes(taken).hex()) from error
    del taken[:size]
    return frame


def is_acknowledgement(answer: bytes) -> bool:
    """Whether a frame is E5."""
    return answer == bytes([wired.ACKNOWLEDGE])


def is_answer_of(unit: int, answer: bytes) -> bool:
    """Whether a whole frame is an answer with data of the meter that was asked."""
    link = wired.parse(answer)
    if link.control is None or link.control & ~codec.DIRECTION_AND_STATE or link.ci is None:
        return False
    if not codec.is_secondary(unit):
        return link.address == unit
    asked = codec.octets(unit)
    if link.ci == codec.VARIABLE:
        return matches(asked, link.data[: codec.ADDRESS_SIZE])
    return link.ci != codec.FIXED or matches(asked[:NUMBER], link.data[:NUMBER])


def matches(asked: bytes, sent: bytes) -> bool:
    """This will compare a secondary address with that of a meter, as both are sent.

    F in a digit of the number, and FF elsewhere, stand for any.
    """
    if len(sent) < len(asked):
        return False
    digits = zip(asked[:NUMBER].hex(), sent[:NUMBER].hex(), strict=True)
    rest = zip(asked[NUMBER:], sent[NUMBER:], strict=True)
    return all(want in ("f", has) for want, has in digits) and all(want in (0xFF, has) for want, has in rest)
