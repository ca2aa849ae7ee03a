"""The accounts of a run as lists need them: counted, narrowed, sorted and compared by the database."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from meterbook.billing import models, values
from meterbook.billing.queries.amounts import money
from meterbook.billing.queries.reasons import Reason
from meterbook.billing.queries.runs import MemberRow, find_run
from meterbook.foundation import scoping
from meterbook.kernel.money import Money

STRONG_CHANGE = Decimal("0.30")  # of the bill before: who differs by more is worth a look
ISSUED_STATES = (values.RunState.DELIVERED.value, values.RunState.CLOSED.value)


class Show(enum.StrEnum):
    """Which accounts of a run are listed."""

    ALL = "all"
    HELD = "held"
    READY = "ready"
    ESTIMATED = "estimated"
    VACANCY = "vacancy"
    CHANGED = "changed"
    UNUSUAL = "unusual"
    ISSUED = "issued"
    EXCLUDED = "left-out"


class Sort(enum.StrEnum):
    """By what they are listed: GROUP has those that need a decision first, each group in the order of its bills."""

    GROUP = "group"
    NUMBER = "number"
    NAME = "name"
    BEFORE = "before"
    TOTAL = "total"
    CHANGE = "change"


@dataclass(frozen=True)
class Narrowing:
    """What of a run is listed, and how: a state, a reason to hold, a part of a number, a name or a unit."""

    show: Show = Show.ALL
    reason: values.HoldReason | None = None
    search: str = ""
    sort: Sort = Sort.GROUP
    is_descending: bool = False


@dataclass(frozen=True)
class ComparedRow:
    """An account in a run beside what it was billed for the days before.

    `before` is None where there was no bill; `units` are the codes of the units that it pays for.
    """

    member: MemberRow
    before: Money | None
    is_changed: bool
    units: tuple[str, ...]

    @property
    def difference(self) -> Money | None:
        """How much more than before."""
        if self.before is None or self.member.total is None:
            return None
        return self.member.total - self.before


@dataclass(frozen=True)
class ComparedPage:
    """A page of the accounts of a run, and how many match in all."""

    rows: tuple[ComparedRow, ...]
    count: int


@dataclass(frozen=True)
class Summary:
    """A run in figures: how many each filter finds, and the sums of the drafts.

    `before` is what the accounts with a draft were billed for the days before, `again` their drafts: like with like;
    `days_before` are those days, None where nothing was billed.
    """

    counts: Mapping[Show, int]
    reasons: Mapping[values.HoldReason, int]
    net: Money
    total: Money
    again: Money
    before: Money
    days_before: tuple[date, date] | None


# %(before)s: the runs of the days before, all of them issued, so that each draft is a bill. Bills that were taken back
# do not count; what came instead is in a run of its own, which is among %(before)s.
MEMBERS = "FROM billing_runmember m"
NAMED = """
JOIN customers_account a ON a.id = m.account_id AND a.organization_id = m.organization_id
JOIN customers_customer c ON c.id = a.customer_id AND c.organization_id = m.organization_id"""
DRAFTED = """
LEFT JOIN billing_billdraft d
    ON d.run_id = m.run_id AND d.account_id = m.account_id AND d.organization_id = m.organization_id"""
STANDS = """NOT IN (SELECT b.draft_id FROM billing_creditnote c
    JOIN billing_bill b ON b.id = c.bill_id AND b.organization_id = c.organization_id
    WHERE c.organization_id = %(organization)s AND b.run_id = ANY(%(before)s))"""
COMPARED = f"""
LEFT JOIN (SELECT account_id, sum(total) AS total FROM billing_billdraft
    WHERE organization_id = %(organization)s AND run_id = ANY(%(before)s) AND id {STANDS}
    GROUP BY account_id) p
    ON p.account_id = m.account_id"""  # noqa: S608 - our own words
COMPARED_ONE = f"""
LEFT JOIN billing_billdraft p
    ON p.run_id = %(one)s AND p.account_id = m.account_id AND p.organization_id = m.organization_id
        AND p.id {STANDS}"""
COMPARED_FEW = f"""
LEFT JOIN (SELECT account_id, sum(total) AS total FROM billing_billdraft
    WHERE organization_id = %(organization)s AND run_id = ANY(%(before)s) AND account_id = ANY(%(accounts)s)
        AND id {STANDS}
    GROUP BY account_id) p ON p.account_id = m.account_id"""  # noqa: S608 - our own words
OWN = " WHERE m.organization_id = %(organization)s AND m.run_id = %(run)s"
CHANGED = "coalesce(abs(d.total - p.total) > %(strong)s * abs(p.total), false)"
UNUSUAL = "(m.state = 'DRAFTED' AND m.reasons <> '[]'::jsonb)"  # a draft to look at first
ROWS = (
    "SELECT m.account_id, a.public_id, a.number, c.name, m.position, m.state, m.reasons::text, m.decided_by,"
    " d.public_id, d.net, d.total, coalesce(d.is_estimated, false), coalesce(d.is_vacancy, false),"
    " coalesce(d.is_apportioned, false), a.mode = 'INTERNAL', p.total,"
    f" {CHANGED} {MEMBERS}{NAMED}{DRAFTED}{COMPARED_FEW}{OWN} AND m.account_id = ANY(%(accounts)s) ORDER BY m.position"
)
SUMMED = (
    f"SELECT m.state, coalesce(d.is_estimated, false), coalesce(d.is_vacancy, false), {CHANGED}, {UNUSUAL},"
    " count(*), coalesce(sum(d.net), 0), coalesce(sum(d.total), 0),"
    " coalesce(sum(d.total) FILTER (WHERE p.total IS NOT NULL), 0),"
    " coalesce(sum(p.total) FILTER (WHERE d.total IS NOT NULL), 0)"
    f" {MEMBERS}{DRAFTED}"
)
REASONS = """
SELECT reason ->> 'reason', count(DISTINCT m.id)
FROM billing_runmember m CROSS JOIN LATERAL jsonb_array_elements(m.reasons) AS reason
WHERE m.organization_id = %(organization)s AND m.run_id = %(run)s AND m.state IN ('HELD', 'DRAFTED')
GROUP BY 1 ORDER BY 2 DESC, 1
"""
UNITS = """
SELECT DISTINCT s.account_id, n.code
FROM billing_runshare s
JOIN metering_meterpoint p ON p.id = s.meter_point_id AND p.organization_id = s.organization_id
JOIN sites_sitenode n ON n.id = p.node_id AND n.organization_id = s.organization_id
WHERE s.organization_id = %(organization)s AND s.run_id = %(run)s AND s.account_id = ANY(%(accounts)s)
ORDER BY 1, 2
"""
FOUND = """ AND (a.number ILIKE %(search)s OR c.name ILIKE %(search)s OR EXISTS (
    SELECT FROM billing_runshare s
    JOIN metering_meterpoint p ON p.id = s.meter_point_id AND p.organization_id = s.organization_id
    LEFT JOIN sites_sitenode n ON n.id = p.node_id AND n.organization_id = s.organization_id
    WHERE s.organization_id = m.organization_id AND s.run_id = m.run_id AND s.account_id = m.account_id
        AND (n.code ILIKE %(search)s OR n.name ILIKE %(search)s OR p.code ILIKE %(search)s)))"""
SHOWN = {
    Show.ALL: "",
    Show.HELD: " AND m.state = 'HELD'",
    Show.READY: " AND m.state = 'DRAFTED'",
    Show.ESTIMATED: " AND d.is_estimated",
    Show.VACANCY: " AND d.is_vacancy",
    Show.CHANGED: f" AND {CHANGED}",
    Show.UNUSUAL: f" AND {UNUSUAL}",
    Show.ISSUED: " AND m.state = 'ISSUED'",
    Show.EXCLUDED: " AND m.state = 'EXCLUDED'",
}
GROUPED = f"""CASE WHEN {UNUSUAL} THEN 1 WHEN m.state = 'DRAFTED' THEN CASE WHEN d.is_estimated THEN 2 ELSE 3 END
    ELSE CASE m.state WHEN 'HELD' THEN 0 WHEN 'ISSUED' THEN 4 WHEN 'EXCLUDED' THEN 5 ELSE 6 END END"""
SORTED = {
    Sort.GROUP: GROUPED,
    Sort.NUMBER: "m.position",
    Sort.NAME: "lower(c.name)",
    Sort.BEFORE: "p.total",
    Sort.TOTAL: "d.total",
    Sort.CHANGE: "(d.total - p.total) / nullif(abs(p.total), 0)",
}


def run_summary(*, run_public_id: uuid.UUID) -> Summary:
    """This will sum a run up in three queries.

    :raises meterbook.billing.queries.runs.RunNotFound: when it is not there or belongs to another organization
    """
    run = find_run(run_public_id)
    before, days = runs_before(run)
    facts = facts_of(run, before)
    counts = dict.fromkeys(Show, 0)
    sums = [Decimal(0)] * 4
    for state, is_estimated, is_vacancy, is_changed, is_unusual, count, *amounts in read(
        f"{SUMMED}{compared_with(before)}{OWN} GROUP BY 1, 2, 3, 4, 5", facts
    ):
        for each in _shows(values.MemberState(state), is_estimated, is_vacancy, is_changed, is_unusual):
            counts[each] += count
        sums = [one + other for one, other in zip(sums, amounts, strict=True)]
    net, total, again, previous = (money(each, run.site.currency) for each in sums)
    reasons = {values.HoldReason(code): count for code, count in read(REASONS, facts)}
    return Summary(counts, reasons, net, total, again, previous, days)


def run_members(*, run_public_id: uuid.UUID, narrowing: Narrowing, offset: int = 0, limit: int = 50) -> ComparedPage:
    """This will return a page of the accounts of a run, compared with the days before, in a fixed number of queries.

    :raises meterbook.billing.queries.runs.RunNotFound: see `run_summary`
    """
    run = find_run(run_public_id)
    before, _days = runs_before(run)
    facts = facts_of(run, before) | narrowed(narrowing)
    source = _source(narrowing, before)
    page = f"ORDER BY {_order(narrowing)} OFFSET %(offset)s LIMIT %(limit)s"
    found = read(f"SELECT m.account_id, count(*) OVER () {source} {page}", facts | {"offset": offset, "limit": limit})
    count = found[0][1] if found else next(iter(read(f"SELECT count(*) {source}", facts)))[0]
    return ComparedPage(tuple(_rows(run, before, [account_id for account_id, _count in found])), count)


def members_by_account(*, run_public_id: uuid.UUID, account_ids: Sequence[int]) -> list[ComparedRow]:
    """This will return some accounts of a run, in the order of their bills.

    :raises meterbook.billing.queries.runs.RunNotFound: see `run_summary`
    """
    run = find_run(run_public_id)
    before, _days = runs_before(run)
    return _rows(run, before, account_ids)


def member_ids(*, run_public_id: uuid.UUID, narrowing: Narrowing, is_open: bool = False) -> list[int]:
    """This will return the internal ids of all accounts that match, in the order of their bills.

    :param is_open: only those that can be left out: held or drafted, not issued
    :raises meterbook.billing.queries.runs.RunNotFound: see `run_summary`
    """
    run = find_run(run_public_id)
    before, _days = runs_before(run)
    state = " AND m.state IN ('HELD', 'DRAFTED')" if is_open else ""
    wanted = f"SELECT m.account_id {_source(narrowing, before)}{state} ORDER BY m.position"
    return [account_id for (account_id,) in read(wanted, facts_of(run, before) | narrowed(narrowing))]


def _shows(state: values.MemberState, *marked: bool) -> list[Show]:
    own = {"HELD": Show.HELD, "DRAFTED": Show.READY, "ISSUED": Show.ISSUED, "EXCLUDED": Show.EXCLUDED}.get(state)
    marks = zip((Show.ESTIMATED, Show.VACANCY, Show.CHANGED, Show.UNUSUAL), marked, strict=True)
    return [Show.ALL, *([own] if own else []), *(show for show, holds in marks if holds)]


def runs_before(run: models.BillRun) -> tuple[list[int], tuple[date, date] | None]:
    """This will return the issued runs of the site that end latest before: what one left out was billed later.

    A run of some services is compared with those of the same ones.
    """
    runs = models.BillRun.objects.filter(
        organization_id=scoping.current().organization_id,
        site_id=run.site_id,
        state__in=ISSUED_STATES,
        is_correction=False,
        days__endswith__lte=run.days.lower,
        **({"services__isnull": True} if run.services is None else {"services": run.services}),
    )
    # A bill by hand in between is no month before.
    newest = runs.filter(exact=None).order_by("-days__endswith", "-id").first()
    if newest is None:
        return [], None
    same = runs.filter(days__endswith=newest.days.upper)
    anew = models.CreditNote.objects.filter(
        organization_id=run.organization_id, replacement__run__site_id=run.site_id, replacement__run__days=newest.days
    )
    found = models.BillRun.objects.filter(organization_id=run.organization_id).filter(
        Q(pk__in=same.values("pk")) | Q(pk__in=anew.values("replacement__run_id"))
    )
    ids = found.order_by("is_correction", "id").values_list("id", flat=True)
    return list(ids), (newest.days.lower, newest.days.upper)


def facts_of(run: models.BillRun, before: Sequence[int]) -> dict[str, Any]:
    """This will return what the queries of a run name."""
    return {
        "organization": scoping.current().organization_id,
        "run": run.pk,
        "before": list(before),
        "one": before[0] if before else None,
        "strong": STRONG_CHANGE,
    }


def narrowed(narrowing: Narrowing) -> dict[str, Any]:
    """This will return what `where_of` names."""
    escaped = narrowing.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"search": f"%{escaped}%", "reason": f'[{{"reason": "{narrowing.reason}"}}]'}


def compared_with(before: Sequence[int]) -> str:
    """This will join what an account was billed before: one draft, but for days that several runs billed."""
    return COMPARED_ONE if len(before) == 1 else COMPARED


def _source(narrowing: Narrowing, before: Sequence[int]) -> str:
    """Only what the condition and the order need is joined: comparing all with the days before takes longest."""
    is_named = bool(narrowing.search) or narrowing.sort is Sort.NAME
    is_compared = narrowing.show is Show.CHANGED or narrowing.sort in (Sort.BEFORE, Sort.CHANGE)
    joined = f"{NAMED if is_named else ''}{DRAFTED}{compared_with(before) if is_compared else ''}"
    return f"{MEMBERS}{joined}{OWN}{where_of(narrowing)}"


def _order(narrowing: Narrowing) -> str:
    direction = "DESC NULLS LAST" if narrowing.is_descending else "ASC NULLS LAST"
    return f"{SORTED[narrowing.sort]} {direction}, m.position"


def where_of(narrowing: Narrowing) -> str:
    """This will write the condition of a narrowing."""
    where = SHOWN[narrowing.show]
    if narrowing.reason is not None:
        where += " AND m.state IN ('HELD', 'DRAFTED') AND m.reasons @> %(reason)s::jsonb"
    return where + FOUND if narrowing.search else where


def read(query: str, facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """This will run a query of constant text."""
    with connection.cursor() as cursor:
        cursor.execute(query, facts)
        return list(cursor.fetchall())


def _rows(run: models.BillRun, before: Sequence[int], accounts: Sequence[int]) -> list[ComparedRow]:
    """In the order of the accounts given."""
    facts = facts_of(run, before) | {"accounts": list(accounts)}
    units: dict[int, list[str]] = {each: [] for each in accounts}
    for account_id, code in read(UNITS, facts):
        units[account_id].append(code)
    bills = models.Bill.objects.filter(
        organization_id=scoping.current().organization_id, run=run, account_id__in=accounts
    )
    numbers = dict(bills.values_list("account_id", "number"))
    found = {row[0]: _row(row, numbers, tuple(units[row[0]]), run.site.currency) for row in read(ROWS, facts)}
    return [found[each] for each in accounts if each in found]


def _row(row: tuple[Any, ...], numbers: Mapping[int, str], units: tuple[str, ...], currency: str) -> ComparedRow:
    (account_id, account, number, name, position, state, reasons, decided_by) = row[:8]
    (draft, net, total, is_estimated, is_vacancy, is_apportioned, is_internal, before, is_changed) = row[8:]
    member = MemberRow(
        account_id=account_id,
        account_public_id=account,
        account_number=number,
        customer_name=name,
        position=position,
        state=values.MemberState(state),
        reasons=Reason.read(reasons),
        decided_by=decided_by,
        bill_public_id=draft,
        number=numbers.get(account_id),
        net=None if net is None else money(net, currency),
        total=None if total is None else money(total, currency),
        is_estimated=is_estimated,
        is_apportioned=is_apportioned,
        is_vacancy=is_vacancy,
        is_internal=is_internal,
    )
    return ComparedRow(member, None if before is None else money(before, currency), is_changed, units)
