"""What lies behind lines that no single meter makes: shares of costs, and settlements of estimated bills."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import models
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import operations as metering_operations
from meterbook.metering.estimating.inputs import Method
from meterbook.sites.values import NodeKind
from tests.factories import billing, customers, identity, metering, pools

DAYS = billing.Days(date(2026, 5, 1), date(2026, 5, 2))
JUNE, JULY = billing.Days(date(2026, 6, 1), date(2026, 7, 1)), billing.Days(date(2026, 7, 1), date(2026, 8, 1))


def signed(user: identity_models.User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def tenant(organization: identity_models.Organization, account: object) -> Client:
    user = identity.user(organization=organization, role=None)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        sign_ins.link_user(
            actor=identity.ACTOR,
            at=identity.LONG_AGO,
            account=account.public_id,  # type: ignore[attr-defined]
            user_id=user.pk,
        )
    return signed(user)


def bill_of(organization: identity_models.Organization, number: str, run: models.BillRun) -> models.Bill:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return models.Bill.objects.get(organization_id=organization.pk, run=run, account__number=number)


@pytest.mark.spec("M-088/1")
def test_a_share_of_a_measured_cost_leads_to_the_raw_readings_and_a_tenant_to_no_neighbor(database: str) -> None:
    organization = identity.organization()
    place = billing.place(organization=organization)
    accounts = {}
    for code, name in (("U-1", "Zoe Berg"), ("U-2", "Max Frei")):
        node = pools.unit(place, area="30", kind=NodeKind.UNIT, code=code, name=f"Loft {code}")
        meter = billing.metered(place, node=node)
        billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at)
        accounts[name] = customers.account(organization=organization, site=place.site, name=name)
        customers.contract(account=accounts[name], point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
    pump = billing.metered(place, name="Cellar pump")
    billing.count(pump.energy, DAYS.starts_at, DAYS.ends_at, begin=700_000)
    pools.pool(
        place,
        name="Water pump",
        kind="PUMPS",
        source={"kind": "METER", "meter_point": str(pump.point.public_id), "price": "0.20", "unit": "KWH"},
        parts=[{"key": "AREA"}],
    )
    run = billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day)
    bill = bill_of(organization, accounts["Zoe Berg"].number, run)

    manager = signed(identity.user(organization=organization))
    told = manager.get(reverse("bill_part", args=[organization.public_id, bill.public_id, "shared-0"]))
    own = tenant(organization, accounts["Zoe Berg"]).get(
        reverse("tenant_bill_part", args=[organization.public_id, bill.public_id, "shared-0"])
    )

    for answer in (told, own):
        shown = answer.content.decode()
        assert answer.status_code == 200
        assert "30 m² ÷" in shown.replace("\u00a0", " ").replace("&nbsp;", " ")
        assert "Max Frei" not in shown
    assert "700000" in told.content.decode()  # the raw number of the pump's register when the day began
    assert "The sheet is the one that the bill names" in told.content.decode()
    assert "/sheets/" in told.content.decode()
    assert "/sheets/" not in own.content.decode()
    assert "/meters/" not in own.content.decode()


@pytest.mark.spec("M-088/1")
def test_a_settlement_leads_to_the_readings_of_both_bills(database: str) -> None:
    place = billing.place(code="HR")
    organization = place.organization
    meter = billing.metered(place)
    metering.record(meter.energy, [(JUNE.starts_at, 100_000)])
    account = customers.account(organization=organization, site=place.site, number="A-1")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=JUNE.starts_at)
    billing.derive(organization.pk)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        metering_operations.estimate(
            actor=identity.ACTOR,
            at=JUNE.ends_at,
            series=meter.energy,
            until=JUNE.ends_at,
            estimated=metering_operations.Estimated(
                method=Method.MANUAL, used=300_000, made_of={}, reason="no reading"
            ),
            needs_second=False,
        )
    billing.derive(organization.pk)
    first = billing.issued(place, first_day=JUNE.first_day, until_day=JUNE.until_day)
    metering.record(meter.energy, [(JULY.ends_at, 155_000)])
    billing.derive(organization.pk)
    second = billing.issued(place, first_day=JULY.first_day, until_day=JULY.until_day)
    earlier, bill = (bill_of(organization, "A-1", each) for each in (first, second))

    for client, route in (
        (signed(identity.user(organization=organization)), "bill"),
        (tenant(organization, account), "tenant_bill"),
    ):
        shown = client.get(reverse(f"{route}_part", args=[organization.public_id, bill.public_id, "settlement-0"]))
        words = shown.content.decode()
        page = reverse("bill" if route == "bill" else "tenant_bill_page", args=[organization.public_id, bill.public_id])

        assert shown.status_code == 200
        assert earlier.number in words
        assert f"/{earlier.public_id}/points/0/readings/20260531T220000Z" in words
        assert f"/{bill.public_id}/points/0/readings/20260731T220000Z" in words
        assert "settlement-0" in client.get(page).content.decode()
        estimated = client.get(
            reverse(f"{route}_reading", args=[organization.public_id, earlier.public_id, 0, "20260630T220000Z"])
        ).content.decode()
        assert "No reading at this instant" in estimated
        assert "no reading" in estimated  # why somebody estimated
