"""A real year of quarter hours comes in with exactly the energy of each of its months."""

from __future__ import annotations

import time
from datetime import date

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import models, operations, queries
from meterbook.metering.importing.mapping import Mapping
from tests.factories import identity, imports, sites

ACTOR, NOW = imports.ACTOR, imports.NOW
SEOUL = "Asia/Seoul"


def days_of(organization: identity_models.Organization, view: queries.View, day: date) -> queries.Usage:
    operations.derive_dirty_days(organization_id=organization.pk, actor=ACTOR, at=NOW)
    with scoping.scope([organization.pk], actor=ACTOR):
        point = models.MeterPoint.objects.get(organization_id=organization.pk)
        detail = queries.get_meter(public_id=point.public_id)
        series = detail.main_series
        assert series is not None
        installed = [(each.starts_at, each.ends_at) for each in detail.installations]
        return queries.usage(series=series, view=view, day=day, zone=detail.zone, at=NOW, installed=installed)


Year = tuple[identity_models.Organization, operations.ImportOutcome, float]


@pytest.fixture(scope="module")
def year(database: str) -> Year:
    organization = identity.organization()
    site = sites.site(organization=organization, time_zone=SEOUL)
    started = time.process_time()
    outcome = imports.load(organization, imports.steel_year(), Mapping(point="STEEL"), new_meters_at=site.public_id)
    return organization, outcome, time.process_time() - started


class TestSteelYear:
    def test_comes_in_whole_within_seconds(self, year: Year) -> None:
        _organization, outcome, seconds = year

        assert (outcome.rows, outcome.inserted) == (35_040, 35_041)
        assert outcome.points[0].total == str(sum(imports.steel_months()))
        assert outcome.points[0].starts_at == "2018-01-01T00:00:00+09:00"
        assert outcome.points[0].ends_at == "2019-01-01T00:00:00+09:00"
        assert seconds < 5

    def test_has_exactly_the_energy_of_each_month(self, year: Year) -> None:
        usage = days_of(year[0], queries.View.YEAR, date(2018, 6, 1))

        assert [usage.number(slot.value or 0) for slot in usage.slots] == imports.steel_months()
        assert usage.estimated == usage.missing == 0

    def test_again_changes_nothing(self, year: Year) -> None:
        again = imports.load(year[0], imports.steel_year(), Mapping(point="STEEL"))

        assert (again.inserted, again.unchanged) == (0, 35_041)

    def test_says_what_it_assumed(self, year: Year) -> None:
        outcome = year[1]

        assert outcome.mapping["midnight"] == "SAME"
        assert outcome.mapping["label"] == "END"
        assert outcome.mapping["step"] == 15
        assert outcome.mapping["time_format"] == "%d/%m/%Y %H:%M"
        assert "Rows at 0:00 carry the date of the day that just ended." in outcome.notes
