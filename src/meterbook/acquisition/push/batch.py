"""What a batch looks like on the line: compact JSON by meter and register, packed with gzip.

{"format": "meterbook-batch-1",
 "readings": [{"meter": "A-17", "register": "energy_import", "unit": "KWH", "decimals": 2,
               "at": [1767225600000, 1767226500000], "value": [123456, 123470]}],
 "latest": [...the same, shown as live values only...],
 "status": {"firmware": "1.0", ...}}

`at` counts milliseconds since 1970 in UTC, `value` is an integer of 10^-decimals of the unit. What is read here is
limited before it is believed: bytes on the line, bytes unpacked, rows, and the shape of everything.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from meterbook.acquisition.push import line_hours

FORMAT = "meterbook-batch-1"
GZIP, IDENTITY = "gzip", "identity"
MOST_BYTES, MOST_UNPACKED = 1 << 20, 8 << 20
MOST_ROWS, MOST_GROUPS, MOST_DECIMALS = 50_000, 20_000, 9
MOST_LINES = 5_000
LARGEST = 2**62
LATEST = 2**52  # milliseconds; a thousand times that are microseconds in 64 bits
_GROUP = {"meter", "register", "decimals", "at", "value"}
_TEXTS = {"firmware": 40, "restart_reason": 60}
_NOTE = {"device": str, "at": int, "failures": int, "since": int, "problem": dict}
_NOTE |= {"request": str, "response": str, "took_ms": int}
_LONGEST_TEXT = 2_000
_NUMBERS = ("rssi", "clock_offset_ms", "buffered", "oldest_at")


class BatchTooLarge(ValueError):
    """A batch has at most 1 MB on the line, 8 MB unpacked, 50,000 rows and 20,000 groups; send several."""


class BatchUnreadable(ValueError):
    """The body is no batch; the message says where."""


@dataclass(frozen=True)
class Group:
    """Rows of one register of one meter: instants in milliseconds since 1970, values of 10^-`decimals` of `unit`."""

    meter: str
    register: str
    decimals: int
    at: list[int]
    value: list[int]
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        """This will return what is written."""
        unit = {"unit": self.unit} if self.unit else {}
        named = {"meter": self.meter, "register": self.register, **unit, "decimals": self.decimals}
        return {**named, "at": self.at, "value": self.value}


@dataclass(frozen=True)
class Batch:
    """What a gateway tells at once. `status` holds what it says of itself, already checked."""

    readings: tuple[Group, ...] = ()
    latest: tuple[Group, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)
    devices: tuple[Mapping[str, Any], ...] = ()
    lines: tuple[line_hours.LineHour, ...] = ()

    @property
    def size(self) -> int:
        """How many readings it holds."""
        return sum(len(each.at) for each in self.readings)


def write(batch: Batch) -> bytes:
    """This will return the packed body; the same batch gives the same bytes."""
    content: dict[str, Any] = {"format": FORMAT, "readings": [each.as_json() for each in batch.readings]}
    if batch.latest:
        content["latest"] = [each.as_json() for each in batch.latest]
    if batch.devices:
        content["devices"] = [dict(each) for each in batch.devices]
    if batch.lines:
        content["lines"] = [each.as_json() for each in batch.lines]
    if batch.status:
        content["status"] = dict(batch.status)
    return pack(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())


def pack(raw: bytes) -> bytes:
    """This will pack bytes with gzip, without the time that would make two packings differ."""
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(raw) + packer.flush()


def unpack(body: bytes, encoding: str) -> bytes:
    """This will unpack a body, and stop where it becomes too large, however little was sent.

    :param encoding: what `Content-Encoding` says: gzip, or nothing
    :raises BatchTooLarge: when it has more bytes than a batch may
    :raises BatchUnreadable: when it is no gzip, or another encoding
    """
    if len(body) > MOST_BYTES:
        raise BatchTooLarge(BatchTooLarge.__doc__)
    if encoding in ("", IDENTITY):
        return body
    if encoding != GZIP:
        raise BatchUnreadable("Content-Encoding is gzip, or is left out.")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        raw = unpacker.decompress(body, MOST_UNPACKED + 1)
    except zlib.error as error:
        raise BatchUnreadable("The body says that it is gzip and is not.") from error
    if len(raw) > MOST_UNPACKED:
        raise BatchTooLarge(BatchTooLarge.__doc__)
    if not unpacker.eof or unpacker.unused_data:
        raise BatchUnreadable("The body is cut off, or something follows it.")
    return raw


def read(raw: bytes) -> Batch:
    """This will read an unpacked batch.

    :raises BatchTooLarge: when it has more rows or groups than a batch may
    :raises BatchUnreadable: naming the place that is wrong
    """
    content = read_object(raw)
    if content.get("format") != FORMAT:
        _refuse("/format", f"is “{FORMAT}”")
    unknown = content.keys() - {"format", "readings", "latest", "status", "devices", "lines"}
    if unknown:
        _refuse(f"/{sorted(unknown)[0][:40]}", "is not known")
    found = Batch(
        readings=tuple(_groups(content, "readings")),
        latest=tuple(_groups(content, "latest")),
        status=_status(content.get("status", {})),
        devices=tuple(_devices(content.get("devices", []))),
        lines=tuple(_lines(content.get("lines", []))),
    )
    if found.size + sum(len(each.at) for each in found.latest) > MOST_ROWS:
        raise BatchTooLarge(BatchTooLarge.__doc__)
    return found


def read_object(raw: bytes) -> dict[str, Any]:
    """This will read a JSON object that holds no fraction, no doubled key and no nonsense.

    :raises BatchUnreadable: when it is none
    """
    try:
        content = json.loads(
            raw.decode("utf-8"), parse_float=_no_fraction, parse_constant=_no_fraction, object_pairs_hook=_once
        )
    except BatchUnreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise BatchUnreadable("The body is no JSON.") from error
    if not isinstance(content, dict):
        raise BatchUnreadable("The body is no JSON object.")
    return content


def _groups(content: Mapping[str, Any], name: str) -> Iterable[Group]:
    given = content.get(name, [])
    if not isinstance(given, list):
        _refuse(f"/{name}", "is a list")
    if len(given) > MOST_GROUPS:
        raise BatchTooLarge(BatchTooLarge.__doc__)
    for number, each in enumerate(given):
        yield _group(each, f"/{name}/{number}")


def _group(given: object, place: str) -> Group:
    if not isinstance(given, dict) or not given.keys() >= _GROUP or given.keys() - _GROUP - {"unit"}:
        _refuse(place, "has meter, register, decimals, at and value, and may have unit")
    for name in ("meter", "register", "unit"):
        text = given.get(name, "")
        if not isinstance(text, str) or len(text) > 60 or "\0" in text:
            _refuse(f"{place}/{name}", "is a text of at most 60 signs")
    decimals = given["decimals"]
    if type(decimals) is not int or not 0 <= decimals <= MOST_DECIMALS:
        _refuse(f"{place}/decimals", f"is a whole number from 0 to {MOST_DECIMALS}")
    at, value = given["at"], given["value"]
    for name, numbers, most in (("at", at, LATEST), ("value", value, LARGEST)):
        if not isinstance(numbers, list) or set(map(type, numbers)) - {int}:
            _refuse(f"{place}/{name}", "is a list of whole numbers")
        if numbers and not -most < min(numbers) <= max(numbers) < most:
            _refuse(f"{place}/{name}", "holds a number that is too large")
    if len(at) != len(value):
        _refuse(place, "has as many instants as values")
    return Group(given["meter"], given["register"], decimals, at, value, given.get("unit", ""))


def _status(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        _refuse("/status", "is an object")
    found: dict[str, Any] = {}
    for name, longest in _TEXTS.items():
        text = given.get(name)
        if text is not None and (not isinstance(text, str) or "\0" in text):
            _refuse(f"/status/{name}", "is a text")
        if text is not None:
            found[name] = text[:longest]
    for name in _NUMBERS:
        number = given.get(name)
        if number is not None and (type(number) is not int or abs(number) > 2**53):
            _refuse(f"/status/{name}", "is a whole number")
        if number is not None:
            found[name] = number
    return found


def _devices(given: object) -> Iterable[Mapping[str, Any]]:
    """How devices are doing: `at` it answered, or since when it fails, how often, and why."""
    if not isinstance(given, list) or len(given) > MOST_GROUPS:
        _refuse("/devices", "is a list")
    for number, each in enumerate(given):
        place = f"/devices/{number}"
        if not isinstance(each, dict) or not each.keys() <= _NOTE.keys() or not {"device", "at"} <= each.keys():
            _refuse(place, f"has device and at, and may have {', '.join(sorted(_NOTE.keys() - {'device', 'at'}))}")
        for name, value in each.items():
            if type(value) is not _NOTE[name] or (type(value) is str and len(value) > _LONGEST_TEXT):
                _refuse(f"{place}/{name}", f"is {_NOTE[name].__name__}")
            if type(value) is int and not 0 <= value <= 2**53:
                _refuse(f"{place}/{name}", "is a whole number from 0")
        yield each


def _lines(given: object) -> Iterable[line_hours.LineHour]:
    """What came of questions, by the hour."""
    if not isinstance(given, list) or len(given) > MOST_LINES:
        _refuse("/lines", f"is a list of at most {MOST_LINES} rows")
    for number, each in enumerate(given):
        try:
            yield line_hours.read(each)
        except line_hours.LineHourInvalid:
            _refuse(f"/lines/{number}", "has bus and hour, and may have what the reference names")


def _no_fraction(text: str) -> NoReturn:
    raise BatchUnreadable(f"{text[:20]} is no whole number; values are integers with their decimals beside them.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BatchUnreadable("A key stands twice in one object.")
    return found


def _refuse(place: str, words: str) -> NoReturn:
    raise BatchUnreadable(f"{place} {words}.")
