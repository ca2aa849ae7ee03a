"""Many meter points and meters at once, with few statements. The caller checked what it writes, and audits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.db.models.functions import Upper

from meterbook.foundation import operation, scoping
from meterbook.kernel import quantity
from meterbook.metering import models, values
from meterbook.metering.operations.installing import RegisterPlan
from meterbook.sites import models as site_models

BATCH = 1_000
_SERIES = """
INSERT INTO metering_series (organization_id, public_id, meter_point_id, code, kind, unit, decimals, step)
SELECT %s, gen_random_uuid(), given.*
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::smallint[]) AS given
ON CONFLICT (meter_point_id, code) DO NOTHING
"""
_REGISTERS = """
INSERT INTO metering_installationregister (organization_id, public_id, installation_id, series_id, register_code, unit,
    decimals, wrap, opening, is_closing_estimated)
SELECT %s, gen_random_uuid(), given.installation, series.id, given.register, given.unit, given.decimals, given.wrap,
    given.opening, false
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::bigint[], %s::bigint[])
    AS given(installation, point, series, register, unit, decimals, wrap, opening)
JOIN metering_series AS series
    ON series.meter_point_id = given.point AND series.code = given.series AND series.organization_id = %s
"""


@dataclass(frozen=True)
class PointPlan:
    """A meter point as it shall be, found by its code; `moved_at` is since when it hangs at another place.

    `time_zone` and `language` are empty where those of the site hold; `zoning.keep_former_zones` comes before.
    """

    code: str
    name: str
    service: values.Service
    role: values.PointRole
    site: site_models.Site
    node: site_models.SiteNode | None
    moved_at: datetime
    time_zone: str = ""
    language: str = ""


@dataclass(frozen=True)
class MeterPlan:
    """A new meter that is hung at a meter point which has none."""

    point: str
    serial_number: str
    model_code: str
    multiplier: Fraction
    starts_at: datetime
    registers: tuple[RegisterPlan, ...]
    is_primary: bool = False


@operation.operation
def put_points(*, points: Sequence[PointPlan]) -> dict[str, models.MeterPoint]:
    """This will make meter points, or rename and move those that are there; it answers them by code."""
    organization_id = scoping.current().organization_id
    present = {
        each.code: each
        for each in models.MeterPoint.objects.filter(
            organization_id=organization_id, code__in=[plan.code for plan in points]
        )
    }
    new = [
        models.MeterPoint(
            organization_id=organization_id,
            site=plan.site,
            node=plan.node,
            code=plan.code,
            name=plan.name,
            service=plan.service.value,
            role=plan.role.value,
            time_zone=plan.time_zone,
            language=plan.language,
        )
        for plan in points
        if plan.code not in present
    ]
    models.MeterPoint.objects.bulk_create(new, batch_size=BATCH)
    _change([plan for plan in points if plan.code in present], present)
    return present | {each.code: each for each in new}


def _change(plans: Sequence[PointPlan], present: Mapping[str, models.MeterPoint]) -> None:
    moved = []
    for plan in plans:
        point = present[plan.code]
        point.name, point.time_zone, point.language = plan.name, plan.time_zone, plan.language
        if point.node_id != (plan.node.pk if plan.node else None):
            moved.append((point, point.node_id, plan.moved_at))
            point.node = plan.node
    if not plans:
        return
    former = models.PointPlacement.objects.filter(
        organization_id=scoping.current().organization_id, meter_point__in=[point for point, _node, _at in moved]
    )
    since: dict[int, datetime] = dict(
        former.values("meter_point_id").annotate(since=Max(Upper("during"))).values_list("meter_point_id", "since")
    )
    models.PointPlacement.objects.bulk_create(
        [
            models.PointPlacement(
                organization_id=point.organization_id,
                meter_point=point,
                node_id=node_id,
                during=DateTimeTZRange(since.get(point.pk), moved_at, "[)"),
            )
            for point, node_id, moved_at in moved
            if point.pk not in since or moved_at > since[point.pk]
        ],
        batch_size=BATCH,
    )
    points = models.MeterPoint.objects.filter(organization_id=scoping.current().organization_id)
    names = ["name", "node", "time_zone", "language"]
    points.bulk_update([present[plan.code] for plan in plans], names, batch_size=BATCH)


@operation.operation
def install_meters(*, points: Mapping[str, models.MeterPoint], meters: Sequence[MeterPlan]) -> dict[str, models.Meter]:
    """This will make meters, hang each at its meter point and make the series that it feeds; by meter point.

    :param points: by code, as `put_points` answers
    :raises quantity.UnitMismatch: when a register cannot feed its series
    """
    organization_id = scoping.current().organization_id
    made = models.Meter.objects.bulk_create(
        [
            models.Meter(
                organization_id=organization_id,
                serial_number=plan.serial_number,
                model_code=plan.model_code,
                is_primary=plan.is_primary,
            )
            for plan in meters
        ],
        batch_size=BATCH,
    )
    hung = models.Installation.objects.bulk_create(
        [
            models.Installation(
                organization_id=organization_id,
                meter_point=points[plan.point],
                meter=meter,
                during=DateTimeTZRange(plan.starts_at, None, "[)"),
            )
            for plan, meter in zip(meters, made, strict=True)
        ],
        batch_size=BATCH,
    )
    models.MultiplierSegment.objects.bulk_create(
        [
            models.MultiplierSegment(
                organization_id=organization_id,
                installation=installation,
                starts_at=plan.starts_at,
                numerator=plan.multiplier.numerator,
                denominator=plan.multiplier.denominator,
            )
            for plan, installation in zip(meters, hung, strict=True)
        ],
        batch_size=BATCH,
    )
    _feed(organization_id, points, meters, hung)
    return {plan.point: meter for plan, meter in zip(meters, made, strict=True)}


def _feed(
    organization_id: int,
    points: Mapping[str, models.MeterPoint],
    meters: Sequence[MeterPlan],
    hung: Sequence[models.Installation],
) -> None:
    """A thousand meters have sixteen thousand registers: as arrays, because objects would take half a minute."""
    series: list[tuple[object, ...]] = []
    registers: list[tuple[object, ...]] = []
    for plan, installation in zip(meters, hung, strict=True):
        point_id = points[plan.point].pk
        for each in plan.registers:
            kind = values.series_type(each.series_code)
            quantity.factor(each.unit, kind.unit)
            step = each.step or kind.step
            series.append((point_id, each.series_code, kind.kind.value, kind.unit.value, kind.decimals, step))
            facts = each.register_code, each.unit.value, each.decimals, each.wrap, each.opening
            registers.append((installation.pk, point_id, each.series_code, *facts))
    if not series:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, [organization_id, *_arrays(series)])
        cursor.execute(_REGISTERS, [organization_id, *_arrays(registers), organization_id])


def _arrays(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
