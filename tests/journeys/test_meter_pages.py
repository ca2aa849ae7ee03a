"""The meter pages through HTTP: what they show, what they refuse, how much they ask the database."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import values as acquisition_values
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.jobs import declarations
from meterbook.kernel import clock
from meterbook.kernel.quality import Quality
from meterbook.metering import permissions
from tests.factories import acquisition, identity, metering, sites, usage

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid
JOBS = declarations  # what operations defer by name is declared there
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    return signed_in(organization)


def signed_in(organization: identity_models.Organization, **given: object) -> Client:
    """A browser of somebody of the organization."""
    found = Client()
    found.force_login(identity.user(organization=organization, **given))  # type: ignore[arg-type]
    return found


def meter_with_day(organization: identity_models.Organization) -> metering.Installed:
    """A meter whose 16 June has a gap from 3 to 4 in Madrid and an estimated hour after it."""
    site = sites.site(organization=organization, time_zone="Europe/Madrid")
    installed = metering.installed_meter(organization=organization, site=site, name="Bakery", code="MP-7")
    quality = dict.fromkeys(range(4, 8), Quality.MISSING) | dict.fromkeys(range(8, 12), Quality.ESTIMATED)
    quality |= dict.fromkeys(range(41, 96), Quality.MISSING)
    usage.day_block(installed.energy, date(2026, 6, 15), [1_000] * 96)
    usage.day_block(installed.energy, date(2026, 6, 16), [1_250] * 96, quality=quality)
    return installed


def page_of(organization: identity_models.Organization, installed: metering.Installed, tail: str = "") -> str:
    """The address of a meter's page."""
    return f"/o/{organization.public_id}/meters/{installed.point.public_id}/{tail}"


class TestMeterPage:
    def test_chart_table_and_figures_show_one_total(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        installed = meter_with_day(organization)

        text = client.get(page_of(organization, installed)).content.decode()

        # 2 h of the 15th and 10:15 h of the 16th, less one hour of gap: 8 x 1 kWh and 37 x 1.25 kWh.
        assert "data-usage-total>54.25</td>" in text
        assert "54.25\u00a0" in text
        assert '"ledger"' in text
        assert "no data" in text
        assert "4 intervals" in text

    def test_it_is_also_found_by_the_meter(self, client: Client, organization: identity_models.Organization) -> None:
        installed = meter_with_day(organization)

        answer = client.get(f"/o/{organization.public_id}/meters/{installed.meter.public_id}/")

        assert answer.status_code == 200

    @pytest.mark.parametrize("query", ["view=century&day=soon", "day=2026-13-45", "day=9999-01-01", "day=0001-01-01"])
    def test_a_period_that_makes_no_sense_is_shown_as_one_that_does(
        self, client: Client, organization: identity_models.Organization, query: str
    ) -> None:
        installed = meter_with_day(organization)

        assert client.get(page_of(organization, installed, f"?{query}")).status_code == 200

    @pytest.mark.parametrize("view", ["day", "week", "month", "year"])
    def test_it_takes_few_queries(self, client: Client, organization: identity_models.Organization, view: str) -> None:
        installed = meter_with_day(organization)
        client.get(page_of(organization, installed))

        with CaptureQueriesContext(connection) as asked:
            client.get(page_of(organization, installed, f"?view={view}"))
        # One for what waits for a person at the meter, one for the registers of its model, four for the meter itself.
        assert len(asked) <= 42

    def test_a_meter_without_readings_says_what_to_do(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        installed = metering.installed_meter(organization=organization)

        text = client.get(page_of(organization, installed)).content.decode()

        assert "Never read" in text
        assert "The first usage appears once two readings have come." in text
        assert "No readings yet" in text

    def test_a_meter_that_answers_nonsense_says_so(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        device = acquisition.device(organization=organization)
        problem = acquisition_values.Problem(
            "NONSENSE", "register energy_import is no value", "Check its word order.", {"register": "energy_import"}
        )
        place = f"/o/{organization.public_id}/meters/{device.meter.public_id}/"
        with scoping.scope([organization.pk], actor=acquisition.ACTOR):
            acquisition_operations.note_device_answer(
                actor=acquisition.ACTOR, at=NOON, device_id=device.pk, frame=None, problem=problem
            )
        doubtful = client.get(place).content.decode()
        with scoping.scope([organization.pk], actor=acquisition.ACTOR):
            acquisition_operations.note_device_answer(actor=acquisition.ACTOR, at=NOON, device_id=device.pk, frame=None)

        assert "answers, but not all that it says can be right" in doubtful
        assert "are corrected under Connection" in doubtful
        assert "can be right" not in client.get(place).content.decode()

    def test_a_silent_meter_says_since_when_and_why(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        installed = meter_with_day(organization)
        bus = acquisition.bus(site=installed.point.site)
        device = acquisition.device(organization=organization, on=bus, meter=installed.meter)
        metering.record(installed.energy, [(NOON - timedelta(minutes=5), 100)], at=NOON)
        with scoping.scope([organization.pk], actor=acquisition.ACTOR):
            acquisition_operations.note_device_silence(
                actor=acquisition.ACTOR,
                at=NOON,
                device_id=device.pk,
                failures=acquisition_values.SILENT_AFTER,
                since=NOON - timedelta(minutes=3),
                problem=acquisition.TIMEOUT,
            )

        text = client.get(page_of(organization, installed)).content.decode()

        assert re.search(r"Silent since \d+ \w+ \d+ 12:17", text)
        assert "Unit 7 did not answer within 1 s." in text


class TestWalls:
    @pytest.mark.parametrize("tail", ["", "live", "usage", "peers", "data.csv", "data.xlsx"])
    def test_a_foreign_meter_is_not_found(self, organization: identity_models.Organization, tail: str) -> None:
        installed = meter_with_day(organization)
        stranger = identity.organization()

        answer = signed_in(stranger).get(page_of(stranger, installed, tail))

        assert answer.status_code == 404

    def test_a_meter_of_another_site_is_not_found(self, organization: identity_models.Organization) -> None:
        installed = meter_with_day(organization)
        here = sites.site(organization=organization)
        somebody = signed_in(organization, role=None, permissions=[permissions.VIEW_METER], site_id=here.pk)

        assert somebody.get(page_of(organization, installed)).status_code == 404
        assert "Bakery" not in somebody.get(f"/o/{organization.public_id}/meters/").content.decode()

    def test_who_may_only_look_is_offered_no_reading(self, organization: identity_models.Organization) -> None:
        installed = meter_with_day(organization)
        somebody = signed_in(organization, role=None, permissions=[permissions.VIEW_METER])

        assert "data-read-now" not in somebody.get(page_of(organization, installed)).content.decode()
        assert somebody.post(page_of(organization, installed, "read"), headers=FETCH).status_code == 403


class TestReadNow:
    def test_a_meter_on_no_bus_is_refused_in_words(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        installed = meter_with_day(organization)

        answer = client.post(page_of(organization, installed, "read"), headers=FETCH).json()

        assert answer["isFinal"]
        assert answer["words"] == "This meter is on no bus; add it to a bus first."

    def test_it_waits_and_then_tells_what_failed(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        installed = meter_with_day(organization)
        bus = acquisition.bus(site=installed.point.site)
        acquisition.device(organization=organization, on=bus, meter=installed.meter)

        first = client.post(page_of(organization, installed, "read"), headers=FETCH).json()
        waiting = client.get(first["href"], headers=FETCH).json()
        with scoping.scope([organization.pk], actor=acquisition.ACTOR):
            [taken] = acquisition_operations.take_requests(
                actor=acquisition.ACTOR, at=NOON, real_at=clock.real_now(), bus_ids=[bus.pk]
            )
            acquisition_operations.answer_request(
                actor=acquisition.ACTOR,
                at=NOON,
                real_at=clock.real_now(),
                request_id=taken.request_id,
                answer=acquisition_operations.Answer(took_ms=412, problem=acquisition.TIMEOUT),
            )
        final = client.get(first["href"], headers=FETCH).json()

        assert (first["isFinal"], waiting["isFinal"]) == (False, False)
        assert final["words"] == "Unit 7 did not answer within 1 s."
        assert final["remedy"].startswith("Check the unit address")

    def test_without_a_script_it_comes_back_to_the_page(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        installed = meter_with_day(organization)

        answer = client.post(page_of(organization, installed, "read"), headers={"Accept": "text/html"})

        assert (answer.status_code, answer["Location"]) == (302, page_of(organization, installed))

    def test_a_foreign_request_is_not_found(self, client: Client, organization: identity_models.Organization) -> None:
        installed = meter_with_day(organization)

        assert client.get(page_of(organization, installed, f"requests/{uuid.uuid4()}")).status_code == 404

    def test_the_permission_exists(self) -> None:
        assert acquisition_permissions.REQUEST_READING in acquisition_permissions.PERMISSIONS


class TestList:
    def test_an_empty_organization_is_told_the_next_step(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        text = client.get(f"/o/{organization.public_id}/meters/").content.decode()

        assert "No meters yet" in text

    def test_nothing_found_offers_all(self, client: Client, organization: identity_models.Organization) -> None:
        meter_with_day(organization)

        text = client.get(f"/o/{organization.public_id}/meters/?q=nothing").content.decode()

        assert "No meter matches" in text

    def test_more_meters_take_no_more_queries(self, client: Client, organization: identity_models.Organization) -> None:
        site = sites.site(organization=organization)
        counts = []
        client.get(f"/o/{organization.public_id}/meters/")  # makes the session
        for _round in range(2):
            for _each in range(3):
                metering.installed_meter(organization=organization, site=site)
            with CaptureQueriesContext(connection) as asked:
                client.get(f"/o/{organization.public_id}/meters/")
            counts.append(len(asked))

        assert counts[0] == counts[1]

    def test_a_fetch_gets_the_table_alone(self, client: Client, organization: identity_models.Organization) -> None:
        installed = meter_with_day(organization)

        text = client.get(f"/o/{organization.public_id}/meters/", headers=FETCH).content.decode()

        assert installed.point.name in text
        assert "<html" not in text

    def test_it_speaks_spanish(self, organization: identity_models.Organization) -> None:
        somebody = signed_in(organization, role=RoleCode.OPERATOR)

        text = somebody.get(f"/o/{organization.public_id}/meters/", headers={"Accept-Language": "es"}).content.decode()

        assert 'lang="es"' in text
