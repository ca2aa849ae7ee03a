"""The numbers of each series month by month: which were given, which were taken back, and whether one lacks (B-71)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from meterbook.billing.queries.members import read
from meterbook.documents import queries as document_queries
from meterbook.documents.values import DocumentKind
from meterbook.foundation import scoping

MOST_RANGES, MOST_VOIDS = 1_000, 500
# Every number that was given; charge-back statements have a reference, in no series.
# A number is one of the month when its document has a date in it.
NUMBERS = """
WITH given AS (
    SELECT 'BILL' AS kind, prefix, sequence, bill_date AS day, id FROM billing_bill
    WHERE organization_id = %(organization)s AND prefix <> ''
    UNION ALL
    SELECT 'CREDIT_NOTE', prefix, sequence, note_date, id FROM billing_creditnote
    WHERE organization_id = %(organization)s AND prefix <> ''
)"""
SERIES = """
SELECT kind, prefix, count(*), min(sequence), max(sequence), count(*) - count(DISTINCT sequence),
    count(*) FILTER (WHERE kind = 'BILL' AND EXISTS (
        SELECT FROM billing_creditnote c WHERE c.organization_id = %(organization)s AND c.bill_id = given.id))
FROM given WHERE day >= %(first)s AND day < %(until)s GROUP BY kind, prefix ORDER BY kind, prefix
"""
# What stands before a number of the month in its series: the number before it, or what the series began with.
GAPS = """, ordered AS (
    SELECT g.kind, g.prefix, g.sequence, g.day, coalesce(
        lag(g.sequence) OVER (PARTITION BY g.kind, g.prefix ORDER BY g.sequence), s.first_number - 1) AS before
    FROM given g LEFT JOIN documents_numberseries s
        ON s.organization_id = %(organization)s AND s.kind = g.kind AND s.prefix = g.prefix
)
SELECT kind, prefix, before + 1, sequence - 1 FROM ordered
WHERE sequence > before + 1 AND day >= %(first)s AND day < %(until)s
ORDER BY kind, prefix, sequence LIMIT %(most)s
"""
VOIDS = """
SELECT b.prefix, b.number, b.public_id, c.number, c.public_id, r.number
FROM billing_bill b
JOIN billing_creditnote c ON c.organization_id = b.organization_id AND c.bill_id = b.id
LEFT JOIN billing_bill r ON r.organization_id = b.organization_id AND r.id = c.replacement_id
WHERE b.organization_id = %(organization)s AND b.prefix <> '' AND b.bill_date >= %(first)s AND b.bill_date < %(until)s
ORDER BY b.prefix, b.sequence LIMIT %(most)s
"""
MONTHS = """ SELECT DISTINCT date_trunc('month', day)::date FROM given ORDER BY 1 DESC LIMIT 36"""


@dataclass(frozen=True)
class Lacking:
    """Numbers from `first` to `final`, as they would be printed, that no document has."""

    first: str
    final: str
    count: int


@dataclass(frozen=True)
class Void:
    """A bill that was taken back and keeps its number: `note` is its void document, `instead` what came for it."""

    number: str
    bill: uuid.UUID
    note_number: str
    note: uuid.UUID
    instead: str


@dataclass(frozen=True)
class SeriesReport:
    """The numbers of a series whose documents have a date in the month."""

    kind: DocumentKind
    prefix: str
    count: int
    first: str
    final: str
    doubles: int
    voids: int
    lacking: tuple[Lacking, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether there is no gap and no number twice."""
        return not self.lacking and not self.doubles


@dataclass(frozen=True)
class NumberReport:
    """A month: each series, and the bills of it that were taken back."""

    month: date
    series: tuple[SeriesReport, ...]
    voids: tuple[Void, ...]

    @property
    def is_sound(self) -> bool:
        """Whether no series has a gap."""
        return all(each.is_sound for each in self.series)


def number_report(*, month: date) -> NumberReport:
    """This will report the numbers of a month, in three queries; `month` is its first day.

    A number lacks when the document before it in the series has a number further down, whatever month that is of.
    """
    until = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    facts = {"organization": scoping.current().organization_id, "first": month, "until": until}
    lacking: dict[tuple[str, str], list[Lacking]] = defaultdict(list)
    for kind, prefix, first, final in read(f"{NUMBERS}{GAPS}", {**facts, "most": MOST_RANGES}):
        told = Lacking(_number(prefix, first), _number(prefix, final), final - first + 1)
        lacking[kind, prefix].append(told)
    series = [
        SeriesReport(
            kind=DocumentKind(kind),
            prefix=prefix,
            count=count,
            first=_number(prefix, first),
            final=_number(prefix, final),
            doubles=doubles,
            voids=voids,
            lacking=tuple(lacking[kind, prefix]),
        )
        for kind, prefix, count, first, final, doubles, voids in read(f"{NUMBERS}{SERIES}", facts)
    ]
    voids = [
        Void(number, bill, note_number, note, instead or "")
        for _prefix, number, bill, note_number, note, instead in read(VOIDS, {**facts, "most": MOST_VOIDS})
    ]
    return NumberReport(month, tuple(series), tuple(voids))


def months_with_numbers() -> list[date]:
    """This will return the months in which documents were numbered, the newest first, three years at most."""
    return [month for (month,) in read(f"{NUMBERS}{MONTHS}", {"organization": scoping.current().organization_id})]


def _number(prefix: str, sequence: int) -> str:
    return document_queries.number_text(prefix, sequence)
