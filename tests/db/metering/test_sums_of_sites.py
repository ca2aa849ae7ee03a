"""Sums of a site by service, role and UTC day: always those of the day blocks, however these came about."""

from __future__ import annotations

import argparse
import random
import uuid
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest

from meterbook.cli import rebuild_totals
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quality import UNMEASURED, Quality
from meterbook.metering import blocks, models, operations, quarters, values
from meterbook.metering.deriving import totals
from meterbook.sites import models as site_models
from tests.db.metering import derived
from tests.factories import metering, sites, usage

Row = dict[tuple[int, str, str, date], list[list[int]]]


def kept(organization_id: int) -> Row:
    """The stored sums: use, estimated and known quarters by site, service, role and day, without empty days."""
    with scoping.scope([organization_id], actor=derived.ACTOR):
        rows = list(
            models.SiteDay.objects.filter(organization_id=organization_id).values_list(
                "site_id", "service", "role", "day", "use", "estimated", "known"
            )
        )
    decoded = quarters.decode_rows([tuple(bytes(each) for each in row[4:]) for row in rows])  # type: ignore[misc]
    found = {row[:4]: [part[place].tolist() for part in decoded.parts] for place, row in enumerate(rows)}
    return {key: parts for key, parts in found.items() if any(parts[0]) or any(parts[2])}


def counted(organization_id: int) -> Row:
    """The same, interval by interval from the blocks: slow, and without anything of the code that is tested."""
    with scoping.scope([organization_id], actor=derived.ACTOR):
        mine = models.Series.objects.filter(organization_id=organization_id).select_related("meter_point")
        series = {each.pk: each for each in mine}
        stored = list(
            models.SeriesDay.objects.filter(organization_id=organization_id).values_list(
                "series_id", "day", "step", "values", "quality"
            )
        )
    found: Row = {}
    for series_id, day, step, data, codes in stored:
        point = series[series_id].meter_point
        if series[series_id].code != values.COUNTED_SERIES[values.Service(point.service)]:
            continue
        numbers, quality = blocks.decode(bytes(data), None if codes is None else bytes(codes), step)
        key = (point.site_id, point.service, point.role, day)
        use, estimated, known = found.setdefault(key, [[0] * 96, [0] * 96, [0] * 96])
        whole = [True] * 96
        for slot, (number, code) in enumerate(zip(numbers.tolist(), quality.tolist(), strict=True)):
            first = slot * step // 15
            use[first] += number
            estimated[first] += number if code in UNMEASURED else 0
            for each in range(first, max(first + 1, (slot + 1) * step // 15)):
                whole[each] = whole[each] and code not in (Quality.MISSING, Quality.MIXED)
        for place, is_whole in enumerate(whole):
            known[place] += is_whole
    return {key: parts for key, parts in found.items() if any(parts[0]) or any(parts[2])}


def rebuild(organization_id: int) -> None:
    operations.rebuild_totals(
        organization_id=organization_id,
        actor=derived.ACTOR,
        at=derived.MIDNIGHT,
        first=date(2026, 3, 1),
        until=date(2026, 4, 1),
    )


@pytest.fixture
def ours() -> identity_models.Organization:
    return derived.organization()


@pytest.fixture
def mall(ours: identity_models.Organization) -> site_models.Site:
    return sites.site(organization=ours)


def command(ours: identity_models.Organization, *days: str) -> int:
    """This will run `meterbook rebuild-totals`, with words such as `--from 2026-03-02`."""
    parser = argparse.ArgumentParser()
    rebuild_totals.add_arguments(parser)
    return rebuild_totals.run(parser.parse_args([*days, "--organization", str(ours.public_id)]))


class TestCommand:
    def test_makes_sums_of_all_days_or_of_some(
        self, ours: identity_models.Organization, mall: site_models.Site, capsys: pytest.CaptureFixture[str]
    ) -> None:
        meter = metering.installed_meter(organization=ours, site=mall)
        usage.flat_days(meter.energy, derived.DAY, 3)
        one, two = derived.DAY + timedelta(days=1), derived.DAY + timedelta(days=2)
        assert kept(ours.pk) == {}

        assert command(ours, "--from", str(one), "--until", str(two)) == 0
        assert {key[3] for key in kept(ours.pk)} == {one}
        assert command(ours) == 0

        assert kept(ours.pk) == counted(ours.pk)
        assert f"1 sums of the days from {one} until {two} made anew" in capsys.readouterr().out

    def test_refuses_days_in_the_wrong_order_and_strangers(
        self, ours: identity_models.Organization, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(ours, "--from", "2026-03-02", "--until", "2026-03-02") == 2
        assert command(ours) == 0
        printed = capsys.readouterr()
        assert "later day" in printed.err
        assert "no days to sum" in printed.out

        ours.public_id = uuid.uuid4()
        assert command(ours) == 2
        assert "there is no organization" in capsys.readouterr().err


class TestDerivation:
    def test_keeps_sums_of_each_service_and_role(
        self, ours: identity_models.Organization, mall: site_models.Site
    ) -> None:
        roles = (values.PointRole.MAIN, values.PointRole.TENANT, values.PointRole.TENANT, values.PointRole.COMMON)
        for number, role in enumerate(roles):
            meter = metering.installed_meter(organization=ours, site=mall, role=role)
            rise = 10 + number
            metering.record(
                meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=1), rise=rise)
            )

        derived.derive(ours.pk)

        found = kept(ours.pk)
        assert found == counted(ours.pk)
        assert {key[2] for key in found} == {"MAIN", "TENANT", "COMMON"}
        assert found[mall.pk, "ELECTRICITY", "TENANT", derived.DAY][0][0] == (11 + 12) * 10
        assert found[mall.pk, "ELECTRICITY", "TENANT", derived.DAY][2][0] == 2

    def test_follows_late_readings_gaps_and_corrections(
        self, ours: identity_models.Organization, mall: site_models.Site
    ) -> None:
        meters = [metering.installed_meter(organization=ours, site=mall) for _ in range(2)]
        gap = derived.MIDNIGHT + timedelta(hours=5), derived.MIDNIGHT + timedelta(hours=9)
        everything = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=2))
        for meter in meters:
            metering.record(meter.energy, [each for each in everything if not gap[0] < each[0] < gap[1]])
        derived.derive(ours.pk)
        with_gap = kept(ours.pk)
        assert with_gap == counted(ours.pk)
        assert any(with_gap[mall.pk, "ELECTRICITY", "TENANT", derived.DAY][1])

        metering.record(meters[0].energy, [each for each in everything if gap[0] < each[0] < gap[1]])
        derived.derive(ours.pk)

        assert kept(ours.pk) == counted(ours.pk) != with_gap

    @pytest.mark.parametrize("seed", range(4))
    def test_any_order_of_arrival_ends_with_the_sums_of_the_blocks(
        self, ours: identity_models.Organization, mall: site_models.Site, seed: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311
        for number in range(3):
            meter = metering.installed_meter(organization=ours, site=mall, multiplier=Fraction(chance.choice([1, 40])))
            readings = derived.rough(seed * 10 + number)
            chance.shuffle(readings)
            for first in range(0, len(readings), 200):
                metering.record(meter.energy, readings[first : first + 200])
                derived.derive(ours.pk)

        assert kept(ours.pk) == counted(ours.pk)

    @pytest.mark.parametrize("few", [0, totals.FEW_BLOCKS], ids=["asked by site", "asked by day"])
    def test_blocks_that_were_loaded_count_from_the_first_derivation_of_their_day(
        self,
        ours: identity_models.Organization,
        mall: site_models.Site,
        few: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(totals, "FEW_BLOCKS", few)
        loaded, read = (metering.installed_meter(organization=ours, site=mall) for _ in range(2))
        usage.day_block(loaded.energy, derived.DAY)
        metering.record(read.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(hours=12)))

        derived.derive(ours.pk)

        assert kept(ours.pk) == counted(ours.pk)
        assert kept(ours.pk)[mall.pk, "ELECTRICITY", "TENANT", derived.DAY][2][0] == 2

    def test_another_organization_is_not_touched(self, ours: identity_models.Organization) -> None:
        other = derived.organization()
        for each in (ours, other):
            meter = metering.installed_meter(organization=each)
            metering.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(hours=2)))

        derived.derive(ours.pk)

        assert kept(ours.pk)
        assert kept(other.pk) == {}


class TestRebuild:
    def test_makes_sums_of_loaded_blocks_of_every_step(
        self, ours: identity_models.Organization, mall: site_models.Site
    ) -> None:
        for step in values.STEPS:
            meter = metering.installed_meter(organization=ours, site=mall)
            numbers = np.arange(1, 1 + 1_440 // step).tolist()
            usage.day_block(meter.energy, derived.DAY, numbers, quality={3: Quality.MISSING, 5: Quality.INTERPOLATED})

        rebuild(ours.pk)

        assert kept(ours.pk) == counted(ours.pk)

    def test_repairs_what_was_changed_and_drops_what_is_gone(
        self, ours: identity_models.Organization, mall: site_models.Site
    ) -> None:
        meter = metering.installed_meter(organization=ours, site=mall)
        usage.day_block(meter.energy, derived.DAY)
        rebuild(ours.pk)
        with scoping.scope([ours.pk], actor=derived.ACTOR):
            models.MeterPoint.objects.filter(organization_id=ours.pk, pk=meter.point.pk).update(
                role=values.PointRole.COMMON
            )

        rebuild(ours.pk)

        assert kept(ours.pk) == counted(ours.pk)
        assert [key[2] for key in kept(ours.pk)] == ["COMMON"]

    def test_does_the_same_twice(self, ours: identity_models.Organization) -> None:
        meter = metering.installed_meter(organization=ours)
        metering.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=2)))
        derived.derive(ours.pk)
        before = kept(ours.pk)

        rebuild(ours.pk)
        rebuild(ours.pk)

        assert kept(ours.pk) == before != {}
