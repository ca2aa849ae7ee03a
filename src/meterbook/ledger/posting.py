"""Post balanced transactions: one, many, or the mirror of one.

A plan's key makes it happen once. The same key with the same plan answers what was posted then; with another plan it
is refused, because one of the two is a mistake.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.audit import values as audit_values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import SYSTEM, Actor
from meterbook.kernel.money import Money
from meterbook.ledger import books, queries

SUBJECT = "ledger.ledgertransaction"
PART = 500  # transactions a statement
KEY_LENGTH, TEXT_LENGTH, KIND_LENGTH = 200, 300, 60


class PlanUnbalanced(ValueError):
    """Debits and credits of a transaction must be equal in every currency."""


class PlanIncomplete(ValueError):
    """A transaction needs a key, a text and a source of bounded length, and two postings or more, none of them zero."""


class IdempotencyConflict(ValueError):
    """The key was used for another transaction; take a new key, or repeat exactly what was posted."""


class NotReversible(ValueError):
    """A reversal is not reversed; post the original once more instead."""


@dataclass(frozen=True)
class Posting:
    """A debit (positive) or a credit (negative) of one account, in whole smallest units of the account's currency."""

    account_id: int
    amount: Money


@dataclass(frozen=True)
class TransactionPlan:
    """What to post.

    `key` is unique within the organization; `at` is when it took effect and `posted_date` the civil date of the books.
    `source_kind` and `source_id` name the object that caused it, such as "billing.bill" and its public id.
    `gives_money_away` is for refunds, withdrawals, transfers out and tills: only then floors hold.
    """

    key: str
    at: datetime
    posted_date: date
    text: str
    source_kind: str
    source_id: uuid.UUID
    postings: tuple[Posting, ...]
    gives_money_away: bool = False


class PostedTransaction(NamedTuple):
    """A transaction in the books; `is_new` tells whether this call put it there."""

    id: int
    public_id: uuid.UUID
    key: str
    is_new: bool


@operation.operation
def post(*, actor: Actor, at: datetime, plan: TransactionPlan) -> PostedTransaction:
    """This will post one transaction, or answer the one that the same plan posted before.

    A sale of 12.10 EUR with 2.10 EUR tax: +12.10 receivable, -10.00 revenue, -2.10 tax.

    :raises PlanUnbalanced: when the postings of a currency do not sum to zero
    :raises PlanIncomplete: when something is missing, too long or zero
    :raises rounding.NotExact: when an amount is finer than its currency's smallest unit
    :raises IdempotencyConflict: when the key was used for another plan
    :raises books.AccountNotPostable: when an account is not of this organization or has another currency
    :raises books.FloorReached: when the plan gives away more than an account holds
    """
    (posted,) = _write(at, [lot_of(plan)])
    if posted.is_new and actor.kind != SYSTEM:
        _audit_one(actor, at, "ledger:post", posted, plan)
    return posted


@operation.operation
def post_many(*, actor: Actor, at: datetime, plans: Sequence[TransactionPlan]) -> list[PostedTransaction]:
    """This will post all plans or none and answer a transaction for each in their order.

    The audit gets one entry with the digest of all new ones. Up to 10,000 plans a call are sane.

    :raises: as `post`
    """
    if not plans:
        return []
    lots, posted = _write_many(at, plans)
    new = [lot for lot, each in zip(lots, posted, strict=True) if each.is_new]
    if new:
        audit_operations.record(
            actor=actor,
            at=at,
            action="ledger:post_many",
            subject=audit_values.Subject(kind=SUBJECT, public_id=None, label=f"{new[0].key} ..."),
            before=None,
            after={"transactions": len(new)},
            rows=digest_of_lots(new),
        )
    return posted


@operation.operation
def reverse(
    *,
    actor: Actor,
    at: datetime,
    transaction_id: int,
    reason: str,
    key: str,
    posted_date: date | None = None,
) -> PostedTransaction:
    """This will post the mirror of a transaction, once. It always posts, whatever the balances.

    :param posted_date: civil date of the books; without it the UTC date of `at`
    :raises queries.TransactionNotFound: when it is not there or belongs to another organization
    :raises NotReversible: when it is a reversal itself
    :raises books.AlreadyReversed: when another key reversed it before
    :raises IdempotencyConflict: when the key was used for something else
    """
    original = queries.get_transaction(transaction_id)
    if original.reverses_id is not None:
        raise NotReversible(_("A reversal is not reversed; post the original once more instead."))
    plan = TransactionPlan(
        key=key,
        at=at,
        posted_date=posted_date or at.astimezone(UTC).date(),
        text=reason,
        source_kind=original.source_kind,
        source_id=original.source_id,
        postings=tuple(Posting(each.account_id, -each.amount) for each in original.entries),
    )
    (posted,) = _write(at, [lot_of(plan, reverses_id=original.id)])
    if posted.is_new:
        _audit_one(actor, at, "ledger:reverse", posted, plan, reason=reason)
    return posted


def _write(at: datetime, lots: Sequence[books.Lot]) -> list[PostedTransaction]:
    return _answers(lots, books.write(scoping.current().organization_id, at, lots))


def _write_many(at: datetime, plans: Sequence[TransactionPlan]) -> tuple[list[books.Lot], list[PostedTransaction]]:
    """In the order of the plans. Keys are taken in their own order, part after part, as one statement takes them."""
    if len(plans) <= PART:
        lots = [lot_of(plan) for plan in plans]
        return lots, _write(at, lots)
    places = sorted(range(len(plans)), key=lambda place: plans[place].key)
    made: list[books.Lot] = []

    def parts() -> Iterator[list[books.Lot]]:
        for first in range(0, len(places), PART):
            part = [lot_of(plans[place]) for place in places[first : first + PART]]
            made.extend(part)
            yield part

    accounts = [each.account_id for plan in plans for each in plan.postings]
    stored = books.write_parts(scoping.current().organization_id, at, parts(), accounts)
    answers = dict(zip(places, zip(made, _answers(made, stored), strict=True), strict=True))
    ordered = [answers[place] for place in range(len(plans))]
    return [lot for lot, _posted in ordered], [posted for _lot, posted in ordered]


def _answers(lots: Sequence[books.Lot], stored: Sequence[books.Stored]) -> list[PostedTransaction]:
    posted = []
    for lot, row in zip(lots, stored, strict=True):
        if not row.is_new and row.digest != lot.digest:
            raise IdempotencyConflict(
                _("The key “%(key)s” was used for another transaction; take a new key.") % {"key": lot.key}
            )
        posted.append(PostedTransaction(row.id, row.public_id, lot.key, row.is_new))
    return posted


def lot_of(plan: TransactionPlan, *, reverses_id: int | None = None) -> books.Lot:
    """This will check a plan and add the digest of what a repetition must bring again: all but `at`.

    :raises: PlanUnbalanced, PlanIncomplete and rounding.NotExact, as `post`
    """
    _check_words(plan)
    totals: dict[str, int] = {}
    entries = []
    # A reversal's date may come from its instant, which a later try cannot repeat.
    day = plan.posted_date if reverses_id is None else None
    source = f"{plan.source_kind}\0{plan.source_id.hex}"
    words = [f"{plan.key}\0{day}\0{plan.text}\0{source}\0{plan.gives_money_away}\0{reverses_id}"]
    for each in plan.postings:
        money = each.amount
        minor, currency = money.minor, money.currency
        if not minor:
            raise PlanIncomplete(f"{plan.key}: {PlanIncomplete.__doc__}")
        totals[currency] = totals.get(currency, 0) + minor
        words.append(f"{each.account_id} {minor} {currency}")
        entries.append((each.account_id, str(money.amount), currency))
    if any(totals.values()):
        raise PlanUnbalanced(f"{plan.key}: {PlanUnbalanced.__doc__}")
    return books.Lot(
        key=plan.key,
        digest=hashlib.sha256("\0".join(words).encode()).digest(),
        at=plan.at,
        posted_date=plan.posted_date,
        text=plan.text,
        source_kind=plan.source_kind,
        source_id=plan.source_id,
        gives_money_away=plan.gives_money_away,
        reverses_id=reverses_id,
        entries=tuple(entries),
    )


def digest_of_lots(lots: Sequence[books.Lot]) -> tuple[int, str]:
    """This will return what `audit.chain.digest_of_rows` returns for the lots' digests in hexadecimal, in their order.

    Written out, because the general one costs more than the posting itself.
    """
    rows = "".join([f'"{each.digest.hex()}"\n' for each in lots])
    return len(lots), hashlib.sha256(rows.encode()).hexdigest()


def _check_words(plan: TransactionPlan) -> None:
    key, text, kind = plan.key, plan.text, plan.source_kind
    is_sane = 0 < len(key) <= KEY_LENGTH and 0 < len(text) <= TEXT_LENGTH and 0 < len(kind) <= KIND_LENGTH
    if not is_sane or "\0" in key + text + kind or len(plan.postings) < 2:
        raise PlanIncomplete(f"{plan.key!r}: {PlanIncomplete.__doc__}")


def _audit_one(
    actor: Actor, at: datetime, action: str, posted: PostedTransaction, plan: TransactionPlan, *, reason: str = ""
) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action=action,
        subject=audit_values.Subject(kind=SUBJECT, public_id=posted.public_id, label=plan.key),
        before=None,
        after={
            "text": plan.text,
            "posted_date": plan.posted_date.isoformat(),
            "source": f"{plan.source_kind} {plan.source_id}",
            "postings": [f"{each.account_id}: {each.amount}" for each in plan.postings],
        },
        reason=reason,
    )
