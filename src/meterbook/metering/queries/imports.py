"""Files with readings that were uploaded or imported."""

from __future__ import annotations

import uuid
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.metering.importing.mapping import Mapping

MOST = 20


class ImportNotFound(LookupError):
    """There is no such file in this organization."""


@dataclass(frozen=True)
class ImportRow:
    """An uploaded file. `outcome` is empty until it was imported."""

    public_id: uuid.UUID
    name: str
    size: int
    digest: str
    author: str
    uploaded_at: datetime
    imported_at: datetime | None
    mapping: Mapping
    new_meters_at: uuid.UUID | None
    outcome: AnyMapping[str, object]


def list_imports() -> list[ImportRow]:
    """This will return the newest twenty files of the running scope."""
    files = models.ImportFile.objects.filter(organization_id__in=scoping.current().organizations)
    newest = files.defer("content").select_related("new_meters_at").order_by("-uploaded_at", "-id")[:MOST]
    return [_row(each) for each in newest]


def waiting_imports() -> tuple[int, datetime | None]:
    """This will count the files that were uploaded and wait to be imported, and tell when the first of them was."""
    waiting = models.ImportFile.objects.filter(
        organization_id__in=scoping.current().organizations, imported_at__isnull=True
    ).aggregate(count=Count("id"), since=Min("uploaded_at"))
    return waiting["count"], waiting["since"]


def get_import(*, public_id: uuid.UUID) -> ImportRow:
    """This will return one file.

    :raises ImportNotFound: when it is not there or belongs to another organization
    """
    files = models.ImportFile.objects.filter(organization_id__in=scoping.current().organizations)
    found = files.defer("content").select_related("new_meters_at").filter(public_id=public_id).first()
    if found is None:
        raise ImportNotFound(ImportNotFound.__doc__)
    return _row(found)


def _row(file: models.ImportFile) -> ImportRow:
    return ImportRow(
        public_id=file.public_id,
        name=file.name,
        size=file.size,
        digest=file.digest,
        author=file.author,
        uploaded_at=file.uploaded_at,
        imported_at=file.imported_at,
        mapping=Mapping.of(file.mapping),
        new_meters_at=file.new_meters_at.public_id if file.new_meters_at else None,
        outcome=file.outcome or {},
    )
