"""Where estimated and measured use lies, what was agreed, how cold it was, when somebody must go (B-20, B-21)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models as billing_models
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork import values as fieldwork_values
from meterbook.fieldwork.values import JobKind
from meterbook.journeys import apportioning, filling
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.degrees import Follows
from meterbook.metering.estimating.inputs import Lack, Method
from meterbook.metering.estimating.limits import Limits
from meterbook.metering.validation.inputs import CorrectionKind
from tests.db.journeys.silent_mall import BEGIN, END, LAST, NOW, PEERS, Mall
from tests.factories import billing, customers, identity, metering


@pytest.fixture
def mall() -> Mall:
    return Mall()


@pytest.mark.spec("B-20")
class TestSpreading:
    """A shop of 0.48 kWh an hour by day (8 to 20 o'clock) and nothing at night, which has a hole."""

    def open_by_day(self, mall: Mall, *, until: datetime, hole: Period | None = None) -> None:
        made = billing.metered(mall.place, name="Day shop", code="day-shop")
        shown, at, readings = 100_000, BEGIN, [(BEGIN, 100_000)]
        while at < until:
            shown += 12 if 8 <= at.astimezone(billing.MADRID).hour < 20 else 0
            at += billing.STEP
            if hole is None or not hole.start < at < hole.end:
                readings.append((at, shown))
        metering.record(made.energy, readings)
        mall.silent = made
        mall.derive()

    def test_an_estimate_lies_in_the_usual_hours_to_the_last_unit(self, mall: Mall) -> None:
        last = civil.start_of_day(date(2026, 3, 20), billing.MADRID)
        self.open_by_day(mall, until=last)

        assert mall.preview().shape_is_usual
        mall.fill(Method.MANUAL, given=Decimal(100))

        night = civil.start_of_day(date(2026, 3, 25), billing.MADRID)
        assert mall.used(last) == (100_000, {Quality.ESTIMATED})
        assert mall.used(night, night + timedelta(hours=8))[0] == 0
        # 12 days of 12 hours: 694.4 an hour
        assert 8_330 <= mall.used(night + timedelta(hours=8), night + timedelta(hours=20))[0] <= 8_337
        (edit,) = mall.edits()
        assert (edit.made_of["is_usual"], edit.made_of["policy"]) == (True, 0)

    def test_is_even_where_nothing_is_usual(self, mall: Mall) -> None:
        other = billing.metered(mall.place, name="By hand", code="by-hand")
        metering.record(other.energy, [(BEGIN, 100), (LAST, 90_000)])
        mall.silent = other
        mall.derive()

        assert not mall.preview().shape_is_usual
        mall.fill(Method.MANUAL, given=Decimal("276.88"))

        (edit,) = mall.edits()
        assert edit.made_of["is_usual"] is False
        night = civil.start_of_day(date(2026, 3, 25), billing.MADRID)
        assert 7_900 <= mall.used(night, night + timedelta(hours=8))[0] <= 8_100

    def test_a_measured_difference_is_apportioned_and_stays_measured(self, mall: Mall) -> None:
        begin = civil.start_of_day(date(2026, 3, 24), billing.MADRID)
        hole = Period(begin + timedelta(hours=5), begin + timedelta(hours=11))
        self.open_by_day(mall, until=END, hole=hole)
        assert mall.used(hole.start, hole.end) == (1_440, {Quality.INTERPOLATED})
        assert mall.used(hole.start, begin + timedelta(hours=8))[0] == 720

        found = mall.preview(until=begin + timedelta(days=1))
        said = {each.method: each.lack or each.used for each in found.outcomes}
        assert (found.gap.period, found.gap.difference) == (hole, 1_440)
        assert said == {Method.INTERPOLATION: Lack.TOO_LONG, Method.PROFILE: 1_440}
        made = mall.fill(until=begin + timedelta(days=1))

        assert mall.used(hole.start, hole.end) == (1_440, {Quality.INTERPOLATED})
        assert mall.used(hole.start, begin + timedelta(hours=8))[0] == 0
        (edit,) = mall.edits()
        assert (edit.kind, edit.method, edit.state) == (
            CorrectionKind.APPORTION,
            Method.PROFILE,
            metering_queries.EstimateState.STANDING,
        )
        with pytest.raises(metering_queries.GapRefused) as refused:
            mall.preview(until=begin + timedelta(days=1))
        assert refused.value.why is metering_queries.NoGap.SPREAD
        with mall.scope():
            filling.withdraw(
                actor=identity.ACTOR,
                at=NOW,
                meter_point=mall.silent.point.public_id,
                estimate=made.public_id,
                reason="it was closed",
            )
        mall.derive()
        assert mall.used(hole.start, begin + timedelta(hours=8))[0] == 720
        assert mall.actions() == ["apportion", "withdraw_estimate"]

    def test_a_bill_says_over_which_time_measured_use_was_spread(self, mall: Mall) -> None:
        begin = civil.start_of_day(date(2026, 3, 24), billing.MADRID)
        hole = Period(begin + timedelta(hours=5), begin + timedelta(hours=11))
        self.open_by_day(mall, until=END, hole=hole)
        payer = customers.account(organization=mall.place.organization, site=mall.place.site, name="Day shop")
        customers.contract(account=payer, point=mall.silent.point, tariff=mall.place.tariff, starts_at=BEGIN)
        mall.fill(until=begin + timedelta(days=1))

        run = billing.advance(billing.plan(mall.place, first_day=date(2026, 3, 1), until_day=date(2026, 4, 1)))

        with mall.scope():
            rows = billing_models.BillDraft.objects.filter(organization_id=mall.place.organization.pk, run=run)
            points = [point for each in rows for point in json.loads(bytes(each.content))["meter_points"]]
        (said,) = (point["apportioned"] for point in points if "apportioned" in point)
        assert said == [
            {
                "from": "2026-03-24T05:00:00+01:00",
                "until": "2026-03-24T11:00:00+01:00",
                "method": "PROFILE",
                "quantity": 1_440,
                "intervals": 24,
            }
        ]
        assert not any("estimates" in point for point in points if "apportioned" in point)

    def test_gaps_that_ended_are_apportioned_by_themselves_once(self, mall: Mall) -> None:
        ended = civil.start_of_day(date(2026, 3, 31), billing.MADRID)
        hole = Period(ended + timedelta(hours=5), ended + timedelta(hours=11))
        self.open_by_day(mall, until=END, hole=hole)
        at = ended + timedelta(days=2)
        with mall.scope():
            counts = [apportioning.apportion_gaps(actor=identity.ACTOR, at=at) for _each in range(2)]
        mall.derive()
        (edit,) = mall.edits()
        with mall.scope():
            filling.withdraw(
                actor=identity.ACTOR,
                at=NOW,
                meter_point=mall.silent.point.public_id,
                estimate=edit.public_id,
                reason="it was open at night",
            )
            counts.append(apportioning.apportion_gaps(actor=identity.ACTOR, at=at))

        assert counts == [1, 0, 0]
        assert (edit.kind, edit.made_of["intervals"]) == (CorrectionKind.APPORTION, 6)

    def test_of_at_most_two_hours_runs_straight(self, mall: Mall) -> None:
        begin = civil.start_of_day(date(2026, 3, 24), billing.MADRID) + timedelta(hours=7)
        self.open_by_day(mall, until=END, hole=Period(begin, begin + timedelta(hours=2)))

        found = mall.preview(until=begin + timedelta(hours=10))

        assert found.first is not None
        assert found.first.method is Method.INTERPOLATION
        with pytest.raises(filling.MethodNotApplicable):
            mall.fill(until=begin + timedelta(hours=10))


@pytest.mark.spec("B-21")
def test_more_than_two_estimated_periods_in_a_row_send_somebody_once(mall: Mall) -> None:
    later = datetime(2026, 7, 2, 9, tzinfo=UTC)
    ends = [civil.start_of_day(date(2026, month, 1), billing.MADRID) for month in (5, 6, 7)]
    jobs = []
    for end in ends:
        given = {"actor": identity.ACTOR, "at": later, "meter_point": mall.silent.point.public_id, "until": end}
        with mall.scope():
            jobs.append(filling.preview(**given).needs_visit)
            filling.fill(**given, method=Method.MANUAL, given=Decimal(100), reason="nobody was there")
        mall.derive()

    with mall.scope():
        made = fieldwork_queries.list_jobs(states=fieldwork_values.WAITING, managed_at=None)
    assert jobs == [False, True, True]  # March and April, then May, then June
    assert [(each.kind, each.point_code) for each in made] == [(JobKind.READ, mall.silent.point.code)]
    assert "3 months in a row" in made[0].words


@pytest.mark.spec("B-21")
class TestLimits:
    def limit(self, mall: Mall, **given: Any) -> None:  # noqa: ANN401
        with mall.scope():
            metering_operations.set_estimating_order(
                actor=identity.ACTOR,
                at=NOW,
                site_id=mall.place.site.pk,
                methods=[Method.PEERS, Method.MANUAL],
                limits=Limits(**given),
            )

    def test_a_part_of_what_a_method_says_is_taken(self, mall: Mall) -> None:
        self.limit(mall, percent=75)

        said = {each.method: each.used for each in mall.preview(given=Decimal(100)).outcomes}
        mall.fill(Method.PEERS)

        # Of 551.77 kWh, in whole counts of 0.01 kWh; a person's own number is not cut.
        assert (said[Method.PEERS], said[Method.MANUAL]) == (413_830, 100_000)
        (edit,) = mall.edits()
        assert (edit.made_of["percent"], edit.made_of["used"], edit.made_of["policy"]) == (75, 413_830, 1)
        assert mall.used()[1] == {Quality.ESTIMATED}

    def test_only_a_meter_that_is_said_to_be_defective_is_estimated(self, mall: Mall) -> None:
        self.limit(mall, only_defective=True)

        with pytest.raises(filling.EstimateForbidden, match="Only a defective meter"):
            mall.fill(Method.PEERS)
        mall.fill(Method.PEERS, is_defective=True)

        (edit,) = mall.edits()
        assert (edit.made_of["is_defective"], edit.made_of["used"]) == (True, PEERS)

    def test_somebody_is_sent_after_as_many_months_as_the_site_allows(self, mall: Mall) -> None:
        assert not mall.preview().needs_visit

        self.limit(mall, most_months=0)

        assert mall.preview().needs_visit

    @pytest.mark.parametrize("given", [{"percent": 0}, {"percent": 101}, {"most_months": 25}, {"most_months": -1}])
    def test_that_no_rule_has_are_refused(self, mall: Mall, given: dict[str, int]) -> None:
        with pytest.raises(metering_operations.LimitsImpossible):
            self.limit(mall, **given)

    def test_are_kept_as_versions_and_on_record(self, mall: Mall) -> None:
        self.limit(mall, percent=75, only_defective=True)
        self.limit(mall, percent=75, only_defective=True)
        self.limit(mall, percent=80)

        with mall.scope():
            found = metering_queries.estimating_policy(site_id=mall.place.site.pk)
        assert (found.version, found.limits) == (2, Limits(percent=80))
        assert mall.actions() == ["set_estimating_order"] * 2


@pytest.mark.spec("B-20")
class TestAgreements:
    def test_a_minimum_holds_by_day_from_when_it_was_agreed(self, mall: Mall) -> None:
        with mall.scope():
            for day, a_month in ((date(2026, 1, 1), 310_000), (date(2026, 3, 26), 620_000)):
                metering_operations.set_minimum_use(
                    actor=identity.ACTOR,
                    at=NOW,
                    meter_point=mall.silent.point.public_id,
                    from_date=day,
                    a_month=a_month,
                )
            with pytest.raises(metering_operations.MinimumImpossible):
                metering_operations.set_minimum_use(
                    actor=identity.ACTOR,
                    at=NOW,
                    meter_point=mall.silent.point.public_id,
                    from_date=date(2026, 1, 1),
                    a_month=-1,
                )

        (found,) = (each for each in mall.preview().outcomes if each.method is Method.MINIMUM)

        # 5 days and 12:53 h of 24 at 10 kWh a day, 6 days at 20: 55.368 + 120, in whole counts of 0.01 kWh
        assert found.used == 175_370
        assert mall.actions() == ["set_minimum_use"] * 2

    def test_last_years_use_follows_the_cold_where_it_is_known(self, mall: Mall) -> None:
        made = billing.metered(mall.place, name="Old", code="old")
        year_ago = LAST - timedelta(days=365)
        days = [(year_ago + timedelta(days=each), 1_000 + each * 2_400) for each in range(-40, 366)]
        metering.record(made.energy, days)
        mall.silent = made
        mall.derive()
        days_of_gap = [date(2026, 3, 20) + timedelta(days=each) for each in range(12)]
        with mall.scope():
            metering_operations.set_estimating_order(
                actor=identity.ACTOR,
                at=NOW,
                site_id=None,
                methods=[Method.LAST_YEAR],
                follows=Follows.COLD,
                base_tenths=160,
            )
            known = dict.fromkeys(days_of_gap, 60) | {each - timedelta(days=365): 110 for each in days_of_gap}
            own = {"actor": identity.ACTOR, "at": NOW, "site_id": mall.place.site.pk}
            assert metering_operations.keep_temperatures(**own, tenths=known) == 24
            assert metering_operations.keep_temperatures(**own, tenths=known) == 0
            with pytest.raises(metering_operations.TemperatureImpossible):
                metering_operations.keep_temperatures(**own, tenths={days_of_gap[0]: 900})

        found = mall.preview().first

        # 10 degrees below the base against 5 then: twice of what the same days used.
        assert found is not None
        assert found.made_of["degrees"] == 12 * 100
        assert found.made_of["degrees_then"] == 12 * 50
        # Twice of 275 h 53 min (the clocks changed at the end of March then as well) at 1 kWh an hour.
        assert found.used == PEERS
        assert mall.actions() == ["set_estimating_order", "keep_temperatures"]
