"""Reads of the register of issued documents. Each needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from meterbook.documents import models
from meterbook.documents.values import DocumentKind, Mark
from meterbook.foundation import scoping

PAGE = 50


@dataclass(frozen=True)
class DocumentRow:
    """A document as the register shows it. `marks` are those that hold; `other` the document that took it back."""

    id: int
    source_id: uuid.UUID
    kind: DocumentKind
    number: str
    document_date: date
    currency: str
    total: Decimal
    digest: str
    code: uuid.UUID
    registered_at: datetime
    has_file: bool
    is_hidden: bool
    is_taken_back: bool
    other: str


def list_documents(
    *, search: str = "", kind: DocumentKind | None = None, page: int = 1
) -> tuple[list[DocumentRow], int]:
    """This will return a page of documents, the newest first, and how many there are."""
    found = _narrowed(search, kind)
    start = (page - 1) * PAGE
    return _rows(found.order_by("-id")[start : start + PAGE]), found.count()


def documents_after(*, after_id: int, limit: int) -> list[DocumentRow]:
    """This will return documents in the order of registration, for programs that read all of them."""
    return _rows(_narrowed("", None).filter(id__gt=after_id).order_by("id")[:limit])


def find_document(*, source_id: uuid.UUID) -> DocumentRow | None:
    """This will return the document of an object, or None."""
    rows = _rows(_narrowed("", None).filter(source_id=source_id)[:1])
    return rows[0] if rows else None


def _narrowed(search: str, kind: DocumentKind | None) -> QuerySet[models.IssuedDocument]:
    found = models.IssuedDocument.objects.filter(organization_id=scoping.current().organization_id)
    if search:
        found = found.filter(number__icontains=search)
    return found if kind is None else found.filter(kind=kind.value)


def _rows(found: QuerySet[models.IssuedDocument]) -> list[DocumentRow]:
    organization_id = scoping.current().organization_id
    of_document = models.DocumentMark.objects.filter(organization_id=organization_id, source_id=OuterRef("source_id"))
    seen = of_document.filter(mark__in=[Mark.HIDDEN, Mark.SHOWN]).order_by("-id").values("mark")[:1]
    back = of_document.filter(mark__in=[Mark.CREDITED, Mark.REPLACED]).order_by("-id").values("number")[:1]
    files = models.IssuedFile.objects.filter(
        organization_id=organization_id, source_id=OuterRef("source_id"), kind=OuterRef("kind")
    )
    marked = found.annotate(has_file=Exists(files), seen=Subquery(seen), back=Subquery(back))
    return [
        DocumentRow(
            id=each.pk,
            source_id=each.source_id,
            kind=DocumentKind(each.kind),
            number=each.number,
            document_date=each.document_date,
            currency=each.currency,
            total=each.total,
            digest=each.digest,
            code=each.code,
            registered_at=each.registered_at,
            has_file=each.has_file,
            is_hidden=each.seen == Mark.HIDDEN.value,
            is_taken_back=each.back is not None,
            other=each.back or "",
        )
        for each in marked
    ]
