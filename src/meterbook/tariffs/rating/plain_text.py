"""What a document may hold before anything else looks at it: bounded depth, and words that can be stored."""

from __future__ import annotations

from collections.abc import Iterator

from meterbook.kernel import signs
from meterbook.tariffs.rating.problems import Problem
from meterbook.tariffs.rating.problems import gettext_noop as _

LONGEST_TEXT = 500_000  # characters of a whole document
DEEPEST = 16  # a sound document has 6
MOST_FAULTS = 20


def problems(raw: object) -> list[Problem]:
    """This will return what is wrong with depth and words of parsed JSON; it never recurses.

    Signs that must not be in it are what nobody sees (`kernel.signs`): controls such as NUL, changes of direction.
    """
    found: list[Problem] = []
    waiting: list[tuple[str, object, int]] = [("", raw, 1)]
    while waiting and len(found) < MOST_FAULTS:
        place, each, depth = waiting.pop()
        if isinstance(each, str):
            if not _is_storable(each):
                found.append(_unseen(place, each))
        elif isinstance(each, dict | list):
            if depth > DEEPEST:
                return [Problem("", _("brackets are nested more than %(deepest)s deep"), {"deepest": DEEPEST})]
            waiting.extend(reversed([(at, value, depth + 1) for at, value in _inside(place, each)]))
    return found


def _unseen(place: str, words: str) -> Problem:
    found = signs.find(words, lines=True)
    named = {"sign": found.shown, "at": found.place} if found is not None else {"sign": "", "at": 0}
    return Problem(place, _("the text holds the invisible sign %(sign)s at place %(at)s; type it anew"), named)


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
    return signs.find(words, lines=True) is None
