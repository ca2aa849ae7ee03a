"""Reads of number series, issued files and the letterhead. Each needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.documents import models, values
from meterbook.foundation import scoping


@dataclass(frozen=True)
class IssuedFileRow:
    """An issued file without its bytes; `digest` is their SHA-256 in hexadecimal."""

    id: int
    public_id: uuid.UUID
    kind: values.DocumentKind
    source_id: uuid.UUID
    name: str
    media_type: str
    size: int
    digest: str
    issued_at: datetime


@dataclass(frozen=True)
class SeriesRow:
    """A number series: `issued` numbers were taken, the newest is `newest` (None: none yet)."""

    kind: values.DocumentKind
    prefix: str
    issued: int
    newest: str | None


class IssuedFileNotFound(LookupError):
    """There is no such file in this organization."""


def number_text(prefix: str, number: int) -> str:
    """This will return a number as it is printed: "HR-2026" and 4127 give "HR-2026-004127"."""
    return f"{prefix}-{number:0{values.DIGITS}}"


def find_file(*, source_id: uuid.UUID, kind: values.DocumentKind) -> IssuedFileRow | None:
    """This will return the file that was issued for an object, or None."""
    scope = scoping.current().organizations
    found = models.IssuedFile.objects.filter(organization_id__in=scope, source_id=source_id, kind=kind)
    row = found.defer("content").first()
    return None if row is None else _row(row)


def file_content(*, public_id: uuid.UUID) -> tuple[IssuedFileRow, bytes]:
    """This will return a file with its bytes.

    :raises IssuedFileNotFound: when it is not there or belongs to another organization
    """
    found = models.IssuedFile.objects.filter(
        organization_id__in=scoping.current().organizations, public_id=public_id
    ).first()
    if found is None:
        raise IssuedFileNotFound(_("There is no such file."))
    return _row(found), bytes(found.content)


def list_series() -> list[SeriesRow]:
    """This will return the number series by kind and prefix."""
    found = models.NumberSeries.objects.filter(organization_id__in=scoping.current().organizations)
    return [
        SeriesRow(
            kind=values.DocumentKind(each.kind),
            prefix=each.prefix,
            issued=each.next_number - each.first_number,
            newest=number_text(each.prefix, each.next_number - 1) if each.next_number > each.first_number else None,
        )
        for each in found.order_by("kind", "prefix", "id")
    ]


def letterhead(*, organization_id: int) -> values.LetterheadFacts:
    """This will return what stands at the head of an organization's documents; empty where nothing was said yet."""
    found = models.Letterhead.objects.filter(organization_id=organization_id).first()
    if found is None:
        return values.LetterheadFacts()
    return values.LetterheadFacts(found.tax_number, found.address, found.contact, found.logo)


def _row(found: models.IssuedFile) -> IssuedFileRow:
    return IssuedFileRow(
        id=found.pk,
        public_id=found.public_id,
        kind=values.DocumentKind(found.kind),
        source_id=found.source_id,
        name=found.name,
        media_type=found.media_type,
        size=found.size,
        digest=found.digest,
        issued_at=found.issued_at,
    )
