"""A search for M-Bus meters by their numbers: digits are tried one after the other, F stands for any (EN 13757-2).

Where one meter answers a selection it is found; where several do, their answers collide, and the next digit tells them
apart. A meter that acknowledges every selection and says nothing that fits is passed over after two digits.
"""

from __future__ import annotations

import enum
import time

from meterbook.acquisition import operations
from meterbook.acquisition.contract import errors, frames
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.drivers.mbus import codec
from meterbook.acquisition.library.en13757 import wired

PATIENCE_SECONDS = 8  # of a part of a search; then the bus is somebody else's turn
LONGEST_MS = 400  # a selection is acknowledged sooner
DIGITS, NUMBER = "0123456789", 8
MOST_MUTE = 2  # digits, as far as one that acknowledges and says nothing is looked behind
SAME_NUMBER = "SAME_NUMBER"


class _Outcome(enum.Enum):
    NOBODY = 0
    ONE = 1
    SEVERAL = 2
    MUTE = 3  # acknowledged, and then nothing that fits


async def search(line: frames.Bus, probe: operations.TakenProbe) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """This will look for the meters that masks fit, and return them, and the masks that are left.

    A meter is told by its 16 digits and what is wrong: nothing, or `SAME_NUMBER` where two have one number.

    :raises errors.DeviceError: when the line itself cannot be reached
    """
    until = time.monotonic() + PATIENCE_SECONDS
    timeout = min(probe.timeout_ms, LONGEST_MS) / 1000
    found: list[tuple[str, str]] = []
    stack = [each[:NUMBER].rstrip("F") for each in probe.masks]
    while stack and time.monotonic() < until:
        digits = stack.pop()
        outcome, who = await _select(line, digits, timeout)
        if outcome is _Outcome.ONE:
            found.append((who or mask(digits), ""))
        elif outcome is _Outcome.SEVERAL and len(digits) == NUMBER:
            found.append((mask(digits), SAME_NUMBER))
        elif outcome is _Outcome.SEVERAL or (outcome is _Outcome.MUTE and len(digits) < MOST_MUTE):
            stack.extend(digits + each for each in reversed(DIGITS))
    return tuple(found), tuple(mask(each) for each in stack)


def mask(digits: str) -> str:
    """This will return the secondary address that fits every meter whose number begins with these digits."""
    return digits.ljust(2 * codec.ADDRESS_SIZE, "F")


async def _select(line: frames.Bus, digits: str, timeout: float) -> tuple[_Outcome, str | None]:
    unit = int(mask(digits), 16)
    try:
        frame = await line.read(unit, frames.RECORDS, timeout=timeout)
    except errors.Timeout as error:
        is_selecting = error.data.get("request") == codec.select_octets(unit).hex()
        if error.data.get("response"):
            return _Outcome.SEVERAL, None
        return (_Outcome.NOBODY if is_selecting else _Outcome.MUTE), None
    except (errors.ConnectionRefused, errors.ConnectionLost):
        raise
    except errors.DeviceError as error:  # damaged, encrypted, or the meter says that it cannot
        who = _who(str(error.data.get("response", "")))
        return (_Outcome.SEVERAL, None) if who is None else (_Outcome.ONE, who)
    if frame.kin is not None:
        return _Outcome.ONE, _who(frame.response) or mask(frame.kin[1])
    return _Outcome.ONE, _who(frame.response)


def _who(response: str) -> str | None:
    """The 16 digits of the meter that sent the latest frame of an answer; of an old one its number alone."""
    octets = bytes.fromhex(response)
    start = octets.find(bytes([wired.LONG_START]))
    while start >= 0:
        size = octets[start + 1] + wired.AROUND if len(octets) > start + 1 else 0
        try:
            link = wired.parse(octets[start : start + size])
        except DecodeError:
            link = None
        if link is not None and link.ci in (codec.VARIABLE, codec.FIXED):
            number = link.data[3::-1].hex().upper()
            rest = link.data[4 : codec.ADDRESS_SIZE].hex().upper() if link.ci == codec.VARIABLE else ""
            return mask(number + rest) if len(link.data) >= codec.ADDRESS_SIZE and number.isdecimal() else None
        start = octets.find(bytes([wired.LONG_START]), start + 1)
    return None
