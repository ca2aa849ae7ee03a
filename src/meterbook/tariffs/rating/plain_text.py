"""What a document may hold before anything else looks at it: bounded depth, and words that can be stored."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from meterbook.tariffs.rating.problems import Problem
from meterbook.tariffs.rating.problems import gettext_noop as _

LONGEST_TEXT = 500_000  # characters of a whole document
DEEPEST = 16  # a sound document has 6
MOST_FAULTS = 20
_LINES = "\n\r\t"


def problems(raw: object) -> list[Problem]:
    """This will return what is wrong with depth and words of parsed JSON; it never recurses.

    Signs that cannot be stored are controls (such as NUL) and halves of surrogate pairs.
    """
    found: list[Problem] = []
    waiting: list[tuple[str, object, int]] = [("", raw, 1)]
    while waiting and len(found) < MOST_FAULTS:
        place, each, depth = waiting.pop()
        if isinstance(each, str):
            if not _is_storable(each):
                found.append(Problem(place, _("the text holds signs that cannot be stored; type it anew")))
        elif isinstance(each, dict | list):
            if depth > DEEPEST:
                return [Problem("", _("brackets are nested more than %(deepest)s deep"), {"deepest": DEEPEST})]
            waiting.extend(reversed([(at, value, depth + 1) for at, value in _inside(place, each)]))
    return found


def _inside(place: str, each: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(each, list):
        yield from ((f"{place}[{index}]", value) for index, value in enumerate(each))
        return
    for key, value in each.items():
        shown = key.encode("unicode_escape").decode() if not _is_storable(key) else key
        inner = f"{place}.{shown}" if place else shown
        yield inner, key
        yield inner, value


def _is_storable(words: str) -> bool:
    return not any(unicodedata.category(each) in {"Cc", "Cs"} and each not in _LINES for each in words)
