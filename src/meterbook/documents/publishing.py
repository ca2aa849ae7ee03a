"""What anybody may know of a document who holds its code: through one function of the database, past the walls."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from meterbook.documents.values import DocumentKind, Mark


@dataclass(frozen=True)
class PublicDocument:
    """Nothing personal. `file_digest` is the SHA-256 of the file that was given out; None while none was made.

    `other` is the number of the document that took this one back or replaced it. The two ids are never shown: they lead
    to the document's page, which asks who wants to see it.
    """

    kind: DocumentKind
    number: str
    document_date: date
    currency: str
    total: Decimal
    digest: str
    issuer: str
    file_digest: str | None
    marks: frozenset[Mark]
    other: str
    organization: uuid.UUID
    source_id: uuid.UUID

    @property
    def is_taken_back(self) -> bool:
        """Whether another document took it back."""
        return bool(self.marks & {Mark.CREDITED, Mark.REPLACED})


def find_public(*, code: uuid.UUID) -> PublicDocument | None:
    """This will return the document with that code; None where there is none, or it was withdrawn from view.

    Needs no scope.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM documents_public_of(%s)", [code])
        row = cursor.fetchone()
    if row is None:
        return None
    kind, number, document_date, currency, total, digest, issuer, file_digest, marks, other, owner, source = row
    return PublicDocument(
        kind=DocumentKind(kind),
        number=number,
        document_date=document_date,
        currency=currency,
        total=total,
        digest=digest,
        issuer=issuer,
        file_digest=file_digest,
        marks=frozenset(Mark(each) for each in marks),
        other=other,
        organization=owner,
        source_id=source,
    )
