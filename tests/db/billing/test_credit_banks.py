"""Banks of energy fed in through real bills: from month to month, on paper and screen, through corrections."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import models, queries
from meterbook.billing.operations import correcting
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import billing, customers, identity, metering, sites, tariffs

ACTOR = Actor.system("test")
JANUARY, FEBRUARY = billing.Days(date(2026, 1, 1), date(2026, 2, 1)), billing.FEBRUARY
LATER = JANUARY.ends_at + timedelta(days=3)
EXPORT = metering_operations.RegisterPlan("energy_export", "energy_export", Unit.KWH, 2, wrap=None)
SUNNY = tariffs.document(
    currency="EUR",
    components=[
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.10"},
        {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.05"},
        {"code": "bank", "name": {"en": "Kept", "es": "Guardado"}, "charge": "CREDIT_BANK", "bank": {}},
    ],
)


def producer(place: billing.Place) -> metering.Installed:
    """A tenant with panels since the new year."""
    node = sites.node(site=place.site, name="Roof", code="Roof")
    meter = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        name="Roof",
        registers=(metering.ENERGY, EXPORT),
        node=node,
    )
    account = customers.account(organization=place.organization, site=place.site, name="Roof")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=JANUARY.starts_at)
    return meter


def used(
    meter: metering.Installed, days: billing.Days, rise: int, fed_in: int, begins: tuple[int, int]
) -> tuple[int, int]:
    """Hundredths of a kWh each quarter; what the registers show then."""
    energy = billing.count(meter.energy, days.starts_at, days.ends_at, rise=[rise], begin=begins[0])
    export = billing.count(meter.series["energy_export"], days.starts_at, days.ends_at, rise=[fed_in], begin=begins[1])
    return energy, export


def issue(place: billing.Place, days: billing.Days) -> models.BillRun:
    return billing.issued(place, first_day=days.first_day, until_day=days.until_day)


def content(place: billing.Place, run: models.BillRun) -> dict[str, Any]:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = [each for each in queries.run_bills(run_public_id=run.public_id).rows if each.bill_public_id]
        found: dict[str, Any] = billing.bill_of(row).content
        return found


def kept(bill: dict[str, Any]) -> dict[str, str]:
    (line,) = [each for each in bill["meter_points"][0]["charges"][0]["lines"] if each["code"] == "bank"]
    told: dict[str, str] = line["trace"]["bank"]
    return told


@pytest.mark.spec("B-08/1")
def test_credits_go_from_bill_to_bill() -> None:
    place = billing.place(raw=SUNNY)
    meter = producer(place)
    shown = used(meter, JANUARY, 10, 50, (100_000, 100_000))
    january = content(place, issue(place, JANUARY))
    shown = used(meter, FEBRUARY, 60, 10, shown)
    february = content(place, issue(place, FEBRUARY))

    # 297.60 kWh used and 1488 fed in: 29.76 and 74.40. Then 1612.80 and 268.80: 161.28, 13.44 and 44.64 kept.
    assert (january["net"], kept(january)["closing"]) == ("0.00", "44.64")
    assert kept(february) == {"opening": "44.64", "earned": "13.44", "applied": "58.08", "closing": "0.00"}
    assert february["net"] == "103.20"
    assert february["meter_points"][0]["charges"][0]["inputs"]["history"]["bank"]["bank"]["balance"] == "44.64"


@pytest.mark.spec("B-08/1")
def test_a_bill_before_that_was_corrected_leaves_what_the_new_one_says() -> None:
    place = billing.place(raw=SUNNY)
    meter = producer(place)
    shown = used(meter, JANUARY, 10, 50, (100_000, 100_000))
    run = issue(place, JANUARY)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        bill = models.Bill.objects.get(organization_id=place.organization.pk, run=run)
    shown = shown[0], shown[1] - 40
    replaced = corrected(place, meter, bill, shown[1])

    used(meter, FEBRUARY, 60, 10, shown)
    february = content(place, issue(place, FEBRUARY))

    assert replaced["net"] == "0.00"
    assert kept(february)["opening"] == kept(replaced)["closing"] == "44.62"


def corrected(place: billing.Place, meter: metering.Installed, bill: models.Bill, value: int) -> dict[str, Any]:
    """The bill that is issued instead, after what was fed in until the end of January was read again."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        metering_operations.correct_readings(
            actor=ACTOR,
            at=LATER,
            series=meter.series["energy_export"],
            kind=CorrectionKind.SET,
            corrected_at=JANUARY.ends_at,
            reason="misread",
            value=value,
        )
    billing.derive(place.organization.pk)
    checker = Actor.user(0, "checker", source="")
    with scoping.scope([place.organization.pk], actor=ACTOR):
        proposed = correcting.propose_correction(actor=ACTOR, at=LATER, bill=bill.public_id, reason="misread")
        note = correcting.approve_correction(actor=checker, at=LATER, correction=proposed.public_id)
        assert note.replacement is not None
        found: dict[str, Any] = json.loads(bytes(note.replacement.draft.content))
        return found


def test_it_stands_on_screen_and_paper_in_both_languages() -> None:
    place = billing.place(raw=SUNNY)
    used(producer(place), JANUARY, 10, 50, (100_000, 100_000))
    run = issue(place, JANUARY)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = [each for each in queries.run_bills(run_public_id=run.public_id).rows if each.bill_public_id]
    client = Client()
    client.force_login(identity.user(organization=place.organization))
    owner = place.organization.public_id

    page = client.get(reverse("bill", args=[owner, row.bill_public_id])).content.decode()
    assert "Kept: 0.00 + 74.40 − 29.76 = 44.64" in page
    assert "it holds 44.64" in page
    tariff = client.get(reverse("tariff", args=[owner, place.tariff.public_id])).content.decode()
    assert "Credits that are not used up are kept, and pay charges of later bills." in tariff
    assert client.get(reverse("bill_pdf", args=[owner, row.bill_public_id])).status_code == 200


@pytest.mark.parametrize("gap", [1, 20], ids=["a-month", "longer-than-a-year"])
def test_a_bank_is_never_too_old(gap: int) -> None:
    place = billing.place(raw=SUNNY)
    meter = producer(place)
    shown = used(meter, JANUARY, 10, 50, (100_000, 100_000))
    issue(place, JANUARY)
    month = 2 + gap
    first, until = (date(2026 + (each - 1) // 12, (each - 1) % 12 + 1, 1) for each in (month, month + 1))
    later = billing.Days(first, until)
    used(meter, later, 60, 10, shown)

    assert kept(content(place, issue(place, later)))["opening"] == "44.64"
