"""The chain of days over all issued documents (B-72): each root follows from the root before and the day's digests.

Whoever keeps a root knows later that no document of before was changed, put in or left out. A link holds what was
registered since the link before up to its sealing, after the day was over; days without documents have none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models import Max

from meterbook.documents import models
from meterbook.documents.registering import CHAIN_LOCK
from meterbook.foundation import operation, scoping

FORMAT = "meterbook-chain/1"
START = "0" * 64

Entry = tuple[str, str, str]  # kind, number, digest


@dataclass(frozen=True)
class RootRow:
    """A link of the chain."""

    day: date
    documents: int
    previous: str
    root: str
    sealed_at: datetime


@dataclass(frozen=True)
class ChainReport:
    """What checking the chain found: `broken` is the first day whose root does not follow from what is there."""

    links: int
    documents: int
    root: str
    broken: date | None


def root_of(*, day: date, previous: str, entries: Sequence[Entry]) -> str:
    """This will return the SHA-256 over the root before, the day and its documents in the order of registration.

    Of the canonical JSON: {"day":"2026-11-03","documents":[["BILL","HR-2026-000001","<digest>"]],"previous":"<root>"}.
    """
    told = {"day": day.isoformat(), "documents": [list(each) for each in entries], "previous": previous}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@operation.operation
def seal_days(*, at: datetime) -> bool:
    """This will add a link for the day (UTC) that is over; False where there is nothing new to seal.

    Several days at once, where nobody sealed for a while, are one link with the day of the latest.
    """
    organization_id = scoping.current().organization_id
    day = at.astimezone(UTC).date() - timedelta(days=1)
    newest = _newest(organization_id)
    if newest is not None and newest.day >= day:
        return False
    with connection.cursor() as cursor:
        # Waits for who is registering now: what has a smaller id is there, or never comes.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [CHAIN_LOCK, organization_id])
    newest = _newest(organization_id)
    after = 0 if newest is None else newest.through_id
    found = models.IssuedDocument.objects.filter(organization_id=organization_id, id__gt=after)
    through = found.aggregate(through=Max("id"))["through"]
    if through is None or (newest is not None and newest.day >= day):
        return False
    previous = START if newest is None else newest.root
    entries = list(_entries(organization_id, after, through))
    models.DayRoot.objects.create(
        organization_id=organization_id,
        day=day,
        after_id=after,
        through_id=through,
        documents=len(entries),
        previous=previous,
        root=root_of(day=day, previous=previous, entries=entries),
        sealed_at=at,
    )
    return True


def list_roots(*, most: int | None = None) -> list[RootRow]:
    """This will return the links, the newest first."""
    found = models.DayRoot.objects.filter(organization_id=scoping.current().organization_id).order_by("-day")
    return [_row(each) for each in (found if most is None else found[:most])]


def check() -> ChainReport:
    """This will make every root again from the documents that are there."""
    with scoping.unlimited():
        return _check(scoping.current().organization_id)


def _check(organization_id: int) -> ChainReport:
    previous, documents, links = START, 0, 0
    for each in models.DayRoot.objects.filter(organization_id=organization_id).order_by("day"):
        entries = list(_entries(organization_id, each.after_id, each.through_id))
        if each.previous != previous or root_of(day=each.day, previous=previous, entries=entries) != each.root:
            return ChainReport(links, documents, previous, each.day)
        previous, documents, links = each.root, documents + len(entries), links + 1
    return ChainReport(links, documents, previous, None)


def export() -> Iterator[str]:
    """This will write the chain as JSON lines: a head, then each link with its documents, the oldest first.

    Everything that is needed to make every root again stands in it; amounts and names do not.
    """
    organization_id = scoping.current().organization_id
    yield _line({"format": FORMAT, "hash": "SHA-256", "start": START})
    for each in models.DayRoot.objects.filter(organization_id=organization_id).order_by("day"):
        entries = [list(entry) for entry in _entries(organization_id, each.after_id, each.through_id)]
        yield _line(
            {
                "day": each.day.isoformat(),
                "documents": entries,
                "previous": each.previous,
                "root": each.root,
                "sealed_at": each.sealed_at.astimezone(UTC).isoformat(),
            }
        )


def _newest(organization_id: int) -> models.DayRoot | None:
    return models.DayRoot.objects.filter(organization_id=organization_id).order_by("-day").first()


def _entries(organization_id: int, after: int, through: int) -> Iterator[Entry]:
    found = models.IssuedDocument.objects.filter(organization_id=organization_id, id__gt=after, id__lte=through)
    yield from found.order_by("id").values_list("kind", "number", "digest").iterator()


def _row(found: models.DayRoot) -> RootRow:
    return RootRow(found.day, found.documents, found.previous, found.root, found.sealed_at)


def _line(plain: dict[str, object]) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
