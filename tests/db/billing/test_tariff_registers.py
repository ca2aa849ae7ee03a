"""A meter that people read: its tariff registers and its reactive energy are billed by two readings each (M-052)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from meterbook.billing import models, queries, values
from meterbook.billing.calculating import facts
from meterbook.billing.correcting import replaying
from meterbook.billing.correction_values import LineCause, Mode, Outcome
from meterbook.billing.operations import recalculating, recomputing
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import TARIFF_SERIES, Source
from tests.factories import billing, corrections, customers, metering, tariffs

ACTOR = Actor.system("test")
JANUARY = billing.Days(date(2026, 1, 1), date(2026, 2, 1))
DIVIDED = tariffs.document(
    currency="EUR",
    components=[
        {"code": "day", "name": "Day", "charge": "ENERGY", "channel": "IMPORT_T1", "price": "0.30"},
        {"code": "night", "name": "Night", "charge": "ENERGY", "channel": "IMPORT_T2", "price": "0.10"},
        {
            "code": "kvarh",
            "name": "Reactive",
            "charge": "POWER_FACTOR",
            "price": "0.04",
            "power_factor": {"rule": "REACTIVE_ABOVE", "tan_phi": "0.5"},
        },
    ],
)
SHOWN = {  # at the beginning and the end of January
    "energy_import": (1_000_000, 1_500_000),
    "energy_import_t1": (700_000, 1_050_000),
    "energy_import_t2": (300_000, 450_000),
    "energy_reactive_import": (200_000, 500_000),
}


def hand_read(
    place: billing.Place, name: str, codes: tuple[str, ...], unread: tuple[str, ...] = ()
) -> metering.Installed:
    units = {"energy_reactive_import": Unit.KVARH}
    meter = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        name=name,
        model_code="imported",
        registers=tuple(metering_operations.RegisterPlan(each, each, units.get(each, Unit.KWH), 3) for each in codes),
    )
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=JANUARY.starts_at)
    for code in codes:
        begin, end = SHOWN[code]
        shown = [(JANUARY.starts_at, begin), (JANUARY.ends_at, end)]
        metering.record(meter.series[code], shown[:1] if code in unread else shown, source=Source.FIELD)
    return meter


@pytest.mark.spec("M-052/4")
def test_each_register_is_priced_and_who_lacks_one_is_held() -> None:
    place = billing.place(raw=DIVIDED)
    whole = hand_read(place, "Whole", tuple(SHOWN))
    lacking = hand_read(place, "Lacking", ("energy_import", TARIFF_SERIES[0], "energy_reactive_import"))
    billing.derive(place.organization.pk)

    run = billing.advance(billing.plan(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        (bill,) = [billing.bill_of(each).content for each in rows if each.bill_public_id is not None]
        held = [reason for each in rows for reason in each.reasons]
    (charges,) = [each["charges"] for each in bill["meter_points"]]
    assert bill["meter_points"][0]["code"] == whole.point.code
    assert {line["code"]: Decimal(line["amount"]) for line in charges[0]["lines"]} == {
        "day": Decimal("105.00"),  # 350 kWh
        "night": Decimal("15.00"),  # 150 kWh
        "kvarh": Decimal("2.00"),  # 300 kvarh, of which 250 are free
    }
    assert [(each.code, each.meter_point) for each in held] == [(values.HoldReason.NO_CHANNEL, lacking.point.code)]


@pytest.mark.spec("M-089/2")
def test_a_register_without_its_reading_holds_the_account() -> None:
    place = billing.place(raw=DIVIDED)
    meter = hand_read(place, "Unread", tuple(SHOWN), unread=("energy_import_t2",))
    billing.derive(place.organization.pk)
    run = billing.advance(billing.plan(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = queries.run_bills(run_public_id=run.public_id).rows
    assert [(each.code, each.meter_point) for each in row.reasons] == [(values.HoldReason.MISSING, meter.point.code)]
    assert row.reasons[0].detail.startswith("The meter's tariff register T2: ")


@pytest.mark.spec("B-70/2")
def test_a_bill_by_several_registers_is_made_again_to_the_same_bytes_and_so_is_one_that_tells_none() -> None:
    place = billing.place(raw=DIVIDED)
    meter = hand_read(place, "Whole", tuple(SHOWN))
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

    metering.record(meter.series[TARIFF_SERIES[1]], [(JANUARY.ends_at, 460_000)], source=Source.METER)
    metering_operations.derive_dirty_days(organization_id=made.owner, actor=ACTOR, at=corrections.LATER)
    proof, corrected = again(Mode.REPRODUCE), again(Mode.CORRECT)

    assert (proof.outcome, proof.differences and proof.differences.is_identical) == (Outcome.SAME, True)
    assert corrected.differences is not None
    assert [(each.text["en"], each.causes) for each in corrected.differences.lines] == [("Night", (LineCause.READING,))]
    bill = corrections.bill_of(made, "Whole")
    old = json.loads(bytes(bill.draft.content))
    del old["meter_points"][0]["registers"]
    with scoping.scope([made.owner], actor=ACTOR):
        run = models.BillRun.objects.select_related("site").get(organization_id=made.owner, pk=made.run.pk)
        shares = recomputing.billed_shares(run, [bill.account_id])[bill.account_id]
        issued = replaying.Issued(bill.account_id, json.dumps(old).encode(), tuple(shares))
        remade = replaying.Replayer(facts.run_of(run), [issued], as_of=run.approved_at).calculate([bill.account_id])
    assert json.loads(remade.contents[bill.account_id].data)["meter_points"] == old["meter_points"]
