"""The PDF of a bill, made when it is first asked for."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meterbook.billing import models, queries
from meterbook.customers import values as customer_values
from meterbook.documents import issuing as document_issuing
from meterbook.documents import queries as document_queries
from meterbook.documents import registering as document_registering
from meterbook.documents import values as document_values
from meterbook.documents.rendering import bills as rendering
from meterbook.documents.rendering import words
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

REGISTERED_AT_ONCE = 10_000


@operation.operation
def issue_pdf(*, actor: Actor, at: datetime, bill: uuid.UUID) -> document_queries.IssuedFileRow | None:
    """This will return the PDF of an issued bill, made and kept when it is first asked for; None for a draft.

    :raises queries.BillNotFound: when the organization has no such bill
    """
    # Files belong to no account, so that no wall limits them: whoever reaches the bill reaches its file.
    found = queries.get_bill(public_id=bill)
    if found.number is None:
        return None
    kind = kind_of(found.content)
    file = document_queries.find_file(source_id=bill, kind=kind)
    if file is not None:
        return file
    standing = queries.standing_of(public_id=bill)
    return document_issuing.issue_file(
        actor=actor,
        at=at,
        source_id=bill,
        content=found.content,
        code=found.code or "",
        language=language_of(found.content),
        customer_id=ensure_registered(bill),
        balance=None
        if standing is None
        else rendering.Balance(*(str(each.amount) for each in (standing.previous, standing.since, standing.due))),
    )


def is_reproduced(*, bill: uuid.UUID) -> bool:
    """This will tell whether the PDF of an issued bill, made anew, has the bytes that were signed then (B-73).

    :raises queries.BillNotFound: when the organization has no such bill
    :raises document_queries.IssuedFileNotFound: when no PDF was made of it yet
    """
    found = queries.get_bill(public_id=bill)
    return document_issuing.is_reproduced(source_id=bill, content=found.content, code=found.code or "")


@operation.operation
def register_issued(*, limit: int = REGISTERED_AT_ONCE) -> int:
    """This will register bills from before documents were registered, the oldest first; it answers how many."""
    known = document_registering.registered(kind=document_values.DocumentKind.BILL)
    organization_id = scoping.current().organization_id
    waiting = models.Bill.objects.filter(organization_id=organization_id).exclude(public_id__in=known)
    # There were no charge-back statements then.
    waiting = waiting.exclude(account__mode=customer_values.AccountMode.INTERNAL)
    rows = list(waiting.select_related("draft").order_by("id")[:limit])
    for at, group in itertools.groupby(rows, key=lambda row: row.issued_at):
        document_registering.register(at=at, documents=[_new_document(row) for row in group])
    return len(rows)


def ensure_registered(bill: uuid.UUID) -> uuid.UUID:
    """This will return the customer of a bill, and register it where it was issued before documents were registered."""
    organization_id = scoping.current().organization_id
    row = models.Bill.objects.select_related("draft", "account__customer").get(
        organization_id=organization_id, public_id=bill
    )
    if document_registering.find(source_id=bill) is None:
        document_registering.register(at=row.issued_at, documents=[_new_document(row)])
    return row.account.customer.public_id


def _new_document(row: models.Bill) -> document_registering.NewDocument:
    return document_registering.NewDocument(
        kind=document_values.DocumentKind.BILL,
        source_id=row.public_id,
        account_id=row.account_id,
        number=row.number,
        document_date=row.bill_date,
        due_date=row.due_date,
        currency=row.draft.currency,
        total=row.draft.total,
        digest=row.digest,
    )


def kind_of(content: Mapping[str, Any]) -> document_values.DocumentKind:
    """This will return what a bill is issued as: for a cost center a charge-back statement."""
    is_internal = content["account"].get("is_internal", False)
    return document_values.DocumentKind.CHARGE_BACK if is_internal else document_values.DocumentKind.BILL


def language_of(content: Mapping[str, Any]) -> str:
    """This will return the language that the meter points ask for, else the customer's; English where bills lack it."""
    wanted = str(content.get("language") or (content.get("customer") or {}).get("language", ""))[:2]
    return wanted if wanted in words.LANGUAGES else "en"
