"""Move-in and move-out: all or nothing, once, and never in a time that is somebody else's or billed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import FrameType

import pytest
from django.db import connections

from meterbook.billing import queries as billing_queries
from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.journeys import models, operations
from meterbook.journeys.values import JourneyKind, JourneyState, Step
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering.values import Source
from tests.factories import billing, customers, moves
from tests.support import trails

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 2, 1), date(2026, 3, 1)
START = billing.FEBRUARY.starts_at
END = billing.FEBRUARY.ends_at
NOW = END + timedelta(days=5)


def unit() -> moves.Unit:
    return moves.unit(billing.place())


def ready(
    unit: moves.Unit, *, starts_at: datetime = START, number: str = "A-000001", email: str = ""
) -> models.Journey:
    given = moves.answers_in(unit, starts_at=starts_at, number=number, email=email)
    return moves.journey(organization=unit.organization, kind=JourneyKind.MOVE_IN, answers=given, at=NOW)


def fresh(journey: models.Journey) -> models.Journey:
    with scoping.scope([journey.organization_id], actor=ACTOR):
        return models.Journey.objects.get(organization_id=journey.organization_id, pk=journey.pk)


def contracts(unit: moves.Unit) -> list[customer_models.Contract]:
    with scoping.scope([unit.organization.pk], actor=ACTOR):
        found = customer_models.Contract.objects.filter(organization_id=unit.organization.pk)
        return list(found.select_related("account__customer").order_by("during", "id"))


def rows(unit: moves.Unit) -> tuple[int, int, int]:
    """How many customers, accounts and contracts there are beside the landlord's."""
    with scoping.scope([unit.organization.pk], actor=ACTOR):
        own = {"organization_id": unit.organization.pk}
        return (
            customer_models.Customer.objects.filter(**own).count() - 1,
            customer_models.Account.objects.filter(**own, is_landlord=False).count(),
            customer_models.Contract.objects.filter(**own).count(),
        )


class TestMoveIn:
    def test_sets_up_customer_account_contract_and_deposit(self) -> None:
        place = unit()
        billing.count(place.meter.energy, START, START + timedelta(hours=1), begin=12_345)
        journey = ready(place, email="ana@a.example")

        account = moves.finish(journey, at=NOW)

        (contract,) = contracts(place)
        assert contract.account.public_id == account
        assert (contract.account.customer.name, contract.account.customer.email) == ("Ana Ruiz", "ana@a.example")
        assert (contract.during.lower, contract.during.upper) == (START, None)
        assert contract.readings["start"] == {
            "value": "123.45",
            "unit": "KWH",
            "origin": "METER",
            "is_between": False,
        }
        with scoping.scope([place.organization.pk], actor=ACTOR):
            deposit = customer_models.Deposit.objects.get(organization_id=place.organization.pk)
        assert (str(deposit), deposit.agreed_date) == ("250.0000 EUR", FIRST)
        done = fresh(journey)
        assert (done.state, done.result) == (JourneyState.DONE, account)
        assert Step.CUSTOMER not in done.facts
        assert "journeys:move_in" in trails.actions(place.organization)

    def test_a_second_submit_answers_the_same_account(self) -> None:
        place = unit()
        journey = ready(place)

        assert moves.finish(journey, at=NOW) == moves.finish(journey, at=NOW)
        assert rows(place) == (1, 1, 1)

    def test_two_at_once_open_one_account(self) -> None:
        place = unit()
        journey = ready(place)
        answered: list[object] = []
        both = threading.Barrier(2)

        def submit() -> None:
            both.wait()
            try:
                answered.append(moves.finish(journey, at=NOW))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=submit) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert len(answered) == 2
        assert len(set(answered)) == 1
        assert rows(place) == (1, 1, 1)

    def test_two_for_one_unit_let_one_in(self) -> None:
        place = unit()
        mine, theirs = ready(place), ready(place, number="A-000002")
        moves.finish(mine, at=NOW)

        with pytest.raises(operations.JourneyRefused, match="Ana Ruiz pays for") as refused:
            moves.finish(theirs, at=NOW)

        assert refused.value.step is Step.START
        assert rows(place) == (1, 1, 1)
        assert fresh(theirs).state == JourneyState.OPEN

    @pytest.mark.parametrize("calls", [3, 15, 40, 80, 120])
    def test_killed_anywhere_leaves_nothing_and_can_be_taken_up(self, calls: int) -> None:
        place = unit()
        journey = ready(place)

        was_killed = in_child(lambda: moves.finish(journey, at=NOW), calls)

        assert was_killed
        assert rows(place) == (0, 0, 0)
        assert fresh(journey).facts[Step.CUSTOMER]["name"] == "Ana Ruiz"
        moves.finish(fresh(journey), at=NOW)
        assert rows(place) == (1, 1, 1)

    def test_keeps_what_a_person_read_where_the_meter_tells_nothing(self) -> None:
        place = unit()
        given = moves.answers_in(place, starts_at=START)
        given[Step.READINGS] = {str(place.point.public_id): {"value": "5000.25", "origin": "PERSON"}}
        journey = moves.journey(organization=place.organization, kind=JourneyKind.MOVE_IN, answers=given, at=NOW)

        moves.finish(journey, at=NOW)

        (contract,) = contracts(place)
        assert contract.readings["start"]["value"] == "5000.25"
        with scoping.scope([place.organization.pk], actor=ACTOR):
            reading = metering_models.Reading.objects.get(
                organization_id=place.organization.pk, series_id=place.meter.energy.pk
            )
            marks = metering_models.DirtyDays.objects.filter(organization_id=place.organization.pk).count()
        assert (reading.at, reading.value, reading.source) == (START, 500_025, Source.FIELD)
        assert marks > 0

    def test_refuses_a_reading_that_does_not_fit(self) -> None:
        place = unit()
        billing.count(place.meter.energy, START - timedelta(hours=1), START - timedelta(minutes=15), begin=12_000)
        given = moves.answers_in(place, starts_at=START)
        given[Step.READINGS] = {str(place.point.public_id): {"value": "1.00", "origin": "PERSON"}}
        journey = moves.journey(organization=place.organization, kind=JourneyKind.MOVE_IN, answers=given, at=NOW)

        with pytest.raises(operations.JourneyRefused, match="at least") as refused:
            moves.finish(journey, at=NOW)

        assert (refused.value.step, refused.value.about) == (Step.READINGS, place.point.public_id)
        assert rows(place) == (0, 0, 0)

    def test_refuses_a_time_that_is_billed_to_the_landlord(self) -> None:
        place = unit()
        billing.count(place.meter.energy, START, END)
        billing.issued(place.place, first_day=FIRST, until_day=UNTIL)

        with pytest.raises(operations.JourneyRefused, match="L-000001 until 2026-03-01"):
            moves.finish(ready(place, starts_at=START + timedelta(days=9)), at=NOW)

        moves.finish(ready(place, starts_at=END), at=NOW)
        assert rows(place) == (1, 1, 1)

    def test_refuses_a_tariff_of_another_quantity(self) -> None:
        place = unit()
        raw = {**billing.document(), "code": "WATER", "unit": "M3"}
        water = billing.tariff(organization=place.organization, raw=raw)
        given = moves.answers_in(place, starts_at=START)
        given[Step.TARIFF] = {str(place.point.public_id): str(water.public_id)}
        journey = moves.journey(organization=place.organization, kind=JourneyKind.MOVE_IN, answers=given, at=NOW)

        with pytest.raises(operations.JourneyRefused, match="WATER prices m³"):
            moves.finish(journey, at=NOW)

    def test_uses_the_account_that_a_customer_has(self) -> None:
        place = unit()
        known = customers.account(organization=place.organization, site=place.place.site)

        account = moves.moved_in(place, starts_at=START, at=NOW, account=str(known.public_id))

        assert account == known.public_id
        assert rows(place) == (1, 1, 1)


class TestMoveOut:
    def out(self, place: moves.Unit, account: uuid.UUID, ends_at: datetime) -> models.Journey:
        given = moves.answers_out(account, [each.public_id for each in contracts(place)], ends_at=ends_at)
        return moves.journey(organization=place.organization, kind=JourneyKind.MOVE_OUT, answers=given, at=NOW)

    def test_ends_the_contract_and_marks_the_account(self) -> None:
        place = unit()
        account = moves.moved_in(place, starts_at=START, at=NOW)
        billing.count(place.meter.energy, START, END)
        ends_at = START + timedelta(days=20)

        moves.finish(self.out(place, account, ends_at), at=NOW)

        (contract,) = contracts(place)
        assert contract.during.upper == ends_at
        assert contract.readings["end"]["origin"] == "METER"
        assert contract.account.moved_out_at == ends_at
        assert contract.account.customer.address.startswith("Calle Mayor")
        assert "journeys:move_out" in trails.actions(place.organization)

    def test_leaves_a_vacancy_until_the_next_one_moves_in(self) -> None:
        place = unit()
        account = moves.moved_in(place, starts_at=START, at=NOW)
        moves.finish(self.out(place, account, START + timedelta(days=10)), at=NOW)

        moves.moved_in(place, starts_at=START + timedelta(days=15), at=NOW, number="A-000002")

        with scoping.scope([place.organization.pk], actor=ACTOR):
            shares = customer_queries.occupancy(meter_point_ids=[place.point.pk], period=Period(START, END))[
                place.point.pk
            ]
        assert [each.is_vacancy for each in shares] == [False, True, False]
        assert [each.period.start for each in shares] == [START, START + timedelta(days=10), START + timedelta(days=15)]

    def test_refuses_an_end_before_what_is_billed(self) -> None:
        place = unit()
        account = moves.moved_in(place, starts_at=START, at=NOW)
        billing.count(place.meter.energy, START, END)
        billing.issued(place.place, first_day=FIRST, until_day=UNTIL)

        with pytest.raises(operations.JourneyRefused, match="A-000001 until 2026-03-01"):
            moves.finish(self.out(place, account, START + timedelta(days=3)), at=NOW)
        assert contracts(place)[0].during.upper is None

    def test_bills_each_for_its_own_days(self) -> None:
        """The final bill of who left, the landlord's for the gap, and the first of who came: 0.25 kWh a quarter."""
        place = unit()
        billing.count(place.meter.energy, START, END)
        account = moves.moved_in(place, starts_at=START, at=NOW)
        moves.finish(self.out(place, account, START + timedelta(days=10)), at=NOW)
        moves.moved_in(place, starts_at=START + timedelta(days=15), at=NOW, number="A-000002")

        run = billing.issued(place.place, first_day=FIRST, until_day=UNTIL)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            bills = {
                row.account_number: billing.bill_of(row).content["meter_points"][0]
                for row in billing_queries.run_bills(run_public_id=run.public_id).rows
            }
        assert {number: (point["days"], point["quantity"]) for number, point in bills.items()} == {
            "A-000001": (10, 240_000),
            "A-000002": (13, 312_000),
            "L-000001": (5, 120_000),
        }


class TestContracts:
    def test_never_overlap(self) -> None:
        place = unit()
        moves.moved_in(place, starts_at=START, at=NOW)
        other = customers.account(organization=place.organization, site=place.place.site)

        with pytest.raises(customer_operations.ContractsOverlap):
            customers.contract(
                account=other, point=place.point, tariff=place.place.tariff, starts_at=START + timedelta(days=1)
            )


def in_child(work: Callable[[], object], calls: int) -> bool:
    """Run it in a process that is killed at the n-th call of a function of ours; False: it came to its end before."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        left = [calls]

        def look(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and "/meterbook/" in frame.f_code.co_filename:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(look)
        try:
            work()
        finally:
            sys.setprofile(None)
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
