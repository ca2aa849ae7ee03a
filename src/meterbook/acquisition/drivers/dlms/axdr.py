"""Data in A-XDR (Blue Book 4.1.5): each value begins with a tag that names its type."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets

Data = dict[str, Plain]
DEEPEST = 32
NULL, ARRAY, STRUCTURE, COMPACT_ARRAY, OCTET_STRING = 0, 1, 2, 19, 9
# tag -> name, bytes, whether it has a sign
INTEGERS = {
    5: ("double-long", 4, True),
    6: ("double-long-unsigned", 4, False),
    15: ("integer", 1, True),
    16: ("long", 2, True),
    17: ("unsigned", 1, False),
    18: ("long-unsigned", 2, False),
    20: ("long64", 8, True),
    21: ("long64-unsigned", 8, False),
    22: ("enum", 1, False),
    28: ("delta-integer", 1, True),
    29: ("delta-long", 2, True),
    30: ("delta-double-long", 4, True),
    31: ("delta-unsigned", 1, False),
    32: ("delta-long-unsigned", 2, False),
    33: ("delta-double-long-unsigned", 4, False),
}
FLOATS = {7: ("floating-point", 4), 23: ("float32", 4), 24: ("float64", 8)}
TIMES = {25: ("date-time", 12), 26: ("date", 5), 27: ("time", 4)}
NAMES = {
    NULL: "null-data",
    ARRAY: "array",
    STRUCTURE: "structure",
    3: "boolean",
    4: "bit-string",
    OCTET_STRING: "octet-string",
    10: "visible-string",
    12: "utf8-string",
    13: "bcd",
    COMPACT_ARRAY: "compact-array",
    255: "dont-care",
}


def length(octets: Octets) -> int:
    """This will read a length: one byte below 0x80, else 0x8n and n bytes.

    :raises DecodeError: when it is longer than four bytes
    """
    place, first = octets.place, octets.byte("length")
    if first < 0x80:
        return first
    if not 0x81 <= first <= 0x84:
        raise DecodeError(f"0x{first:02x} begins no length", place=place)
    return octets.number(first & 0x7F, "length")


def read(octets: Octets, depth: int = 0) -> Data:
    """This will read one value: 06 00001391 is {"type": "double-long-unsigned", "value": 5009}.

    Octet strings are hex, arrays and structures lists of values, bit strings texts of 0 and 1.

    :raises DecodeError: when the tag is unknown, the frame ends before, or values are nested too deep
    """
    place, tag = octets.place, octets.byte("type of data")
    return _body(octets, tag, depth, place)


def _body(octets: Octets, tag: int, depth: int, place: str) -> Data:
    if depth > DEEPEST:
        raise DecodeError(f"values are nested more than {DEEPEST} deep", place=place)
    if tag in INTEGERS:
        name, size, signed = INTEGERS[tag]
        return {"type": name, "value": octets.number(size, name, signed=signed)}
    if tag in (ARRAY, STRUCTURE):
        count = length(octets)
        if count > octets.left:
            raise DecodeError(f"{count} elements are announced, {octets.left} bytes follow", place=place)
        return {"type": NAMES[tag], "value": [read(octets, depth + 1) for _ in range(count)]}
    if tag in FLOATS:
        name, size = FLOATS[tag]
        return {"type": name, "value": _float(octets.take(size, name))}
    if tag in TIMES:
        name, size = TIMES[tag]
        return {"type": name, "value": octets.take(size, name).hex()}
    if tag in PLAIN:
        return {"type": NAMES[tag], "value": PLAIN[tag](octets)}
    if tag == COMPACT_ARRAY:
        return {"type": NAMES[tag], "value": _compact(octets, depth, place)}
    raise DecodeError(f"{tag} is no type of data", place=place)


def _float(octets: bytes) -> Plain:
    # The shortest decimal that means this float and no other: no binary fraction enters.
    number = Decimal(str(np.frombuffer(octets, dtype=f">f{len(octets)}")[0]))
    return number if number.is_finite() else str(number).lower()


def _bits(octets: Octets) -> str:
    count = length(octets)
    return "".join(f"{octet:08b}" for octet in octets.take((count + 7) // 8, "bit string"))[:count]


def _octets(octets: Octets) -> str:
    return octets.take(length(octets), "octet string").hex()


def _visible(octets: Octets) -> str:
    return octets.take(length(octets), "visible string").decode("latin-1")


def _utf8(octets: Octets) -> str:
    place, text = octets.place, octets.take(length(octets), "UTF-8 string")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("these bytes are no UTF-8", place=place) from error


def _boolean(octets: Octets) -> bool:
    return octets.byte("boolean") != 0


def _bcd(octets: Octets) -> int:
    return octets.number(1, "BCD", signed=True)


def _none(octets: Octets) -> None:
    return None


PLAIN: dict[int, Callable[[Octets], Plain]] = {
    NULL: _none,
    3: _boolean,
    4: _bits,
    OCTET_STRING: _octets,
    10: _visible,
    12: _utf8,
    13: _bcd,
    255: _none,
}


def _compact(octets: Octets, depth: int, place: str) -> list[Plain]:
    described = _description(octets, depth)
    content = octets.part(length(octets), "compact array")
    found: list[Plain] = []
    while content.left:
        before = content.left
        found.append(_undescribed(content, described, depth + 1, place))
        if content.left == before:
            raise DecodeError("elements without a byte have no end", place=place)
    return found


def _description(octets: Octets, depth: int) -> tuple[int, list[object], int]:
    place, tag = octets.place, octets.byte("type description")
    if depth > DEEPEST:
        raise DecodeError(f"types are nested more than {DEEPEST} deep", place=place)
    if tag == ARRAY:
        count = octets.number(2, "number of elements")
        return tag, [_description(octets, depth + 1)], count
    if tag == STRUCTURE:
        return tag, [_description(octets, depth + 1) for _ in range(length(octets))], 0
    return tag, [], 0


def _undescribed(octets: Octets, described: tuple[int, list[object], int], depth: int, place: str) -> Data:
    tag, parts, count = described
    if tag not in (ARRAY, STRUCTURE):
        return _body(octets, tag, depth, place)
    if tag == ARRAY and count > octets.left:
        raise DecodeError(f"{count} elements are announced, {octets.left} bytes follow", place=octets.place)
    each = parts * count if tag == ARRAY else parts
    return {
        "type": NAMES[tag],
        "value": [_undescribed(octets, part, depth + 1, place) for part in each],  # type: ignore[arg-type]
    }
