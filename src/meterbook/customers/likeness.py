"""Which records are probably of one customer. Pure.

Two records are alike when they share the tax number or an e-mail address, or when their names are nearly the same. A
name is compared without accents, signs and legal forms, its words in order: "García López, Ana" is "Ana Garcia Lopez".
"""

from __future__ import annotations

import difflib
import enum
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

LEGAL_FORMS = frozenset(
    (
        *("ltd", "limited", "inc", "llc", "llp", "plc", "gmbh", "ag", "kg", "sa", "sl", "slu", "sas", "srl", "spa"),
        *("bv", "nv", "co", "company", "corp", "corporation", "the", "and", "y", "e"),
    )
)
VERY_SIMILAR = Fraction(9, 10)
SHORTEST = 4  # signs of a name that can be said to be similar
MOST_ALIKE = 400  # records that share so much of a name, or a number, are not one customer: the word tells nothing


class Why(enum.StrEnum):
    """What two records have in common, the surest first."""

    TAX_NUMBER = "TAX_NUMBER"
    EMAIL = "EMAIL"
    NAME = "NAME"


@dataclass(frozen=True)
class Record:
    """What of a record is compared."""

    id: int
    name: str
    tax_number: str
    emails: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Two records by their ids, the smaller first, and why they are taken for one customer."""

    first_id: int
    second_id: int
    why: Why


def pairs(records: Sequence[Record]) -> list[Pair]:
    """This will return the pairs that are probably one customer, each once with the surest reason."""
    found: dict[tuple[int, int], Why] = {}
    for why, groups in (
        (Why.TAX_NUMBER, _grouped((tax_key(each.tax_number), each.id) for each in records)),
        (Why.EMAIL, _grouped((mail.strip().lower(), each.id) for each in records for mail in each.emails)),
    ):
        for ids in groups:
            for place, first in enumerate(ids):
                for second in ids[place + 1 :]:
                    found.setdefault((min(first, second), max(first, second)), why)
    for pair in _similar(records):
        found.setdefault(pair, Why.NAME)
    return [Pair(first, second, why) for (first, second), why in sorted(found.items())]


def tax_key(number: str) -> str:
    """This will return a tax number without spaces and signs, and empty where it names nobody, such as "00-00"."""
    key = "".join(each for each in number.upper() if each.isalnum())
    return key if key.strip("0") else ""


def name_key(name: str) -> str:
    """This will return a name as it is compared: "Calder & Sons Bakery Ltd." is "bakery calder sons"."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(each if each.isalnum() else " " for each in plain if not unicodedata.combining(each))
    return " ".join(sorted(word for word in letters.split() if word not in LEGAL_FORMS))


def _similar(records: Sequence[Record]) -> set[tuple[int, int]]:
    """Only names that share a word's beginning are compared: all with all would be too many."""
    keys = {each.id: name_key(each.name) for each in records}
    blocks = _grouped((word[:3], each) for each, key in keys.items() for word in set(key.split()) if len(word) > 1)
    found = set()
    for ids in blocks:
        for place, first in enumerate(ids):
            for second in ids[place + 1 :]:
                if is_similar(keys[first], keys[second]):
                    found.add((min(first, second), max(first, second)))
    return found


def is_similar(one: str, other: str) -> bool:
    """This will tell whether two name keys are nearly the same; those that differ in a number are not: "Shop 1"."""
    if min(len(one), len(other)) < SHORTEST or _digits(one) != _digits(other):
        return False
    if one == other:
        return True
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    matching = sum(each.size for each in matcher.get_matching_blocks())
    return Fraction(2 * matching, len(one) + len(other)) >= VERY_SIMILAR


def _digits(key: str) -> str:
    return "".join(each for each in key if each.isdigit())


def _grouped(keyed: Iterable[tuple[str, int]]) -> list[list[int]]:
    groups: dict[str, dict[int, None]] = defaultdict(dict)
    for key, each in keyed:
        if key:
            groups[key][each] = None
    return [list(ids) for ids in groups.values() if 1 < len(ids) <= MOST_ALIKE]
