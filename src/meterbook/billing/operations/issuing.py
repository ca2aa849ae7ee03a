"""Issue the drafts of an approved run in blocks: numbers, bills and postings in one transaction, or none of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import orjson
import psycopg
from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import content, events, models, values
from meterbook.billing.operations import planning
from meterbook.customers import values as customer_values
from meterbook.documents import numbering as document_numbering
from meterbook.documents import operations as document_operations
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


class RunIncomplete(RuntimeError):
    """A run has drafts without a bill, or bills whose numbers leave a gap; it cannot be closed."""


@dataclass(frozen=True)
class _Draft:
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


@dataclass(frozen=True)
class _Given:
    """What a draft gets when it becomes a bill."""

    number: str
    prefix: str
    sequence: int
    due_date: date


def open_ledger_accounts(*, actor: Actor, at: datetime, run: models.BillRun) -> None:
    """This will open the income and tax accounts that the drafts of a run post to, where they are not there yet."""
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
    wanted: dict[str, str] = {}
    for currency, postings in many.rows(drafts.order_by().values_list("currency", "postings")):
        wanted.update((code, currency) for code, _minor in orjson.loads(postings))
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
    """This will issue the next block of a locked run; False when all are issued."""
    with many.without_collector():
        drafts = _next_drafts(run)
        if drafts:
            _issue(actor, at, run, drafts)
    return bool(drafts)


def _issue(actor: Actor, at: datetime, run: models.BillRun, drafts: Sequence[_Draft]) -> None:
    bill_date, due_date = _dates(run)
    given = _given(run, bill_date, due_date, drafts)
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

    :raises RunIncomplete: otherwise
    """
    bills = models.Bill.objects.filter(organization_id=run.organization_id, run=run)
    sequences = list(bills.order_by("sequence").values_list("sequence", flat=True))
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run).count()
    unposted = bills.filter(transaction_id=None).exclude(draft__postings="[]").exists()
    if len(sequences) != drafts or unposted:
        raise RunIncomplete(_("The run has drafts without a bill; let it go on issuing."))
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


def is_issued(run: models.BillRun) -> bool:
    """This will tell whether no draft is left without a number."""
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
    final = drafts.aggregate(final=Max("position"))["final"] or 0
    return run.issued_through >= final


def _next_drafts(run: models.BillRun) -> list[_Draft]:
    rows = models.BillDraft.objects.filter(
        organization_id=run.organization_id, run=run, position__gt=run.issued_through
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
            rows.values_list(*_READ)[: values.BILLS_A_BLOCK]
        )
    ]


def _given(run: models.BillRun, bill_date: date, due_date: date, drafts: Sequence[_Draft]) -> list[_Given]:
    """Numbers of the site's series for bills; a reference for what cost centers get, which is not in any series."""
    kind = document_values.DocumentKind.BILL
    start = document_numbering.find_start(kind=kind, place=run.site.code, year=bill_date.year)
    count = sum(not each.is_internal for each in drafts)
    taken = iter(
        document_operations.take_numbers(kind=kind, prefix=start.prefix, count=count, first_number=start.first_number)
        if count
        else ()
    )
    found = []
    for each in drafts:
        if each.is_internal:
            found.append(_Given(_reference(run, each), "", -each.id, bill_date))
        else:
            sequence = next(taken)
            found.append(_Given(document_queries.number_text(start.prefix, sequence), start.prefix, sequence, due_date))
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


def _dates(run: models.BillRun) -> tuple[date, date]:
    if run.bill_date is None or run.due_date is None:
        raise RunIncomplete(_("The run was not approved."))
    return run.bill_date, run.due_date


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
    after, run.issued_through = run.issued_through, drafts[-1].position
    run.save(update_fields=["issued_through"])
    models.RunMember.objects.filter(
        many.among("account_id", [each.account_id for each in drafts]), organization_id=run.organization_id, run=run
    ).update(state=values.MemberState.ISSUED)
    foundation_events.publish(
        events.BillsIssued(
            organization_id=run.organization_id,
            run_id=str(run.public_id),
            after=after,
            through=run.issued_through,
        )
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:issue_bills",
        subject=run,
        before={"issued_through": after},
        after={"issued_through": run.issued_through, "first": numbers[0], "final": numbers[-1]},
    )
