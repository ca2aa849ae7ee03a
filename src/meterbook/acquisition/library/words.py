"""From 16-bit words to the number that they carry. No float enters: a float register becomes its decimal text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

INTEGERS = {
    "int16": (16, True),
    "uint16": (16, False),
    "int32": (32, True),
    "uint32": (32, False),
    "int64": (64, True),
    "uint64": (64, False),
}
FLOATS = {"float32": 32, "float64": 64}
# word order -> whether the words come least significant first, and whether the bytes of each word do.
ORDERS = {
    "big": (False, False),
    "little": (True, False),
    "big_swapped": (False, True),
    "little_swapped": (True, True),
}


class WordsMissing(ValueError):
    """The answer is shorter than the register; the block that was read does not cover it."""


def raw(words: Sequence[int], *, type: str, word_order: str) -> int | str:  # noqa: A002
    """This will return the integer of an integer register, or the shortest decimal text of a float register.

    Words 0x488A 0xD2A7 of a float32, most significant word first, are "284309.22": the shortest text that means this
    float and no other. The float itself is 284309.21875.

    :param type: one of int16, uint16, int32, uint32, int64, uint64, float32, float64
    :param word_order: one of `ORDERS`
    :raises WordsMissing: when the words do not fill the type
    """
    has_low_word_first, has_low_byte_first = ORDERS[word_order]
    ordered = list(reversed(words)) if has_low_word_first else list(words)
    octets = b"".join(word.to_bytes(2, "little" if has_low_byte_first else "big") for word in ordered)
    bits, is_signed = INTEGERS.get(type) or (FLOATS[type], False)
    if len(octets) * 8 != bits:
        raise WordsMissing(f"{len(words)} words for {type}: {WordsMissing.__doc__}")
    if type in FLOATS:
        return str(np.frombuffer(octets, dtype=f">f{bits // 8}")[0])
    return int.from_bytes(octets, "big", signed=is_signed)


def largest(type: str) -> int | None:  # noqa: A002
    """This will return the largest number of an integer type: 32767 of int16; None for floats."""
    bits, is_signed = INTEGERS.get(type, (0, False))
    return 2 ** (bits - is_signed) - 1 if bits else None


def bounds(type: str) -> tuple[int, int] | None:  # noqa: A002
    """This will return the least and the largest number of an integer type: -32768, 32767 of int16; None for floats."""
    most = largest(type)
    if most is None:
        return None
    return (-most - 1 if INTEGERS[type][1] else 0), most
