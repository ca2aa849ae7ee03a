"""The number that a new account is proposed: on from the newest ones, as they are written, and free."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from meterbook.customers import models, values
from meterbook.foundation import scoping

FIRST = "A-000001"
NEWEST, AT_ONCE = 20, 50
RECENT = 5  # how many of the newest decide how numbers are written: one odd among them does not
LENGTH = 40  # of a number
LONGEST_COUNTER = 15  # digits: longer ones are no counters, but numbers of another world
DIGITS = re.compile(r"([0-9]+)")


def following(newest: Sequence[str]) -> Iterator[str]:
    """This will count on from the newest of some numbers, as most are written; from `FIRST` where none has digits.

    Of several groups of digits it counts the one that differs most among those written alike, else the last one:
    after B-02/2026 and B-01/2026 comes B-03/2026, after A-0099 comes A-0100.

    :param newest: the newest first
    """
    model = _model([each for each in newest if _has_counter(each)][:RECENT])
    if model is None:
        model, least = FIRST, 1
        place = _counted([FIRST])
    else:
        alike = [each for each in newest if _shape(each) == _shape(model)]
        place = _counted(alike)
        same = [DIGITS.split(each)[place] for each in alike if _beside(each, place) == _beside(model, place)]
        length = len(DIGITS.split(model)[place])
        least = max(int(each) for each in same if len(each) == length) + 1
    parts = DIGITS.split(model)
    digits = len(parts[place])
    for number in itertools.count(least):
        parts[place] = f"{number:0{digits}d}"
        yield "".join(parts)


def next_numbers(*, count: int = 1, site_id: int | None = None) -> list[str]:
    """This will propose numbers that no account has, on from the newest accounts. Needs a running scope.

    :param site_id: of this site's accounts, where it has any
    """
    owner = scoping.current().organization_id
    # A number is used once in the whole organization, whichever part of it the reader sees.
    with scoping.unlimited():
        own = models.Account.objects.filter(organization_id=owner, is_landlord=False)
        own = own.exclude(mode=values.AccountMode.INTERNAL).order_by("-pk")
        newest = list(own.filter(site_id=site_id).values_list("number", flat=True)[:NEWEST]) if site_id else []
        proposed = following(newest or list(own.values_list("number", flat=True)[:NEWEST]))
        found: list[str] = []
        while len(found) < count:
            wanted = list(itertools.islice(proposed, AT_ONCE))
            taken = _taken(owner, wanted)
            found += [each for each in wanted if each not in taken and len(each) <= LENGTH]
    return found[:count]


def _taken(owner: int, wanted: Collection[str]) -> set[str]:
    found = models.Account.objects.filter(organization_id=owner, number__in=wanted)
    return set(found.values_list("number", flat=True))


def _model(recent: Sequence[str]) -> str | None:
    """The newest of those that are written as most are; of ways that come equally often, of the newest way."""
    ways = Counter(_way(each) for each in recent)
    return max(recent, key=lambda each: ways[_way(each)], default=None)


def _way(number: str) -> tuple[str | int, ...]:
    """What stands around the groups of digits, and how long those are that begin with zeros."""
    groups = (len(each) if each.startswith("0") else 0 for each in DIGITS.findall(number))
    return (*_shape(number), *groups)


def _has_counter(number: str) -> bool:
    return any(len(each) <= LONGEST_COUNTER for each in DIGITS.findall(number))


def _shape(number: str) -> tuple[str, ...]:
    """What stands around the groups of digits."""
    return tuple(DIGITS.split(number)[::2])


def _beside(number: str, place: int) -> tuple[str, ...]:
    """All but the group that is counted."""
    parts = DIGITS.split(number)
    return (*parts[:place], *parts[place + 1 :])


def _counted(alike: Sequence[str]) -> int:
    """Where in the parts the counter stands: the group with most values, of equal ones the last."""
    split = [DIGITS.split(each) for each in alike]
    places = range(1, len(split[0]), 2)
    fitting = [each for each in places if all(len(parts[each]) <= LONGEST_COUNTER for parts in split)]
    return max(fitting or places, key=lambda place: (len({parts[place] for parts in split}), place))
