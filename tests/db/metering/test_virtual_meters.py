"""Virtual meters follow their inputs: whatever changes there is computed again, and in no other way."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quality import Quality
from meterbook.metering import formulas, models, operations, values
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.sites import models as site_models
from tests.db.metering import derived
from tests.factories import metering, sites

AT = derived.MIDNIGHT + timedelta(days=2)
STARTS_ON = date(2026, 3, 1)


@dataclass(frozen=True)
class Place:
    """A site with a main meter A and two of shops, B and C, which count 4, 1 and 2 kWh an hour for a day."""

    organization: identity_models.Organization
    site: site_models.Site
    a: metering.Installed
    b: metering.Installed
    c: metering.Installed

    @property
    def inputs(self) -> tuple[metering.Installed, ...]:
        return self.a, self.b, self.c


def place() -> Place:
    organization = derived.organization()
    site = sites.site(organization=organization)
    made = [metering.installed_meter(organization=organization, site=site, name=each) for each in ("A", "B", "C")]
    for each, rise in zip(made, (100, 25, 50), strict=True):
        metering.record(each.energy, derived.counted(derived.MIDNIGHT, AT, rise=rise))
    derived.derive(organization.pk)
    return Place(organization, site, *made)


def row(point: models.MeterPoint | None, factor: Fraction | int = 1, **hours: int) -> operations.FormulaRow:
    given = formulas.Hours(**hours) if hours else formulas.ALWAYS
    return operations.FormulaRow(Fraction(factor), None if point is None else point.public_id, given)


def make(
    where: Place, *rows: operations.FormulaRow, code: str = "V1", name: str = "Rest", starts_on: date = STARTS_ON
) -> models.Series:
    with scoping.scope([where.organization.pk], actor=derived.ACTOR):
        virtual = operations.create_virtual_meter(
            actor=derived.ACTOR,
            at=AT,
            site=where.site,
            code=code,
            name=name,
            service=values.Service.ELECTRICITY,
            purpose=values.VirtualPurpose.REST,
            starts_on=starts_on,
            rows=rows,
        )
        return virtual.series


def rest(where: Place) -> models.Series:
    return make(where, row(where.a.point), row(where.b.point, -1), row(where.c.point, -1))


def change(where: Place, series: models.Series, *rows: operations.FormulaRow, starts_on: date = STARTS_ON) -> None:
    with scoping.scope([where.organization.pk], actor=derived.ACTOR):
        operations.set_formula(
            actor=derived.ACTOR,
            at=AT,
            meter_point=series.meter_point.public_id,
            starts_on=starts_on,
            rows=rows,
            reason="the wiring was traced",
        )


class TestVirtualMeter:
    @pytest.mark.spec("M-028/1")
    def test_is_computed_from_its_inputs_slot_by_slot(self) -> None:
        where = place()
        series = rest(where)

        derived.derive(where.organization.pk)

        numbers, quality = derived.days_of(series)[derived.DAY]
        assert set(numbers) == {250}  # 1 kWh less 0.25 and 0.5 kWh
        assert set(quality) == {Quality.VALID}

    @pytest.mark.spec("M-028/1")
    def test_is_incomplete_where_an_input_is_missing(self) -> None:
        where = place()
        late = metering.installed_meter(organization=where.organization, site=where.site, name="D")
        noon = derived.MIDNIGHT + timedelta(hours=12)
        metering.record(late.energy, derived.counted(noon, AT, rise=10))
        series = make(where, row(where.a.point), row(late.point, -1))

        derived.derive(where.organization.pk)

        numbers, quality = derived.days_of(series)[derived.DAY]
        assert quality[:47] == [Quality.MISSING] * 47
        assert numbers[48:] == [900] * 48
        assert quality[48:] == [Quality.VALID] * 48

    def test_is_computed_again_when_an_input_is(self) -> None:
        where = place()
        series = rest(where)
        derived.derive(where.organization.pk)
        before = derived.days_of(series)[derived.DAY]

        later = derived.counted(AT, AT + timedelta(hours=1), value=10_000 + 2 * 96 * 100, rise=100)
        metering.record(where.a.energy, later)
        correct(where, derived.MIDNIGHT + derived.HOUR)
        derived.derive(where.organization.pk)

        after = derived.days_of(series)
        assert sum(after[derived.DAY][0]) == sum(before[0])
        assert after[derived.DAY][1] != before[1]
        assert set(after[AT.date()][1]) == {Quality.MISSING}  # B and C say nothing of that day yet

    def test_ends_the_same_in_whatever_order_facts_came(self) -> None:
        where = place()
        first = rest(where)
        derived.derive(where.organization.pk)
        correct(where, derived.MIDNIGHT + derived.HOUR)
        derived.derive(where.organization.pk)
        second = make(
            where, row(where.c.point, -1), row(where.b.point, -1), row(where.a.point), code="V2", name="Again"
        )
        derived.derive(where.organization.pk)

        assert derived.days_of(first) == derived.days_of(second)

    def test_may_be_computed_from_virtual_ones(self) -> None:
        where = place()
        series = rest(where)
        twice = make(where, row(series.meter_point, 2), row(where.b.point), code="V2", name="Twice")
        thrice = make(where, row(twice.meter_point), row(series.meter_point), code="V3", name="Thrice")
        derived.derive(where.organization.pk)

        correct(where, derived.MIDNIGHT + derived.HOUR)
        derived.derive(where.organization.pk)

        rests, twices, thrices = (derived.days_of(each)[derived.DAY] for each in (series, twice, thrice))
        assert set(thrices[0]) == {1000}
        assert rests[1] == twices[1] == thrices[1]
        assert Quality.INTERPOLATED in thrices[1]

    def test_does_nothing_twice(self) -> None:
        where = place()
        rest(where)
        derived.derive(where.organization.pk)

        assert derived.derive(where.organization.pk) == operations.DeriveOutcome()

    def test_counts_in_the_sums_of_its_site_by_its_role_only(self) -> None:
        where = place()
        with scoping.scope([where.organization.pk], actor=derived.ACTOR), pytest.raises(operations.FormulaUnfit):
            operations.create_virtual_meter(
                actor=derived.ACTOR,
                at=AT,
                site=where.site,
                code="V1",
                name="All",
                service=values.Service.ELECTRICITY,
                purpose=values.VirtualPurpose.AREA,
                starts_on=STARTS_ON,
                rows=[row(where.a.point)],
                role=values.PointRole.MAIN,
            )


class TestFormula:
    def test_counts_from_its_day_on_and_leaves_the_days_before(self) -> None:
        where = place()
        series = rest(where)
        change(where, series, row(where.a.point, Fraction(1, 3)), starts_on=derived.DAY + timedelta(days=1))

        derived.derive(where.organization.pk)

        found = derived.days_of(series)
        madrid = 4  # quarters of the UTC day before the day begins in Madrid
        assert set(found[derived.DAY][0][:-madrid]) == {250}
        assert (
            sum(found[derived.DAY + timedelta(days=1)][0]) == 31_667
        )  # 95 thirds of 1 kWh; the final reading of the day is not there
        with scoping.scope([where.organization.pk], actor=derived.ACTOR):
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=where.organization.pk, action="metering:set_formula"
            )
            assert entries.count() == 2

    def test_takes_the_place_of_one_of_the_same_day(self) -> None:
        where = place()
        series = rest(where)
        derived.derive(where.organization.pk)
        unread = metering.installed_meter(organization=where.organization, site=where.site, name="D")

        change(where, series, row(unread.point))
        derived.derive(where.organization.pk)

        numbers, quality = derived.days_of(series)[derived.DAY]
        assert set(numbers) == {0}
        assert set(quality) == {Quality.MISSING}

    def test_may_begin_before_the_first_one(self) -> None:
        where = place()
        series = make(where, row(where.a.point), starts_on=derived.DAY + timedelta(days=1))
        change(where, series, row(where.b.point), starts_on=STARTS_ON)

        derived.derive(where.organization.pk)

        assert set(derived.days_of(series)[derived.DAY][0][:90]) == {250}

    @pytest.mark.spec("M-028/2")
    def test_must_not_lead_back_to_itself(self) -> None:
        where = place()
        first = rest(where)
        second = make(where, row(first.meter_point), code="V2", name="Hall")

        with pytest.raises(operations.FormulaCircular, match="Rest ← Hall ← Rest"):
            change(where, first, row(where.a.point), row(second.meter_point, -1))
        with pytest.raises(operations.FormulaCircular, match="“Rest” cannot be computed from itself"):
            change(where, first, row(first.meter_point))

        derived.derive(where.organization.pk)
        assert set(derived.days_of(second)[derived.DAY][0]) == {250}

    def test_needs_meters_of_one_quantity(self) -> None:
        where = place()
        foreign = place()
        water = operations.RegisterPlan("volume", "volume", values.series_type("volume").unit, 3)
        wet = metering.installed_meter(
            organization=where.organization,
            site=where.site,
            name="Water",
            service=values.Service.COLD_WATER,
            registers=(water,),
        )
        for rows in (
            [],
            [row(None, 5)],
            [row(where.a.point, 0)],
            [row(where.a.point), row(wet.point)],
            [row(foreign.a.point)],
            [operations.FormulaRow(Fraction(1), uuid.UUID(int=7))],
            [row(where.a.point)] * 201,
            [row(where.a.point, Fraction(1, 10**10))],
        ):
            with pytest.raises(operations.FormulaUnfit):
                make(where, *rows)

    def test_belongs_to_a_virtual_meter_of_the_organization(self) -> None:
        where = place()
        theirs = rest(place())

        for point in (where.a.point, theirs.meter_point):
            with scoping.scope([where.organization.pk], actor=derived.ACTOR), pytest.raises(operations.NotVirtual):
                operations.set_formula(
                    actor=derived.ACTOR,
                    at=AT,
                    meter_point=point.public_id,
                    starts_on=STARTS_ON,
                    rows=[row(where.a.point)],
                    reason="",
                )

    def test_follows_the_zone_of_its_meter(self) -> None:
        where = place()
        series = make(where, row(where.a.point, 1, from_minute=0, until_minute=60))
        derived.derive(where.organization.pk)
        before = derived.days_of(series)[derived.DAY][0]

        with scoping.scope([where.organization.pk], actor=derived.ACTOR):
            operations.set_zone_and_language(
                actor=derived.ACTOR,
                at=AT,
                meter_point=series.meter_point.public_id,
                time_zone="Asia/Tokyo",
                language="",
                from_day=None,
            )
        derived.derive(where.organization.pk)

        after = derived.days_of(series)[derived.DAY][0]
        assert [place for place, number in enumerate(after) if number] == [60, 61, 62, 63]
        assert before != after
        assert sum(before) == sum(after)


def correct(where: Place, instant: datetime) -> None:
    """Take a reading of A out, so that two of its intervals become apportioned."""
    with scoping.scope([where.organization.pk], actor=derived.ACTOR):
        operations.correct_readings(
            actor=derived.ACTOR,
            at=AT,
            series=where.a.energy,
            kind=CorrectionKind.EXCLUDE,
            corrected_at=instant,
            reason="the clock of the meter was wrong",
        )
