"""A time without readings is filled: by which method, who must agree, and what a later reading makes of it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from meterbook.billing import models as billing_models
from meterbook.billing.calculating import staleness
from meterbook.journeys import filling
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import models
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.inputs import DEFAULT_ORDER, Lack, Method
from tests.db.journeys.silent_mall import BEGIN, DAILY, END, LAST, LIKE, MARCH, NOW, PEERS, RESIDUAL, Mall
from tests.factories import billing, customers, identity, metering


@pytest.fixture
def mall() -> Mall:
    return Mall()


@pytest.mark.spec("B-20")
class TestPreview:
    def test_says_what_each_method_makes_of_it_and_why_not(self, mall: Mall) -> None:
        found = mall.preview(given=Decimal("12.5"))

        said = {each.method: each.lack or each.used for each in found.outcomes}
        assert found.gap.period == Period(LAST, END)
        assert found.outcomes[0].method is Method.INTERPOLATION
        assert said == {
            Method.INTERPOLATION: Lack.NO_END,
            Method.PROFILE: Lack.NO_END,
            Method.LAST_YEAR: Lack.NO_YEAR,
            Method.DAILY_AVERAGE: DAILY,
            Method.LIKE_DAYS: LIKE,
            Method.PEERS: PEERS,
            Method.RESIDUAL: RESIDUAL,
            Method.MINIMUM: Lack.NO_MINIMUM,
            Method.MANUAL: 12_500,
        }
        assert found.first is not None
        assert found.first.method is Method.DAILY_AVERAGE
        assert (found.bills, found.needs_second) == ((), False)

    def test_of_another_account_takes_nothing_from_the_time_before(self, mall: Mall) -> None:
        moved_in = civil.start_of_day(date(2026, 3, 15), billing.MADRID)
        other = mall.meter("Shop 10", until=LAST)
        mall.derive()
        account = customers.account(organization=mall.place.organization, site=mall.place.site, name="New")
        customers.contract(account=account, point=other.point, tariff=mall.place.tariff, starts_at=moved_in)
        mall.silent = other

        found = {each.method: each.lack for each in mall.preview().outcomes}

        assert found[Method.DAILY_AVERAGE] is Lack.NO_PERIODS
        assert found[Method.LIKE_DAYS] is Lack.NO_LIKE_DAY  # of the Fridays only the 20th itself came after
        assert found[Method.PEERS] is None

    def test_is_in_the_order_of_the_site_else_of_the_organization(self, mall: Mall) -> None:
        with mall.scope():
            metering_operations.set_estimating_order(
                actor=identity.ACTOR, at=NOW, site_id=None, methods=[Method.PEERS, Method.MANUAL]
            )
            general = metering_queries.estimating_order(site_id=mall.place.site.pk)
            metering_operations.set_estimating_order(
                actor=identity.ACTOR, at=NOW, site_id=mall.place.site.pk, methods=[Method.LIKE_DAYS]
            )
            own = metering_queries.estimating_order(site_id=mall.place.site.pk)
            with pytest.raises(metering_operations.OrderIncomplete):
                metering_operations.set_estimating_order(actor=identity.ACTOR, at=NOW, site_id=None, methods=[])

        assert (general, own) == ((Method.PEERS, Method.MANUAL), (Method.LIKE_DAYS,))
        found = mall.preview()
        assert found.first is not None
        assert found.first.method is Method.LIKE_DAYS
        assert len(found.outcomes) == len(DEFAULT_ORDER)
        assert mall.actions() == ["set_estimating_order"] * 2


@pytest.mark.spec("B-20")
class TestFilling:
    def test_stores_a_fact_from_which_the_days_are_derived(self, mall: Mall) -> None:
        assert mall.used() == (0, {Quality.MISSING})

        made = mall.fill()

        assert (made.start, made.is_waiting) == (LAST, False)
        assert mall.used()[1] == {Quality.ESTIMATED}
        # What was read of the interval that the gap begins in stays there.
        assert mall.used(LAST - timedelta(minutes=7))[0] == DAILY + 120
        (edit,) = mall.edits()
        assert (edit.method, edit.author, edit.approved_by) == (Method.DAILY_AVERAGE, identity.ACTOR.label, "")
        assert (edit.used, edit.state) == (Decimal(DAILY) / 1000, metering_queries.EstimateState.STANDING)
        assert mall.actions() == ["estimate"]

    def test_is_refused_where_nothing_is_a_gap(self, mall: Mall) -> None:
        cases = {
            metering_queries.NoGap.LATER: NOW + timedelta(days=1),
            metering_queries.NoGap.READ_LATER: LAST - timedelta(days=3),
            metering_queries.NoGap.NO_REGISTER: BEGIN - timedelta(days=1),
            metering_queries.NoGap.NO_METER: metering.LONG_AGO - timedelta(days=1),
        }
        for why, until in cases.items():
            with pytest.raises(metering_queries.GapRefused) as refused:
                mall.preview(until=until)
            assert refused.value.why is why
        mall.fill()
        with pytest.raises(metering_queries.GapRefused) as refused:
            mall.fill()
        assert refused.value.why is metering_queries.NoGap.FILLED

    def test_of_a_meter_that_was_never_read_asks_for_a_register_first(self, mall: Mall) -> None:
        mall.silent = billing.metered(mall.place, name="Shop 11")

        with pytest.raises(metering_queries.GapRefused, match="enter first what the meter showed"):
            mall.preview()

    def test_needs_a_reason_a_method_that_applies_and_what_the_supply_can_give(self, mall: Mall) -> None:
        with pytest.raises(metering_operations.CorrectionIncomplete):
            mall.fill(reason=" ")
        with pytest.raises(filling.MethodNotApplicable):
            mall.fill(Method.LAST_YEAR)
        mall.silent = mall.meter("Shop 12", until=LAST, rated_per_hour=Decimal(10))
        mall.derive()
        with pytest.raises(metering_operations.EstimateTooMuch):
            mall.fill(Method.MANUAL, given=Decimal(3_400))
        mall.fill(Method.MANUAL, given=Decimal(2_000))
        assert mall.used()[1] == {Quality.ESTIMATED}

    def test_can_be_withdrawn(self, mall: Mall) -> None:
        made = mall.fill(Method.MANUAL, given=Decimal(50))
        for _time in range(2):
            with mall.scope():
                given = {"meter_point": mall.silent.point.public_id, "estimate": made.public_id}
                if _time:
                    with pytest.raises(metering_operations.EstimateGone):
                        filling.withdraw(actor=identity.ACTOR, at=NOW, reason="again", **given)
                else:
                    filling.withdraw(actor=identity.ACTOR, at=NOW, reason="readings were found", **given)
        mall.derive()

        assert mall.used() == (0, {Quality.MISSING})
        assert [each.state for each in mall.edits()] == [None, metering_queries.EstimateState.WITHDRAWN]
        assert mall.actions() == ["estimate", "withdraw_estimate"]
        mall.fill()
        assert mall.used()[1] == {Quality.ESTIMATED}

    def test_gives_way_to_readings_that_come_later_and_says_so(self, mall: Mall) -> None:
        mall.fill(Method.MANUAL, given=Decimal(100))
        with mall.scope():
            before = models.Reading.objects.filter(organization_id=mall.place.organization.pk, at=LAST)
            (register,) = before.filter(series_id=mall.silent.energy.pk).values_list("value", flat=True)
        inside = LAST + (END - LAST) / 2
        metering.record(mall.silent.energy, [(inside, register + 3_000)])
        mall.derive()
        # 30 kWh were measured in the first half; of 100 estimated ones 50 are left for the second.
        assert mall.used(LAST - timedelta(minutes=7))[0] == 30_000 + 50_000 + 120
        assert mall.edits()[0].state is metering_queries.EstimateState.PARTLY

        metering.record(mall.silent.energy, [(END, register + 7_000)])
        mall.derive()

        total, qualities = mall.used(LAST - timedelta(minutes=7))
        assert (total, Quality.ESTIMATED in qualities) == (70_120, False)
        (edit,) = mall.edits()
        assert (edit.state, edit.replaced_at) == (metering_queries.EstimateState.REPLACED, END)
        assert edit.used is not None
        assert edit.used_now is not None
        assert (edit.used, edit.used_now.quantize(Decimal("0.1"))) == (Decimal(100), Decimal("70.0"))


@pytest.mark.spec("B-20")
@pytest.mark.spec("M-023/2")
def test_a_bill_names_the_method_of_each_span_and_is_stale_when_that_changes(mall: Mall) -> None:
    made = mall.fill()
    run = billing.advance(billing.plan(mall.place, first_day=MARCH.first_day, until_day=MARCH.until_day))
    with mall.scope():
        rows = billing_models.BillDraft.objects.filter(organization_id=mall.place.organization.pk, run=run)
        contents = [json.loads(bytes(each.content)) for each in rows]
        points = [point for each in contents for point in each["meter_points"] if "estimates" in point]
        assert [each.is_estimated for each in rows].count(True) == 1
        assert not staleness.stale_accounts(run)
    (point,) = points
    (said,) = point["estimates"]
    assert said | {"quantity": 0} == {
        "from": "2026-03-20T11:07:00+01:00",
        "until": "2026-04-01T00:00:00+02:00",
        "method": "DAILY_AVERAGE",
        "quantity": 0,
        "intervals": point["quality"]["estimated"],
    }
    assert said["quantity"] == mall.used(LAST - timedelta(minutes=7))[0]
    with mall.scope():
        given = {"meter_point": mall.silent.point.public_id, "estimate": made.public_id, "reason": "by hand"}
        filling.withdraw(actor=identity.ACTOR, at=NOW, **given)
    mall.fill(Method.MANUAL, given=Decimal(DAILY) / 1000)
    with mall.scope():
        assert len(staleness.stale_accounts(run)) == 1
