"""Corrections of how many times a meter counted, with who made and who approved them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.metering.validation.inputs import CorrectionKind

COUNT_KINDS = (CorrectionKind.RATIO, CorrectionKind.WITHDRAW_RATIO, CorrectionKind.MULTIPLIER)


@dataclass(frozen=True)
class CountChange:
    """One of them; `made_of` as `operations.counting` keeps it, `is_standing` while a ratio was not withdrawn."""

    public_id: uuid.UUID
    kind: CorrectionKind
    at: datetime
    until: datetime | None
    made_of: Mapping[str, object]
    is_standing: bool
    reason: str
    author: str
    approved_by: str
    recorded_at: datetime


def count_changes(*, meter_point: uuid.UUID) -> list[CountChange]:
    """This will return the corrections of what meters at a point counted, the latest first, in one query."""
    rows = models.Correction.objects.filter(
        organization_id__in=scoping.current().organizations,
        series__meter_point__public_id=meter_point,
        kind__in=COUNT_KINDS,
    )
    found, withdrawn = [], set[tuple[int, datetime, datetime | None]]()
    for each in rows.order_by("-recorded_at", "-id"):
        kind, key = CorrectionKind(each.kind), (each.series_id, each.at, each.until)
        is_standing = kind is not CorrectionKind.RATIO or key not in withdrawn
        if kind is CorrectionKind.WITHDRAW_RATIO:
            withdrawn.add(key)
        elif kind is CorrectionKind.RATIO:
            withdrawn.discard(key)
        found.append(
            CountChange(
                public_id=each.public_id,
                kind=kind,
                at=each.at,
                until=each.until,
                made_of=each.made_of,
                is_standing=is_standing,
                reason=each.reason,
                author=each.author,
                approved_by=each.approved_by,
                recorded_at=each.recorded_at,
            )
        )
    return found
