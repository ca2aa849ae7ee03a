"""From an empty database to a live value through the pages: a site, a meter on a simulated gateway, "Read now"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import plans
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.metering import models as metering_models
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import models as site_models
from meterbook.sites import permissions as site_permissions
from tests.factories import acquisition, identity, lab, metering, sites

METER = {
    "name": "Shop 12",
    "code": "MP-101",
    "service": "ELECTRICITY",
    "model_code": "eastron_sdm630",
    "serial_number": "SN1",
    "multiplier": "200/5",
    "rated_per_hour": "69",
    "gateway": "new",
    "gateway_name": "Ground floor",
    "host": "127.0.0.1",
    "port": "502",
    "unit_id": "7",
}
SITE = {"name": "Harbor Mall", "code": "S1", "time_zone": "europe/madrid", "currency": "eur", "language": "en"}


class Newcomer:
    """Somebody at the screen of an organization in which nothing is set up."""

    def __init__(self, role: RoleCode | None = RoleCode.ORGANIZATION_ADMIN, permissions: tuple[str, ...] = ()) -> None:
        self.organization = identity.organization()
        self.client = Client()
        self.client.force_login(identity.user(organization=self.organization, role=role, permissions=permissions))

    def href(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def page(self, name: str) -> str:
        return self.client.get(self.href(name)).content.decode()

    def set_up_site(self, **changes: str) -> str:
        return self.client.post(self.href("site_new"), {**SITE, **changes}, follow=True).content.decode()

    def set_up_meter(self, **changes: str) -> str:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            found = site_models.Site.objects.filter(organization_id=self.organization.pk).order_by("id").first()
        assert found is not None
        given = {"site": str(found.public_id), **METER, **changes}
        return self.client.post(self.href("meter_new"), given, follow=True).content.decode()

    def count(self) -> dict[str, int]:
        made = (
            metering_models.MeterPoint,
            metering_models.Meter,
            metering_models.Installation,
            acquisition_models.Bus,
            acquisition_models.Device,
        )
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return {
                each.__name__: each.objects.filter(organization_id=self.organization.pk).count()  # type: ignore[attr-defined]
                for each in made
            }


@pytest.fixture
def newcomer(settings: Settings, empty_database: str) -> Iterator[Newcomer]:
    settings.IS_DEMO = True  # a simulated gateway stands on this machine
    return Newcomer()


def test_an_empty_database_leads_to_a_live_value(newcomer: Newcomer) -> None:
    assert newcomer.href("site_new") in newcomer.page("home")
    home = newcomer.set_up_site()
    assert "Site “Harbor Mall” is set up." in home
    assert newcomer.href("meter_new") in home

    with lab.running_gateway(units={7: "eastron_sdm630"}) as gateway:
        page = newcomer.set_up_meter(port=str(gateway.port))
        assert "“Read now” tells at once whether the meter answers." in page
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            point = metering_models.MeterPoint.objects.get(organization_id=newcomer.organization.pk)
        asked = newcomer.client.post(
            newcomer.href("meter_read_now", point.public_id), headers={"Accept": "application/json"}
        )
        state = asked.json()["href"]
        with acquisition.running_collector():
            answer = acquisition.eventually(
                lambda: found if (found := json.loads(newcomer.client.get(state).content))["isFinal"] else None
            )

    assert answer["values"] == len(plans.registers_of_model("eastron_sdm630"))
    assert "words" not in answer
    assert newcomer.href("tariff_new") in newcomer.page("home")


class TestSite:
    def test_keeps_zone_and_currency_as_the_world_writes_them(self, newcomer: Newcomer) -> None:
        newcomer.set_up_site()

        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            site = site_models.Site.objects.get(organization_id=newcomer.organization.pk)
        assert (site.time_zone, site.currency) == ("Europe/Madrid", "EUR")
        assert "Harbor Mall" in newcomer.page("sites")

    @pytest.mark.parametrize(
        ("field", "typed", "words"),
        [
            ("time_zone", "Madird", "“Madird” is not clear. Do you mean one of these: Europe/Madrid"),
            ("currency", "EUX", "“EUX” is not a currency"),
            ("code", "S1", "There is a site “S1” already"),
            ("name", "", "This field is required."),
        ],
    )
    def test_says_beside_the_field_what_cannot_be(self, newcomer: Newcomer, field: str, typed: str, words: str) -> None:
        sites.site(organization=newcomer.organization, code="S1")

        page = newcomer.set_up_site(**{"code": "S2", field: typed})

        assert page.count('class="problem"') == 1
        assert words in page.partition(f'id="id_{field}-problem-1"')[2][:600]
        assert f'value="{SITE["name"] if field != "name" else ""}"' in page

    def test_suggests_a_free_code_and_what_the_others_have(self, newcomer: Newcomer) -> None:
        sites.site(organization=newcomer.organization, code="S1", time_zone="Asia/Seoul", currency="KRW")

        page = newcomer.page("site_new")

        assert 'value="S2"' in page
        assert 'value="Asia/Seoul" required' in page
        assert 'value="KRW" required' in page


class TestMeter:
    def test_hangs_with_its_ratio_and_what_can_flow(self, newcomer: Newcomer) -> None:
        newcomer.set_up_site()

        newcomer.set_up_meter()

        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            installation = metering_models.Installation.objects.get(organization_id=newcomer.organization.pk)
            segment = metering_models.MultiplierSegment.objects.get(organization_id=newcomer.organization.pk)
            actions = set(
                audit_models.AuditEntry.objects.filter(organization_id=newcomer.organization.pk).values_list(
                    "action", flat=True
                )
            )
        assert installation.rated_per_hour == Decimal(69)
        assert Fraction(segment.numerator, segment.denominator) == 40
        assert actions >= {
            "sites:create_site",
            "metering:create_meter_point",
            "metering:create_meter",
            "metering:install_meter",
            "acquisition:create_bus",
            "acquisition:create_device",
        }

    def test_takes_a_gateway_that_is_known(self, newcomer: Newcomer) -> None:
        newcomer.set_up_site()
        newcomer.set_up_meter()
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            bus = acquisition_models.Bus.objects.get(organization_id=newcomer.organization.pk)
        second = {"code": "MP-102", "serial_number": "SN2", "unit_id": "8", "gateway": str(bus.public_id)}

        newcomer.set_up_meter(**second, gateway_name="", host="", port="")

        assert newcomer.count() == {"MeterPoint": 2, "Meter": 2, "Installation": 2, "Bus": 1, "Device": 2}

    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"code": "MP-101"}, "code", "There is a meter point “MP-101” already"),
            ({"serial_number": "SN1"}, "serial_number", "There is a meter “SN1” of this model already"),
            ({"unit_id": "7"}, "unit_id", "Address 7 is in use on bus “Ground floor”"),
            ({"unit_id": "0"}, "unit_id", "between 1 and 247"),
            ({"unit_id": ""}, "unit_id", "Give the address that is set at the meter."),
            ({"service": "GAS"}, "service", "This model does not measure that"),
            ({"multiplier": "200/0"}, "multiplier", "Write a number above zero"),
            ({"multiplier": "1.5.5"}, "multiplier", "Write a number above zero"),
            ({"gateway": "new"}, "host", "Gateway “Ground floor” has this address already"),
            ({"gateway": "new", "port": "503"}, "gateway_name", "The site has a bus “Ground floor” already"),
            ({"gateway": "new", "host": "192.0.2.7"}, "host", "A demo reaches simulated meters on this machine only."),
            ({"gateway": "new", "host": "a b"}, "host", "address or name alone"),
            ({"gateway": "new", "host": ""}, "host", "address or name"),
            ({"gateway": "new", "host": "[]"}, "host", "address or name alone"),
            ({"gateway": "new", "host": "127.0.0.1\u202e"}, "host", "invisible sign U+202E"),
            ({"opening_day": "1999-12-31", "opening": "5"}, "opening_day", "Take a day since 2000-01-01"),
        ],
    )
    def test_that_cannot_be_leaves_nothing_behind_and_keeps_what_was_typed(
        self, newcomer: Newcomer, changes: dict[str, str], field: str, words: str
    ) -> None:
        newcomer.set_up_site()
        newcomer.set_up_meter()
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            bus = acquisition_models.Bus.objects.get(organization_id=newcomer.organization.pk)
        before = newcomer.count()
        other = {"name": "Bakery", "code": "MP-102", "serial_number": "SN2", "unit_id": "8"}

        page = newcomer.set_up_meter(**{**other, "gateway": str(bus.public_id), **changes})

        assert page.count('class="problem"') == 1, page
        assert words in page.partition(f'id="id_{field}-problem-1"')[2][:900]
        assert 'value="Bakery"' in page
        assert newcomer.count() == before

    def test_outside_the_allowed_networks_names_the_remedy(
        self, newcomer: Newcomer, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.IS_DEMO = False
        monkeypatch.setenv("MB_ALLOWED_NETWORKS", "192.168.10.0/24")
        newcomer.set_up_site()

        refused = newcomer.set_up_meter(host="192.168.11.40")
        nothing = newcomer.count()
        newcomer.set_up_meter(host="192.168.10.40")

        assert "Add its network to MB_ALLOWED_NETWORKS and restart" in refused
        assert set(nothing.values()) == {0}
        assert set(newcomer.count().values()) == {1}

    def test_of_files_needs_no_gateway_and_hangs_since_its_first_day(self, newcomer: Newcomer) -> None:
        newcomer.set_up_site()
        files = {"model_code": "imported", "service": "COLD_WATER", "unit_id": "", "host": "", "gateway_name": ""}

        for far, words in (("1999-12-31", "Take a day since 2000"), ("2099-01-01", "more than a year away")):
            assert words in newcomer.set_up_meter(**files, first_day=far)
        refused = newcomer.set_up_meter(**files)
        page = newcomer.set_up_meter(**files, first_day="2026-01-01")

        assert "Say since when" in refused
        assert "as soon as you enter its readings" in page
        assert "Read now</span>" not in page
        assert "none is read live" in newcomer.page("home")
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            installation = metering_models.Installation.objects.get(organization_id=newcomer.organization.pk)
            series = metering_models.Series.objects.get(organization_id=newcomer.organization.pk)
        assert installation.during.lower.isoformat() == "2025-12-31T23:00:00+00:00"  # midnight in Madrid
        assert series.code == "volume"

    def test_of_a_gateway_is_refused_to_who_may_not_manage_devices(self, settings: Settings) -> None:
        settings.IS_DEMO = True
        may = (site_permissions.VIEW_SITES, metering_permissions.MANAGE_METER, metering_permissions.VIEW_METER)
        keeper = Newcomer(role=None, permissions=may)
        sites.site(organization=keeper.organization)

        assert "Eastron" not in keeper.page("meter_new")
        keeper.set_up_meter()
        assert set(keeper.count().values()) == {0}
        keeper.set_up_meter(model_code="imported", first_day="2026-01-01")
        assert keeper.count() == {"MeterPoint": 1, "Meter": 1, "Installation": 1, "Bus": 0, "Device": 0}

    def test_hangs_only_where_somebody_manages_meters(self, settings: Settings) -> None:
        settings.IS_DEMO = True
        keeper = Newcomer(role=None, permissions=(site_permissions.VIEW_SITES,))
        closed = sites.site(organization=keeper.organization, name="Steel plant")
        own = sites.site(organization=keeper.organization, name="Harbor Mall")
        acquisition.bus(site=closed, name="Theirs")
        may = (
            metering_permissions.MANAGE_METER,
            metering_permissions.VIEW_METER,
            acquisition_permissions.MANAGE_DEVICE,
        )
        person = identity.user(organization=keeper.organization, role=None, permissions=may, site_id=own.pk)
        keeper.client.force_login(person)
        before = keeper.count()

        form = keeper.page("meter_new").partition('<form class="add-meter"')[2]
        keeper.set_up_meter(site=str(closed.public_id))

        assert "Harbor Mall" in form
        assert "Steel plant" not in form
        assert keeper.count() == before
        keeper.set_up_meter(site=str(own.public_id))
        assert keeper.count() == {"MeterPoint": 1, "Meter": 1, "Installation": 1, "Bus": 2, "Device": 1}

    def test_hangs_at_the_own_sites_only(self, newcomer: Newcomer) -> None:
        foreign: identity_models.Organization = identity.organization()
        theirs = sites.site(organization=foreign)
        newcomer.set_up_site()

        page = newcomer.set_up_meter(site=str(theirs.public_id))

        assert 'id="id_site-problem-1"' in page
        assert set(newcomer.count().values()) == {0}


class TestEmptyPages:
    @pytest.mark.parametrize("name", ["meter_new", "account_new", "run_new", "imports", "sites"])
    def test_without_a_site_lead_to_one(self, newcomer: Newcomer, name: str) -> None:
        assert f'href="{newcomer.href("site_new")}"' in newcomer.page(name)

    def test_of_meters_leads_to_the_first(self, newcomer: Newcomer) -> None:
        assert f'href="{newcomer.href("meter_new")}"' in newcomer.page("meters")

    def test_lead_nobody_to_what_is_not_theirs(self) -> None:
        watcher = Newcomer(role=RoleCode.MONITOR)

        for name in ("home", "meters"):
            page = watcher.page(name)
            assert "Someone who may set up meters adds the first one" in page
            assert "/new" not in page

    def test_of_who_bills_say_who_makes_the_site(self) -> None:
        clerk = Newcomer(role=RoleCode.BILLING_CLERK)

        assert "Someone who may set up sites makes the first one." in clerk.page("account_new")

    def test_of_home_ends_when_every_step_is_done(self) -> None:
        integrator = Newcomer(role=RoleCode.INTEGRATOR)
        assert "first-steps" in integrator.page("home")
        metering.installed_meter(organization=integrator.organization)

        assert "first-steps" not in integrator.page("home")
