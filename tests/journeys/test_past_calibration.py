"""A run warns of meters past their calibration; tenants download the certificates of their own time, through HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import models, operations
from tests.factories import api, billing, customers, identity, meter_assets, metering
from tests.journeys.house import House, signed_in
from tests.journeys.tenancy import MOVED, NOON, Tenancy


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.use(clock.SettableClock(NOON)):
        yield


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


@pytest.mark.spec("M-029/2")
class TestBillRun:
    def test_warns_of_meters_past_their_calibration_and_is_approved(self, database: str) -> None:
        house = House()
        place = billing.place(organization=house.organization)
        february = billing.FEBRUARY
        for name, code in (("Shop 4", "MP-4"), ("Shop 5", "MP-5"), ("Shop 6", "MP-6")):
            meter = billing.metered(place, name=name, code=code)
            billing.count(meter.energy, february.starts_at, february.ends_at)
            account = customers.account(organization=house.organization, site=place.site, name=f"{name} GmbH")
            customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=february.starts_at)
            if code == "MP-4":
                meter_assets.calibrated(meter, last_day=date(2026, 2, 14))
            elif code == "MP-5":
                meter_assets.calibrated(meter, last_day=date(2026, 2, 28))
        run = billing.advance(billing.plan(place, first_day=date(2026, 2, 1), until_day=date(2026, 3, 1)))

        page = words(house.client.get(house.path("run", run.public_id)))
        asked = words(house.client.post(house.path("run_approve", run.public_id)))
        told = api.program(organization=house.organization).get(f"/runs/{run.public_id}").json()["past_calibration"]
        approved = billing.advance(billing.approve(run, actor=Actor.user(0, "approver", source="")))

        assert "1 meter counted without a calibration that holds." in page
        assert "expired, no calibration since 15 Feb 2026" in page
        assert page.count("Calibration does not hold") == 1
        assert "Unusual use" not in page
        assert "1 meter counted without a calibration that holds; the run names it." in asked
        assert [(each["meter_point_code"], each["since"]) for each in told] == [("MP-4", "2026-02-15")]
        assert approved.state == "CLOSED"
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            entry = audit_models.AuditEntry.objects.get(
                organization_id=house.organization.pk, action="billing:approve_run"
            )
        assert len(entry.after["past_calibration"]) == 1


@pytest.mark.spec("M-029/3")
class TestTenant:
    def test_downloads_certificates_of_meters_of_the_own_time_only(self, database: str) -> None:
        tenancy = Tenancy()
        here = meter_assets.calibrated(tenancy.meter, with_certificate=True)
        without = meter_assets.calibrated(tenancy.meter, on=date(2021, 6, 1))
        old = tenancy.tenant(tenancy.before, name="Otto Old")
        later = customers.account(organization=tenancy.place.organization, site=tenancy.place.site, name="Later")
        other = tenancy.tenant(later, name="Olga Other")

        def ask(client: Client, test: object) -> HttpResponse:
            return client.get(  # type: ignore[return-value]
                tenancy.path("tenant_certificate", tenancy.meter.point.public_id, test)  # type: ignore[arg-type]
            )

        page = words(tenancy.client.get(tenancy.use_path))
        answer = ask(tenancy.client, here.public_id)

        assert "Tests of your meter" in page
        assert answer.content == meter_assets.PDF
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert ask(signed_in(old), here.public_id).status_code == 200
        assert ask(signed_in(other), here.public_id).status_code == 404
        assert ask(tenancy.client, without.public_id).status_code == 404
        assert ask(tenancy.client, tenancy.meter.point.public_id).status_code == 404
        manager = signed_in(identity.user(organization=tenancy.place.organization))
        assert ask(manager, here.public_id).status_code == 404

    def test_does_not_download_of_a_meter_that_went_before_or_came_after(self, database: str) -> None:
        tenancy = Tenancy()
        exchanged = MOVED - timedelta(days=2)
        fresh = _exchange(tenancy, exchanged)
        of_old = meter_assets.calibrated(tenancy.meter, with_certificate=True)
        of_new = meter_assets.calibrated(fresh, with_certificate=True, on=date(2026, 6, 7), last_day=None)
        old = signed_in(tenancy.tenant(tenancy.before, name="Otto Old"))

        def ask(client: Client, test: models.MeterTest) -> int:
            path = tenancy.path("tenant_certificate", tenancy.meter.point.public_id, test.public_id)
            return client.get(path).status_code

        assert (ask(tenancy.client, of_old), ask(tenancy.client, of_new)) == (404, 200)
        assert (ask(old, of_old), ask(old, of_new)) == (200, 200)
        page = words(tenancy.client.get(tenancy.use_path))
        assert fresh.meter.serial_number in page


def _exchange(tenancy: Tenancy, at: datetime) -> metering.Installed:
    meter = metering.meter(organization_id=tenancy.place.organization.pk)
    with scoping.scope([tenancy.place.organization.pk], actor=metering.ACTOR):
        hung = operations.exchange_meter(
            actor=metering.ACTOR,
            at=at,
            installation=models.Installation.objects.get(
                organization_id=tenancy.place.organization.pk, meter=tenancy.meter.meter
            ),
            exchanged_at=at,
            closings={"energy_import": operations.Closing(900)},
            meter=meter,
            registers=(metering.ENERGY,),
            reason="old",
        )
    return replace(tenancy.meter, meter=meter, installation=hung)
