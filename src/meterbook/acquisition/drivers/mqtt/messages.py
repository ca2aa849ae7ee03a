"""From the payload of a message to values: exact decimals, one place at a time, and the message's own time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Record
from meterbook.acquisition.drivers.mqtt import mapping

LONGEST = 65_536  # bytes of a message
NUMBER = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?")
INDEX = re.compile(r"0|[1-9]\d{0,5}")
MILLISECONDS_FROM = 10**11  # as seconds that would be the year 5138
EARLIEST, MOST_AHEAD = timedelta(days=366), timedelta(minutes=5)
NOTHING = object()
GASP_EVENTS = frozenset({"last_gasp", "power_lost", "power_fail", "power_failure", "power_outage"})
GASPS = (b"gasp", b"power")  # what every such message holds: most others need not be read twice


class MessageUnreadable(errors.DeviceError):
    """A message that is no JSON."""

    code = "NO_JSON"
    remedy = "Check what the device sends under this topic; it must be JSON in UTF-8, or a number alone."


class ValueNotThere(errors.Nonsense):
    """A message without a number where the mapping points to."""

    code = "NO_VALUE"
    remedy = "Correct the mapping, or the settings of the device."


class TimeWrong(errors.DeviceError):
    """A message whose own time is missing, is none, or lies in the future."""

    code = "MESSAGE_TIME"
    remedy = "Set the clock of the device, or take the time out of the mapping: then the time of arrival counts."


@dataclass(frozen=True)
class Told:
    """What a message says: values by the code of their register, those that it lacks, and its own time."""

    records: tuple[Record, ...]
    missing: tuple[ValueNotThere, ...]
    at: datetime | None


def read(payload: bytes, places: Iterable[mapping.Place], time: str, *, now: datetime) -> Told:
    """This will find the values of a message.

    :param time: the pointer to the message's own time; empty for none
    :param now: the product's present instant
    :raises MessageUnreadable: when it is no JSON, or too long
    :raises TimeWrong: when its time is asked for and cannot be
    """
    content = _content(payload)
    records: list[Record] = []
    missing: list[ValueNotThere] = []
    for place in places:
        found = at(content, place.pointer)
        number = _number(found)
        if number is None:
            shown = "nothing" if found is NOTHING else _short(found)
            words = f"register {place.register}: {shown} stands at {place.pointer}"
            missing.append(ValueNotThere(words, register=place.register, pointer=place.pointer, found=shown))
        else:
            raw = str(found).encode().hex()
            records.append(Record(place.register, number * place.factor, place.unit.value, "", raw))
    return Told(tuple(records), tuple(missing), _time(at(content, time), time, now) if time else None)


def is_last_gasp(payload: bytes) -> bool:
    """This will tell whether a device says with its last strength that its supply fails.

    That is a JSON object with `"last_gasp": true`, or whose `event` or `type` names it. A last will that the broker
    sends is none: it says that the connection ended, not why.
    """
    if not any(word in payload.lower() for word in GASPS):
        return False
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    if not isinstance(content, dict):
        return False
    named = {str(content.get(key, "")).casefold().replace("-", "_") for key in ("event", "type")}
    is_said = str(content.get("last_gasp", "")).casefold() in ("true", "1")  # a form sends texts
    return is_said or bool(named & GASP_EVENTS)


def at(content: object, pointer: str) -> object:
    """This will return what stands at a pointer of RFC 6901; `NOTHING` when nothing does."""
    if pointer == mapping.WHOLE:
        return content
    for part in pointer[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(content, dict):
            content = content.get(key, NOTHING)
        elif isinstance(content, list) and INDEX.fullmatch(key) and int(key) < len(content):
            content = content[int(key)]
        else:
            return NOTHING
    return content


def _content(payload: bytes) -> object:
    if len(payload) > LONGEST:
        raise MessageUnreadable(f"a message of {len(payload)} bytes is too long", text=f"{len(payload)} bytes")
    try:
        return json.loads(payload.decode(), parse_float=_kept, parse_int=_kept, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MessageUnreadable(f"a message is no JSON ({error})", text=_short(payload)) from error


def _kept(text: str) -> str | Decimal:
    """A number as exact as it was sent; one that no meter sends stays a text, which is no number anywhere."""
    return Decimal(text) if NUMBER.fullmatch(text) else f"a number of {len(text)} digits"


def _refuse(text: str) -> Any:  # noqa: ANN401 - json's own
    raise ValueError(f"{text} is no number of JSON")


def _number(found: object) -> Decimal | None:
    if isinstance(found, Decimal):
        return found
    if isinstance(found, str) and NUMBER.fullmatch(found.strip()):
        return Decimal(found.strip())
    return None


def _time(found: object, pointer: str, now: datetime) -> datetime:
    read = _instant(found)
    if read is None or not now - EARLIEST <= read <= now + MOST_AHEAD:
        shown = "nothing" if found is NOTHING else _short(found)
        raise TimeWrong(f"{shown} stands at {pointer} for the time", pointer=pointer, found=shown)
    return min(read, now)


def _instant(found: object) -> datetime | None:
    number = _number(found)
    try:
        if number is not None:
            seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
            return datetime.fromtimestamp(int(seconds), UTC)
        read = datetime.fromisoformat(found) if isinstance(found, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    # Without an offset nobody knows whose clock it was.
    return read.astimezone(UTC).replace(microsecond=0) if read is not None and read.tzinfo is not None else None


def _short(found: object) -> str:
    text = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:60]
