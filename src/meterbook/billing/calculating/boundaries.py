"""Where a register did not simply count on: it started anew, went past its end, or was not believed (B-03, B-04).

Findings of the derivation tell it, so that a bill cuts where the intervals were cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from meterbook.billing.calculating import hanging, neighbors
from meterbook.foundation import many, scoping
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

RESET, ROLLOVER = "RESET", "ROLLOVER"
_CUTS = (FindingKind.ROLLOVER, FindingKind.RESET_CONFIRMED)
AHEAD = timedelta(days=62)  # as far as neighbors of an instant are looked for


@dataclass(frozen=True)
class Boundary:
    """At an instant one segment ends at `before` and the next begins at `after`, while the register showed `shown`.

    A counter that fell from 5,000 to 2 after 7 unseen counts: 5,007, 2, 2. One of four digits that went from 9,990 past
    its end to 3: 10,000, 0, 3. `reached` is what it had come to had it counted on: 5,007, and 10,003.
    """

    at: datetime
    kind: str
    before: int
    after: int
    shown: int
    reached: int


@dataclass(frozen=True)
class Boundaries:
    """Boundaries of a chunk's series in order of time, and the stretches in which readings were not believed."""

    of: dict[int, list[Boundary]] = field(default_factory=dict)
    doubts: dict[int, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)

    def inside(self, series_id: int, period: Period) -> list[Boundary]:
        """This will return those after the period's start, and up to its end."""
        return [each for each in self.of.get(series_id, []) if period.start < each.at <= period.end]

    def at(self, series_id: int, instant: datetime) -> Boundary | None:
        """This will return the boundary at an instant."""
        return next((each for each in self.of.get(series_id, []) if each.at == instant), None)

    def is_doubted(self, series_id: int, instant: datetime) -> bool:
        """This will tell whether a reading at an instant was not believed."""
        return any(
            start == instant or (start < instant and (until is None or instant < until))
            for start, until in self.doubts.get(series_id, [])
        )


def load(hung: Mapping[int, Sequence[hanging.Hanging]], series_ids: Sequence[int], period: Period) -> Boundaries:
    """This will load what was found of series in and around a period, in one query, or two where one started anew.

    :param hung: the registers that fed them
    """
    organization_id = scoping.current().organization_id
    rows = list(
        metering_models.SeriesFinding.objects.filter(
            many.among("series_id", series_ids),
            Q(until=None) | Q(until__gte=period.start),
            organization_id=organization_id,
            at__lte=period.end + AHEAD,
            kind__in=(*neighbors.NOT_BELIEVED, *_CUTS),
        )
        .order_by("at", "id")
        .values_list("series_id", "kind", "at", "until", "value", "baseline")
    )
    found = Boundaries(defaultdict(list), defaultdict(list))
    unseen = _unseen([(row[0], row[2]) for row in rows if row[1] == FindingKind.RESET_CONFIRMED])
    for series_id, kind, at, until, value, baseline in rows:
        if kind in neighbors.NOT_BELIEVED:
            found.doubts[series_id].append((at, until))
            continue
        wrap = next((each.wrap for each in hung.get(series_id, []) if _holds(each, at)), None)
        if kind == FindingKind.ROLLOVER and wrap is not None:
            found.of[series_id].append(_boundary(at, value, value + wrap, wrap))
        elif kind == FindingKind.RESET_CONFIRMED:
            found.of[series_id].append(_boundary(at, value, baseline + unseen.get((series_id, at), 0), wrap))
    return found


def _boundary(at: datetime, shown: int, reached: int, wrap: int | None) -> Boundary:
    # A person may have told that it went past its end where the derivation could not: that is no reset.
    if wrap is not None and reached == shown + wrap:
        return Boundary(at, ROLLOVER, before=wrap, after=0, shown=shown, reached=reached)
    return Boundary(at, RESET, before=reached, after=shown, shown=shown, reached=reached)


def _holds(meter: hanging.Hanging, at: datetime) -> bool:
    return meter.start < at and (meter.end is None or at <= meter.end)


def _unseen(resets: Sequence[tuple[int, datetime]]) -> dict[tuple[int, datetime], int]:
    """What a person said was used before the counter was seen anew; the fact recorded last holds."""
    if not resets:
        return {}
    rows = metering_models.Correction.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id__in={series_id for series_id, _at in resets},
        at__in={at for _series_id, at in resets},
        kind__in=(CorrectionKind.CONFIRM_RESET, CorrectionKind.RESTORE),
    ).order_by("recorded_at", "id")
    found: dict[tuple[int, datetime], int] = {}
    for series_id, kind, at, value in rows.values_list("series_id", "kind", "at", "value"):
        if kind == CorrectionKind.RESTORE:
            found.pop((series_id, at), None)
        else:
            found[series_id, at] = value or 0
    return found
