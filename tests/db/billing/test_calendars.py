"""Runs that start by themselves: when, once, and without waiting for those whose readings lack."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing import cycles, events, models, operations, queries, values
from meterbook.foundation import scoping
from meterbook.journeys import send_bills
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.operations import policies
from meterbook.metering.values import Service
from tests.factories import billing, calendars, customers, metering, notifications

ACTOR = Actor.system("test")
MEXICO = ZoneInfo("America/Mexico_City")
FIRST, CUTOFF = date(2026, 5, 16), date(2026, 6, 15)
AFTER = CUTOFF + timedelta(days=1)
STARTS, ENDS = civil.start_of_day(FIRST, MEXICO), civil.start_of_day(AFTER, MEXICO)
NOTICE = datetime(2026, 6, 16, 8, tzinfo=MEXICO)


def shop(place: billing.Place, number: str, *, until: datetime = ENDS, rise: int = 25) -> metering.Installed:
    meter = billing.metered(place, name=f"Shop {number}")
    billing.count(meter.energy, STARTS, until, rise=rise)
    account = customers.account(
        organization=place.organization, site=place.site, number=number, email=f"{number.lower()}@example.com"
    )
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=STARTS)
    return meter


def mexican() -> billing.Place:
    return billing.place(time_zone="America/Mexico_City", code="HR")


def by_itself(place: billing.Place, **more: object) -> models.BillingCalendar:
    given = {"cutoff_day": 15, "is_auto_approved": True, "approves_first": True, "grace_days": 3, **more}
    return calendars.calendar(place, starts_on=FIRST, **given)


def states(place: billing.Place) -> list[str]:
    return [each.state for each in calendars.runs(place.organization)]


class TestCalendar:
    @pytest.mark.spec("M-079/1")
    def test_bills_at_the_local_hour_on_the_day_after_the_cut_off_and_not_before(self) -> None:
        place = mexican()
        shop(place, "A-1")
        by_itself(place)

        calendars.tick(place.organization, NOTICE - timedelta(minutes=1))
        assert calendars.runs(place.organization) == []

        calendars.tick(place.organization, NOTICE)
        (run,) = calendars.runs(place.organization)
        assert (run.state, run.days.lower, run.days.upper) == ("CLOSED", FIRST, AFTER)
        assert (run.bill_date, run.started_by, run.approved_by) == (AFTER, "Monthly", "Monthly")
        assert calendars.bills(place.organization) == {"A-1": ["HR-2026-000001"]}

        # Again and again: nothing more, until the next period is over.
        calendars.tick(place.organization, NOTICE + timedelta(days=20))
        assert len(calendars.runs(place.organization)) == 1

    @pytest.mark.spec("M-079/1")
    def test_tells_the_customer_then_but_not_of_small_bills(self) -> None:
        place = mexican()
        shop(place, "A-1")
        by_itself(place)
        small = mexican()
        shop(small, "A-2", rise=0)
        by_itself(small, small_below=Decimal("1000"))

        for each in (place, small):
            calendars.tick(each.organization, NOTICE)
            tell(each)

        assert [len(notifications.messages(each.organization)) for each in (place, small)] == [1, 0]
        assert set(calendars.bills(small.organization)) == {"A-2"}
        with scoping.scope([place.organization.pk], actor=ACTOR):
            bill = models.Bill.objects.get(organization_id=place.organization.pk)
            (use,) = queries.uses_of(public_ids=[bill.public_id])[bill.public_id]
        assert (use.service, use.unit, use.quantity) == (Service.ELECTRICITY, Unit.KWH, 744)

    @pytest.mark.spec("M-079/1")
    def test_bills_those_whose_readings_are_there_and_the_others_when_theirs_come(self) -> None:
        place = mexican()
        shop(place, "A-1")
        late = shop(place, "A-2", until=ENDS - timedelta(hours=5))
        by_itself(place)

        calendars.tick(place.organization, NOTICE)
        assert calendars.bills(place.organization) == {"A-1": ["HR-2026-000001"]}
        with scoping.scope([place.organization.pk], actor=ACTOR):
            (waiting,) = queries.waiting_accounts()
        assert (waiting.account_number, waiting.why) == ("A-2", values.AsideReason.READINGS)
        assert waiting.until_at == NOTICE + timedelta(days=3)
        calendars.tick(place.organization, NOTICE + timedelta(days=1))
        assert set(calendars.bills(place.organization)) == {"A-1"}

        metering.record(late.energy, [(ENDS, 900_000)])
        billing.derive(place.organization.pk)
        calendars.tick(place.organization, NOTICE + timedelta(days=1, hours=1))

        assert calendars.bills(place.organization) == {"A-1": ["HR-2026-000001"], "A-2": ["HR-2026-000002"]}
        assert states(place) == ["CLOSED", "CLOSED"]
        with scoping.scope([place.organization.pk], actor=ACTOR):
            assert queries.waiting_accounts() == []

    @pytest.mark.spec("M-079/1")
    def test_estimates_after_the_grace_and_marks_the_bill(self) -> None:
        place = mexican()
        meter = shop(place, "A-1", until=ENDS - timedelta(days=2))
        order(place, Method.DAILY_AVERAGE, Method.LIKE_DAYS)
        by_itself(place, on_missing=values.OnMissing.ESTIMATE)

        calendars.tick(place.organization, NOTICE + timedelta(days=3, minutes=-1))
        assert calendars.bills(place.organization) == {}

        calendars.tick(place.organization, NOTICE + timedelta(days=3))

        assert set(calendars.bills(place.organization)) == {"A-1"}
        with scoping.scope([place.organization.pk], actor=ACTOR):
            draft = models.BillDraft.objects.get(organization_id=place.organization.pk, bill__isnull=False)
            content = queries.get_bill(public_id=draft.public_id).content
        assert content["is_estimated"]
        (estimate,) = content["meter_points"][0]["estimates"]
        assert estimate["method"] == Method.LIKE_DAYS.value
        assert meter.point.code == content["meter_points"][0]["code"]

    def test_leaves_what_differs_too_much_to_a_person_and_bills_the_others(self) -> None:
        place = mexican()
        shop(place, "A-1")
        wild = shop(place, "A-2", rise=100)
        by_itself(place, tolerance_percent=20)
        calendars.tick(place.organization, NOTICE)
        following = civil.start_of_day(date(2026, 7, 16), MEXICO)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            points = models.RunShare.objects.filter(organization_id=place.organization.pk)
            tame = points.exclude(meter_point_id=wild.point.pk).get(account__number="A-1").meter_point
        assert tame is not None
        go_on(place, tame.pk, ENDS, following, 25)
        go_on(place, wild.point.pk, ENDS, following, 5)

        calendars.tick(place.organization, datetime(2026, 7, 16, 8, tzinfo=MEXICO))

        assert {key: len(found) for key, found in calendars.bills(place.organization).items()} == {"A-1": 2, "A-2": 1}
        review = calendars.runs(place.organization)[-1]
        assert (review.state, review.needs_person) == ("REVIEW", True)
        calendars.tick(place.organization, datetime(2026, 7, 25, 8, tzinfo=MEXICO))
        assert billing.fresh(review).state == "REVIEW"
        billing.approve(review)
        calendars.tick(place.organization, datetime(2026, 7, 25, 9, tzinfo=MEXICO))
        assert len(calendars.bills(place.organization)["A-2"]) == 2

    def test_waits_for_a_person_where_it_does_not_approve(self) -> None:
        place = mexican()
        shop(place, "A-1")
        late = shop(place, "A-2", until=ENDS - timedelta(hours=5))
        by_itself(place, is_auto_approved=False)

        calendars.tick(place.organization, NOTICE)
        (run,) = calendars.runs(place.organization)
        assert run.state == "REVIEW"
        metering.record(late.energy, [(ENDS, 900_000)])
        billing.derive(place.organization.pk)
        calendars.tick(place.organization, NOTICE + timedelta(hours=1))

        with scoping.scope([place.organization.pk], actor=ACTOR):
            rows = queries.run_bills(run_public_id=run.public_id).rows
        assert [each.state for each in rows] == [values.MemberState.DRAFTED] * 2

    def test_bills_a_group_by_its_own_calendar_and_the_site_without_it(self) -> None:
        place = mexican()
        shop(place, "A-1")
        shop(place, "A-2")
        with scoping.scope([place.organization.pk], actor=ACTOR):
            account = models.CalendarAccount._meta.get_field("account").related_model.objects.get(
                organization_id=place.organization.pk, number="A-2"
            )
        by_itself(place)
        by_itself(place, name="Weekly", cycle=cycles.Cycle.WEEKLY, cutoff_day=7, accounts=[account])

        calendars.tick(place.organization, datetime(2026, 5, 25, 8, tzinfo=MEXICO))
        assert {key: len(found) for key, found in calendars.bills(place.organization).items()} == {"A-2": 2}
        calendars.tick(place.organization, NOTICE)
        # 18, 25 May, 1, 8 and 15 June are Mondays.
        assert {key: len(found) for key, found in calendars.bills(place.organization).items()} == {"A-1": 1, "A-2": 5}

    def test_makes_up_for_periods_that_it_slept_through(self) -> None:
        place = mexican()
        shop(place, "A-1", until=ENDS + timedelta(days=70))
        by_itself(place)

        calendars.tick(place.organization, datetime(2026, 8, 17, tzinfo=MEXICO))

        assert len(calendars.bills(place.organization)["A-1"]) == 3

    def test_keeps_its_trouble_and_tries_again(self) -> None:
        place = mexican()
        shop(place, "A-1")
        made = by_itself(place)
        run = billing.plan(place, first_day=date(2026, 6, 1), until_day=date(2026, 6, 3))

        with scoping.scope([place.organization.pk], actor=ACTOR):
            assert not operations.start_next(actor=ACTOR, at=NOTICE, calendar=made.public_id)
            (row,) = queries.list_calendars()
            first = queries.upcoming(calendars=[row], at=NOTICE)[0]
            assert (first.trouble, first.state) == ("RunPresent", values.PeriodState.WAITS)
            operations.cancel_run(actor=ACTOR, at=NOTICE, run=run, reason="by mistake")
            assert operations.start_next(actor=ACTOR, at=NOTICE, calendar=made.public_id)

    def test_refuses_a_second_one_for_a_site_and_nonsense(self) -> None:
        place = mexican()
        by_itself(place)

        with pytest.raises(operations.CalendarPresent):
            by_itself(place)
        with pytest.raises(operations.CalendarImpossible):
            by_itself(place, cutoff_day=32)
        with pytest.raises(operations.CalendarImpossible):
            by_itself(place, cycle=cycles.Cycle.WEEKLY, cutoff_day=8)


class TestChunk:
    def test_holds_the_one_account_that_cannot_be_calculated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        place = mexican()
        meters = [shop(place, f"A-{number}") for number in range(3)]
        broken = meters[1].point.code
        from meterbook.billing.calculating import plausible

        real = plausible.remarks

        def fail(chunk: object, points: list[object]) -> object:
            if any(getattr(each, "code", "") == broken for each in points):
                raise ArithmeticError("a fault that nobody foresaw")
            return real(chunk, points)  # type: ignore[arg-type]

        monkeypatch.setattr(plausible, "remarks", fail)
        run = billing.advance(billing.plan(place, first_day=FIRST, until_day=AFTER))

        with scoping.scope([place.organization.pk], actor=ACTOR):
            rows = {each.account_number: each for each in queries.run_bills(run_public_id=run.public_id).rows}
        assert {key: each.state.value for key, each in rows.items()} == {
            "A-0": "DRAFTED",
            "A-1": "HELD",
            "A-2": "DRAFTED",
        }
        assert [each.code for each in rows["A-1"].reasons] == [values.HoldReason.FAULT]


def tell(place: billing.Place) -> None:
    """What hears of issued bills, on the day of the notice."""
    (run,) = calendars.runs(place.organization)
    event = events.BillsIssued(organization_id=place.organization.pk, run_id=str(run.public_id), after=0, through=1_000)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        send_bills.bills_issued(event, actor=ACTOR, at=NOTICE)


def order(place: billing.Place, *methods: Method) -> None:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        policies.set_estimating_order(actor=ACTOR, at=STARTS, site_id=place.site.pk, methods=methods)


def go_on(place: billing.Place, point_id: int, start: datetime, end: datetime, rise: int) -> None:
    from meterbook.metering import models as metering_models

    with scoping.scope([place.organization.pk], actor=ACTOR):
        series = metering_models.Series.objects.get(
            organization_id=place.organization.pk, meter_point_id=point_id, code="energy_import"
        )
        latest = metering_models.Reading.objects.filter(
            organization_id=place.organization.pk, series_id=series.pk, at=start
        ).get()
    billing.count(series, start + billing.STEP, end, rise=rise, begin=latest.value + rise)
