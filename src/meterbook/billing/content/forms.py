"""Bills that differ in names and numbers only: one is built from its facts, the others are written into its form."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from meterbook.billing.content.digests import canonical

Place = tuple[str | int, ...]
MOST_DECIMALS = 6  # beyond them Decimal writes small numbers with an exponent
_MARK = "\x1a{}\x1a"
_WRITTEN = re.compile(r'"\\u001a(\d+)\\u001a"')


class Form:
    """The canonical text of a bill with a gap at each of some places, in the order of the text.

    Whatever is no gap is the same on all bills of the form: the caller says which places differ.
    """

    def __init__(self, data: bytes, places: Sequence[Place]) -> None:
        """Take a bill and the places at which others differ, as keys and indexes from the outermost on.

        :raises LookupError: when the bill has no such place
        """
        content: Any = orjson.loads(data)
        for number, place in enumerate(places):
            _put(content, place, _MARK.format(number))
        parts = _WRITTEN.split(canonical(content).decode())
        order = [int(each) for each in parts[1::2]]
        if len(order) != len(places):
            raise LookupError("A name on this bill looks like a gap.")
        self._parts = parts
        # Of one place alone itemgetter would answer the value itself.
        self._ordered = (
            operator.itemgetter(*order) if len(order) > 1 else lambda values: [values[each] for each in order]
        )

    def written(self, values: Sequence[str]) -> bytes:
        """This will write a bill; `values` are JSON, in the order of the places."""
        text = self._parts.copy()
        text[1::2] = self._ordered(values)
        return "".join(text).encode()


def amounts(numbers: Iterable[int], places: int) -> list[str]:
    """This will write integers of 10^-`places` as decimal numbers in JSON: 2841 with two is "28.41", in quotes.

    As `str` of a Decimal does, up to `MOST_DECIMALS` places.
    """
    if not places:
        return [f'"{each}"' for each in numbers]
    scale, small, negative = 10**places, f'"0.%0{places}d"', f'"-%d.%0{places}d"'
    return [
        f'"{(digits := str(each))[:-places]}.{digits[-places:]}"'
        if each >= scale
        else small % each
        if each >= 0
        else negative % divmod(-each, scale)
        for each in numbers
    ]


def text(value: str | None) -> str:
    """This will write a text as JSON."""
    return canonical(value).decode()


def _put(content: Any, place: Place, mark: str) -> None:  # noqa: ANN401 - JSON
    *outer, final = place
    for each in outer:
        content = content[each]
    if isinstance(content, dict) and final not in content:
        raise LookupError(f"A bill has nothing at {place}.")
    content[final] = mark
