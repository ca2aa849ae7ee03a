"""How the numbers of a place and year begin: by themselves, or as somebody planned before the first one was given.

By itself the series of a place is its code and the year, from 1 on: "HR-2026-000001"; other
kinds than bills have a sign before it: "CN-HR-2026-000001".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.documents import models, queries, values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

LONGEST_PREFIX = 40
HIGHEST_FIRST = 999_999_999
_SHAPE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


class PrefixRefused(ValueError):
    """The prefix cannot be printed before numbers; the message says what may stand in it."""


class SeriesInUse(ValueError):
    """Numbers of this year were given already, so their series stays as it is; plan the next year."""


class NumberUsed(ValueError):
    """The number, or a higher one, was given already; the message says which one follows."""


@dataclass(frozen=True)
class Start:
    """The series of a place and year."""

    prefix: str
    first_number: int


@dataclass(frozen=True)
class Standing:
    """How the series of a place and year stands. `following` is the next number as it is printed."""

    place: str
    year: int
    start: Start
    issued: int
    newest: str
    following: str

    @property
    def is_used(self) -> bool:
        """This will tell whether numbers were given, so that nothing can be changed."""
        return self.issued > 0


def find_start(*, kind: values.DocumentKind, place: str, year: int) -> Start:
    """This will return prefix and first number of the series of a place and year."""
    found = models.SeriesPlan.objects.filter(
        organization_id=scoping.current().organization_id, kind=kind, place=place, year=year
    ).first()
    return _usual(kind, place, year) if found is None else Start(found.prefix, found.first_number)


def _usual(kind: values.DocumentKind, place: str, year: int) -> Start:
    return Start(f"{values.SIGNS.get(kind, '')}{place}-{year}", 1)


def standings(*, kind: values.DocumentKind, places: Iterable[str], years: Iterable[int]) -> list[Standing]:
    """This will return how the series of places stand, year by year; in two queries."""
    organization_id = scoping.current().organization_id
    used = {
        each.prefix: each for each in models.NumberSeries.objects.filter(organization_id=organization_id, kind=kind)
    }
    planned = {
        (each.place, each.year): Start(each.prefix, each.first_number)
        for each in models.SeriesPlan.objects.filter(organization_id=organization_id, kind=kind)
    }
    wanted = [(place, year) for year in sorted(years) for place in places]
    return [
        _standing(place, year, planned.get((place, year)) or _usual(kind, place, year), used) for place, year in wanted
    ]


@operation.operation
def plan_series(
    *, actor: Actor, at: datetime, kind: values.DocumentKind, place: str, year: int, prefix: str, first_number: int
) -> None:
    """This will set prefix and first number of a series of which no number was given yet.

    A prefix that has numbers already goes on where it stands: no number is given twice, and none left out.

    :raises PrefixRefused: when the prefix has other signs than letters, digits, dot, dash and underscore
    :raises SeriesInUse: when numbers of the place and year were given
    :raises NumberUsed: when the first number would not follow the latest one of that prefix
    """
    organization_id = scoping.current().organization_id
    if len(prefix) > LONGEST_PREFIX or not _SHAPE.fullmatch(prefix):
        raise PrefixRefused(
            _("Write letters, digits, dots, dashes or underscores, at most %(most)s, a letter or digit at both ends.")
            % {"most": LONGEST_PREFIX}
        )
    before = find_start(kind=kind, place=place, year=year)
    series = models.NumberSeries.objects.select_for_update().filter(organization_id=organization_id, kind=kind)
    used = {each.prefix: each for each in series.order_by("id")}
    if before.prefix in used and used[before.prefix].next_number > before.first_number:
        raise SeriesInUse(
            _("Numbers of %(year)s were given already, so this series stays as it is. Plan the next year.")
            % {"year": year}
        )
    if prefix in used and used[prefix].next_number != first_number:
        raise NumberUsed(
            _("Numbers with “%(prefix)s” were given already. The first one must be %(next)s.")
            % {"prefix": prefix, "next": used[prefix].next_number}
        )
    after = Start(prefix, first_number)
    plan, _is_new = models.SeriesPlan.objects.update_or_create(
        organization_id=organization_id,
        kind=kind,
        place=place,
        year=year,
        defaults={"prefix": prefix, "first_number": first_number},
    )
    if before != after:
        audit_operations.record(
            actor=actor,
            at=at,
            action="documents:plan_series",
            subject=plan,
            before={"prefix": before.prefix, "first_number": before.first_number},
            after={"prefix": prefix, "first_number": first_number},
        )


def _standing(place: str, year: int, start: Start, used: dict[str, models.NumberSeries]) -> Standing:
    series = used.get(start.prefix)
    following = max(start.first_number, series.next_number) if series else start.first_number
    issued = following - start.first_number
    return Standing(
        place=place,
        year=year,
        start=start,
        issued=issued,
        newest=queries.number_text(start.prefix, following - 1) if issued else "",
        following=queries.number_text(start.prefix, following),
    )
