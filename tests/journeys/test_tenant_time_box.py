"""What reaches a tenant beside the own pages: the interface, search, live values, messages. Nothing of others' time."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.billing import queries as billing_queries
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.notifications import links
from meterbook.notifications import operations as notification_operations
from meterbook.notifications.values import Severity
from meterbook_lab import mail_server
from tests.factories import acquisition, billing, identity, notifications
from tests.journeys.tenancy import MOVED, NEW, NOON, OLD, Tenancy
from tests.support import operations, trails

pytestmark = pytest.mark.spec("X-06")


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[object]:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def tenancy(database: str) -> Tenancy:
    return Tenancy()


@pytest.fixture(scope="module")
def looked_at(database: str) -> Tenancy:
    """One for all who only look."""
    with clock.use(clock.SettableClock(NOON)):
        return Tenancy()


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield running


def former(tenancy: Tenancy) -> Client:
    client = Client()
    client.force_login(tenancy.tenant(tenancy.before, name="Old Person"))
    return client


class TestInterface:
    @pytest.mark.parametrize("view", ["DAY", "WEEK", "MONTH", "YEAR"])
    @pytest.mark.parametrize("day", ["2026-06-08", "2026-06-10", "2026-05-10", "2025-06-10"])
    def test_tells_use_of_the_own_time_only(self, looked_at: Tenancy, view: str, day: str) -> None:
        path = f"/api/v1/own/meters/{looked_at.meter.point.public_id}/use?view={view}&day={day}"

        answer = looked_at.client.get(path)
        theirs = former(looked_at).get(path)

        assert {answer.status_code, theirs.status_code} <= {200, 404}
        if answer.status_code == 200:
            found = answer.json()
            bars = [each for each in found["bars"] if each["value"] is not None]
            assert all(datetime.fromisoformat(each["starts_at"]) >= MOVED for each in found["bars"])
            hours = [
                (datetime.fromisoformat(each["ends_at"]) - datetime.fromisoformat(each["starts_at"])).total_seconds()
                for each in bars
            ]
            assert sum(Decimal(each["value"]) for each in bars) <= Decimal(NEW).scaleb(-3) * int(sum(hours) / 900)
        if theirs.status_code == 200:
            assert all(datetime.fromisoformat(each["ends_at"]) <= MOVED for each in theirs.json()["bars"])

    def test_tells_of_the_own_account_its_contract_and_its_bills_only(self, tenancy: Tenancy) -> None:
        number = issued_to_the_former(tenancy)

        accounts = tenancy.client.get("/api/v1/own/accounts").json()["items"]
        meters = tenancy.client.get("/api/v1/own/meters").json()["items"]
        bills = tenancy.client.get("/api/v1/own/bills").json()["items"]
        theirs = former(tenancy).get("/api/v1/own/bills").json()["items"]

        assert [each["number"] for each in accounts] == [tenancy.account.number]
        assert [each["starts_at"] for each in accounts[0]["contracts"]] == [meters[0]["stays"][0]["starts_at"]]
        assert datetime.fromisoformat(meters[0]["stays"][0]["starts_at"]) == MOVED
        assert bills == []
        assert [each["number"] for each in theirs] == [number]
        foreign = f"/api/v1/own/bills/{theirs[0]['id']}/pdf"
        assert tenancy.client.get(foreign).status_code == 404

    def test_gives_a_tenant_nothing_else(self, looked_at: Tenancy) -> None:
        point = looked_at.meter.point.public_id
        asked = 0
        for each in operations.all_operations():
            if each.method != "GET" or "/own/" in each.path or "{" in each.path.replace("{point}", ""):
                continue
            answer = looked_at.client.get(f"/api/v1{each.path.removeprefix('/api/v1')}")
            assert answer.status_code in {403, 404} or each.id in OPEN_TO_ALL, each.id
            asked += 1
        for path in (f"/meter-points/{point}", f"/meter-points/{point}/readings", f"/meter-points/{uuid.uuid4()}"):
            assert looked_at.client.get(f"/api/v1{path}").status_code in {403, 404}
        assert asked > 10


# What every caller may ask: who it is, and what the interface is.
OPEN_TO_ALL: frozenset[str] = frozenset()


class TestTrail:
    def test_says_who_may_sign_in_for_which_account(self, tenancy: Tenancy) -> None:
        assert trails.latest(tenancy.place.organization).subject_label == f"{tenancy.account.number}: Nora Stone"


class TestSearchAndLive:
    def test_suggest_and_stream_nothing(self, looked_at: Tenancy) -> None:
        for route, query in (("palette", {"q": "Old"}), ("stream", {}), ("work_count", {}), ("alarm_zone", {})):
            answer = looked_at.client.get(looked_at.path(route), query)
            assert answer.status_code == 404, route
            assert b"Old Tenant" not in answer.content


class TestMessages:
    def test_of_an_alarm_at_the_own_meter_go_to_operators_only(
        self, tenancy: Tenancy, smtp: mail_server.MailServer
    ) -> None:
        organization = tenancy.place.organization
        notifications.mail_channel(organization, smtp.port)
        manager = identity.user(organization=organization)
        for user in (manager, tenancy.user):
            notifications.confirmed_mail(organization, user)
            notifications.preferences(organization, user, alarm_severity=Severity.INFO)

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            alarm_operations.raise_alarm(
                actor=identity.ACTOR,
                at=NOON,
                kind=AlarmKind.METER_SILENT,
                site=tenancy.place.site,
                subject_kind="meter",
                subject_id=tenancy.meter.meter.public_id,
                details={"name": "Local 12", "reason": "No answer", "point_id": str(tenancy.meter.point.public_id)},
            )
        acquisition.deliver(organization.pk)
        notifications.deliver(organization, NOON)

        assert [each.recipient for each in smtp.mails] == [manager.email]

    def test_of_a_bill_go_to_its_own_account_and_name_its_own_time(
        self, tenancy: Tenancy, smtp: mail_server.MailServer
    ) -> None:
        organization = tenancy.place.organization
        notifications.mail_channel(organization, smtp.port)
        emails = {each.pk: f"customer{each.pk}@meterbook.example" for each in (tenancy.before, tenancy.account)}
        for account in (tenancy.before, tenancy.account):
            _address(organization, account, emails[account.pk])
        number = issued_to_the_former(tenancy)
        at = billing.FEBRUARY.ends_at + timedelta(days=5)
        with clock.use(clock.SettableClock(at)):
            acquisition.deliver(organization.pk)
        notifications.deliver(organization, at)
        (asked,) = smtp.mails  # whether the address is theirs
        found = re.search(r"/messages/confirm/(\S+)", text_of(asked))
        assert found is not None
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            link = links.read_confirm(found[1])
            notification_operations.confirm_by_link(actor=identity.ACTOR, at=at, link=link)
        notifications.deliver(organization, at)
        notifications.deliver(organization, at)

        assert {each.recipient for each in smtp.mails} == {emails[tenancy.before.pk]}
        mail = smtp.mails[-1]
        assert len([*mail.message.iter_attachments()]) == 1
        text = f"{mail.message['Subject']} {text_of(mail)}"
        assert number in text
        assert "Feb" in text
        assert "New Tenant" not in text
        assert [part for part in (str(OLD), str(NEW)) if part in text] == []


def text_of(mail: mail_server.Mail) -> str:
    body = mail.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _address(organization: identity_models.Organization, account: customer_models.Account, email: str) -> None:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        customer_models.Customer.objects.filter(organization_id=organization.pk, pk=account.customer_id).update(
            email=email
        )


def issued_to_the_former(tenancy: Tenancy) -> str:
    """The number of a bill of February, long before the second tenant came."""
    billing.count(tenancy.meter.energy, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
    tenancy.contract(tenancy.before, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
    run = billing.issued(tenancy.place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
    with scoping.scope([tenancy.place.organization.pk], actor=identity.ACTOR):
        (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
        return billing_queries.get_bill(public_id=row.bill_public_id).number  # type: ignore[arg-type]
