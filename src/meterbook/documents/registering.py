"""What was issued, as anybody may check it: registered in the transaction that issues, marked when it is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import psycopg
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.audit import values as audit_values
from meterbook.documents import codes, models, values
from meterbook.foundation import many, operation, scoping
from meterbook.kernel.actor import Actor

# Shared by who registers, taken alone by who seals a day: a link never misses what is still being issued.
CHAIN_LOCK = 4_762_330
SUBJECT = "documents.issueddocument"
INSERT = b"""
INSERT INTO documents_issueddocument (organization_id, kind, source_id, account_id, number, document_date, due_date,
    currency, total, digest, code, registered_at)
SELECT %s, d.kind, d.source_id, d.account_id, d.number, d.document_date, d.due_date, d.currency, d.total, d.digest,
    d.code, %s
FROM unnest(%s::text[], %s::uuid[], %s::bigint[], %s::text[], %s::date[], %s::date[], %s::text[], %s::numeric[],
    %s::text[], %s::uuid[])
    AS d (kind, source_id, account_id, number, document_date, due_date, currency, total, digest, code)
ON CONFLICT (organization_id, source_id) DO NOTHING
"""


class DocumentUnknown(LookupError):
    """No such document was issued in this organization."""


class NewDocument(NamedTuple):
    """A document that is issued now. `source_id` is what it shows; `digest` the SHA-256 over content, number, dates.

    `account_id` is that of the account it belongs to: who is limited to other accounts does not see it.
    """

    kind: values.DocumentKind
    source_id: uuid.UUID
    account_id: int | None
    number: str
    document_date: date
    due_date: date | None
    currency: str
    total: Decimal
    digest: str


@operation.operation
def register(*, at: datetime, documents: Sequence[NewDocument]) -> None:
    """This will keep documents for those who check them, each with 128 random bits; what is known stays as it is.

    Call it in the transaction that issues: about 20 µs a document.
    """
    if not documents:
        return
    organization_id = scoping.current().organization_id
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (CHAIN_LOCK, organization_id))
        cursor.execute(
            INSERT,
            (
                organization_id,
                at,
                many.array(each.kind.value for each in documents),
                many.array(each.source_id for each in documents),
                many.array(each.account_id for each in documents),
                many.texts(each.number for each in documents),
                many.array(each.document_date for each in documents),
                many.array(each.due_date for each in documents),
                many.array(each.currency for each in documents),
                many.array(each.total for each in documents),
                many.array(each.digest for each in documents),
                many.array(codes.make(len(documents))),
            ),
        )


@operation.operation
def mark(
    *, actor: Actor, at: datetime, source_id: uuid.UUID, mark: values.Mark, number: str = "", reason: str = ""
) -> None:
    """This will note what became of a document: credited by, or replaced by, the document `number`; hidden; shown.

    :raises DocumentUnknown: when nothing was issued for it in this organization
    """
    known = find(source_id=source_id)
    if known is None:
        raise DocumentUnknown(_("There is no such document."))
    models.DocumentMark.objects.create(
        organization_id=known.organization_id,
        source_id=source_id,
        account_id=known.account_id,
        mark=mark.value,
        number=number,
        reason=reason,
        marked_at=at,
        marked_by=actor.label,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="documents:mark_document",
        subject=audit_values.Subject(SUBJECT, source_id, known.number),
        before=None,
        after={"mark": mark.value, "number": number},
        reason=reason,
    )


def registered(*, kind: values.DocumentKind) -> QuerySet[models.IssuedDocument, uuid.UUID]:
    """This will name what documents of a kind show, as a subquery for who issues them."""
    organization_id = scoping.current().organization_id
    found = models.IssuedDocument.objects.filter(organization_id=organization_id, kind=kind.value)
    return found.values_list("source_id", flat=True)


def find(*, source_id: uuid.UUID) -> models.IssuedDocument | None:
    """This will return the document that was issued for an object, or None."""
    organization_id = scoping.current().organization_id
    return models.IssuedDocument.objects.filter(organization_id=organization_id, source_id=source_id).first()
