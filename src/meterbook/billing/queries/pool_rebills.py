"""Reads of proposals to bill the members of a closed sheet again, and which sheet took whose place."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.foundation import scoping


class RebillNotFound(LookupError):
    """There is no such proposal in this organization."""


@dataclass(frozen=True)
class RebillRow:
    """A proposal; `plan` has for each bill its number, account, name, and its total before and after."""

    public_id: uuid.UUID
    sheet: uuid.UUID
    site_id: int
    state: str
    reason: str
    currency: str
    plan: tuple[Mapping[str, Any], ...]
    proposed_at: datetime
    proposed_by: str
    proposed_by_id: int | None
    decided_at: datetime | None
    decided_by: str
    is_decided_alone: bool

    @property
    def is_open(self) -> bool:
        """Whether it waits for a second person."""
        return self.state == "PROPOSED"


def get_rebill(*, public_id: uuid.UUID) -> RebillRow:
    """This will return a proposal.

    :raises RebillNotFound: when it is not there or belongs to another organization
    """
    found = _rebills().filter(public_id=public_id).first()
    if found is None:
        raise RebillNotFound(_("There is no such proposal."))
    return _row(found)


def rebills_of(*, sheet: uuid.UUID) -> list[RebillRow]:
    """This will return the proposals about a sheet, the newest first."""
    return [_row(each) for each in _rebills().filter(sheet__public_id=sheet).order_by("-id")]


def standing_of(*, sheet: uuid.UUID) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """This will return the sheet whose place a sheet took, and the one that took its own."""
    rows = models.PoolSheet.objects.filter(organization_id=scoping.current().organization_id, public_id=sheet)
    found = rows.values_list("replaces__public_id", "replaced_by__public_id").first()
    return found or (None, None)


def _rebills() -> QuerySet[models.PoolRebill]:
    rows = models.PoolRebill.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("sheet").defer("sheet__content")


def _row(each: models.PoolRebill) -> RebillRow:
    return RebillRow(
        public_id=each.public_id,
        sheet=each.sheet.public_id,
        site_id=each.site_id,
        state=each.state,
        reason=each.reason,
        currency=each.sheet.currency,
        plan=tuple(each.plan),
        proposed_at=each.proposed_at,
        proposed_by=each.proposed_by,
        proposed_by_id=each.proposed_by_id,
        decided_at=each.decided_at,
        decided_by=each.decided_by,
        is_decided_alone=each.is_decided_alone,
    )
