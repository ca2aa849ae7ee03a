"""Who is looked at in a swap test, what those meters showed, and what that amounts to. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from meterbook.acquisition import models as acquisition_models
from meterbook.fieldwork import deciding, models
from meterbook.fieldwork.deciding import Measure, Sample, Watched, Windows
from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.metering.queries import live
from meterbook.metering.queries import series as series_queries

MOST = 200  # meters that one test looks at
HISTORY = timedelta(hours=3)  # of what is read every quarter of an hour or seldomer
RECENT = timedelta(hours=2)  # a power register that said nothing for so long is none
POWER = "power"
ENERGY = metering_values.COUNTED_SERIES[metering_values.Service.ELECTRICITY]
CODES = (POWER, ENERGY)


class NothingToWatch(ValueError):
    """No electricity meter hangs at the site, or on the line."""


@dataclass(frozen=True)
class Candidate:
    """A meter that a test looks at, as it stood when the test began. `step` is in minutes; `place` its unit's name."""

    point: str
    code: str
    name: str
    place: str
    series_id: int
    measure: Measure
    resolution: str
    step: int
    is_expected: bool
    is_sum: bool

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Candidate:
        """This will read what a test kept."""
        return cls(**{**kept, "measure": Measure(kept["measure"])})

    def plain(self) -> dict[str, Any]:
        """This will return what a test keeps."""
        return asdict(self)


def candidates(*, site_id: int, node_ids: Collection[int], bus_id: int | None, at: datetime) -> list[Candidate]:
    """This will return the electricity meters to look at, those of the unit first, then by name; at most 200.

    :param node_ids: the unit and what lies in it; its meters are looked at whatever line they are on
    :param bus_id: only meters of that line; None: all of the site
    :raises NothingToWatch: when there is none
    """
    organization_id = scoping.current().organization_id
    hanging = metering_models.Installation.objects.filter(
        organization_id=organization_id,
        during__upper_inf=True,
        meter_point__site_id=site_id,
        meter_point__service=metering_values.Service.ELECTRICITY,
    ).exclude(meter__model_code__in=metering_values.NOT_REPORTING)
    points = {each.meter_point_id: each.meter_point for each in hanging.select_related("meter_point__node")}
    if bus_id is not None:
        meters = acquisition_models.Device.objects.filter(organization_id=organization_id, bus_id=bus_id)
        on_line = set(hanging.filter(meter_id__in=meters.values("meter_id")).values_list("meter_point_id", flat=True))
        points = {pk: each for pk, each in points.items() if pk in on_line or each.node_id in node_ids}
    ranked = sorted(points.values(), key=lambda each: (each.node_id not in node_ids, each.sort_name, each.pk))[:MOST]
    measured = _measured([each.pk for each in ranked], at)
    found = []
    for each in ranked:
        if each.pk not in measured:
            continue
        series, resolution = measured[each.pk]
        found.append(
            Candidate(
                point=str(each.public_id),
                code=each.code,
                name=each.name,
                place=each.node.name if each.node else "",
                series_id=series.id,
                measure=Measure.POWER if series.code == POWER else Measure.COUNTER,
                resolution=str(resolution),
                step=series.step,
                is_expected=each.node_id in node_ids,
                is_sum=each.role == metering_values.PointRole.MAIN and each.node_id not in node_ids,
            )
        )
    if not found:
        raise NothingToWatch(_("No electricity meter that reports hangs there; set one up first."))
    return found


def fresh(test: models.SwapTest, known: Sequence[models.SwapSamples]) -> list[list[object]]:
    """This will return what the meters of a test show now, as far as it is newer than what was seen."""
    found = of_test(test)
    newest: dict[int, str] = {}
    for row in known:
        for series_id, instant, _value in row.values:
            newest[series_id] = max(instant, newest.get(series_id, ""))
    rows = _series([each.series_id for each in found])
    return [
        [row.series_id, instant, str(row.value)]
        for row in live.live_values(series=rows)
        if row.at is not None and row.value is not None
        for instant in [row.at.isoformat()]
        if instant > newest.get(row.series_id, "")
    ]


def of_test(test: models.SwapTest) -> list[Candidate]:
    """This will return the meters that a test looks at."""
    return [Candidate.of(each) for each in test.meters]


def watched(test: models.SwapTest, known: Sequence[models.SwapSamples], *, at: datetime) -> list[Watched]:
    """This will return the meters of a test with their samples and windows, as far as the test has come."""
    found = of_test(test)
    samples: dict[int, dict[datetime, Decimal]] = defaultdict(dict)
    for row in known:
        for series_id, instant, value in row.values:
            samples[series_id][datetime.fromisoformat(instant)] = Decimal(value)
    for series_id, instant, value in _stored(found, test.began_at - HISTORY, at):
        samples[series_id].setdefault(instant, value)
    return [_watched(test, each, samples[each.series_id], at) for each in found]


def windows_of(test: models.SwapTest, measure: Measure, *, is_slow: bool, at: datetime) -> Windows:
    """This will return the windows of a test. What counts slowly is looked at from hours before until the unit is on
    again; what shows its power only until enough was seen, since the switch may be moved before somebody says so.
    """
    before_until = test.before_until or at
    off_at = test.off_at or at
    counts = measure is Measure.COUNTER
    off_until = (test.on_at or at) if counts and is_slow else (test.off_until or test.on_at or at)
    start = test.began_at - HISTORY if is_slow else test.began_at
    return Windows(
        before=_period(start, before_until),
        off=_period(off_at + deciding.GUARD, off_until),
        after=_period(test.on_at, test.ended_at or at) if test.on_at is not None else None,
    )


def _watched(test: models.SwapTest, each: Candidate, samples: Mapping[datetime, Decimal], at: datetime) -> Watched:
    lively = sum(test.began_at <= instant for instant in samples)
    live_windows = windows_of(test, each.measure, is_slow=False, at=at)
    seen = sum(instant in live_windows.before for instant in samples)
    is_slow = each.measure is Measure.COUNTER and (lively < 2 or seen < 2)
    return Watched(
        key=each.point,
        measure=each.measure,
        resolution=Decimal(each.resolution),
        samples=[Sample(instant, samples[instant]) for instant in sorted(samples)],
        windows=windows_of(test, each.measure, is_slow=True, at=at) if is_slow else live_windows,
        is_expected=each.is_expected,
        is_sum=each.is_sum,
    )


def _period(start: datetime, end: datetime) -> Period:
    """A window that has not begun yet holds nothing."""
    return Period(start, max(end, start + timedelta.resolution))


def _stored(found: Sequence[Candidate], since: datetime, until: datetime) -> list[tuple[int, datetime, Decimal]]:
    """The readings of counters, in one query however many there are."""
    counting = [each.series_id for each in found if each.measure is Measure.COUNTER]
    rows = _series(counting) if counting else []
    if not rows:
        return []
    scales = series_queries.scales_of(series=rows)
    readings = metering_models.Reading.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id__in=[each.id for each in rows],
        at__gte=since,
        at__lte=until,
    ).order_by("at", "source")
    listed = []
    for series_id, instant, value in readings.values_list("series_id", "at", "value"):
        scale = series_queries.scale_at(scales.get(series_id, []), instant)
        if scale is not None:
            listed.append((series_id, instant, scale.value(value)))
    return listed


def _series(ids: Collection[int]) -> list[series_queries.SeriesRow]:
    points = metering_models.Series.objects.filter(
        organization_id=scoping.current().organization_id, pk__in=list(ids)
    ).values_list("meter_point_id", flat=True)
    wanted = set(ids)
    rows = metering_queries.list_series(meter_point_ids=list(points), codes=CODES)
    return [each for each in rows if each.id in wanted]


def _measured(point_ids: Collection[int], at: datetime) -> dict[int, tuple[series_queries.SeriesRow, Decimal]]:
    """By meter point the register that is looked at, with one step of it: its power where it tells it, else energy."""
    rows = metering_queries.list_series(meter_point_ids=point_ids, codes=CODES)
    latest = live.latest_of(series_ids=[each.id for each in rows])
    scales = series_queries.scales_of(series=rows)
    found: dict[int, tuple[series_queries.SeriesRow, Decimal]] = {}
    for row in rows:
        known = latest.get(row.id)
        is_told = known is not None and at - known.at <= RECENT
        own = scales.get(row.id, [])
        scale = series_queries.scale_at(own, at)
        step = scale.value(1) if scale is not None else Decimal(1).scaleb(-row.decimals)
        if row.code == ENERGY:
            found.setdefault(row.meter_point_id, (row, step))
        elif is_told:
            found[row.meter_point_id] = (row, step)
    return found


def shown_now(series_ids: Collection[int]) -> list[metering_queries.LiveRow]:
    """This will return what these registers show now, each in its unit."""
    return live.live_values(series=_series(series_ids))
