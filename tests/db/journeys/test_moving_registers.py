"""A meter that people read, with T1, T2 and reactive energy: each is read at a move, and billed to that day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from meterbook.billing import queries as billing_queries
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.journeys import operations, readings
from meterbook.journeys.values import JourneyKind, Step
from meterbook.metering import models as metering_models
from tests.factories import acquisition, billing, identity, moves

START, END = billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at
LEFT = START + timedelta(days=10)
NOW = END + timedelta(days=5)


@pytest.fixture
def bakery() -> moves.Unit:
    return moves.hand_read()


def typed(bakery: moves.Unit, edge: int, **shown: str) -> dict[str, Any]:
    """What a person read of each register at an edge, in the form of the step; `shown` in its place."""
    point = bakery.point.public_id
    told = {code: f"{raws[edge] // 1000}.{raws[edge] % 1000:03}" for code, raws in moves.SEVERAL.items()} | shown
    return {
        readings.key_of(point, "" if code == "energy_import" else code): {"origin": "PERSON", "value": value}
        for code, value in told.items()
        if value
    }


def move(bakery: moves.Unit, kind: JourneyKind, given: dict[Step, Any], read: dict[str, Any]) -> Any:  # noqa: ANN401
    journey = moves.journey(organization=bakery.organization, kind=kind, answers={**given, Step.READINGS: read}, at=NOW)
    return moves.finish(journey, at=NOW)


def contracts(bakery: moves.Unit) -> list[customer_models.Contract]:
    with scoping.scope([bakery.organization.pk], actor=identity.ACTOR):
        found = customer_models.Contract.objects.filter(organization_id=bakery.organization.pk)
        return list(found.select_related("account").order_by("during", "id"))


def stored(bakery: moves.Unit, instant: datetime) -> dict[str, int]:
    with scoping.scope([bakery.organization.pk], actor=identity.ACTOR):
        found = metering_models.Reading.objects.filter(organization_id=bakery.organization.pk, at=instant)
        codes = {each.pk: code for code, each in bakery.meter.series.items()}
        return {codes[series_id]: value for series_id, value in found.values_list("series_id", "value")}


@pytest.mark.spec("M-026/6")
class TestRegisters:
    def test_are_kept_at_both_ends_and_bill_the_last_days(self, bakery: moves.Unit) -> None:
        account = move(bakery, JourneyKind.MOVE_IN, moves.answers_in(bakery, starts_at=START), typed(bakery, 0))
        out = moves.answers_out(account, [each.public_id for each in contracts(bakery)], ends_at=LEFT)
        move(bakery, JourneyKind.MOVE_OUT, out, typed(bakery, 1))
        billing.derive(bakery.organization.pk)

        run = billing.advance(
            billing.plan(bakery.place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        )

        assert [stored(bakery, at) for at in (START, LEFT)] == [
            {code: raws[edge] for code, raws in moves.SEVERAL.items()} for edge in (0, 1)
        ]
        (contract,) = contracts(bakery)
        ends = [
            {code: each["value"] for code, each in contract.readings[edge]["further"].items()}
            for edge in ("start", "end")
        ]
        assert ends == [
            {"energy_reactive_import": "200.000", "energy_import_t1": "700.000", "energy_import_t2": "300.000"},
            {"energy_reactive_import": "500.000", "energy_import_t1": "1050.000", "energy_import_t2": "450.000"},
        ]
        with scoping.scope([bakery.organization.pk], actor=identity.ACTOR):
            rows = {each.account_number: each for each in billing_queries.run_bills(run_public_id=run.public_id).rows}
            bill = billing.bill_of(rows["A-000001"]).content
        # 350 kWh by day, 150 by night; 300 kvarh, of which half of 500 kWh is free.
        assert [(each["code"], each["amount"]) for each in bill["meter_points"][0]["charges"][0]["lines"]] == [
            ("day", "105.00"),
            ("night", "15.00"),
            ("kvarh", "2.00"),
        ]

    def test_are_refused_one_by_one_and_nothing_is_kept(self, bakery: moves.Unit) -> None:
        given = moves.answers_in(bakery, starts_at=START)
        point = bakery.point.public_id
        account = move(bakery, JourneyKind.MOVE_IN, given, typed(bakery, 0))
        out = moves.answers_out(account, [each.public_id for each in contracts(bakery)], ends_at=LEFT)

        with pytest.raises(operations.JourneyRefused, match=r"showed 700\.000 kWh before") as low:
            move(bakery, JourneyKind.MOVE_OUT, out, typed(bakery, 1, energy_import_t1="5"))
        with pytest.raises(operations.JourneyRefused, match="leave its reading out") as other:
            move(bakery, JourneyKind.MOVE_OUT, out, typed(bakery, 1, energy_import_t3="5"))

        assert (low.value.step, low.value.about, low.value.register) == (Step.READINGS, point, "energy_import_t1")
        assert (other.value.about, other.value.register) == (point, "energy_import_t3")
        assert stored(bakery, LEFT) == {}
        assert contracts(bakery)[0].during.upper is None


def test_a_meter_with_a_device_is_asked_for_its_main_register_only() -> None:
    bakery = moves.hand_read(model_code="eastron_sdm630")
    ids, asked = [bakery.point.pk], {"instant": START, "at": NOW}
    with scoping.scope([bakery.organization.pk], actor=identity.ACTOR):
        by_hand = readings.faces_at(meter_point_ids=ids, **asked)
    acquisition.device(organization=bakery.organization, meter=bakery.meter.meter)
    with scoping.scope([bakery.organization.pk], actor=identity.ACTOR):
        by_device = readings.faces_at(meter_point_ids=ids, **asked)
        ahead = readings.faces_at(meter_point_ids=ids, instant=NOW + timedelta(days=1), at=NOW)

    codes = [[each.series_code for each in found[bakery.point.pk]] for found in (by_hand, by_device)]
    assert codes == [
        ["energy_import", "energy_reactive_import", "energy_import_t1", "energy_import_t2"],
        ["energy_import"],
    ]
    assert ahead == {}
