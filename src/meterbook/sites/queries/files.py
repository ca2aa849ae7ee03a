"""Workbooks with sites, places and meter points: waiting, or imported."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.sites import models

MOST_LISTED = 20


@dataclass(frozen=True)
class BuildingFileRow:
    """A workbook without its bytes. `outcome` counts what it made and changed, once it was imported."""

    public_id: uuid.UUID
    name: str
    digest: str
    author: str
    uploaded_at: datetime
    imported_at: datetime | None
    outcome: Mapping[str, int]


class BuildingFileNotFound(LookupError):
    """There is no such workbook in this organization."""


def list_building_files() -> list[BuildingFileRow]:
    """This will return the newest twenty workbooks."""
    rows = models.BuildingFile.objects.filter(organization_id__in=scoping.current().organizations)
    return [_row(each) for each in rows.defer("content").order_by("-uploaded_at", "-id")[:MOST_LISTED]]


def get_building_file(*, public_id: uuid.UUID) -> tuple[BuildingFileRow, bytes]:
    """This will return a workbook with its bytes.

    :raises BuildingFileNotFound: when it is not there or belongs to another organization
    """
    rows = models.BuildingFile.objects.filter(organization_id__in=scoping.current().organizations, public_id=public_id)
    found = rows.first()
    if found is None:
        raise BuildingFileNotFound(_("There is no such workbook. It may have been discarded."))
    return _row(found), bytes(found.content)


def _row(found: models.BuildingFile) -> BuildingFileRow:
    return BuildingFileRow(
        public_id=found.public_id,
        name=found.name,
        digest=found.digest,
        author=found.author,
        uploaded_at=found.uploaded_at,
        imported_at=found.imported_at,
        outcome=dict(found.outcome or {}),
    )
