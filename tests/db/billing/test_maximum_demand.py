"""Demand of meters that show the highest power of a period on a register, which people read (B-40, decision 0036)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from meterbook.billing import operations, queries, values
from meterbook.billing.correction_values import LineCause, Mode, Outcome
from meterbook.billing.operations import recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import Source
from tests.factories import billing, corrections, customers, metering, tariffs

ACTOR = Actor.system("test")
JANUARY = billing.Days(date(2026, 1, 1), date(2026, 2, 1))
CHARGED = tariffs.document(
    currency="EUR",
    components=[
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.10"},
        {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "5", "demand": {"source": "REGISTER"}},
    ],
)
DAY = timedelta(days=1)


def hand_read(place: billing.Place, name: str, maxima: list[tuple[datetime, int]]) -> metering.Installed:
    """A meter behind a transformer that counts 40 times: 1,500 - 1,000 kWh on its display, and these maxima in W."""
    units = {"energy_import": Unit.KWH, "power_maximum": Unit.KW}
    meter = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        name=name,
        model_code="imported",
        multiplier=Fraction(40),
        registers=tuple(metering_operations.RegisterPlan(code, code, unit, 3) for code, unit in units.items()),
    )
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=JANUARY.starts_at)
    shown = [(JANUARY.starts_at, 1_000_000), (JANUARY.ends_at, 1_500_000)]
    metering.record(meter.series["energy_import"], shown, source=Source.FIELD)
    if maxima:
        metering.record(meter.series["power_maximum"], maxima, source=Source.FIELD)
    return meter


def lines_of(bill: dict[str, Any]) -> dict[str, tuple[Decimal, Decimal]]:
    (charge,) = bill["meter_points"][0]["charges"]
    return {line["code"]: (Decimal(line["quantity"]), Decimal(line["amount"])) for line in charge["lines"]}


@pytest.mark.spec("M-053/3")
def test_the_register_is_billed_times_the_transformer_and_who_lacks_its_reading_is_held() -> None:
    place = billing.place(raw=CHARGED)
    start, end = JANUARY.starts_at, JANUARY.ends_at
    read = hand_read(place, "Read", [(start, 9_000), (start + 10 * DAY, 2_500), (end + 2 * DAY, 2_000)])
    unread = hand_read(place, "Unread", [(start + 2 * DAY, 9_000)])  # two days late: it tells of December
    billing.derive(place.organization.pk)

    run = billing.advance(billing.plan(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        (bill,) = [billing.bill_of(each).content for each in rows if each.bill_public_id is not None]
        held = [reason for each in rows for reason in each.reasons]
    assert bill["meter_points"][0]["code"] == read.point.code
    assert lines_of(bill) == {
        "energy": (Decimal(20_000), Decimal("2000.00")),
        "demand": (Decimal(100), Decimal("500.00")),  # 2.5 kW, 40 times
    }
    assert [(each.code, each.meter_point, each.detail) for each in held] == [
        (values.HoldReason.NO_MAXIMUM, unread.point.code, "demand")
    ]
    assert "then check again" in held[0].remedy


@pytest.mark.spec("M-053/3")
def test_a_bill_is_reproduced_to_the_same_bytes_and_corrected_by_what_was_read_wrong() -> None:
    place = billing.place(raw=CHARGED)
    meter = hand_read(place, "Read", [(JANUARY.starts_at, 9_000), (JANUARY.ends_at, 2_500)])
    billing.derive(place.organization.pk)
    made = corrections.Billed(
        place, (meter,), billing.issued(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day)
    )

    def again(mode: Mode) -> correction_queries.ResultRow:
        with scoping.scope([made.owner], actor=ACTOR):
            asked = recalculating.ask_recalculation(
                actor=ACTOR, at=corrections.LATER, mode=mode, scope=recalculating.Scope(run=made.run.public_id)
            )
            (found,) = correction_queries.results_of(recalculation_id=asked.pk)
            return found

    series = meter.series["power_maximum"]
    with scoping.scope([made.owner], actor=ACTOR):
        metering_operations.correct_readings(
            actor=ACTOR,
            at=corrections.LATER,
            series=series,
            kind=CorrectionKind.SET,
            corrected_at=JANUARY.ends_at,
            reason="Misread",
            value=2_600,
        )
    metering_operations.derive_dirty_days(organization_id=made.owner, actor=ACTOR, at=corrections.LATER)
    proof, corrected = again(Mode.REPRODUCE), again(Mode.CORRECT)

    assert (proof.outcome, proof.differences and proof.differences.is_identical) == (Outcome.SAME, True)
    assert corrected.differences is not None
    assert [(each.text["en"], str(each.now), each.causes) for each in corrected.differences.lines] == [
        ("Demand", "520.00 EUR", (LineCause.READING,))
    ]
    with scoping.scope([made.owner], actor=ACTOR):
        assert operations.note_late_changes(at=corrections.LATER) == 1
