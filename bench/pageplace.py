"""The site of the page benchmark: 10,000 meters that report, 13 months of day blocks, a run with 10,000 bills.

Days are drawn from a few hundred patterns, so that 4 million blocks are made inside the database in a minute.
"""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from bench import billplace
from bench.billplace import ACCOUNTS, ZONE

MONTHS = 13
PATTERNS = 500
STEP = timedelta(minutes=15)
DEVICES_A_BUS = 200
READINGS_TODAY = 12
SERVER_COPY = "COPY metering_latestchunk (organization_id, chunk, at, value, quality) FROM STDIN (FORMAT BINARY)"
BLOCKS = (
    "INSERT INTO metering_seriesday (organization_id, series_id, day, revision, step, values, quality, digest)"
    " SELECT %(organization)s, s.id, d.day, 0, 15, p.values, p.quality, p.digest FROM unnest(%(series)s::bigint[])"
    " WITH ORDINALITY AS s(id, row) CROSS JOIN unnest(%(days)s::date[], %(offsets)s::int[]) AS d(day, offset_)"
    " JOIN unnest(%(numbers)s::int[], %(values)b::bytea[], %(qualities)b::bytea[], %(digests)b::bytea[])"
    " AS p(number, values, quality, digest) ON p.number = ((s.row - 1) * 7 + d.offset_ * 13) %% %(patterns)s"
)


class PagePlace(billplace.Place):
    """What `billplace.Place` has, living: `at` is its present, to which its meters have reported."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        today = at.astimezone(ZONE).date()
        first = functools.reduce(lambda month, _: _month_before(month), range(MONTHS - 1), today.replace(day=1))
        super().__init__(first)
        self.days = [first - timedelta(days=1) + timedelta(days=n) for n in range((at.date() - first).days + 2)]
        usage = np.random.default_rng(7).integers(50, 900, (PATTERNS, 96))
        self.patterns = np.asarray(usage, np.int64)
        self._live()
        self._blocks()
        self._sum()

    def _sum(self) -> None:
        """The sums that derivation would have kept, of the two months that home looks at."""
        from meterbook.metering import operations
        from tests.factories import billing

        first = _month_before(self.at.date()) - timedelta(days=1)
        until = self.at.date() + timedelta(days=1)
        operations.rebuild_totals(
            organization_id=self.organization_id, actor=billing.ACTOR, at=self.at, first=first, until=until
        )

    def run_of_latest_month(self) -> Any:  # noqa: ANN401 - a BillRun
        """This will collect a run of the month before the present one, with readings at its ends."""
        return self.planned(_month_before(self.at.astimezone(ZONE).date()))

    def _numbers(self, day: date) -> Any:  # noqa: ANN401 - numpy
        """Which pattern each series has on a day."""
        return (np.arange(ACCOUNTS) * 7 + self.days.index(day) * 13) % PATTERNS

    def _register(self, at: datetime) -> Any:  # noqa: ANN401 - numpy
        """What each register shows at an instant: what its blocks sum to."""
        shown = np.full(ACCOUNTS, 1_000_000, np.int64)
        totals = self.patterns.sum(axis=1)
        for day in self.days:
            if day < at.date():
                shown += totals[self._numbers(day)]
        slots = (at - datetime.combine(at.date(), datetime.min.time(), UTC)) // STEP
        return shown + self.patterns[self._numbers(at.date()), :slots].sum(axis=1)

    def _store(self, start: datetime, end: datetime) -> None:
        from meterbook.foundation import bulk

        with bulk.transact() as connection:
            self._copy_readings(connection, {each: self._register(each) for each in (start, end)})

    def _blocks(self) -> None:
        from django.db import connections

        from meterbook.foundation import bulk

        with connections["default"].cursor() as cursor:
            for day in sorted({each.replace(day=1) for each in self.days}):
                for table in ("metering_seriesday", "metering_reading"):
                    cursor.execute("SELECT metering_make_partition(%s, %s)", [table, day])
        newest = self.at.date()
        latest = datetime.fromtimestamp(self.at.timestamp() // 900 * 900, UTC)
        with bulk.transact() as connection:
            self._insert(connection, [each for each in self.days if each < newest], slots=96)
            self._insert(connection, [newest], slots=(self.at.hour * 60 + self.at.minute) // 15)
            self._copy_months(connection)
            shown = [latest - place * STEP for place in range(READINGS_TODAY)]
            self._copy_readings(connection, {each: self._register(each) for each in shown})
            self._copy_latest(connection, self._register(latest))

    def _insert(self, connection: Any, days: list[date], *, slots: int) -> None:  # noqa: ANN401 - psycopg
        from meterbook.foundation import bulk
        from meterbook.kernel.quality import Quality
        from meterbook.metering import blocks

        codes = np.zeros(96, np.uint8)
        codes[slots:] = Quality.MISSING
        encoded = [blocks.encode(np.where(codes == 0, each, 0), codes, 15) for each in self.patterns]
        bulk.execute(
            connection,
            BLOCKS,
            {
                "organization": self.organization_id,
                "series": self.series,
                "days": days,
                "offsets": [self.days.index(each) for each in days],
                "numbers": list(range(PATTERNS)),
                "values": [each.values for each in encoded],
                "qualities": [each.quality for each in encoded],
                "digests": [each.digest for each in encoded],
                "patterns": PATTERNS,
            },
        )

    def _copy_months(self, connection: Any) -> None:  # noqa: ANN401 - psycopg
        from meterbook.kernel.quality import Quality
        from meterbook.metering import blocks

        months = sorted({each.replace(day=1) for each in self.days})
        present = (self.at.hour * 60 + self.at.minute) // 15
        with connection.cursor() as cursor, cursor.copy(billplace.MONTH_ROWS) as copy:
            copy.set_types(["int4", "int8", "date", "bytea"])
            for month in months:
                figures = blocks.empty_months(PATTERNS)
                # A month's row depends on the pattern of its first day only.
                inside = [each for each in self.days if each.replace(day=1) == month]
                for day in inside:
                    codes = np.zeros((PATTERNS, 96), np.uint8)
                    if day == self.at.date():
                        codes[:, present:] = Quality.MISSING
                    shift = (self.days.index(day) - self.days.index(inside[0])) * 13
                    values = self.patterns[(np.arange(PATTERNS) + shift) % PATTERNS]
                    number = np.full(PATTERNS, (day - date(1970, 1, 1)).days, np.int64)
                    figures[:, day.day - 1] = blocks.figures(values, codes, number)
                encoded = [blocks.encode_month(each) for each in figures]
                for series_id, pattern in zip(self.series, self._numbers(inside[0]).tolist(), strict=True):
                    copy.write_row((self.organization_id, series_id, month, encoded[pattern]))

    def _live(self) -> None:
        """Units, power, and devices: of 100 meters three are late, two silent, one was never read."""
        from meterbook.foundation import scoping
        from meterbook.metering import models
        from tests.factories import billing

        with scoping.scope([self.organization_id], actor=billing.ACTOR):
            mine = {"organization_id": self.organization_id}
            points = list(models.MeterPoint.objects.filter(**mine).order_by("id"))
            for point, unit in zip(points, self._units(), strict=True):
                point.node = unit
            models.MeterPoint.objects.bulk_update(points, ["node"], batch_size=2_000)
            hung = list(models.Installation.objects.filter(**mine).order_by("meter_point_id").select_related("meter"))
            of_power = {"code": "power", "kind": "INSTANT", "unit": "KW", "decimals": 3, "step": 5}
            powers = self._made(models.Series, ({"meter_point": each, **of_power} for each in points))
            of_register = {"register_code": "power", "unit": "KW", "decimals": 3}
            self._made(
                models.InstallationRegister,
                ({"installation": each, "series": one, **of_register} for each, one in zip(hung, powers, strict=True)),
            )
            self.powers = [each.pk for each in powers]
            self._devices([each.meter for each in hung])

    def _units(self) -> list[Any]:
        from meterbook.sites import models

        at = {"site": self.place.site}
        buildings = self._made(
            models.SiteNode,
            ({**at, "kind": "BUILDING", "code": f"B{n}", "name": f"Building {n}"} for n in range(1, 5)),
        )
        floors = self._made(
            models.SiteNode,
            (
                {**at, "kind": "FLOOR", "parent": building, "code": f"{building.code}F{n}", "name": f"Floor {n}"}
                for building in buildings
                for n in range(1, 6)
            ),
        )
        return self._made(
            models.SiteNode,
            (
                {**at, "kind": "UNIT", "parent": floors[n % len(floors)], "code": f"U{n:05}", "name": f"Unit {n}"}
                for n in range(ACCOUNTS)
            ),
        )

    def _devices(self, meters: list[Any]) -> None:
        from meterbook.acquisition import models

        buses = self._made(
            models.Bus,
            (
                {"site": self.place.site, "name": f"Bus {n}", "protocol": "MODBUS_TCP", "host": "127.0.0.1"}
                for n in range(-(-ACCOUNTS // DEVICES_A_BUS))
            ),
        )
        devices = self._made(
            models.Device,
            (
                {
                    "bus": buses[n // DEVICES_A_BUS],
                    "meter": meter,
                    "unit_id": n % DEVICES_A_BUS + 1,
                    "model_code": "eastron_sdm630",
                }
                for n, meter in enumerate(meters)
            ),
        )
        statuses = {3: "SILENT", 4: "SILENT", 5: "NEVER"}
        self._made(
            models.DeviceState,
            (
                {
                    "device": each,
                    "status": statuses.get(n % 100, "OK"),
                    "silent_since": self.at if statuses.get(n % 100) == "SILENT" else None,
                }
                for n, each in enumerate(devices)
            ),
        )

    def _copy_latest(self, connection: Any, shown: Any) -> None:  # noqa: ANN401 - psycopg and numpy
        """Half an interval old, but for the late ones (three hours) and the one that never answered."""
        from meterbook.metering import values

        rows = np.arange(ACCOUNTS) % 100
        moments = np.full(ACCOUNTS, int(self.at.timestamp()) * 1_000_000 - 60_000_000, np.int64)
        moments[rows < 5] -= 3 * 3_600_000_000
        moments[rows == 5] = values.NEVER
        series = np.array([*self.series, *self.powers], np.int64)
        at, value = np.tile(moments, 2), np.concatenate([shown, np.full(ACCOUNTS, 4_321, np.int64)])
        chunks, places = np.divmod(series, values.SERIES_A_CHUNK)
        with connection.cursor() as cursor, cursor.copy(SERVER_COPY) as copy:
            copy.set_types(["int4", "int4", "bytea", "bytea", "bytea"])
            for chunk in np.unique(chunks).tolist():
                of_chunk = chunks == chunk
                columns = [
                    np.full(values.SERIES_A_CHUNK, values.NEVER, "<i8"),
                    np.zeros(values.SERIES_A_CHUNK, "<i8"),
                    np.full(values.SERIES_A_CHUNK, 255, "u1"),
                ]
                columns[0][places[of_chunk]] = at[of_chunk]
                columns[1][places[of_chunk]] = value[of_chunk]
                columns[2][places[of_chunk]] = 0
                copy.write_row((self.organization_id, chunk, *(each.tobytes() for each in columns)))


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
