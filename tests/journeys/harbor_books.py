"""What the demonstration's mall is looked at by: its runs, bills, registers and sums."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import blocks
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Source
from meterbook.sites import queries as site_queries
from meterbook_lab.harbor import meters, points, shapes
from meterbook_lab.harbor.calendar import Calendar

ACTOR = Actor.system("test")
# The first day of April in Madrid, not yet in UTC; March has the change to summer time.
AT = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
CALENDAR = Calendar.at(AT)


def runs(organization_id: int, site: str) -> list[billing_queries.RunRow]:
    """The runs of a site, in the order of their days."""
    with scoping.scope([organization_id], actor=ACTOR):
        (site_id,) = [each.id for each in site_queries.list_sites() if each.code == site]
        return sorted(billing_queries.list_runs(site_id=site_id), key=lambda run: run.first_day)


def read_by_hand(organization_id: int, code: str) -> None:
    """What the meter of a point showed at the end of the month that is billed."""
    end = civil.start_of_day(CALENDAR.first_days[-1], shapes.ZONE)
    meter = next(each for each in meters.hanging(CALENDAR) if each.point.code == code)
    with scoping.scope([organization_id], actor=ACTOR):
        series, _scale = counter(code)
    microseconds = (end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    columns = (series.pk, microseconds, meters.counted(meter, end, CALENDAR), 0, int(Source.FIELD))
    metering_operations.record_readings(
        organization_id=organization_id,
        actor=ACTOR,
        at=AT,
        batch=metering_operations.ReadingBatch(*(np.array([each], np.int64) for each in columns)),
    )


def bills_of(organization_id: int, run: billing_queries.RunRow) -> dict[str, billing_queries.BillDetail]:
    """The bills of a run, or its drafts, by account."""
    with scoping.scope([organization_id], actor=ACTOR):
        page = billing_queries.run_bills(run_public_id=run.public_id, limit=200)
        return {
            row.account_number: billing_queries.get_bill(public_id=row.bill_public_id)
            for row in page.rows
            if row.bill_public_id is not None
        }


def of_service(service: str) -> list[points.Point]:
    """The mall's meter points of a service, the main meter first."""
    return [each for each in points.points(CALENDAR) if each.service == service]


def counter(code: str) -> tuple[metering_models.Series, int]:
    """The series that is billed at a meter point, and what a count of its register is in the series' scale."""
    point = next(each for each in points.points(CALENDAR) if each.code == code)
    series = metering_models.Series.objects.get(
        organization_id=scoping.current().organization_id, meter_point__code=code, code=point.counter
    )
    return series, points.step_of(point.model, point.counter)


def use_of(day: metering_models.SeriesDay) -> blocks.Integers:
    """The intervals of a day block."""
    quality = None if day.quality is None else bytes(day.quality)
    return blocks.decode(bytes(day.values), quality, day.step)[0]


def quantity_of(billed: dict[str, billing_queries.BillDetail], service: str) -> int:
    """What all bills together charge of a service, in watt-hours or liters."""
    codes = {each.code for each in of_service(service)}
    found = itertools.chain.from_iterable(bill.content["meter_points"] for bill in billed.values())
    return sum(charge["quantity"] for each in found if each["code"] in codes for charge in each["charges"])


def main_difference(organization_id: int, service: str, month: date) -> int:
    """How far the main meter's register went in a local month, in watt-hours or liters."""
    first, until = (civil.start_of_day(day, shapes.ZONE) for day in (month, civil.next_month(month)))
    with scoping.scope([organization_id], actor=ACTOR):
        series, scale = counter(of_service(service)[0].code)
        shown = dict(
            metering_models.Reading.objects.filter(
                organization_id=organization_id, series_id=series.pk, at__in=[first, until]
            ).values_list("at", "value")
        )
    return (shown[until] - shown[first]) * scale


def lines(bill: billing_queries.BillDetail, component: str) -> list[dict[str, Any]]:
    """The lines of a component, of all charges."""
    charges = itertools.chain.from_iterable(point["charges"] for point in bill.content["meter_points"])
    return [line for charge in charges for line in charge["lines"] if line["component"] == component]
