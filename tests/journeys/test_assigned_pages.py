"""A monitor of single meters and accounts: what is assigned is seen, with its bills, and nothing else (M-003)."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.identity import models, operations, queries
from meterbook.identity.values import Access, RoleCode, ScopeKind, Single
from meterbook.kernel import clock
from meterbook.sites import permissions as site_permissions
from meterbook.web.stream import views as stream_views
from tests.factories import api, billing, identity, metering
from tests.journeys.house import signed_in


class Mall:
    """Two shops with February billed, and a monitor to whom nothing is assigned yet."""

    def __init__(self) -> None:
        self.place = billing.place()
        self.organization = self.place.organization
        self.bakery, self.gym = (
            billing.shop(self.place, name=name, days=billing.FEBRUARY) for name in ("Calder Bakery", "Harbor Gym")
        )
        run = billing.issued(self.place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            rows = billing_queries.run_bills(run_public_id=run.public_id).rows
            listed = {each.customer_name: each for each in billing_queries.list_bills().rows}
        assert len(rows) >= 2
        self.bills = {name: listed[name] for name in ("Calder Bakery", "Harbor Gym")}
        self.monitor = identity.user(organization=self.organization, role=None)

    def path(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def assign(self, kind: ScopeKind, key: int) -> Client:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            operations.grant_role(
                actor=identity.ACTOR, at=clock.now(), user_id=self.monitor.pk, role=RoleCode.MONITOR, single=(kind, key)
            )
        return signed_in(self.monitor)


@pytest.fixture(scope="module")
def mall(database: str) -> Mall:
    return Mall()


def test_a_monitor_sees_an_assigned_meter_its_use_and_its_bills_alone(mall: Mall) -> None:
    client = mall.assign(ScopeKind.METER, mall.bakery.point.pk)
    own, foreign = mall.bills["Calder Bakery"], mall.bills["Harbor Gym"]

    home = client.get(mall.path("home"))
    text = client.get(mall.path("assigned")).content.decode()

    assert home.headers["Location"] == mall.path("assigned")
    assert own.number in text
    assert foreign.number not in text
    assert client.get(mall.path("assigned_bill", own.public_id)).headers["Content-Type"] == "application/pdf"
    assert client.get(mall.path("assigned_bill", foreign.public_id)).status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(client.get(mall.path("assigned_bills")).content))
    assert [row[1].value for row in book.worksheets[0].iter_rows(min_row=2)] == [own.number]
    for name in ("meter", "meter_usage", "meter_live", "meter_workbook"):
        answers = [client.get(mall.path(name, each.point.public_id)).status_code for each in (mall.bakery, mall.gym)]
        assert answers == [200, 404], name
    for name in ("alarms", "bills", "accounts", "people", "palette"):
        assert client.get(mall.path(name)).status_code == 403, name
    # Paths of pages about a meter begin with "Meters".
    assert client.get(mall.path("meters")).headers["Location"] == mall.path("assigned")


def test_a_monitor_hears_of_assigned_meters_alone(mall: Mall) -> None:
    client = mall.assign(ScopeKind.METER, mall.bakery.point.pk)
    request = HttpRequest()
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        request.organization = queries.get_organization()  # type: ignore[attr-defined]
        request.access = Access(at_meter={mall.bakery.point.pk: frozenset({site_permissions.VIEW_SITES})})  # type: ignore[attr-defined]
    request.actor = identity.ACTOR  # type: ignore[attr-defined]

    heard = stream_views.own_series(request)  # type: ignore[arg-type]

    assert client.get(mall.path("stream")).status_code == 200
    assert (
        client.post(mall.path("watch"), {"series": f"{mall.bakery.energy.pk},{mall.gym.energy.pk}"}).status_code == 204
    )
    assert heard is not None
    assert (mall.bakery.energy.pk in heard, mall.gym.energy.pk in heard) == (True, False)


def test_who_is_limited_to_a_site_hears_of_its_series_alone(mall: Mall) -> None:
    far = metering.installed_meter(organization=mall.organization)
    request = HttpRequest()
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        request.organization = queries.get_organization()  # type: ignore[attr-defined]
    request.actor = identity.ACTOR  # type: ignore[attr-defined]

    def heard(**held: object) -> frozenset[int] | None:
        request.access = Access(**held)  # type: ignore[attr-defined, arg-type]
        return stream_views.own_series(request)  # type: ignore[arg-type]

    may = frozenset({site_permissions.VIEW_SITES})
    at_site = heard(at_site={mall.bakery.point.site_id: may})
    with_one_more = heard(at_site={mall.bakery.point.site_id: may}, at_meter={far.point.pk: may})

    assert at_site is not None
    assert with_one_more is not None
    assert mall.bakery.energy.pk in at_site
    assert far.energy.pk not in at_site
    assert far.energy.pk in with_one_more
    assert heard(everywhere=may) is None


def test_a_monitor_asks_the_api_for_assigned_meters_alone(mall: Mall) -> None:
    mall.assign(ScopeKind.METER, mall.bakery.point.pk)
    own, foreign = mall.bills["Calder Bakery"], mall.bills["Harbor Gym"]
    program = api.Program()
    program.client.force_login(mall.monitor)

    listed = program.get("/assigned").json()

    assert [each["number"] for point in listed["meter_points"] for each in point["bills"]] == [own.number]
    paths = ("/meter-points/{point}", "/meter-points/{point}/latest")
    asked = [each.format(point=meter.point.public_id) for meter in (mall.bakery, mall.gym) for each in paths]
    assert [program.get(each).status_code for each in asked] == [200, 200, 404, 404]
    files = [program.get(f"/assigned/bills/{each.public_id}/pdf").status_code for each in (own, foreign)]
    assert files == [200, 404]
    assert {program.get(each).status_code for each in ("/bills", "/accounts", "/meter-points")} == {403}


@pytest.mark.spec("X-07/1")
def test_a_key_reaches_the_meters_and_accounts_that_it_is_limited_to_alone(mall: Mall) -> None:
    own, foreign = mall.bills["Harbor Gym"], mall.bills["Calder Bakery"]
    site = mall.bakery.point.site_id
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        account = customer_queries.account_ids(numbers=[own.account_number])[own.account_number]
    meter_key, account_key = (
        api.Program(api.key(organization=mall.organization, singles=[each], name=each.kind).token)
        for each in (Single(ScopeKind.METER, mall.gym.point.pk, site), Single(ScopeKind.ACCOUNT, account, site))
    )
    points = [f"/meter-points/{each.point.public_id}" for each in (mall.gym, mall.bakery)]

    for program, seen in ((meter_key, [200, 404]), (account_key, [404, 404])):
        assert [program.get(each).status_code for each in points] == seen
        assert [program.get(f"{each}/latest").status_code for each in points] == seen
        files = [program.get(f"/assigned/bills/{each.public_id}/pdf").status_code for each in (own, foreign)]
        assert files == [200, 404]
        lists = ("/sites", "/meter-points", "/bills", "/accounts", "/customers", "/users", "/tariffs", "/api-keys")
        assert {program.get(each).status_code for each in lists} == {403}
        told = api.problem(program.get("/bills"))["detail"]
        assert "for single meters or accounts only" in told
        assert "GET /api/v1/assigned" in told
    assert meter_key.ask("PATCH", points[0], {"language": "es"}).status_code == 200
    assert meter_key.ask("PATCH", points[1], {"language": "es"}).status_code == 404
    listed = api.Program(api.key(organization=mall.organization).token).get("/api-keys").json()["items"]
    told = {each["name"]: (each["sites"], each["meter_points"], each["accounts"]) for each in listed}
    assert told["METER"] == ([], [str(mall.gym.point.public_id)], [])
    assert told["ACCOUNT"] == ([], [], [str(own.account_public_id)])
    assert told["Accounting"] == (None, None, None)


@pytest.mark.spec("X-07/1")
def test_the_right_over_bills_is_enough_for_a_key_of_single_things(mall: Mall) -> None:
    own, foreign = mall.bills["Harbor Gym"], mall.bills["Calder Bakery"]
    site = mall.gym.point.site_id
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        account = customer_queries.account_ids(numbers=[own.account_number])[own.account_number]

    def program(kind: ScopeKind, key: int, *rights: str) -> api.Program:
        return api.Program(
            api.key(organization=mall.organization, singles=[Single(kind, key, site)], permissions=set(rights)).token
        )

    may = ("billing:view_bill", "customers:view_customer")
    of_account, of_meter = program(ScopeKind.ACCOUNT, account, *may), program(ScopeKind.METER, mall.gym.point.pk, *may)
    neither = program(ScopeKind.ACCOUNT, account, "customers:view_customer")
    everywhere = api.Program(api.key(organization=mall.organization, permissions={"billing:view_bill"}).token)

    accounts = of_account.get("/assigned").json()
    meters = of_meter.get("/assigned").json()

    assert accounts["meter_points"] == meters["accounts"] == []
    assert [(each["number"], [bill["number"] for bill in each["bills"]]) for each in accounts["accounts"]] == [
        (own.account_number, [own.number])
    ]
    assert [(each["code"], [bill["number"] for bill in each["bills"]]) for each in meters["meter_points"]] == [
        (mall.gym.point.code, [own.number])
    ]
    for each in (of_account, of_meter):
        files = [each.get(f"/assigned/bills/{bill.public_id}/pdf").status_code for bill in (own, foreign)]
        assert files == [200, 404]
        assert {each.get(path).status_code for path in ("/bills", "/accounts", "/customers")} == {403}
        assert each.get(f"/meter-points/{mall.gym.point.public_id}").status_code == 403
    assert "metering:view_meter or billing:view_bill" in api.problem(neither.get("/assigned"))["detail"]
    assert everywhere.get("/assigned").status_code == 403


def test_an_assigned_account_shows_its_bills(mall: Mall) -> None:
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        number = mall.bills["Harbor Gym"].account_number
        account = customer_queries.account_ids(numbers=[number])[number]
    user = identity.user(organization=mall.organization, role=None)
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        operations.grant_role(
            actor=identity.ACTOR,
            at=clock.now(),
            user_id=user.pk,
            role=RoleCode.MONITOR,
            single=(ScopeKind.ACCOUNT, account),
        )

    text = signed_in(user).get(mall.path("assigned")).content.decode()

    assert mall.bills["Harbor Gym"].number in text
    assert mall.bills["Calder Bakery"].number not in text


def test_an_administrator_assigns_by_codes_and_numbers(mall: Mall) -> None:
    person = identity.user(organization=mall.organization, role=RoleCode.CASHIER)
    admin = signed_in(identity.user(organization=mall.organization))
    foreign = "NOWHERE"
    page = mall.path("assign", person.public_id)
    account = mall.bills["Calder Bakery"].account_number

    wrong = admin.post(page, {"meters": f"{mall.gym.point.code}\n{foreign}", "accounts": account})
    nothing = admin.post(page, {"meters": " "})
    right = admin.post(page, {"meters": mall.gym.point.code, "accounts": account})

    assert (wrong.status_code, nothing.status_code, right.status_code) == (422, 422, 302)
    assert f"Not found here: {foreign}" in wrong.content.decode()
    assert mall.gym.point.code in wrong.content.decode()
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        kinds = models.Grant.objects.filter(organization_id=mall.organization.pk, user=person)
        assert sorted(kinds.values_list("scope_kind", flat=True)) == ["ACCOUNT", "METER", "ORGANIZATION"]
    shown = admin.get(mall.path("person", person.public_id)).content.decode()
    assert f"Meter {mall.gym.point.name} ({mall.gym.point.code})" in shown
    assert f"Account {account}" in shown
    assert signed_in(person).get(page).status_code == 403
