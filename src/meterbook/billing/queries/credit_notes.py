"""Reads of credit notes, and of the documents that belong together."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing.queries.amounts import money
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping
from meterbook.kernel.money import Money


class CreditNoteNotFound(LookupError):
    """There is no such credit note in this organization."""


@dataclass(frozen=True)
class NoteRow:
    """A credit note; `content` is the parsed "meterbook-credit-note/1". `is_internal`: it takes a charge-back back."""

    public_id: uuid.UUID
    number: str
    note_date: date
    issued_at: datetime
    digest: str
    net: Money
    total: Money
    bill_public_id: uuid.UUID
    bill_number: str
    replacement_public_id: uuid.UUID | None
    replacement_number: str
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    transaction_id: int | None
    content: Mapping[str, Any]
    is_internal: bool = False


@dataclass(frozen=True)
class Version:
    """One of the documents that belong together: a bill or a credit note. `kind` is BILL or CREDIT_NOTE.

    `correction` is the decision from which a credit note came.
    """

    kind: str
    public_id: uuid.UUID
    number: str
    day: date
    total: Money
    is_this: bool
    is_standing: bool
    correction: uuid.UUID | None = None


def get_credit_note(*, public_id: uuid.UUID) -> NoteRow:
    """This will return a credit note.

    :raises CreditNoteNotFound: when it is not there or belongs to another organization
    """
    found = _notes().filter(public_id=public_id).first()
    if found is None:
        raise CreditNoteNotFound(_("There is no such credit note."))
    return _note(found)


def credit_note_bytes(*, public_id: uuid.UUID) -> bytes:
    """This will return the canonical JSON of a credit note, byte for byte.

    :raises CreditNoteNotFound: see `get_credit_note`
    """
    data = _notes().filter(public_id=public_id).values_list("content", flat=True).first()
    if data is None:
        raise CreditNoteNotFound(_("There is no such credit note."))
    return bytes(data)


def list_credit_notes(*, account_id: int | None = None, after_id: int = 0, limit: int = 100) -> list[NoteRow]:
    """This will return credit notes, the newest first; of an account, or all."""
    rows = _notes() if account_id is None else _notes().filter(account_id=account_id)
    return [_note(each) for each in rows.filter(pk__gt=after_id).order_by("-id")[:limit]]


def credited_among(*, public_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """This will return those of some bills that were credited."""
    rows = models.CreditNote.objects.filter(
        organization_id=scoping.current().organization_id, bill__public_id__in=list(public_ids)
    )
    return set(rows.order_by("id").values_list("bill__public_id", flat=True))


def versions_of(*, bill: uuid.UUID) -> list[Version]:
    """This will return a bill with all that replaced it or that it replaces, in order; nothing where it is alone."""
    organization_id = scoping.current().organization_id
    notes = models.CreditNote.objects.filter(organization_id=organization_id)
    joined = notes.select_related("bill__draft", "replacement__draft", "correction")
    bare = ("bill__draft__content", "replacement__draft__content", "content", "correction__differences")
    first = bill
    while earlier := notes.filter(replacement__public_id=first).values_list("bill__public_id", flat=True).first():
        first = earlier
    found: list[Version] = []
    here: uuid.UUID | None = first
    while here is not None:
        note = joined.defer(*bare).filter(bill__public_id=here).first()
        if note is None:
            break
        if not found:
            found.append(_of_bill(note.bill, bill, is_standing=False))
        found.append(
            Version(
                "CREDIT_NOTE",
                note.public_id,
                note.number,
                note.note_date,
                money(note.total, note.currency),
                False,
                True,
                note.correction.public_id,
            )
        )
        here = None if note.replacement is None else note.replacement.public_id
        if note.replacement is not None:
            is_standing = not notes.filter(bill=note.replacement).exists()
            found.append(_of_bill(note.replacement, bill, is_standing=is_standing))
    return found


def neighbors_of(*, bill: uuid.UUID) -> list[tuple[uuid.UUID, str, str]]:
    """This will return the other accounts that the allocation sheets of a bill divide costs among: id, number, name.

    Their shares rest on the same readings. Sheets that were approved stay as they are; a difference is carried into a
    later sheet of the pool, by whoever manages it.
    """
    found = models.Bill.objects.select_related("draft").filter(
        organization_id=scoping.current().organization_id, public_id=bill
    )
    own = found.first()
    if own is None:
        return []
    costs = json.loads(bytes(own.draft.content)).get("shared_costs", ())
    shares = models.PoolShare.objects.filter(
        organization_id=own.organization_id, sheet__public_id__in={each["sheet"]["id"] for each in costs}
    ).exclude(account_id=own.account_id)
    rows = shares.order_by("account__number").values_list(
        "account__public_id", "account__number", "account__customer__name"
    )
    return list(dict.fromkeys(rows))


def _of_bill(bill: models.Bill, this: uuid.UUID, *, is_standing: bool) -> Version:
    total = money(bill.draft.total, bill.draft.currency)
    return Version("BILL", bill.public_id, bill.number, bill.bill_date, total, bill.public_id == this, is_standing)


def _notes() -> QuerySet[models.CreditNote]:
    rows = models.CreditNote.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("bill", "replacement", "account__customer")


def _note(row: models.CreditNote) -> NoteRow:
    return NoteRow(
        public_id=row.public_id,
        number=row.number,
        note_date=row.note_date,
        issued_at=row.issued_at,
        digest=row.digest,
        net=money(row.net, row.currency),
        total=money(row.total, row.currency),
        bill_public_id=row.bill.public_id,
        bill_number=row.bill.number,
        replacement_public_id=None if row.replacement is None else row.replacement.public_id,
        replacement_number="" if row.replacement is None else row.replacement.number,
        account_public_id=row.account.public_id,
        account_number=row.account.number,
        customer_name=row.account.customer.name,
        transaction_id=row.transaction_id,
        content=json.loads(bytes(row.content)),
        is_internal=row.account.mode == AccountMode.INTERNAL,
    )
