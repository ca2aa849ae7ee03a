"""Meters that people read: those without a device whose readings do not come from files by the quarter either."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from meterbook.foundation import scoping
from meterbook.kernel import order, rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering import values, zones

# The reading nearest to a month's end is the month's: one of its final week, or of the three weeks after it.
BEFORE_END, AFTER_END = timedelta(days=7), timedelta(days=21)
_COUNTED = json.dumps({service.value: code for service, code in values.COUNTED_SERIES.items()})
FIRST_DUE = 24  # the day of a month from which its own readings are due
# Readings that came closer together than half a day did not come from a person's rounds. `shown` are readings as people
# corrected them, with what the meter showed when it was put up.
_SHOWN = """(SELECT x.at, coalesce(c.value, x.value) AS value, false AS is_opening FROM metering_reading x
        LEFT JOIN LATERAL (SELECT k.kind, CASE k.kind WHEN 'SET' THEN k.value END AS value FROM metering_correction k
            WHERE k.organization_id = p.organization_id AND k.series_id = x.series_id AND k.at = x.at
            AND k.kind IN ('SET', 'EXCLUDE', 'RESTORE') ORDER BY k.recorded_at DESC, k.id DESC LIMIT 1) c ON true
        WHERE x.organization_id = p.organization_id AND x.series_id = r.series_id AND x.at >= lower(i.during)
            AND {span} AND c.kind IS DISTINCT FROM 'EXCLUDE' ORDER BY {order}, x.source LIMIT 1)"""
_OWN = _SHOWN.format(
    span="x.at >= %(since)s::timestamptz AND x.at < %(until)s::timestamptz",
    order="abs(extract(epoch FROM x.at - %(end)s::timestamptz)), x.at",
)
_BEFORE = _SHOWN.format(
    span="x.at > %(far)s::timestamptz AND x.at < coalesce(own.at, %(until)s::timestamptz)", order="x.at DESC"
)
_OLDER = _SHOWN.format(span="x.at > %(far)s::timestamptz AND x.at <= before.at - interval '20 days'", order="x.at DESC")
# Right after hundreds of meters were brought in there are no statistics, and the planner takes each table for one row:
# registers, series and meters looked through inside each other took minutes for 270 meters. Hashed it is 40 ms.
HASHED, AS_USUAL = "SET LOCAL enable_nestloop = off", "SET LOCAL enable_nestloop = on"
POINTS = f"""
SELECT p.id, p.public_id, p.code, p.name, p.service, p.role, p.site_id, n.name, m.serial_number, r.unit, r.decimals,
    r.wrap, lower(i.during), own.at, own.value, own.is_opening, before.at, before.value, before.is_opening,
    older.at, older.value, p.time_zone, p.former_zones, t.time_zone, s.code
FROM metering_meterpoint p
JOIN sites_site t ON t.id = p.site_id AND t.organization_id = p.organization_id
JOIN metering_installation i
    ON i.meter_point_id = p.id AND i.organization_id = p.organization_id AND i.during @> %(at)s::timestamptz
JOIN metering_meter m ON m.id = i.meter_id AND m.organization_id = p.organization_id
JOIN metering_installationregister r ON r.installation_id = i.id AND r.organization_id = p.organization_id
JOIN metering_series s ON s.id = r.series_id AND s.organization_id = p.organization_id
    AND s.kind = ANY(%(kinds)s) AND (s.code = %(codes)s::jsonb ->> p.service) = %(is_main)s
LEFT JOIN sites_sitenode n ON n.id = p.node_id AND n.organization_id = p.organization_id
LEFT JOIN LATERAL (SELECT x.at, x.source FROM metering_reading x WHERE x.organization_id = p.organization_id
    AND x.series_id = r.series_id AND x.at >= lower(i.during) AND x.at > %(far)s::timestamptz
    ORDER BY x.at DESC, x.source LIMIT 1) newest ON true
LEFT JOIN LATERAL (SELECT x.at FROM metering_reading x WHERE x.organization_id = p.organization_id
    AND x.series_id = r.series_id AND x.at >= lower(i.during) AND x.at > %(far)s::timestamptz AND x.at < newest.at
    ORDER BY x.at DESC LIMIT 1) former ON true
LEFT JOIN LATERAL (SELECT * FROM ({_OWN}
    UNION ALL SELECT lower(i.during), r.opening, true WHERE r.opening IS NOT NULL
        AND lower(i.during) >= %(since)s::timestamptz AND lower(i.during) < %(until)s::timestamptz) candidate
    ORDER BY abs(extract(epoch FROM candidate.at - %(end)s::timestamptz)), candidate.is_opening DESC,
        candidate.at LIMIT 1
) own ON true
LEFT JOIN LATERAL (SELECT * FROM ({_BEFORE}
    UNION ALL SELECT lower(i.during), r.opening, true WHERE r.opening IS NOT NULL
        AND lower(i.during) < coalesce(own.at, %(until)s::timestamptz)) candidate
    ORDER BY candidate.at DESC, candidate.is_opening DESC LIMIT 1
) before ON true
LEFT JOIN LATERAL (SELECT * FROM ({_OLDER}
    UNION ALL SELECT lower(i.during), r.opening, true WHERE r.opening IS NOT NULL
        AND lower(i.during) <= before.at - interval '20 days') candidate
    ORDER BY candidate.at DESC LIMIT 1
) older ON true
WHERE p.organization_id = %(organization)s AND (%(sites)s::int[] IS NULL OR p.site_id = ANY(%(sites)s::int[]))
    AND NOT EXISTS (SELECT FROM acquisition_device d
        WHERE d.organization_id = p.organization_id AND d.meter_id = m.id AND d.is_enabled)
    AND (newest.at IS NULL OR former.at IS NULL OR newest.source = %(field)s
        OR newest.at - former.at >= interval '12 hours')
ORDER BY p.id
"""  # noqa: S608 - fixed text


@dataclass(frozen=True)
class Known:
    """A number that the display showed at an instant; `is_opening`: when the meter was put up."""

    at: datetime
    raw: int
    is_opening: bool = False


@dataclass(frozen=True)
class HandRow:
    """A meter that a person reads, in a round: `entered` is the reading that counts for it, `before` the one before.

    Numbers are integers of the register, which feeds the series `series_code`; `further` are the other registers of the
    meter, where they were asked for. `usual_a_day` is the use of a day between the two readings before the round, of a
    maximum the higher of these two; `zone` that of the clock at the meter. `is_due` is False where it came more than
    a week after the month's end.
    """

    point_id: int
    public_id: uuid.UUID
    code: str
    name: str
    service: values.Service
    role: values.PointRole
    site_id: int
    unit_name: str
    serial_number: str
    unit: Unit
    decimals: int
    wrap: int | None
    before: Known | None
    entered: Known | None
    usual_a_day: Fraction | None
    zone: ZoneInfo
    is_due: bool
    series_code: str
    further: tuple[HandRow, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether a reading is due and not there."""
        return self.is_due and self.entered is None

    def number(self, raw: int) -> Decimal:
        """This will return an integer of the register as the display shows it."""
        return Decimal(raw).scaleb(-self.decimals, context=rounding.EXACT)


def hand_read(
    *, site_ids: Collection[int] | None, month_end: datetime, at: datetime, with_further: bool = False
) -> list[HandRow]:
    """This will return the meters that hang now and are read by people, in the order of a walk, in one query.

    :param site_ids: only of these sites; None means all
    :param month_end: the instant with which the month of the round ends
    :param with_further: with the other registers of each meter, in a second query
    """
    facts = {
        "organization": scoping.current().organization_id,
        "sites": None if site_ids is None else sorted(site_ids),
        "at": at,
        "since": month_end - BEFORE_END,
        "until": month_end + AFTER_END,
        "end": month_end,
        "far": month_end - timedelta(days=400),
        "codes": _COUNTED,
        "field": int(values.Source.FIELD),
        "kinds": [values.SeriesKind.CUMULATIVE.value, values.SeriesKind.MAXIMUM.value],
    }
    found = _rows(facts, month_end, is_main=True)
    if with_further and found:
        further: dict[int, list[HandRow]] = defaultdict(list)
        for each in _rows(facts, month_end, is_main=False):
            further[each.point_id].append(each)
        found = [replace(each, further=_in_order(further[each.point_id])) for each in found]
    return sorted(found, key=lambda each: (order.natural(each.unit_name), order.natural(each.code), each.point_id))


def _rows(facts: Mapping[str, Any], month_end: datetime, *, is_main: bool) -> list[HandRow]:
    with connection.cursor() as cursor:
        cursor.execute(HASHED)
        cursor.execute(POINTS, {**facts, "is_main": is_main})
        found = [_row(each, month_end) for each in cursor.fetchall()]
        cursor.execute(AS_USUAL)
    return found


def _in_order(rows: Sequence[HandRow]) -> tuple[HandRow, ...]:
    places = {code: place for place, code in enumerate(values.series_types())}
    return tuple(sorted(rows, key=lambda each: (places.get(each.series_code, len(places)), each.series_code)))


def _row(row: tuple[Any, ...], month_end: datetime) -> HandRow:
    point_id, public_id, code, name, service, role, site_id, unit_name, serial_number, unit, decimals, wrap, *rest = row
    begins_at, *numbers, time_zone, former_zones, site_zone, series_code = rest
    own, before = _known(*numbers[:3]), _known(*numbers[3:6])
    older_at, older_value = numbers[6:]
    usual = None
    if before is not None and values.series_types()[series_code].is_maximum:
        usual = Fraction(max(before.raw, older_value or 0))
    elif before is not None and older_at is not None and before.raw > older_value:
        usual = Fraction(before.raw - older_value) / _days(before.at - older_at)
    return HandRow(
        point_id=point_id,
        public_id=public_id,
        code=code,
        name=name,
        service=values.Service(service),
        role=values.PointRole(role),
        site_id=site_id,
        unit_name=unit_name or "",
        serial_number=serial_number,
        unit=Unit(unit),
        decimals=decimals,
        wrap=wrap,
        before=before,
        entered=own,
        usual_a_day=usual,
        zone=zones.resolve(
            time_zone, json.loads(former_zones) if isinstance(former_zones, str) else former_zones, site_zone
        ),
        is_due=begins_at <= month_end + BEFORE_END,
        series_code=series_code,
    )


def _known(at: datetime | None, raw: int | None, is_opening: bool | None) -> Known | None:
    return None if at is None or raw is None else Known(at, raw, bool(is_opening))


def _days(span: timedelta) -> Fraction:
    return Fraction(span // timedelta.resolution, timedelta(days=1) // timedelta.resolution)


def others_a_day(rows: Sequence[HandRow], row: HandRow, *, typed: Mapping[int, Known] | None = None) -> Fraction | None:
    """This will return the middle use of a day of the other meters of the same kind at a site, in counts of the row's
    register; None without one of which it is known. With 10, 12 and 300 kWh a day it is 12.

    :param typed: readings that are being entered, by meter point; they are looked at where nothing else is known
    """
    rates = sorted(
        rate
        for each in rows
        if each.point_id != row.point_id
        and (each.site_id, each.service, each.role, each.unit) == (row.site_id, row.service, row.role, row.unit)
        and (rate := _rate(each, (typed or {}).get(each.point_id))) is not None
        and rate > 0
    )
    return rates[(len(rates) - 1) // 2] * Fraction(10**row.decimals) if rates else None


def _rate(row: HandRow, typed: Known | None) -> Fraction | None:
    """Units a day: as usual, else since the reading before."""
    if row.usual_a_day is not None:
        return row.usual_a_day / Fraction(10**row.decimals)
    newest = row.entered or typed
    if row.before is None or newest is None or newest.at - row.before.at < timedelta(days=1):
        return None
    return Fraction(newest.raw - row.before.raw, 10**row.decimals) / _days(newest.at - row.before.at)


def round_of(day: date) -> date:
    """This will return the first day of the month whose readings are due on a day: from the 24th on the month's own,
    earlier the one before.
    """
    first = day.replace(day=1)
    if day.day >= FIRST_DUE:
        return first
    return (first - timedelta(days=1)).replace(day=1)
