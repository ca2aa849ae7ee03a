"""The site of the bill run's benchmark: meters, accounts and contracts in bulk, and months of day blocks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

ACCOUNTS = int(os.environ.get("MB_BENCH_ACCOUNTS", "10000"))
ZONE = ZoneInfo("Europe/Madrid")
MONTHS = (date(2026, 1, 1), date(2026, 3, 1), date(2026, 5, 1))
BATCH = 5_000
AT = datetime(2026, 12, 1, tzinfo=UTC)
BLOCKS = (
    "COPY metering_seriesday (organization_id, series_id, day, revision, step, values, quality, digest)"
    " FROM STDIN (FORMAT BINARY)"
)
READINGS = (
    "COPY metering_reading (organization_id, series_id, at, value, quality, source, received_at)"
    " FROM STDIN (FORMAT BINARY)"
)
MONTH_ROWS = "COPY metering_seriesmonth (organization_id, series_id, month, days) FROM STDIN (FORMAT BINARY)"


class Place:
    """A site with all its meters and accounts, billed from a month on. Made in bulk: their making is not measured."""

    def __init__(self, first: date = MONTHS[0]) -> None:
        from tests.factories import billing

        self.first = first
        self.place = billing.place(raw=document())
        self.organization_id = self.place.organization.pk
        self._make()

    def planned(self, month: date) -> Any:  # noqa: ANN401 - a BillRun
        """This will store a month of blocks and readings, and collect the run up to its chunks."""
        from meterbook.billing import models, values
        from meterbook.billing.operations import advancing
        from meterbook.foundation import scoping
        from meterbook.kernel import civil
        from tests.factories import billing

        until = civil.next_month(month)
        self._store(civil.start_of_day(month, ZONE), civil.start_of_day(until, ZONE))
        run = billing.plan(self.place, first_day=month, until_day=until)
        while run.state != values.RunState.VALIDATING:
            with scoping.scope([self.organization_id], actor=billing.ACTOR):
                advancing.step(actor=billing.ACTOR, at=AT, run_id=run.public_id, calculators={})
                run = models.BillRun.objects.get(organization_id=self.organization_id, pk=run.pk)
        return run

    def _make(self) -> None:
        from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

        from meterbook.foundation import scoping
        from meterbook.kernel import civil
        from tests.factories import billing

        starts = DateTimeTZRange(civil.start_of_day(self.first, ZONE), None, "[)")
        with scoping.scope([self.organization_id], actor=billing.ACTOR):
            points = self._points(starts)
            accounts = self._accounts()
            self._contracts(accounts, points, starts)

    def _made(self, model: Any, rows: Iterable[dict[str, Any]]) -> list[Any]:  # noqa: ANN401 - models of all kinds
        made: list[Any] = model.objects.bulk_create(
            [model(organization_id=self.organization_id, **row) for row in rows], batch_size=BATCH
        )
        return made

    def _points(self, starts: Any) -> list[Any]:  # noqa: ANN401 - a range
        from meterbook.metering import models

        points = self._made(
            models.MeterPoint,
            (
                {"site": self.place.site, "code": f"MP{n:06}", "name": f"Shop {n}", "service": "ELECTRICITY"}
                for n in range(ACCOUNTS)
            ),
        )
        meters = self._made(
            models.Meter,
            ({"serial_number": f"BB{n:06}", "model_code": "eastron_sdm630"} for n in range(ACCOUNTS)),
        )
        hung = self._made(
            models.Installation,
            (
                {"meter_point": point, "meter": meter, "during": starts}
                for point, meter in zip(points, meters, strict=True)
            ),
        )
        self._made(
            models.MultiplierSegment,
            ({"installation": each, "starts_at": starts.lower, "numerator": 1} for each in hung),
        )
        of_series = {"code": "energy_import", "kind": "CUMULATIVE", "unit": "KWH", "decimals": 3, "step": 15}
        series = self._made(models.Series, ({"meter_point": each, **of_series} for each in points))
        of_register = {"register_code": "energy_import", "unit": "KWH", "decimals": 3}
        self._made(
            models.InstallationRegister,
            ({"installation": each, "series": one, **of_register} for each, one in zip(hung, series, strict=True)),
        )
        self.series = [each.pk for each in series]
        self._registers = np.full(ACCOUNTS, 1_000_000, np.int64)
        return points

    def _accounts(self) -> list[Any]:
        from meterbook.customers import models
        from meterbook.ledger import models as ledger_models

        customers = self._made(models.Customer, ({"code": f"B{n:06}", "name": f"Tenant {n}"} for n in range(ACCOUNTS)))
        of_receivable = {"kind": "ASSET", "currency": "EUR", "decimals": 2}
        receivables = self._made(
            ledger_models.LedgerAccount,
            ({"code": f"AR-B{n:06}", "name": f"Tenant {n}", **of_receivable} for n in range(ACCOUNTS)),
        )
        return self._made(
            models.Account,
            (
                {
                    "number": f"B-{n:06}",
                    "customer": customer,
                    "site": self.place.site,
                    "currency": "EUR",
                    "receivable": receivable,
                }
                for n, (customer, receivable) in enumerate(zip(customers, receivables, strict=True))
            ),
        )

    def _contracts(self, accounts: list[Any], points: list[Any], starts: Any) -> None:  # noqa: ANN401 - a range
        from meterbook.customers import models

        self._made(
            models.Contract,
            (
                {"account": account, "meter_point": point, "tariff": self.place.tariff, "during": starts}
                for account, point in zip(accounts, points, strict=True)
            ),
        )

    def _store(self, start: datetime, end: datetime) -> None:
        """Blocks of the UTC days that the month touches, month rows, and readings at both ends."""
        from django.db import connections

        from meterbook.foundation import bulk

        first, until = start.date(), end.date() + timedelta(days=1)
        days = (until - first).days
        usage = np.random.default_rng(start.month).integers(50, 900, (ACCOUNTS, days, 96))
        flat = usage.reshape(ACCOUNTS, -1)
        begin = (start - datetime.combine(first, datetime.min.time(), UTC)) // timedelta(minutes=15)
        width = (end - start) // timedelta(minutes=15)
        opening = self._registers.copy()
        self._registers += flat[:, begin : begin + width].sum(axis=1)
        with connections["default"].cursor() as cursor:
            for day in {first.replace(day=1), (until - timedelta(days=1)).replace(day=1), start.date(), end.date()}:
                for table in ("metering_seriesday", "metering_reading"):
                    cursor.execute("SELECT metering_make_partition(%s, %s)", [table, day])
        with bulk.transact() as connection:
            self._copy_blocks(connection, usage, first)
            self._copy_readings(connection, {start: opening, end: self._registers})
            self._copy_month(connection, usage, first)

    def _copy_blocks(self, connection: Any, usage: Any, first: date) -> None:  # noqa: ANN401 - psycopg and numpy
        from meterbook.metering import blocks

        codes = np.zeros(96, np.uint8)
        with connection.cursor() as cursor, cursor.copy(BLOCKS) as copy:
            copy.set_types(["int4", "int8", "date", "int2", "int2", "bytea", "bytea", "bytea"])
            for row, series_id in enumerate(self.series):
                for offset in range(usage.shape[1]):
                    block = blocks.encode(usage[row, offset], codes, 15)
                    day = first + timedelta(days=offset)
                    copy.write_row((self.organization_id, series_id, day, 0, 15, block.values, None, block.digest))

    def _copy_readings(self, connection: Any, shown: dict[datetime, Any]) -> None:  # noqa: ANN401 - psycopg and numpy
        with connection.cursor() as cursor, cursor.copy(READINGS) as copy:
            copy.set_types(["int4", "int8", "timestamptz", "int8", "int2", "int2", "timestamptz"])
            for at, values in shown.items():
                for series_id, value in zip(self.series, values.tolist(), strict=True):
                    copy.write_row((self.organization_id, series_id, at, value, 0, 1, at))

    def _copy_month(self, connection: Any, usage: Any, first: date) -> None:  # noqa: ANN401 - psycopg and numpy
        """Of the month that most days lie in: earlier months stand in the history of later bills."""
        from meterbook.metering import blocks

        days = [first + timedelta(days=offset) for offset in range(usage.shape[1])]
        month = days[len(days) // 2].replace(day=1)
        inside = [place for place, day in enumerate(days) if day.replace(day=1) == month]
        numbers = np.array([(days[place] - date(1970, 1, 1)).days for place in inside], np.int64)
        codes = np.zeros((len(inside), 96), np.uint8)
        with connection.cursor() as cursor, cursor.copy(MONTH_ROWS) as copy:
            copy.set_types(["int4", "int8", "date", "bytea"])
            for row, series_id in enumerate(self.series):
                figures = blocks.empty_months(1)[0]
                figures[: len(inside)] = blocks.figures(usage[row, inside], codes, numbers)
                copy.write_row((self.organization_id, series_id, month, blocks.encode_month(figures)))


def document() -> dict[str, Any]:
    """Three price periods, three tiers, a daily charge, a tax."""
    from tests.factories import tariffs

    return tariffs.document(
        currency="EUR",
        periods=[{"code": code, "name": {"en": code.title(), "es": code.title()}} for code in ("peak", "flat", "off")],
        calendar=[
            {
                "windows": [
                    {"from": "08:00", "to": "12:00", "period": "peak"},
                    {"from": "12:00", "to": "22:00", "period": "flat"},
                    {"from": "22:00", "to": "08:00", "period": "off"},
                ]
            }
        ],
        components=[
            {
                "code": "energy",
                "name": {"en": "Energy", "es": "Energía"},
                "charge": "ENERGY",
                "prices": {"peak": "0.2840", "flat": "0.1975", "off": "0.1210"},
            },
            {
                "code": "grid",
                "name": {"en": "Grid", "es": "Red"},
                "charge": "ENERGY",
                "tiers": [{"up_to": "300", "price": "0.02"}, {"up_to": "900", "price": "0.03"}, {"price": "0.05"}],
            },
            {"code": "base", "name": {"en": "Base", "es": "Base"}, "charge": "FIXED_DAILY", "price": "0.55"},
        ],
        taxes=[
            {
                "code": "vat",
                "name": {"en": "VAT", "es": "IVA"},
                "rate": "0.21",
                "components": ["energy", "grid", "base"],
            }
        ],
    )
