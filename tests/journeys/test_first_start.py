"""The first-run wizard: it leads to what is missing, is left and resumed, and tells others whom to ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meterbook.acquisition import models as acquisition_models
from meterbook.audit import models as audit_models
from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.customers import models as customer_models
from meterbook.customers import overrides, tariff_defaults
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import models as journey_models
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook.metering.values import Service
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models
from tests.factories import acquisition, billing, identity, lab, sites

SITE = {"name": "Maple Court", "code": "S1", "time_zone": "Europe/Madrid", "currency": "EUR", "language": "en"}
METER = {
    "name": "Flat 1",
    "code": "M-1",
    "service": "ELECTRICITY",
    "model_code": "imported",
    "serial_number": "SN1",
    "multiplier": "1",
    "first_day": "2026-01-01",
    "first_shown": "1000",
}
CONNECTED = {
    "model_code": "eastron_sdm630",
    "gateway": "new",
    "gateway_name": "G",
    "host": "127.0.0.1",
    "port": "502",
    "unit_id": "7",
}
PRICE = {
    "name": "Standard",
    "price": "0.25",
    "tax_name": "VAT",
    "tax_name_es": "IVA",
    "tax_percent": "21",
    "first_day": "2026-01-01",
}
SURE = {"sure": "1"}
CUSTOMER = {"name": "Ana Ruiz", "unit": "Flat 1", "number": "1001", "first_day": "2026-01-01"}


class Starter:
    """Somebody at the wizard of a new organization."""

    def __init__(self, role: RoleCode = RoleCode.ORGANIZATION_ADMIN, **facts: str) -> None:
        self.organization = identity.organization(**{"name": "My organization", **facts})  # type: ignore[arg-type]
        self.client = Client()
        self.user = identity.user(organization=self.organization, role=role)
        self.client.force_login(self.user)

    def path(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def leads_to(self, path: str = "") -> str:
        return str(self.client.get(path or self.path("first_start")).headers.get("Location", ""))

    def page(self, name: str) -> str:
        return self.client.get(self.path(name)).content.decode()

    def send(self, name: str, given: dict[str, str]) -> tuple[int, str]:
        answer = self.client.post(self.path(name), given)
        return answer.status_code, answer.headers.get("Location", "") or answer.content.decode()

    def run(self) -> billing_models.BillRun:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return billing_models.BillRun.objects.exclude(state="CANCELED").get(organization_id=self.organization.pk)

    def meter(self, **changes: str) -> tuple[int, str]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            site = site_models.Site.objects.get(organization_id=self.organization.pk)
        return self.send("first_meter", {**METER, "site": str(site.public_id), **changes})


@pytest.fixture
def starter(settings: Settings) -> Starter:
    settings.IS_DEMO = True
    return Starter()


@pytest.mark.spec("M-006/2")
def test_leads_from_step_to_step_and_is_resumed_where_it_was_left(starter: Starter) -> None:
    assert starter.leads_to("/") == starter.path("first_start")
    assert starter.leads_to() == starter.path("first_organization")

    assert starter.send("first_organization", {"name": "Maple", "language": "es"}) == (302, starter.path("first_site"))
    assert starter.leads_to() == starter.path("first_site")
    assert starter.send("first_site", SITE) == (302, starter.path("first_meter"))
    assert starter.leads_to("/") == starter.path("home")
    assert starter.meter() == (302, starter.path("first_price"))
    assert starter.leads_to() == starter.path("first_price")
    status, told = starter.send("first_price", PRICE)
    assert (status, "30.25" in told, "Put it in force" in told) == (200, True, True)  # 100 kWh, and 21 percent on top
    assert starter.leads_to() == starter.path("first_price")
    assert 'value="0.25"' in starter.send("first_price", PRICE | {"correct": "1"})[1]
    assert starter.send("first_price", PRICE | SURE) == (302, starter.path("first_customer"))
    assert starter.send("first_customer", {**CUSTOMER, "name": "Ana R", "back": "1"})[1] == starter.path("first_price")
    assert 'value="Ana R"' in starter.page("first_customer")
    assert starter.send("first_customer", CUSTOMER) == (302, starter.path("first_bill"))
    assert starter.leads_to() == starter.path("first_bill")

    offered = starter.page("first_bill")
    code = offered.partition('name="days" value="')[2][:7]
    assert f"{code}-start" not in offered  # what it showed when it was hung is known
    status, asked = starter.send("first_bill", {"days": code})
    assert (status, "Type what the meter showed" in asked) == (422, True)
    status, asked = starter.send("first_bill", {"days": code, f"{code}-end-value": "900"})
    assert (status, "Look at the meter again" in asked) == (422, True)
    with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
        assert not billing_models.BillRun.objects.filter(organization_id=starter.organization.pk).exists()
    read = {"days": code, f"{code}-end-value": "1100"}
    assert starter.send("first_bill", read) == (302, starter.path("first_bill"))
    assert "The bill is being worked out" in starter.page("first_bill")
    run = starter.run()
    billing.derive(starter.organization.pk)
    billing.advance(run)
    assert "The draft is there." in starter.page("first_bill_state")
    assert starter.leads_to() == starter.path("home")
    with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
        own = {"organization_id": starter.organization.pk}
        tariff = tariff_models.TariffVersion.objects.get(**own)
        contract = customer_models.Contract.objects.get(**own)
        point = metering_models.MeterPoint.objects.select_related("node").get(**own)
    assert tariff.document["taxes"][0]["rate"] == "0.21"
    assert tariff.state == "PUBLISHED"
    assert contract.during.lower.isoformat() == "2025-12-31T23:00:00+00:00"
    assert point.node is not None
    assert point.node.name == "Flat 1"


def test_whoever_leaves_a_step_finds_what_was_typed_again(starter: Starter) -> None:
    organization = {"name": "Maple", "language": "es"}
    assert starter.send("first_organization", {**organization, "leave": "home"})[1] == starter.path("home")
    assert 'value="Maple"' in starter.page("first_organization")
    assert 'name="leave" value="site"' in starter.page("first_organization")
    starter.send("first_organization", organization)
    typed = {**SITE, "name": "Maple Ct", "currency": "EUX"}
    assert starter.send("first_site", {**typed, "leave": "meter"})[1] == starter.path("first_meter")
    starter.client.logout()
    starter.client.force_login(starter.user)  # another evening, another device
    again = starter.page("first_site")
    assert all(f'value="{each}"' in again for each in ("Maple Ct", "EUX"))
    other = Client()
    other.force_login(identity.user(organization=starter.organization))
    assert "Maple Ct" not in other.get(starter.path("first_site")).content.decode()
    starter.send("first_site", SITE)
    assert 'name="leave"' not in starter.page("first_site")  # it is done: nothing is typed there
    assert starter.meter(**CONNECTED, opening="12.345", leave="organization")[1] == starter.path("first_organization")
    assert 'value="12.345"' in starter.page("first_meter")
    starter.meter()
    starter.send("first_price", {**PRICE, "price": "0,x", "leave": "nonsense"})
    assert 'value="0,x"' in starter.page("first_price")
    starter.send("first_price", PRICE | SURE)
    starter.send("first_customer", CUSTOMER)
    code = starter.page("first_bill").partition('name="days" value="')[2][:7]
    starter.send("first_bill", {"days": code, f"{code}-end-value": "1101", "leave": "price"})
    assert 'value="1101"' in starter.page("first_bill")
    starter.send("first_bill", {"days": code, f"{code}-end-value": "1100"})
    with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
        assert not journey_models.StepDraft.objects.filter(organization_id=starter.organization.pk).exists()


def test_says_beside_the_field_what_cannot_be_and_keeps_what_was_typed(starter: Starter) -> None:
    early = starter.page("first_customer")
    assert "“Site” comes before it." in early
    assert starter.send("first_site", {**SITE, "currency": "EUX"})[0] == 422
    starter.send("first_site", SITE)
    status, refused = starter.meter(**CONNECTED, opening_day="2026-01-01", opening="12.345")
    assert status == 422
    assert "say whether it matches its display" in refused
    assert 'value="12.345"' in refused
    status, refused = starter.meter(**CONNECTED, opening_day="2026-01-01", opening="12.345", untested="1")
    assert status == 422
    assert "This meter counts with 2 decimals" in refused
    starter.meter()
    for typed, field in (({"price": "x"}, "price"), ({"tax_percent": "101"}, "tax_percent"), ({"name": ""}, "name")):
        status, page = starter.send("first_price", {**PRICE, **typed})
        assert (status, f'id="id_{field}-problem-1"' in page) == (422, True)
    starter.send("first_price", {**PRICE, **SURE, "price": "0.2"})
    for typed, words in (({"first_day": "2025-12-31"}, "hangs there since 2026-01-01"), ({"email": "x"}, "id_email")):
        status, page = starter.send("first_customer", {**CUSTOMER, **typed})
        assert (status, words in page) == (422, True)
    starter.send("first_customer", CUSTOMER)
    assert starter.send("first_bill", {"days": "1999-01"})[0] == 422


def test_throws_a_run_away_that_bills_nobody_and_links_what_stands_in_the_way(starter: Starter) -> None:
    starter.send("first_site", SITE)
    starter.meter()
    starter.send("first_price", PRICE | SURE)
    starter.send("first_customer", CUSTOMER)
    code = starter.page("first_bill").partition('name="days" value="')[2][:7]
    starter.send("first_bill", {"days": code, f"{code}-end-value": "1100"})
    run = starter.run()
    billing.advance(run)  # before the readings were worked out, as after a worker that did not run
    held = starter.page("first_bill_state")
    assert "No bill could be drafted." in held
    assert starter.path("readings_enter") in held
    with (
        scoping.scope([starter.organization.pk], actor=identity.ACTOR),
        pytest.raises(billing_operations.RunPresent, match="finish or cancel it") as refused,
    ):
        billing_operations.plan_run(
            actor=identity.ACTOR,
            at=clock.now(),
            site=site_models.Site.objects.get(organization_id=starter.organization.pk),
            first_day=run.days.lower,
            until_day=run.days.upper,
        )
    assert refused.value.run == run.public_id
    assert starter.send("first_bill", {"again": "1"}) == (302, starter.path("first_bill"))
    offered = starter.page("first_bill")
    assert 'name="days"' in offered
    assert f"{code}-end-value" not in offered  # the reading is there
    billing.derive(starter.organization.pk)
    assert starter.send("first_bill", {"days": code})[0] == 302
    billing.advance(starter.run())
    assert "The draft is there." in starter.page("first_bill_state")


def test_asks_the_first_administrator_for_a_name(starter: Starter) -> None:
    assert 'name="person"' not in starter.page("first_organization")
    with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
        type(starter.user).objects.filter(pk=starter.user.pk).update(name="Administrator")
    assert 'name="person"' in starter.page("first_organization")
    given = {"name": "Maple", "language": "en"}
    assert starter.send("first_organization", given)[0] == 422
    assert starter.send("first_organization", {**given, "person": "Ana Ruiz"})[0] == 302
    assert "Ana Ruiz" in starter.page("first_organization")
    assert 'name="person"' not in starter.page("first_organization")


def test_tells_whom_to_ask_and_takes_nothing_from_who_may_not(settings: Settings) -> None:
    clerk = Starter(RoleCode.BILLING_CLERK, name="Northquay")
    identity.user(organization=clerk.organization, name="Maria Ortega")

    assert clerk.leads_to("/") == clerk.path("home")
    href = clerk.leads_to()
    assert href == f"{clerk.path('first_ask')}?step=site"
    assert "Ask an administrator: Maria Ortega." in clerk.client.get(href).content.decode()
    assert clerk.leads_to(f"{clerk.path('first_ask')}?step=price") == clerk.path("first_price")
    assert clerk.client.get(f"{clerk.path('first_ask')}?step=%00").status_code == 200
    assert clerk.send("first_site", SITE)[0] == 403
    with scoping.scope([clerk.organization.pk], actor=identity.ACTOR):
        assert not site_models.Site.objects.filter(organization_id=clerk.organization.pk).exists()


class TestProbe:
    @pytest.fixture
    def gateway_port(self, empty_database: str) -> Iterator[int]:
        with lab.running_gateway(units={7: "eastron_sdm630"}) as gateway:
            yield gateway.port

    def test_is_read_and_found_by_its_display(self, gateway_port: int, settings: Settings) -> None:
        settings.IS_DEMO = True
        starter = Starter()
        site = sites.site(organization=starter.organization)
        asked = {**CONNECTED, "site": str(site.public_id), "port": str(gateway_port)}
        assert "Asking address 7" in starter.send("meter_probe", asked)[1]
        assert "Fill in first: Unit address." in starter.send("meter_probe", {**asked, "unit_id": ""})[1]
        assert "A demo reaches simulated meters" in starter.send("meter_probe", {**asked, "host": "192.0.2.7"})[1]
        assert starter.send("meter_probe", {**asked, "site": str(identity.organization().public_id)})[0] == 404
        with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
            probe = acquisition_models.Probe.objects.get(organization_id=starter.organization.pk)
        href = starter.path("meter_probe_state", probe.public_id)
        with acquisition.running_collector():
            found = acquisition.eventually(
                lambda: page if "We read" in (page := starter.client.get(href).content.decode()) else None
            )
        assert found.count("Plausible") == 1
        number = found.partition('class="probe-number">')[2].partition(" ")[0].replace(",", "")
        typed = starter.client.get(href, {"shown": number}, headers={"HX-Trigger-Name": "shown"}).content.decode()
        assert "That is the order 1 2 3 4." in typed
        wrong = starter.client.get(href, {"shown": "5"}, headers={"HX-Trigger-Name": "shown"}).content.decode()
        assert "In none of these orders" in wrong
        for given in ({"shown": "x" * 50}, {"byte_order": "9"}, {"verdict": "\x00"}):
            assert starter.client.get(href, given, headers={"HX-Trigger-Name": "shown"}).status_code == 200
        assert Starter().client.get(href).status_code == 404

    def test_chosen_order_stays_with_the_device(self, starter: Starter) -> None:
        starter.send("first_site", SITE)
        assert starter.meter(**CONNECTED, verdict="yes", byte_order="3412")[0] == 302
        with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
            device = acquisition_models.Device.objects.get(organization_id=starter.organization.pk)
            point = metering_models.MeterPoint.objects.get(organization_id=starter.organization.pk)
        assert device.byte_order == "3412"

        href = starter.path("meter_connection", point.public_id)
        assert '<option value="3412" selected>' in starter.client.get(href).content.decode()
        assert href in starter.client.get(starter.path("meter", point.public_id)).content.decode()
        given = {"gateway_name": "Cellar", "host": "127.0.0.2", "port": "1502", "unit_id": "8", "byte_order": ""}
        refused = starter.client.post(href, {**given, "host": "192.0.2.7"})
        assert (refused.status_code, 'id="id_host-problem-1"' in refused.content.decode()) == (422, True)
        assert starter.client.post(href, given).status_code == 302
        with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
            changed = acquisition_models.Device.objects.select_related("bus").get(
                organization_id=starter.organization.pk
            )
            trail = audit_models.AuditEntry.objects.filter(
                organization_id=starter.organization.pk, action="acquisition:change_connection"
            )
            entries = [each.after["host"] for each in trail]
        assert (changed.unit_id, changed.byte_order, changed.bus.name) == (8, "", "Cellar")
        assert (changed.bus.host, changed.bus.port, entries) == ("127.0.0.2", 1502, ["127.0.0.2"])


class TestLibrary:
    def test_lists_types_and_leads_to_adding_one(self, starter: Starter) -> None:
        listed = starter.client.get(starter.path("library"), {"q": "sdm", "service": "ELECTRICITY"}).content.decode()
        assert "SDM630" in listed
        assert "EM24" not in listed
        assert "No meter type matches" in starter.client.get(starter.path("library"), {"q": "qqq"}).content.decode()
        shown = starter.client.get(starter.path("library_model", "eastron_sdm630")).content.decode()
        assert "Its counters are 32-bit floats" in shown
        assert "72 (0x0048)" in shown
        assert f"{starter.path('meter_new')}?model=eastron_sdm630" in shown
        assert starter.client.get(starter.path("library_model", "nothing")).status_code == 404
        sites.site(organization=starter.organization)
        added = starter.client.get(starter.path("meter_new"), {"model": "eastron_sdm630"}).content.decode()
        assert '<option value="eastron_sdm630" selected>' in added


@pytest.mark.spec("M-057/3")
def test_asks_why_the_first_customer_has_another_tariff_than_the_default(starter: Starter) -> None:
    starter.send("first_site", SITE)
    starter.meter()
    starter.send("first_price", PRICE | SURE)
    raw = {**billing.document(), "code": "ZZ-USUAL", "name": {"en": "Usual", "es": "Habitual"}}
    usual = billing.tariff(organization=starter.organization, raw=raw)
    group = tariff_defaults.Group(Service.ELECTRICITY)
    with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
        tariff_defaults.set_default(
            actor=identity.ACTOR, at=clock.now(), group=group, tariff=usual.public_id, first_day=date(2026, 1, 1)
        )

    shown = starter.page("first_customer")
    status, refused = starter.send("first_customer", CUSTOMER)
    done = starter.send("first_customer", {**CUSTOMER, "reason": "agreed in writing"})

    assert "Why not the default tariff" in shown
    assert (status, 'id="id_reason-problem-1"' in refused) == (422, True)
    assert done == (302, starter.path("first_bill"))
    with scoping.scope([starter.organization.pk], actor=identity.ACTOR):
        (asked,) = overrides.list_overrides()
    assert (asked.reason, asked.tariff_code, asked.default_code) == ("agreed in writing", "STANDARD", "ZZ-USUAL")
