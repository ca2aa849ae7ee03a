"""Files that others wrote go through the database and come out as they were measured."""

from __future__ import annotations

import csv
import gzip
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import numpy as np

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.metering import models, operations, queries
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.queries import intervals
from tests.factories import identity, imports, sites

ACTOR, NOW = imports.ACTOR, imports.NOW
FOLDER = Path(__file__).parents[2] / "golden" / "files"


def load(content: bytes, zone: str, **mapping: str) -> identity_models.Organization:
    organization = identity.organization()
    site = sites.site(organization=organization, time_zone=zone)
    imports.load(organization, content, Mapping(**mapping), new_meters_at=site.public_id)  # type: ignore[arg-type]
    operations.derive_dirty_days(organization_id=organization.pk, actor=ACTOR, at=NOW)
    return organization


def days(
    organization: identity_models.Organization, first: date, count: int = 1
) -> dict[str, list[intervals.Intervals]]:
    """The intervals of local days by the code of the meter point."""
    with scoping.scope([organization.pk], actor=ACTOR):
        found = {}
        for point in models.MeterPoint.objects.filter(organization_id=organization.pk).select_related("site"):
            (series,) = queries.list_series(meter_point_ids=[point.pk])
            periods = [civil.day_bounds(first + timedelta(days=number), point.zone) for number in range(count)]
            found[point.code] = [intervals.get_intervals(series=series, period=each) for each in periods]
        return found


def kwh(each: intervals.Intervals) -> Decimal:
    return Decimal(int(each.values.sum())).scaleb(-3)


class TestRegistersInTwoWords:
    def test_give_the_zones_of_the_buildings_own_table(self) -> None:
        rows = list(csv.DictReader((FOLDER / "register_day_expected.csv").read_text().splitlines()))
        report = "".join(
            f"Point Name:,{row['point']}:CONSUMPTN {word.upper()},,\n"
            f"11/12/2014,0:00:00,{row[f'start_{word}']}, -N-\n11/13/2014,0:00:00,{row[f'end_{word}']}, -N-\n"
            for row in rows
            for word in ("hi", "lo")
        )

        used = days(load(report.encode(), "America/New_York", point_column="meter"), date(2014, 11, 12))

        zones: dict[str, Decimal] = {}
        for row in rows:
            day = kwh(used[row["point"]][0])
            assert day == Decimal(row["kwh_expected"]).quantize(Decimal("0.001"))
            zones[row["zone"]] = zones.get(row["zone"], Decimal(0)) + day
        given = {row["zone"]: Decimal(row["zone_kwh_expected"]) for row in rows if row["zone_kwh_expected"]}
        assert len(used) == 25
        assert {name: f"{total:.2f}" for name, total in zones.items()} == {
            name: f"{total:.2f}" for name, total in given.items()
        }


class TestHouseholdByTheMinute:
    CONTENT = gzip.decompress((FOLDER / "uci_household_power_1min_2007-02-01_02.csv.gz").read_bytes())

    def test_mean_power_is_its_energy(self) -> None:
        used = days(load(self.CONTENT, "Europe/Paris", point="H"), date(2007, 2, 1), 2)["H"]

        assert sum(map(kwh, used)) == Decimal("58.208")

    def test_a_submeter_counts_watt_hours(self) -> None:
        how = {"point": "S3", "value_column": "Sub_metering_3", "unit": "WH"}

        used = days(load(self.CONTENT, "Europe/Paris", **how), date(2007, 2, 1), 2)["S3"]

        assert sum(map(kwh, used)) == Decimal("24.483")


class TestHourlyRegister:
    def test_is_measured_by_the_hour_and_its_months_add_up(self) -> None:
        start = datetime(2026, 1, 1)  # noqa: DTZ001 - its clock is read as the zone's
        shown = list(accumulate([(number * 13) % 29 for number in range(60 * 24)], initial=5_000_000))
        rows = [
            f"{start + timedelta(hours=number):%Y-%m-%d %H:%M},{Decimal(each).scaleb(-3)}"
            for number, each in enumerate(shown)
        ]

        organization = load("\n".join(["time,heat kWh", *rows]).encode(), "UTC", point="Q", series="heat")
        used = days(organization, date(2026, 1, 1), 60)["Q"]

        assert sum(int(each.values.sum()) for each in used) == shown[-1] - shown[0]
        assert all(len(each.values) == 24 and bool(np.all(each.quality == Quality.VALID)) for each in used)
