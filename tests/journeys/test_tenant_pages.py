"""What a tenant sees, through HTTP: the own contract's time and nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from openpyxl import load_workbook

from meterbook.billing import queries as billing_queries
from meterbook.customers import own, sign_ins
from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Access, RoleCode
from meterbook.kernel import clock
from tests.factories import billing, customers, identity, usage
from tests.journeys import test_sign_in as signing
from tests.journeys.house import SECRET
from tests.journeys.tenancy import MOVED, NEW, NOON, Tenancy
from tests.support import routes, trails

LINK = re.compile(r"https?://[^\s\"<]+/join/[\w-]+")
QUERIES = (
    "",
    "view=day&day=2026-06-10",
    "view=week&day=2026-06-10",
    "view=month&day=2026-06-15",
    "view=month&day=2026-06-15&compare=year",
    "view=year&day=2026-06-15",
    "view=range&from=2026-06-01&to=2026-06-15",
    "view=range&from=2026-06-09T22:00&to=2026-06-10T02:00",
    "view=range&from=2026-06-08&to=2026-06-15&price=yes",
)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[clock.SettableClock]:
    standing = clock.SettableClock(NOON)
    with clock.use(standing):
        yield standing


@pytest.fixture
def tenancy(database: str) -> Tenancy:
    return Tenancy()


def chart_of(text: str) -> dict[str, Any]:
    """What the chart is drawn from."""
    found = re.search(r'<script id="usage-data"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


@pytest.mark.spec("M-003/2")
@pytest.mark.spec("X-06")
class TestTimeBeforeTheContract:
    @pytest.mark.parametrize("query", QUERIES)
    def test_has_no_point_in_the_chart(self, tenancy: Tenancy, query: str) -> None:
        data = chart_of(tenancy.client.get(f"{tenancy.use_path}?{query}").content.decode())

        moved = MOVED.timestamp() * 1_000
        assert data["start"] >= moved
        assert min(each[0] for each in data["slots"] + data["curve"]) >= moved
        assert not any(data["before"])
        interval = Decimal(NEW).scaleb(-3)
        for start, end, value, *_more in data["slots"]:
            if value is not None:
                assert Decimal(value) <= interval * int((end - start) // 900_000)

    @pytest.mark.parametrize("query", QUERIES)
    def test_has_no_row_in_the_files(self, tenancy: Tenancy, query: str) -> None:
        point = tenancy.meter.point.public_id
        text = tenancy.client.get(f"{tenancy.path('tenant_data', point)}?{query}").content.decode("utf-8-sig")
        content = tenancy.client.get(f"{tenancy.path('tenant_workbook', point)}?{query}").content

        _head, *rows = csv.reader(io.StringIO(text))
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]

        assert rows
        assert all(datetime.fromisoformat(row[1]) >= MOVED for row in rows)
        assert [row[1] for row in rows] == [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]

    def test_begins_with_the_very_first_interval(self, tenancy: Tenancy) -> None:
        data = chart_of(tenancy.client.get(f"{tenancy.use_path}?view=day&day=2026-06-10").content.decode())

        assert data["slots"][0][:3] == [MOVED.timestamp() * 1_000, MOVED.timestamp() * 1_000 + 3_600_000, "3.200"]

    @pytest.mark.parametrize(
        "query", ["view=day&day=2026-06-09", "view=month&day=2026-05-15", "view=year&day=2025-01-01"]
    )
    def test_is_told_in_words(self, tenancy: Tenancy, query: str) -> None:
        answer = tenancy.client.get(f"{tenancy.use_path}?{query}")

        assert b"usage-data" not in answer.content
        assert "began on" in answer.content.decode()
        file = tenancy.client.get(f"{tenancy.path('tenant_data', tenancy.meter.point.public_id)}?{query}")
        assert file.status_code == 404

    def test_is_compared_with_nothing(self, tenancy: Tenancy) -> None:
        text = tenancy.client.get(f"{tenancy.use_path}?view=day&day=2026-06-10").content.decode()

        assert chart_of(text)["before"] == []

    def test_has_no_bill(self, tenancy: Tenancy) -> None:
        billing.count(tenancy.meter.energy, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
        tenancy.contract(tenancy.before, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
        run = billing.issued(tenancy.place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        with scoping.scope([tenancy.place.organization.pk], actor=identity.ACTOR):
            (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
            detail = billing_queries.get_bill(public_id=row.bill_public_id)  # type: ignore[arg-type]
        former = Client()
        former.force_login(tenancy.tenant(tenancy.before))

        path = tenancy.path("tenant_bill", detail.public_id)

        assert tenancy.client.get(path).status_code == 404
        assert detail.number not in tenancy.client.get(tenancy.path("tenant_home")).content.decode()
        assert former.get(path)["Content-Type"] == "application/pdf"
        assert detail.number in former.get(tenancy.path("tenant_home")).content.decode()

    def test_is_all_that_the_former_tenant_keeps(self, tenancy: Tenancy) -> None:
        former = Client()
        former.force_login(tenancy.tenant(tenancy.before))

        data = chart_of(former.get(f"{tenancy.use_path}?view=month&day=2026-06-10").content.decode())

        assert data["end"] == MOVED.timestamp() * 1_000
        assert former.get(f"{tenancy.use_path}?view=day&day=2026-06-10").status_code == 200
        assert b"usage-data" not in former.get(f"{tenancy.use_path}?view=day&day=2026-06-10").content


class TestHome:
    def test_is_where_a_tenant_lands(self, tenancy: Tenancy) -> None:
        answer = tenancy.client.get("/", follow=True)

        assert answer.redirect_chain[-1][0] == tenancy.path("tenant_home")
        text = answer.content.decode()
        assert "New Tenant" in text
        assert "Old Tenant" not in text
        assert tenancy.meter.meter.serial_number in text

    def test_says_what_to_do_where_nothing_is_linked(self, tenancy: Tenancy) -> None:
        client = Client()
        client.force_login(identity.user(organization=tenancy.place.organization, role=RoleCode.TENANT))

        assert "No account is linked" in client.get(tenancy.path("tenant_home")).content.decode()

    @pytest.mark.parametrize("query", ["view=x&day=y", "view=range&from=9&to=1", "day=9999-99-99", "day=1900-01-01"])
    def test_takes_any_query(self, tenancy: Tenancy, query: str) -> None:
        assert tenancy.client.get(f"{tenancy.path('tenant_home')}?{query}").status_code == 200
        assert tenancy.client.get(f"{tenancy.use_path}?{query}").status_code == 200


@pytest.mark.spec("X-06")
class TestOthersThings:
    def test_are_not_found(self, tenancy: Tenancy) -> None:
        other = billing.metered(tenancy.place, name="Local 13")
        foreign = Tenancy()

        for path in (
            tenancy.path("tenant_use", other.point.public_id),
            tenancy.path("tenant_use", foreign.meter.point.public_id),
            tenancy.path("tenant_data", other.point.public_id),
            foreign.path("tenant_home"),
            foreign.use_path,
        ):
            assert tenancy.client.get(path).status_code == 404, path

    def test_are_no_pages_of_operators(self, tenancy: Tenancy) -> None:
        organization = str(tenancy.place.organization.public_id)
        allowed = {"home", "tenant_home", "tenant_looks", "own_disputes"}
        asked = 0
        for route in routes.walk(settings.ROOT_URLCONF):
            if route.kind != "guarded" or route.parameters != ("organization",) or route.name in allowed:
                continue
            path = route.fill({"organization": organization})
            for answer in (tenancy.client.get(path), tenancy.client.post(path)):
                answer.close()
                assert answer.status_code in {404, 405}, route.path
            asked += 1
        assert asked > 40

    @pytest.mark.parametrize("route", ["meter", "meter_usage", "meter_live", "meter_data", "meter_workbook"])
    def test_are_no_pages_of_the_own_meter_for_operators(self, tenancy: Tenancy, route: str) -> None:
        assert tenancy.client.get(tenancy.path(route, tenancy.meter.point.public_id)).status_code == 404

    def test_are_not_in_the_api(self, tenancy: Tenancy) -> None:
        headers = {"Meterbook-Organization": str(tenancy.place.organization.public_id)}
        path = f"/api/v1/meter-points/{tenancy.meter.point.public_id}"

        assert tenancy.client.get(path, headers=headers).status_code in {403, 404}

    def test_are_hidden_from_who_would_look_as_a_tenant(self, tenancy: Tenancy) -> None:
        admin = Client()
        admin.force_login(identity.user(organization=tenancy.place.organization))

        answer = admin.post(tenancy.path("see_as", tenancy.user.public_id), {"sure": "1"}, follow=True)

        assert "shown to the tenant only" in answer.content.decode()
        assert "No account is linked" in admin.get(tenancy.path("tenant_home")).content.decode()


class TestInviting:
    def test_leads_from_the_account_to_the_own_page(self, tenancy: Tenancy) -> None:
        clerk = Client()
        clerk.force_login(identity.user(organization=tenancy.place.organization, role=RoleCode.BILLING_CLERK))
        account = tenancy.account.public_id
        email = f"ann.{account}@meterbook.example"

        lost, page = (
            clerk.post(tenancy.path("tenant_invite", account), {"email": email, "language": "en"}) for _each in range(2)
        )
        earlier, link = LINK.search(lost.content.decode()), LINK.search(page.content.decode())
        assert earlier is not None
        assert link is not None
        assert "password1" not in Client().get(earlier.group()).content.decode()  # the newer one holds
        joining = Client()
        joined = joining.post(
            link.group(),
            {"name": "Ann Lee", "language": "en", "password1": SECRET, "password2": SECRET},
            follow=True,
        )

        assert joined.redirect_chain[-1][0] == tenancy.path("tenant_home")
        assert "Your use and bills at" in joined.content.decode()
        assert "New Tenant" in joined.content.decode()
        assert "Signs in" in clerk.get(tenancy.path("account", account)).content.decode()
        actions = trails.actions(tenancy.place.organization)
        assert actions.count("customers:let_sign_in") == 3
        assert actions[:2] == ["identity:sign_in", "identity:accept_invitation"]
        signing.sign_in(later := Client(), email, SECRET)
        assert signing.is_signed_in(later)

    def test_is_refused_for_the_landlords_own_account(self, tenancy: Tenancy) -> None:
        clerk = Client()
        clerk.force_login(identity.user(organization=tenancy.place.organization))

        answer = clerk.post(
            tenancy.path("tenant_invite", tenancy.place.landlord.public_id),
            {"email": "a@meterbook.example", "language": "en"},
        )

        assert answer.status_code == 422
        assert b"takes vacancies" in answer.content

    def test_ends_with_the_next_request(self, tenancy: Tenancy) -> None:
        clerk = Client()
        clerk.force_login(identity.user(organization=tenancy.place.organization))
        with scoping.scope([tenancy.place.organization.pk], actor=identity.ACTOR):
            (row,) = own.sign_ins_of(account_id=tenancy.account.pk, at=NOON)
        assert tenancy.client.get(tenancy.use_path).status_code == 200

        ended = clerk.post(tenancy.path("tenant_sign_in_end", tenancy.account.public_id, row.public_id))

        assert ended.status_code == 302
        assert tenancy.client.get(tenancy.use_path).status_code == 404
        assert "customers:end_sign_in" in trails.actions(tenancy.place.organization)
        foreign = tenancy.path("tenant_sign_in_end", tenancy.before.public_id, row.public_id)
        assert clerk.post(foreign).status_code == 404

    def test_ends_with_the_last_of_a_person_and_leaves_no_empty_page(self, tenancy: Tenancy) -> None:
        organization, user = tenancy.place.organization, tenancy.user
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            second = sign_ins.link_user(
                actor=identity.ACTOR, at=identity.LONG_AGO, account=tenancy.before.public_id, user_id=user.pk
            )
            (first,) = own.sign_ins_of(account_id=tenancy.account.pk, at=NOON)

        def end(account: uuid.UUID, sign_in: uuid.UUID) -> Access:
            with scoping.scope([organization.pk], actor=identity.ACTOR):
                sign_ins.end_sign_in(actor=identity.ACTOR, at=NOON, account=account, sign_in=sign_in)
                return identity_queries.access_of(user_id=user.pk, at=NOON)

        assert end(tenancy.account.public_id, first.public_id).at_site
        assert tenancy.client.get(tenancy.path("tenant_home")).status_code == 200
        assert not end(tenancy.before.public_id, second).at_site
        assert tenancy.client.get(tenancy.path("tenant_home")).status_code == 404

    def test_of_somebody_with_a_sign_in_does_not_speak_of_work(self, tenancy: Tenancy) -> None:
        clerk = Client()
        clerk.force_login(identity.user(organization=tenancy.place.organization))
        given = {"email": tenancy.user.email, "language": "en"}
        page = clerk.post(tenancy.path("tenant_invite", tenancy.before.public_id), given)
        link = LINK.search(page.content.decode())
        assert link is not None

        joined = tenancy.client.post(link.group(), follow=True).content.decode()

        assert "You work for" not in joined
        assert "Your use and bills at" in joined
        assert "Old Tenant" in joined

    def test_does_not_put_tenants_among_the_people(self, tenancy: Tenancy) -> None:
        admin = Client()
        admin.force_login(identity.user(organization=tenancy.place.organization))

        text = admin.get(tenancy.path("people")).content.decode()

        assert "Nora Stone" not in text
        assert "Tenant" not in admin.get(tenancy.path("invite")).content.decode().partition("<select")[2]

    def test_gives_the_role_at_the_site_only(self, tenancy: Tenancy) -> None:
        with scoping.scope([tenancy.place.organization.pk], actor=identity.ACTOR):
            access = identity_queries.access_of(user_id=tenancy.user.pk, at=NOON + timedelta(days=1))

        assert access.everywhere == frozenset()
        assert access.at_site == {tenancy.place.site.pk: frozenset({"customers:see_own_account"})}


class TestOpeningTheUse:
    """Without a day in the address, the newest month that has use is shown."""

    AUGUST = datetime(2026, 8, 4, 9, tzinfo=NOON.tzinfo)

    def test_begins_with_the_newest_month_that_has_some(self, tenancy: Tenancy, at_noon: clock.SettableClock) -> None:
        at_noon.advance(self.AUGUST - NOON)

        text = tenancy.client.get(tenancy.use_path).content.decode()
        home = tenancy.client.get(tenancy.path("tenant_home")).content.decode()
        asked = tenancy.client.get(f"{tenancy.use_path}?view=month&day=2026-08-04").content.decode()

        assert chart_of(text)["start"] >= MOVED.timestamp() * 1_000
        for each in (text, home):
            assert "No use in August yet: June 2026 is the newest month that has some." in each
            assert f"{tenancy.use_path}?view=month&amp;day=2026-08-04" in each
        assert "usage-data" not in asked
        assert f"{tenancy.use_path}?view=month&amp;day=2026-06-16" in asked

    def test_of_a_former_tenant_begins_with_the_last_own_month(self, tenancy: Tenancy) -> None:
        former = Client()
        former.force_login(tenancy.tenant(tenancy.before))
        usage.flat_days(tenancy.meter.energy, (NOON + timedelta(days=1)).date(), 1, value=NEW)

        data = chart_of(former.get(tenancy.use_path).content.decode())

        assert data["end"] <= MOVED.timestamp() * 1_000

    def test_says_that_there_is_none_before_anything_is_read(self, tenancy: Tenancy) -> None:
        other = billing.metered(tenancy.place, name="Local 14")
        customers.contract(account=tenancy.account, point=other.point, tariff=tenancy.place.tariff, starts_at=MOVED)

        text = tenancy.client.get(tenancy.path("tenant_use", other.point.public_id)).content.decode()

        assert "No use in this period yet" in text
        assert "Show the newest use" not in text


class TestComparison:
    def test_says_over_which_days_when_the_contract_began_within_last_month(self, database: str) -> None:
        """Moved in on 10 May: of the days of June so far only those from the 10th on are the tenant's in May too."""
        tenancy = Tenancy(moved=datetime(2026, 5, 9, 22, tzinfo=MOVED.tzinfo))
        usage.flat_days(tenancy.meter.energy, tenancy.moved.date() + timedelta(days=7), 31, value=2 * NEW)

        page = tenancy.client.get(tenancy.path("tenant_home")).content.decode()

        found = re.search(r"(\d+) % more than last month, over the (\d+) days that are yours in both", page)
        assert found is not None, page
        assert (found[1], found[2]) == ("100", "7")
