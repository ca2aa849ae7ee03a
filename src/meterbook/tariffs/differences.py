"""What one document of a tariff says otherwise than another, place by place. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A place such as "/components/energy/price", and what stands there in both as JSON; None where nothing does."""

    place: str
    before: str | None
    after: str | None


def between(before: dict[str, Any], after: dict[str, Any]) -> tuple[Difference, ...]:
    """This will list the places that differ, in the order of the newer document, then what it no longer has.

    Parts of a list that have a code are told apart by it, others by their number from 0 on.
    """
    old, new = dict(_places(before, "")), dict(_places(after, ""))
    order = [*new, *(each for each in old if each not in new)]
    return tuple(Difference(each, old.get(each), new.get(each)) for each in order if old.get(each) != new.get(each))


def _places(part: Any, place: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever JSON holds
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _places(value, f"{place}/{key}")
    elif isinstance(part, list):
        for number, value in enumerate(part):
            named = value.get("code") if isinstance(value, dict) else None
            yield from _places(value, f"{place}/{named if named is not None else number}")
    else:
        yield place, json.dumps(part, ensure_ascii=False)
