"""Issue the drafts of an approved run: all its numbers at once, then chunk by chunk bills and postings together.

Several processes issue chunks side by side. A number that was reserved waits for the bill that it belongs to; a run is
closed only when each has its bill.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import orjson
import psycopg
from django.contrib.postgres.aggregates import StringAgg
from django.db import connection, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import content, events, models, values
from meterbook.billing.operations import chunk_queue, planning, reserving
from meterbook.customers import values as customer_values
from meterbook.documents import numbering as document_numbering
from meterbook.documents import queries as document_queries
from meterbook.documents import registering as document_registering
from meterbook.documents import values as document_values
from meterbook.foundation import events as foundation_events
from meterbook.foundation import many
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.ledger import operations as ledger_operations
from meterbook.ledger import posting
from meterbook.ledger import queries as ledger_queries
from meterbook.ledger import values as ledger_values

SOURCE = "billing.bill"
CHARGE_BACK = "CB"  # before the references of charge-back statements
POSTED_KINDS = (ledger_values.AccountKind.INCOME, ledger_values.AccountKind.LIABILITY)
_READ = (
    "id",
    "public_id",
    "account_id",
    "account__receivable_id",
    "account__number",
    "account__mode",
    "position",
    "digest",
    "postings",
    "currency",
    "total",
)
INSERT = b"""
INSERT INTO billing_bill (organization_id, public_id, draft_id, run_id, account_id, number, prefix, sequence, digest,
    bill_date, due_date, issued_at, transaction_id)
SELECT %s, b.public_id, b.draft_id, %s, b.account_id, b.number, b.prefix, b.sequence, b.digest, %s, b.due_date, %s,
    b.transaction_id
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::date[],
    %s::bigint[]) AS b (public_id, draft_id, account_id, number, prefix, sequence, digest, due_date, transaction_id)
"""


class _Draft(NamedTuple):
    """What issuing needs of a draft."""

    id: int
    public_id: uuid.UUID
    account_id: int
    receivable_id: int
    account_number: str
    is_internal: bool
    position: int
    digest: str
    postings: tuple[tuple[str, int], ...]
    currency: str
    total: Decimal


class _Given(NamedTuple):
    """What a draft gets when it becomes a bill."""

    number: str
    prefix: str
    sequence: int
    due_date: date


def open_ledger_accounts(*, actor: Actor, at: datetime, run: models.BillRun) -> None:
    """This will open the income and tax accounts that the drafts of a run post to, where they are not there yet."""
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
    wanted: dict[str, str] = {}
    listed = drafts.order_by().values("currency").annotate(all=StringAgg("postings", ","))
    for currency, postings in many.rows(listed.values_list("currency", "all")):
        wanted |= {code: currency for each in orjson.loads(f"[{postings}]") for code, _minor in each}
    known = {each.code for each in ledger_queries.list_accounts(kinds=POSTED_KINDS)}
    for code, currency in sorted(wanted.items()):
        if code not in known:
            is_tax = code.startswith(f"{content.TAX}-")
            ledger_operations.open_account(
                actor=actor,
                at=at,
                code=code,
                name=code.split("-", 2)[2],
                kind=ledger_values.AccountKind.LIABILITY if is_tax else ledger_values.AccountKind.INCOME,
                currency=currency,
                is_control=True,
            )


def issue_next(*, actor: Actor, at: datetime, run: models.BillRun) -> bool:
    """This will issue a portion of a run that nobody else works on; False when there is none left to take."""
    with transaction.atomic():
        first = chunk_queue.take(run, values.RunState.ISSUING)
        if first is None:
            transaction.set_rollback(True)
            return False
        chunks = models.RunChunk.objects.filter(organization_id=run.organization_id, run=run, portion=first.number)
        with many.without_collector():
            _issue(actor, at, run, list(chunks.order_by("number")))
        chunks.update(is_issued=True)
        return True


def _issue(actor: Actor, at: datetime, run: models.BillRun, chunks: Sequence[models.RunChunk]) -> None:
    bill_date, due_date = reserving.dates(run)
    drafts = _drafts_of(run, [each.number for each in chunks])
    given = _given(run, chunks, bill_date, due_date, drafts)
    numbers = [each.number for each in given]
    digests = _digests(drafts, given, bill_date)
    posted = _post(actor, at, run, bill_date, drafts, numbers)
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            INSERT,
            (
                run.organization_id,
                run.pk,
                bill_date,
                at,
                many.array(each.public_id for each in drafts),
                many.array(each.id for each in drafts),
                many.array(each.account_id for each in drafts),
                many.texts(numbers),
                many.texts(each.prefix for each in given),
                many.array(each.sequence for each in given),
                many.array(digests),
                many.array(each.due_date for each in given),
                many.array(posted.get(each.id) for each in drafts),
            ),
        )
    _register(at, bill_date, drafts, given, digests)
    _advance(actor, at, run, drafts, numbers)


def close(*, actor: Actor, at: datetime, run: models.BillRun) -> None:
    """This will close a locked run after proving that each draft has one bill, and that no number is lacking.

    :raises reserving.RunIncomplete: otherwise
    """
    bills = models.Bill.objects.filter(organization_id=run.organization_id, run=run)
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run).count()
    unposted = bills.filter(transaction_id=None).exclude(draft__postings="[]").exists()
    if bills.count() != drafts or unposted or not reserving.has_all(run, bills):
        raise reserving.RunIncomplete(_("The run has drafts without a bill; let it go on issuing."))
    run.closed_at = at
    planning.move(run, values.RunState.CLOSED, "closed_at")
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:close_run",
        subject=run,
        before={"state": values.RunState.DELIVERED},
        after={"state": run.state, "bills": drafts},
    )


def _drafts_of(run: models.BillRun, chunks: Sequence[int]) -> list[_Draft]:
    """What chunks still have to issue; at least one."""
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run, chunk__in=chunks)
    rows = models.BillDraft.objects.filter(
        many.among("account_id", members.values_list("account_id", flat=True)),
        organization_id=run.organization_id,
        run=run,
        bill=None,
    ).order_by("position")
    return [
        _Draft(
            id=pk,
            public_id=public_id,
            account_id=account_id,
            receivable_id=receivable_id,
            account_number=number,
            is_internal=mode == customer_values.AccountMode.INTERNAL,
            position=position,
            digest=digest,
            postings=_read(postings),
            currency=currency,
            total=total,
        )
        for pk, public_id, account_id, receivable_id, number, mode, position, digest, postings, currency, total in (
            many.rows(rows.values_list(*_READ))
        )
    ]


def _given(
    run: models.BillRun, chunks: Sequence[models.RunChunk], bill_date: date, due_date: date, drafts: Sequence[_Draft]
) -> list[_Given]:
    """Numbers that were reserved; a reference for what cost centers get, which is not in any series."""
    kind = document_values.DocumentKind.BILL
    prefix = document_numbering.find_start(kind=kind, place=run.site.code, year=bill_date.year).prefix
    if sum(each.numbers for each in chunks) != sum(not each.is_internal for each in drafts):
        raise reserving.RunIncomplete(_("The numbers that were taken for a run are not as many as its bills."))
    sequences = itertools.count(chunks[0].first_sequence or 0)
    found = []
    for each in drafts:
        if each.is_internal:
            found.append(_Given(_reference(run, each), "", -each.id, bill_date))
        else:
            sequence = next(sequences)
            found.append(_Given(document_queries.number_text(prefix, sequence), prefix, sequence, due_date))
    return found


def _reference(run: models.BillRun, draft: _Draft) -> str:
    """Of a charge-back statement: the account and its first day, "CB-4100-2026-03-01", and which of that day's."""
    own = f"{CHARGE_BACK}-{draft.account_number}-{run.days.lower.isoformat()}"
    others = models.Bill.objects.filter(
        organization_id=run.organization_id, account_id=draft.account_id, run__days__startswith=run.days.lower
    ).count()
    return f"{own}-{others + 1}" if others else own


def _read(postings: str) -> tuple[tuple[str, int], ...]:
    return tuple((code, minor) for code, minor in orjson.loads(postings))


def _digests(drafts: Sequence[_Draft], given: Sequence[_Given], bill_date: date) -> list[str]:
    return [
        content.issue_digest(content_digest=draft.digest, number=own.number, bill_date=bill_date, due_date=own.due_date)
        for draft, own in zip(drafts, given, strict=True)
    ]


def _register(
    at: datetime, bill_date: date, drafts: Sequence[_Draft], given: Sequence[_Given], digests: Sequence[str]
) -> None:
    """Each bill gets the code by which anybody checks it, and its place in the chain of documents (B-72)."""
    document_registering.register(
        at=at,
        documents=[
            document_registering.NewDocument(
                kind=document_values.DocumentKind.CHARGE_BACK
                if draft.is_internal
                else document_values.DocumentKind.BILL,
                source_id=draft.public_id,
                account_id=draft.account_id,
                number=own.number,
                document_date=bill_date,
                due_date=None if draft.is_internal else own.due_date,
                currency=draft.currency,
                total=draft.total,
                digest=digest,
            )
            for draft, own, digest in zip(drafts, given, digests, strict=True)
        ],
    )


def _post(
    actor: Actor,
    at: datetime,
    run: models.BillRun,
    bill_date: date,
    drafts: Sequence[_Draft],
    numbers: Sequence[str],
) -> dict[int, int]:
    """What is owed against income and taxes, by draft the transaction; a bill of nothing posts nothing.

    Of a cost center: its expense against recovery.
    """
    ledger_ids = {each.code: each.id for each in ledger_queries.list_accounts(kinds=POSTED_KINDS)}
    due = [(draft, number) for draft, number in zip(drafts, numbers, strict=True) if draft.postings]
    plans = [
        posting.TransactionPlan(
            key=f"bill:{draft.public_id}",
            at=at,
            posted_date=bill_date,
            text=number,
            source_kind=SOURCE,
            source_id=draft.public_id,
            postings=tuple(_postings(draft, ledger_ids)),
        )
        for draft, number in due
    ]
    posted = posting.post_many(actor=actor, at=at, plans=plans)
    return {draft.id: each.id for (draft, _number), each in zip(due, posted, strict=True)}


def _postings(draft: _Draft, ledger_ids: dict[str, int]) -> Iterable[posting.Posting]:
    owed = -sum(minor for _code, minor in draft.postings)
    if owed:
        yield posting.Posting(draft.receivable_id, Money.from_minor(owed, draft.currency))
    for code, minor in draft.postings:
        yield posting.Posting(ledger_ids[code], Money.from_minor(minor, draft.currency))


def _advance(actor: Actor, at: datetime, run: models.BillRun, drafts: Sequence[_Draft], numbers: Sequence[str]) -> None:
    after, through = drafts[0].position - 1, drafts[-1].position
    models.RunMember.objects.filter(
        many.among("account_id", [each.account_id for each in drafts]), organization_id=run.organization_id, run=run
    ).update(state=values.MemberState.ISSUED)
    foundation_events.publish(
        events.BillsIssued(
            organization_id=run.organization_id,
            run_id=str(run.public_id),
            after=after,
            through=through,
        )
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:issue_bills",
        subject=run,
        before=None,
        after={"bills": len(numbers), "first": numbers[0], "final": numbers[-1]},
    )
