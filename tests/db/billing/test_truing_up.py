"""Estimated bills and the readings after them (G-17): what is billed, marked and settled, once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models, operations, queries
from meterbook.billing.values import TrueUpStrategy
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.estimating.inputs import Method
from tests.factories import billing, calendars, customers, metering

ACTOR = Actor.system("test")
P1 = billing.Days(date(2026, 6, 1), date(2026, 7, 1))  # 30 days
P2 = billing.Days(date(2026, 7, 1), date(2026, 8, 1))  # 31 days


def estimated(used: int = 300, until: datetime | None = None) -> tuple[billing.Place, metering.Installed]:
    """A register at 1,000 on the first of June, and an estimated bill of June."""
    place = billing.place(code="HR")
    meter = billing.metered(place)
    metering.record(meter.energy, [(P1.starts_at, 100_000)])
    account = customers.account(organization=place.organization, site=place.site, number="A-1")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=P1.starts_at, ends_at=until)
    billing.derive(place.organization.pk)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        metering_operations.estimate(
            actor=ACTOR,
            at=P1.ends_at,
            series=meter.energy,
            until=P1.ends_at,
            estimated=metering_operations.Estimated(
                method=Method.MANUAL, used=used * 1_000, made_of={}, reason="no reading"
            ),
            needs_second=False,
        )
    billing.derive(place.organization.pk)
    run = billing.issued(place, first_day=P1.first_day, until_day=P1.until_day)
    assert run.state == "CLOSED"
    return place, meter


def next_bill(place: billing.Place) -> tuple[models.BillRun, dict[str, Any]]:
    run = billing.advance(billing.plan(place, first_day=P2.first_day, until_day=P2.until_day))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = queries.run_bills(run_public_id=run.public_id).rows
        assert row.reasons == ()
        return run, billing.bill_of(row).content


@pytest.mark.spec("G-17", "M-089/1")
class TestTrueUp:
    def test_prices_the_estimated_period_again_and_settles_the_difference(self) -> None:
        place, meter = estimated()
        metering.record(meter.energy, [(P2.ends_at, 155_000)])
        billing.derive(place.organization.pk)

        run, bill = next_bill(place)

        (point,) = bill["meter_points"]
        (settled,) = bill["settlements"]
        (measured,) = settled["meter_points"]
        scale = Decimal(10) ** -point["decimals"]
        assert (measured["billed"] * scale, round(measured["actual"] * scale, 3)) == (300, Decimal("270.492"))
        assert round(point["quantity"] * scale, 3) == Decimal("279.508")
        assert (measured["actual"] + point["quantity"]) * scale == 550
        assert settled["bill"] == "HR-2026-000001"
        assert Decimal(settled["net"]) < 0
        net = sum(Decimal(line["amount"]) for charge in point["charges"] for line in charge["lines"])
        assert Decimal(bill["net"]) == net + Decimal(settled["net"])
        assert [Decimal(each["base"]) for each in bill["taxes"]] == [Decimal(bill["net"])]

        run = billing.advance(billing.approve(run))
        assert run.state == "CLOSED"
        # Once.
        metering.record(meter.energy, [(billing.Days(date(2026, 8, 1), date(2026, 9, 1)).ends_at, 180_000)])
        billing.derive(place.organization.pk)
        third = billing.advance(billing.plan(place, first_day=date(2026, 8, 1), until_day=date(2026, 9, 1)))
        with scoping.scope([place.organization.pk], actor=ACTOR):
            (row,) = queries.run_bills(run_public_id=third.public_id).rows
            assert "settlements" not in billing.bill_of(row).content

    def test_of_less_than_was_billed_is_a_credit_and_no_roll_over(self) -> None:
        place, meter = estimated()
        metering.record(meter.energy, [(P2.ends_at, 125_000)])
        billing.derive(place.organization.pk)

        _run, bill = next_bill(place)

        (settled,) = bill["settlements"]
        (measured,) = settled["meter_points"]
        (point,) = bill["meter_points"]
        scale = Decimal(10) ** -point["decimals"]
        assert (measured["actual"] + point["quantity"]) * scale == 250
        # 250 over 61 days: 122.951 and 127.049; with 300 billed before, 50 are given back.
        assert (measured["actual"] - measured["billed"] + point["quantity"]) * scale == -50
        assert Decimal(settled["net"]) < 0

    def test_of_who_left_is_settled_with_the_landlord_and_never_with_who_comes_after(self) -> None:
        place, meter = estimated(until=P1.ends_at)
        newcomer = customers.account(organization=place.organization, site=place.site, number="A-2")
        customers.contract(
            account=newcomer, point=meter.point, tariff=place.tariff, starts_at=P2.starts_at + timedelta(days=10)
        )
        metering.record(meter.energy, [(P2.ends_at, 155_000)])
        billing.derive(place.organization.pk)

        run = billing.advance(billing.plan(place, first_day=P2.first_day, until_day=P2.until_day))

        with scoping.scope([place.organization.pk], actor=ACTOR):
            rows = queries.run_bills(run_public_id=run.public_id).rows
            made = {each.account_number: billing.bill_of(each).content for each in rows}
        assert set(made) == {"A-2", "L-000001"}
        assert "settlements" not in made["A-2"]
        (settled,) = made["L-000001"]["settlements"]
        assert (settled["account"], settled["bill"]) == ("A-1", "HR-2026-000001")
        assert billing.advance(billing.approve(run)).state == "CLOSED"

    @pytest.mark.parametrize(("shown", "left"), [(155_000, 250), (125_000, -50)])
    def test_by_register_netting_leaves_what_the_register_says_less_what_was_billed(
        self, shown: int, left: int
    ) -> None:
        place, meter = estimated()
        calendars.calendar(place, starts_on=date(2030, 1, 1), settlement=TrueUpStrategy.NETTING)
        metering.record(meter.energy, [(P2.ends_at, shown)])
        billing.derive(place.organization.pk)

        run, bill = next_bill(place)

        (settled,) = bill["settlements"]
        (point,) = bill["meter_points"]
        (line,) = settled["lines"]
        used = Decimal(point["quantity"]).scaleb(-point["decimals"])
        assert (settled["strategy"], used + Decimal(line["quantity"])) == ("NETTING", left)
        metered = [each for charge in point["charges"] for each in charge["lines"] if each["unit"] == point["unit"]]
        price = sum(Decimal(each["amount"]) for each in metered) / used
        assert abs(Decimal(line["amount"]) - Decimal(line["quantity"]) * price) < Decimal("0.01")
        assert Decimal(bill["taxes"][0]["base"]) == Decimal(bill["net"])
        # A what-if by the same prices gives what was billed, though it prices June from the readings that came since;
        # each of the two bills rounds its tax.
        billing.advance(billing.approve(run))
        with scoping.scope([place.organization.pk], actor=ACTOR):
            asked = asking.Asked(asking.Scope(numbers=("A-1",)), P1.first_day, P2.until_day)
            (row,) = comparing.compare(asked, now=P2.ends_at + timedelta(days=20)).accounts
        assert row.bills == 2
        assert abs(row.change.amount) <= Decimal("0.01")

    def test_waits_while_the_next_period_is_estimated_too(self) -> None:
        place, meter = estimated()
        with scoping.scope([place.organization.pk], actor=ACTOR):
            metering_operations.estimate(
                actor=ACTOR,
                at=P2.ends_at,
                series=meter.energy,
                until=P2.ends_at,
                estimated=metering_operations.Estimated(
                    method=Method.MANUAL, used=310_000, made_of={}, reason="no reading"
                ),
                needs_second=False,
            )
        billing.derive(place.organization.pk)

        _run, bill = next_bill(place)

        assert bill["is_estimated"]
        assert "settlements" not in bill

    def test_goes_with_its_draft_and_comes_again(self) -> None:
        place, meter = estimated()
        metering.record(meter.energy, [(P2.ends_at, 155_000)])
        billing.derive(place.organization.pk)
        run, _bill = next_bill(place)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            assert models.TrueUp.objects.filter(organization_id=place.organization.pk).count() == 1
            operations.cancel_run(actor=ACTOR, at=P2.ends_at, run=run, reason="again")
            assert not models.TrueUp.objects.filter(organization_id=place.organization.pk).exists()

        _run, bill = next_bill(place)

        assert len(bill["settlements"]) == 1
