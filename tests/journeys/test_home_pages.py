"""Home and the tree of a site through HTTP: what they show, to whom, and how much they ask the database."""

from __future__ import annotations

import html
import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models
from meterbook.sites import permissions as site_permissions
from meterbook.sites.values import NodeKind
from tests.factories import billing, customers, identity, imports, metering, sites, usage

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid
FETCH = {"X-Requested-With": "fetch"}
ACTOR = Actor.system("test")
SO_FAR = dict.fromkeys(range(41, 96), Quality.MISSING)


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def mall(organization: identity_models.Organization) -> site_models.Site:
    return sites.site(organization=organization)


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    return signed_in(organization)


def signed_in(organization: identity_models.Organization, **given: object) -> Client:
    """A browser of somebody of the organization."""
    found = Client()
    found.force_login(identity.user(organization=organization, **given))  # type: ignore[arg-type]
    return found


def home(organization: identity_models.Organization) -> str:
    return f"/o/{organization.public_id}/"


def text_of(client: Client, path: str) -> str:
    """What a page says, tags and runs of white space left out."""
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def measured(meter: metering.Installed, value: int = 1_000) -> None:
    """Three days and ten hours of a meter."""
    usage.flat_days(meter.energy, NOON.date() - timedelta(days=3), 3, value)
    usage.day_block(meter.energy, NOON.date(), [value] * 96, quality=SO_FAR)
    usage.sum_days(meter.organization_id, NOON.date())


class TestHome:
    @pytest.mark.spec("M-030/1")
    def test_shows_use_of_three_periods_against_the_ones_before(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        measured(metering.installed_meter(organization=organization, site=mall))

        shown = text_of(client, home(organization))

        # 8 quarters of the UTC day before and 41 of this one, 1 kWh each.
        assert "Electricity today 49.0 kWh" in shown
        assert "96.0 kWh" in shown
        assert "0.0 % vs the same hours yesterday" in shown

    def test_counts_what_a_main_meter_counts_once_and_names_the_rest(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        roles = {metering_values.PointRole.MAIN: 1_000, metering_values.PointRole.TENANT: 600}
        for role, value in {**roles, metering_values.PointRole.COMMON: 300}.items():
            measured(metering.installed_meter(organization=organization, site=mall, role=role), value)

        shown = text_of(client, home(organization))

        assert "Electricity today 49.0 kWh" in shown
        assert "kWh · 1 main meter" in shown
        assert "49.0 Main meters = 29.4 Tenants 60.0 % + 14.7 Common areas 30.0 %" in shown
        assert "+ 4.9 Not accounted for 10.0 %" in shown

    def test_says_what_is_estimated_and_what_is_not_there(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        meter = metering.installed_meter(organization=organization, site=mall)
        usage.flat_days(meter.energy, date(2026, 6, 13), 3, 1_000)
        quality = dict.fromkeys(range(8, 12), Quality.ESTIMATED) | dict.fromkeys(range(4, 8), Quality.MISSING)
        usage.day_block(meter.energy, NOON.date(), [1_000] * 96, quality=quality | SO_FAR)
        usage.sum_days(meter.organization_id, NOON.date())

        answer = client.get(home(organization))

        assert "4.0 kWh estimated" in text_of(client, home(organization))
        assert "91.6 % of the intervals are here" in text_of(client, home(organization))
        [found] = re.findall(r'id="home-hours"[^>]*>(.*?)</script>', answer.content.decode())
        hours = json.loads(found)["hours"]
        assert [place for place, hour in enumerate(hours) if hour["gap"]] == [3]
        assert hours[4]["estimated"] == "4.000"
        assert hours[13]["value"] is None

    def test_asks_to_choose_a_site_where_there_are_too_many_to_rank_consumers(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        measured(metering.installed_meter(organization=organization, site=mall))

        few = text_of(client, home(organization))
        for _each in range(5):
            sites.site(organization=organization)
        many = text_of(client, home(organization))

        assert ("Choose a site" in few, "Choose a site" in many) == (False, True)
        assert ("No consumer yet" in few, "No consumer yet" in many) == (True, False)

    def test_draws_the_service_that_is_asked_for_and_bears_nonsense(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        metering.installed_meter(organization=organization, site=mall)
        metering.installed_meter(
            organization=organization,
            site=mall,
            service=metering_values.Service.GAS,
            registers=(metering_operations.RegisterPlan("volume", "volume", Unit.M3, 2),),
        )

        assert "Gas by hour m³" in text_of(client, f"{home(organization)}?service=gas")
        for nonsense in ("", "steam", "%00", "x" * 500, "electricity&service=;"):
            assert "Electricity by hour kWh" in text_of(client, f"{home(organization)}?service={nonsense}")

    def test_lists_what_needs_somebody_with_links(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        place = billing.place(organization=organization)
        meter = billing.metered(place)
        account = customers.account(organization=organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=NOON - timedelta(days=60))
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            metering_operations.upload_import_file(
                actor=identity.ACTOR, at=NOON, content=imports.csv_file([("2026-03-01 00:00", 1)]), name="a.csv"
            )

        shown = text_of(client, home(organization))

        assert "May 2026 is not billed yet" in shown
        assert "1 account · " in shown
        assert "1 file to import" in shown

    def test_leads_to_a_run_that_waits_and_its_held_accounts(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        place = billing.place(organization=organization)
        meter = billing.metered(place)
        account = customers.account(organization=organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=NOON - timedelta(days=60))
        run = billing.advance(billing.plan(place, first_day=date(2026, 5, 1), until_day=date(2026, 6, 1)))

        answer = client.get(home(organization)).content.decode()

        assert "1 held account" in answer
        assert f"/runs/{run.public_id}/?show=held" in answer
        assert "May 2026 is not billed yet" not in answer

    def test_shows_nothing_of_meters_and_bills_to_who_may_not_see_them(
        self, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        measured(metering.installed_meter(organization=organization, site=mall, name="Bakery"))
        reader = signed_in(organization, role=None, permissions=(site_permissions.VIEW_SITES,))

        shown = text_of(reader, home(organization))

        assert "Harbor Mall" in shown
        assert "kWh" not in shown
        assert "Latest bills" not in shown

    def test_answers_a_live_update_with_its_inside_only(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        measured(metering.installed_meter(organization=organization, site=mall))

        answer = client.get(home(organization), headers=FETCH).content.decode()

        assert "<html" not in answer
        assert 'id="home-hours"' in answer

    def test_asks_as_much_for_ten_meters_as_for_one(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        counts = []
        for _ in range(2):
            for _ in range(5):
                measured(metering.installed_meter(organization=organization, site=mall))
            client.get(home(organization))
            with CaptureQueriesContext(connection) as asked:
                client.get(home(organization))
            counts.append(len(asked))

        assert counts[0] == counts[1]


class TestTree:
    def path(self, site: site_models.Site, tail: str = "") -> str:
        with scoping.scope([site.organization_id], actor=ACTOR):
            organization = identity_models.Organization.objects.get(pk=site.organization_id)
        return f"/o/{organization.public_id}/sites/{site.public_id}/{tail}"

    def test_leads_from_the_building_to_meter_and_account(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        place = billing.place(organization=organization)
        building = sites.node(site=place.site, name="West wing")
        floor = sites.node(site=place.site, name="Ground floor", kind=NodeKind.FLOOR, parent=building)
        unit = sites.node(site=place.site, name="Unit 7", kind=NodeKind.UNIT, parent=floor)
        meter = billing.metered(place, name="Bakery", node=unit)
        account = customers.account(organization=organization, site=place.site, name="Calder Bakery")
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=NOON - timedelta(days=90))

        top = client.get(self.path(place.site)).content.decode()
        inside = client.get(self.path(place.site, f"places/{floor.public_id}"), headers=FETCH).content.decode()

        assert "West wing" in top
        assert "Ground floor" in top
        assert f"places/{floor.public_id}" in top
        assert "<html" not in inside
        assert "Unit 7" in inside
        assert f"/meters/{meter.point.public_id}/" in inside
        assert f"/accounts/{account.public_id}" in inside
        assert "Calder Bakery" in inside

    def test_finds_by_name_number_and_tenant(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        metering.installed_meter(organization=organization, site=mall, name="Bakery", code="MP-77")
        metering.installed_meter(organization=organization, site=mall, name="Cinema")

        found = text_of(client, self.path(mall, "?q=mp-77"))
        nothing = text_of(client, self.path(mall, "?q=%25"))

        assert "1 meter found" in found
        assert "Bakery" in found
        assert "Cinema" not in found
        assert "Nothing found" in nothing
        for nonsense in ("%00", "x" * 5_000, "%27%22%3C"):
            assert client.get(self.path(mall, f"?q={nonsense}")).status_code == 200

    def test_of_an_empty_site_says_what_to_do(self, client: Client, mall: site_models.Site) -> None:
        shown = text_of(client, self.path(mall))

        assert "This site is empty" in shown
        assert "Add a meter" in shown

    def test_shows_meters_without_a_place(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        metering.installed_meter(organization=organization, site=mall, name="Bakery")

        assert "Meters without a place" in text_of(client, self.path(mall))

    def test_is_not_there_for_a_site_or_place_of_others(
        self, client: Client, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        other = sites.node(site=sites.site(organization=organization))

        assert client.get(self.path(mall, f"places/{other.public_id}")).status_code == 404
        assert client.get(self.path(mall, f"places/{uuid.uuid4()}")).status_code == 404

    def test_shows_places_but_no_meters_to_who_may_not_see_them(
        self, organization: identity_models.Organization, mall: site_models.Site
    ) -> None:
        building = sites.node(site=mall, name="West wing")
        metering.installed_meter(organization=organization, site=mall, name="Bakery", node=building)
        reader = signed_in(organization, role=None, permissions=(site_permissions.VIEW_SITES,))
        keeper = signed_in(
            organization, role=None, permissions=(site_permissions.VIEW_SITES, metering_permissions.VIEW_METER)
        )

        assert "West wing" in text_of(reader, self.path(mall))
        assert "Bakery" not in text_of(reader, self.path(mall))
        assert "Bakery" in text_of(keeper, self.path(mall))
