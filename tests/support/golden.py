"""Cases that others computed, by kind (tests/golden/billing_cases.json; each names its source)."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "golden" / "billing_cases.json"


@dataclass(frozen=True)
class Case:
    """One case; numbers in `inputs` and `expected` are texts but where they count cents or days."""

    id: str
    kind: str
    inputs: dict[str, Any]
    expected: dict[str, Any]

    def __str__(self) -> str:
        return self.id


@functools.cache
def _all() -> tuple[Case, ...]:
    raw = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Case(each["id"], each["kind"], each["inputs"], each["expected"]) for each in raw)


def cases(*kinds: str) -> list[Case]:
    """This will return the cases of kinds, in their order.

    :raises LookupError: when there are none of a kind; a test without cases proves nothing
    """
    found = [each for each in _all() if each.kind in kinds]
    missing = set(kinds) - {each.kind for each in found}
    if missing:
        raise LookupError(f"There are no cases of {', '.join(sorted(missing))}.")
    return found


def kinds() -> set[str]:
    """This will return all kinds there are."""
    return {each.kind for each in _all()}
