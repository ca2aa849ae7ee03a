"""What the derivation found at a meter point and only a person can settle: resets, impossible jumps, held readings."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, values
from meterbook.metering.queries import standing
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

# What a person settles; an open GLITCH only tells that the next readings will show what it is, unless a person read
# it: the next reading may be a month away, and whoever stood before the meter knows.
SETTLED_BY_PEOPLE = (FindingKind.RESET_CANDIDATE, FindingKind.OVER_LIMIT, FindingKind.HELD_READING)
MOST = 20


@dataclass(frozen=True)
class OpenFinding:
    """One thing to settle. `before` and `value` are what the register showed, in `unit`; `until` None: still so.

    `wrap` is the count at which the register starts at 0 again; `is_by_hand`: a person read the value at the meter.
    """

    kind: FindingKind
    series_id: int
    series_code: str
    at: datetime
    until: datetime | None
    before: Decimal
    value: Decimal
    raw: int
    baseline: int
    decimals: int
    unit: Unit
    point_code: str
    point_public_id: uuid.UUID
    wrap: int | None = None
    is_by_hand: bool = False

    @property
    def may_be_settled(self) -> bool:
        """Whether a person decides on it now."""
        return self.kind in SETTLED_BY_PEOPLE or (self.kind is FindingKind.GLITCH and self.is_by_hand)


def open_findings(*, meter_point: uuid.UUID) -> list[OpenFinding]:
    """This will return what waits for a person at a meter point, the oldest first, in two queries.

    What a person released or corrected since is left out; a counter that stays low is there until it is confirmed.
    """
    return _open(series__meter_point__public_id=meter_point)


def open_findings_by_code(*, codes: Collection[str]) -> dict[str, OpenFinding]:
    """This will return the oldest finding that waits for a person, by code of the meter point."""
    found: dict[str, OpenFinding] = {}
    for each in _open(series__meter_point__code__in=list(codes)) if codes else ():
        found.setdefault(each.point_code, each)
    return found


def _open(**narrowing: object) -> list[OpenFinding]:
    organization_id = scoping.current().organization_id
    settled = models.Correction.objects.filter(
        organization_id=organization_id,
        series_id=OuterRef("series_id"),
        at=OuterRef("at"),
        kind__in=(CorrectionKind.RELEASE, CorrectionKind.SET, CorrectionKind.EXCLUDE, CorrectionKind.CONFIRM_RESET),
    ).exclude(standing.PART)
    by_hand = models.Reading.objects.filter(
        organization_id=organization_id,
        series_id=OuterRef("series_id"),
        at=OuterRef("at"),
        source=values.Source.FIELD,
    )
    rows = (
        models.SeriesFinding.objects.filter(
            organization_id=organization_id,
            kind__in=[*SETTLED_BY_PEOPLE, FindingKind.GLITCH],
            **narrowing,
        )
        .exclude(kind=FindingKind.GLITCH, until__isnull=False)
        .annotate(is_settled=Exists(settled), is_by_hand=Exists(by_hand))
        .filter(is_settled=False)
        .select_related("series__meter_point")
        .order_by("at", "id")
    )[:MOST]
    listed = list(rows)
    registers = models.InstallationRegister.objects.filter(
        organization_id=organization_id, series_id__in={each.series_id for each in listed}
    ).select_related("installation")
    shown = list(registers.order_by("id"))
    return [row for each in listed if (row := _row(each, shown)) is not None]


def _row(found: Any, registers: list[models.InstallationRegister]) -> OpenFinding | None:  # noqa: ANN401 - an annotated row
    own = [each for each in registers if each.series_id == found.series_id]
    register = next((each for each in own if found.at in each.installation.during), own[-1] if own else None)
    if register is None:
        return None
    point = found.series.meter_point
    before, value = (
        Decimal(each).scaleb(-register.decimals, context=rounding.EXACT) for each in (found.baseline, found.value)
    )
    return OpenFinding(
        kind=FindingKind(found.kind),
        series_id=found.series_id,
        series_code=found.series.code,
        at=found.at,
        until=found.until,
        before=before,
        value=value,
        raw=found.value,
        baseline=found.baseline,
        decimals=register.decimals,
        unit=Unit(register.unit),
        point_code=point.code,
        point_public_id=point.public_id,
        wrap=register.wrap,
        is_by_hand=found.is_by_hand,
    )
