"""Manual bills with free begin and end: energy sums exactly, nothing is billed twice, a preview leaves no trace."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models, operations, queries
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import billing, customers
from tests.factories.billing import MADRID

ACTOR = Actor.system("test")
JUNE = billing.Days(date(2026, 6, 1), date(2026, 7, 1))
CUT = datetime(2026, 6, 17, 10, 30, tzinfo=MADRID)
AT = datetime(2026, 7, 3, 12, tzinfo=MADRID)


def house() -> tuple[billing.Place, customer_models.Account]:
    place = billing.place(code="HR")
    meter = billing.metered(place)
    billing.count(meter.energy, JUNE.starts_at, JUNE.ends_at, rise=(7, 11, 13))
    account = customers.account(organization=place.organization, site=place.site, number="A-1")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=JUNE.starts_at)
    return place, account


def issue(place: billing.Place, account: customer_models.Account, start: datetime, end: datetime) -> dict[str, Any]:
    """The content of its bill."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        wanted = operations.Wanted(start, end, account=account.public_id)
        run = operations.plan_manual(actor=ACTOR, at=AT, wanted=wanted)
    run = billing.advance(billing.approve(billing.advance(run)))
    assert run.state == "CLOSED"
    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = queries.run_bills(run_public_id=run.public_id).rows
        return billing.bill_of(row).content


def preview(place: billing.Place, account: customer_models.Account, start: datetime, end: datetime) -> dict[str, Any]:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        wanted = operations.Wanted(start, end, account=account.public_id)
        (content,) = operations.preview_manual(actor=ACTOR, at=AT, wanted=wanted).contents
        return content


def amounts(content: dict[str, Any], component: str) -> list[Decimal]:
    return [
        Decimal(line["quantity"])
        for point in content["meter_points"]
        for charge in point["charges"]
        for line in charge["lines"]
        if line["component"] == component
    ]


class TestManualBill:
    @pytest.mark.spec("M-080/1")
    def test_parts_of_june_sum_to_june_and_fixed_charges_go_by_days(self) -> None:
        place, account = house()
        whole = preview(place, account, JUNE.starts_at, JUNE.ends_at)

        first = issue(place, account, JUNE.starts_at, CUT)
        second = issue(place, account, CUT, JUNE.ends_at)

        parts = [first["meter_points"][0], second["meter_points"][0]]
        assert sum(each["quantity"] for each in parts) == whole["meter_points"][0]["quantity"]
        # The 17th belongs to who has its beginning.
        assert [amounts(each, "base") for each in (first, second, whole)] == [[17], [13], [30]]
        assert (first["period"]["until"], second["period"]["from"]) == ("2026-06-17T10:30:00+02:00",) * 2
        assert (first["period"]["days"], second["period"]["days"]) == (17, 13)
        energy = [sum(amounts(each, "energy")) for each in (first, second, whole)]
        assert energy[0] + energy[1] == energy[2]
        (before, after) = (each["segments"][-1] for each in parts)
        assert before["present"]["value"] == after["previous"]["value"]

    @pytest.mark.spec("M-080/2")
    def test_refuses_time_that_a_bill_has_and_names_it(self) -> None:
        place, account = house()
        issue(place, account, JUNE.starts_at, CUT)

        wanted = operations.Wanted(CUT - timedelta(hours=1), JUNE.ends_at, account=account.public_id)
        with (
            scoping.scope([place.organization.pk], actor=ACTOR),
            pytest.raises(operations.PartBilled, match="HR-2026-000001") as refused,
        ):
            operations.plan_manual(actor=ACTOR, at=AT, wanted=wanted)

        assert refused.value.bill is not None

    def test_refuses_time_that_an_open_run_has_and_names_it(self) -> None:
        place, account = house()
        run = billing.advance(billing.plan(place, first_day=JUNE.first_day, until_day=JUNE.until_day))

        wanted = operations.Wanted(JUNE.starts_at, CUT, account=account.public_id)
        with (
            scoping.scope([place.organization.pk], actor=ACTOR),
            pytest.raises(operations.PartBilled) as refused,
        ):
            operations.plan_manual(actor=ACTOR, at=AT, wanted=wanted)

        assert refused.value.run == run.public_id

    def test_leaves_the_rest_of_the_month_to_its_run(self) -> None:
        place, account = house()
        first = issue(place, account, JUNE.starts_at, CUT)
        whole = preview_of_month(place)

        assert whole["meter_points"][0]["from"] == first["meter_points"][0]["until"]

    def test_preview_leaves_no_trace(self) -> None:
        place, account = house()

        preview(place, account, JUNE.starts_at, CUT)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            for model in (models.BillRun, models.RunMember, models.RunShare, models.BillDraft):
                assert not model.objects.filter(organization_id=place.organization.pk).exists()

    def test_refuses_what_has_not_been_used_yet(self) -> None:
        place, account = house()

        for start, end in ((CUT, CUT), (CUT, AT + timedelta(minutes=1)), (AT - timedelta(days=2_000), AT)):
            wanted = operations.Wanted(start, end, account=account.public_id)
            with (
                scoping.scope([place.organization.pk], actor=ACTOR),
                pytest.raises(operations.PeriodImpossible),
            ):
                operations.plan_manual(actor=ACTOR, at=AT, wanted=wanted)

    def test_bills_whoever_pays_for_a_unit_an_early_end_of_the_lease_too(self) -> None:
        place, account = house()
        with scoping.scope([place.organization.pk], actor=ACTOR):
            contract = customer_models.Contract.objects.get(organization_id=place.organization.pk, account=account)
            contract.during = type(contract.during)(contract.during.lower, CUT, "[)")
            contract.save()
            wanted = operations.Wanted(JUNE.starts_at, JUNE.ends_at, account=account.public_id)
            (content,) = operations.preview_manual(actor=ACTOR, at=AT, wanted=wanted).contents

        assert content["meter_points"][0]["until"] == "2026-06-17T10:30:00+02:00"


def preview_of_month(place: billing.Place) -> dict[str, Any]:
    run = billing.advance(billing.plan(place, first_day=JUNE.first_day, until_day=JUNE.until_day))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = queries.run_bills(run_public_id=run.public_id).rows
        return billing.bill_of(row).content
