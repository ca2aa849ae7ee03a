"""Series of meter points, and what one step of a register is worth in a series' unit."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from meterbook.foundation import scoping
from meterbook.kernel import quantity, rounding
from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.metering import models, values

MOST_DECIMALS = 12


@dataclass(frozen=True)
class SeriesRow:
    """One measured quantity of a meter point; its blocks hold integers of 10^-`decimals` `unit`."""

    id: int
    public_id: uuid.UUID
    meter_point_id: int
    code: str
    caption: str
    kind: values.SeriesKind
    unit: Unit
    decimals: int
    step: int  # minutes


@dataclass(frozen=True)
class RegisterScale:
    """From `starts_at` to `ends_at` one step of the register is `fraction` units of the series."""

    starts_at: datetime
    ends_at: datetime | None
    fraction: Fraction
    decimals: int  # as many as the register resolves, in the series' unit

    def value(self, raw: int) -> Decimal:
        """This will return what the register shows, in the series' unit: exact, or rounded half up at 12 decimals."""
        scaled = self.fraction * raw * 10**self.decimals
        if scaled.denominator == 1:
            return Decimal(scaled.numerator).scaleb(-self.decimals, context=rounding.EXACT)
        finer = self.fraction * raw * 10**MOST_DECIMALS
        whole = rounding.divide(finer.numerator, finer.denominator, RoundingMode.HALF_UP)
        return Decimal(whole).scaleb(-MOST_DECIMALS, context=rounding.EXACT)


def list_series(*, meter_point_ids: Collection[int], codes: Collection[str] | None = None) -> list[SeriesRow]:
    """This will return the series of meter points in the order of the catalogue, in one query.

    :param codes: only series of those codes; None means all
    """
    order = {code: place for place, code in enumerate(values.series_types())}
    found = models.Series.objects.filter(
        organization_id__in=scoping.current().organizations, meter_point_id__in=meter_point_ids
    )
    if codes is not None:
        found = found.filter(code__in=codes)
    rows = [_row(each) for each in found.order_by("id")]
    return sorted(rows, key=lambda row: (order.get(row.code, len(order)), row.id))


def series_within(*, site_ids: Collection[int], meter_point_ids: Collection[int]) -> frozenset[int]:
    """This will return the ids of the series at sites, and of single meter points beside them, in one query."""
    found = models.Series.objects.filter(organization_id=scoping.current().organization_id).filter(
        Q(meter_point__site_id__in=list(site_ids)) | Q(meter_point_id__in=list(meter_point_ids))
    )
    return frozenset(found.values_list("id", flat=True))


def scales_of(*, series: Sequence[SeriesRow]) -> dict[int, list[RegisterScale]]:
    """This will return, by series id, the scales of its registers from the oldest to the newest, in two queries."""
    organizations = scoping.current().organizations
    known = {each.id: each for each in series}
    registers = list(
        models.InstallationRegister.objects.filter(organization_id__in=organizations, series_id__in=known)
        .select_related("installation")
        .order_by("installation__during", "id")
    )
    segments = defaultdict(list)
    for segment in models.MultiplierSegment.objects.filter(
        organization_id__in=organizations, installation_id__in={each.installation_id for each in registers}
    ).order_by("starts_at", "id"):
        segments[segment.installation_id].append(segment)
    found: dict[int, list[RegisterScale]] = defaultdict(list)
    for register in registers:
        found[register.series_id] += _scales(register, segments[register.installation_id], known[register.series_id])
    return dict(found)


def scale_at(scales: Sequence[RegisterScale], at: datetime) -> RegisterScale | None:
    """This will return the scale in force at an instant; before the first one, the first."""
    found = None
    for each in scales:
        if found is None or each.starts_at <= at:
            found = each
    return found


def caption_of(code: str) -> str:
    """This will return the caption of a series code; a code that left the catalogue is its own caption."""
    known = values.series_types().get(code)
    return str(known.caption) if known else code


def _scales(
    register: models.InstallationRegister, segments: Sequence[models.MultiplierSegment], series: SeriesRow
) -> list[RegisterScale]:
    during = register.installation.during
    base = quantity.factor(Unit(register.unit), series.unit) / 10**register.decimals
    steps = [(max(each.starts_at, during.lower), Fraction(each.numerator, each.denominator)) for each in segments]
    if not steps or steps[0][0] > during.lower:
        steps.insert(0, (during.lower, Fraction(1)))
    ends = [*(start for start, _ in steps[1:]), during.upper]
    return [
        RegisterScale(start, end, base * multiplier, _decimals(base * multiplier, series.decimals))
        for (start, multiplier), end in zip(steps, ends, strict=True)
    ]


def _decimals(fraction: Fraction, otherwise: int) -> int:
    """How many decimals write every multiple of the fraction exactly; `otherwise` where none do."""
    for decimals in range(MOST_DECIMALS + 1):
        if (fraction * 10**decimals).denominator == 1:
            return decimals
    return otherwise


def _row(series: models.Series) -> SeriesRow:
    return SeriesRow(
        id=series.pk,
        public_id=series.public_id,
        meter_point_id=series.meter_point_id,
        code=series.code,
        caption=caption_of(series.code),
        kind=values.SeriesKind(series.kind),
        unit=Unit(series.unit),
        decimals=series.decimals,
        step=series.step,
    )
