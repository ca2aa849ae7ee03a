"""What tests of meters correct (B-24): ratios that were not withdrawn, each for its time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from meterbook.foundation import many, scoping
from meterbook.kernel.period import Period
from meterbook.metering import models, ratios
from meterbook.metering.validation.inputs import CorrectionKind

KINDS = (CorrectionKind.RATIO, CorrectionKind.WITHDRAW_RATIO)


def standing_ratios(
    *, series_ids: Collection[int], period: Period | None = None
) -> dict[int, list[ratios.Ratio[datetime]]]:
    """This will return the ratios of series that touch a period (None: all of them) by series, in one query."""
    rows = models.Correction.objects.filter(
        many.among("series_id", series_ids), organization_id__in=scoping.current().organizations, kind__in=KINDS
    )
    if period is not None:
        rows = rows.filter(at__lt=period.end, until__gt=period.start)
    found: dict[tuple[int, datetime, datetime], ratios.Ratio[datetime]] = {}
    for each in rows.order_by("recorded_at", "id"):
        if each.until is None:
            continue
        key = (each.series_id, each.at, each.until)
        found.pop(key, None)
        by = ratios.read(each.made_of.get("ratio"))
        if each.kind == CorrectionKind.RATIO and by is not None:
            found[key] = ratios.Ratio(each.at, each.until, by, str(each.made_of.get("certificate", "")))
    by_series: dict[int, list[ratios.Ratio[datetime]]] = defaultdict(list)
    for (series_id, _at, _until), each_ratio in found.items():
        by_series[series_id].append(each_ratio)
    return dict(by_series)
