"""My work through HTTP: what waits for whom, with counts and ages, and the same on home."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.journeys import operations as journey_operations
from meterbook.journeys.values import JourneyKind
from meterbook.kernel import clock
from meterbook.metering import operations as metering_operations
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, customers, identity, imports, sites, tariffs
from tests.support import pages

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xa0", " ").split())


def count(client: Client, organization: identity_models.Organization) -> str:
    return pages.page(client, "work_count", organization)


def alarm(organization: identity_models.Organization, *, days: int = 0) -> None:
    site = sites.site(organization=organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        alarm_operations.raise_alarm(
            actor=identity.ACTOR,
            at=NOON - timedelta(days=days),
            kind=AlarmKind.METER_SILENT,
            site=site,
            subject_kind="metering.meterpoint",
            subject_id=site.public_id,
            details={"name": "Shop 12", "reason": "No answer"},
        )


def upload(organization: identity_models.Organization) -> None:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        metering_operations.upload_import_file(
            actor=identity.ACTOR, at=NOON, content=imports.csv_file([("2026-03-01 00:00", 1)]), name="a.csv"
        )


class TestWork:
    def test_says_that_nothing_waits(self, organization: identity_models.Organization) -> None:
        client = pages.signed_in(organization)

        assert "Nothing waits for you" in pages.page(client, "work", organization)
        assert count(client, organization) == ""

    def test_lists_all_that_waits_by_area_with_counts_and_ages(
        self, organization: identity_models.Organization
    ) -> None:
        alarm(organization, days=3)
        alarm(organization)
        upload(organization)
        place = billing.place(organization=organization)
        meter = billing.metered(place)
        account = customers.account(organization=organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=NOON - timedelta(days=60))
        billing.advance(billing.plan(place, first_day=date(2026, 5, 1), until_day=date(2026, 6, 1)))
        raw = {**tariffs.peak_document(), "code": "NEW"}
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            tariff_operations.create_tariff(actor=identity.ACTOR, at=NOON, document=raw)
        client = pages.signed_in(organization)

        shown = text_of(pages.page(client, "work", organization))

        assert "2 alarms to acknowledge" in shown
        assert "oldest 3 d" in shown
        assert "1 held account" in shown
        assert "1 tariff to publish" in shown
        assert "1 file to import" in shown
        assert int(count(client, organization)) == int(re.search(r"(\d+) wait", shown)[1])  # type: ignore[index]

    def test_leads_back_to_a_move_that_the_reader_began(self, organization: identity_models.Organization) -> None:
        mine, theirs = (identity.user(organization=organization) for _each in range(2))
        with scoping.scope([organization.pk], actor=identity.actor(mine)):
            journey_operations.start_journey(actor=identity.actor(mine), at=NOON, kind=JourneyKind.MOVE_IN)
        me, them = Client(), Client()
        me.force_login(mine)
        them.force_login(theirs)

        assert "1 move to finish" in text_of(pages.page(me, "work", organization))
        assert count(me, organization) == "1"
        assert count(them, organization) == ""

    def test_shows_each_only_what_they_can_deal_with(self, organization: identity_models.Organization) -> None:
        alarm(organization)
        upload(organization)

        cashier, operator = (pages.signed_in(organization, role) for role in (RoleCode.CASHIER, RoleCode.OPERATOR))

        assert count(cashier, organization) == ""
        assert "Nothing waits for you" in pages.page(cashier, "work", organization)
        assert "to acknowledge" in pages.page(operator, "work", organization)
        assert "to import" not in pages.page(operator, "work", organization)

    def test_is_what_home_shows(self, organization: identity_models.Organization) -> None:
        place = billing.place(organization=organization)
        billing.metered(place)
        upload(organization)
        client = pages.signed_in(organization)

        assert "1 file to import" in pages.page(client, "home", organization)

    def test_answers_a_live_update_with_its_inside_only(self, organization: identity_models.Organization) -> None:
        client = pages.signed_in(organization)

        answer = client.get(reverse("work", args=[organization.public_id]), headers=FETCH).content.decode()

        assert "<html" not in answer

    def test_asks_as_much_for_ten_things_as_for_one(self, organization: identity_models.Organization) -> None:
        client = pages.signed_in(organization)
        href = reverse("work_count", args=[organization.public_id])
        asked = []
        for _each in range(2):
            for _again in range(1 + 4 * len(asked)):
                alarm(organization)
                upload(organization)
            client.get(href)
            with CaptureQueriesContext(connection) as queries:
                client.get(href)
            asked.append(len(queries))

        assert asked[0] == asked[1]
