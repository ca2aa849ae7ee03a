"""People whose right covers one site only: its accounts and bills, and nothing of any other (M-002/2, M-004/1)."""

from __future__ import annotations

import functools
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.billing.values import RunState
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import registry
from meterbook.identity.values import DelegationScope, Module, RoleCode
from meterbook.kernel import clock
from meterbook.tariffs import models as tariff_models
from tests.factories import api, billing, identity
from tests.factories.towns import Town, billed
from tests.journeys import test_api_walk
from tests.journeys.house import signed_in
from tests.support import operations, routes, trails

FEBRUARY, JANUARY = billing.FEBRUARY, billing.Days(*(billing.FEBRUARY.first_day.replace(month=each) for each in (1, 2)))
OWN, FOREIGN = "Calder Bakery", "Zebra Barber"


@pytest.fixture(scope="module")
def town(database: str) -> Town:
    organization = identity.organization()
    return Town(
        organization,
        billed(organization, name=OWN, landlord="L-1"),
        billed(organization, name=FOREIGN, landlord="L-2"),
    )


def answered(client: Client, path: str, method: str) -> HttpResponseBase:
    return client.get(path) if method == "GET" else client.post(path, {"sure": "1", "reason": "a test"})


def session(user: identity_models.User) -> api.Program:
    program = api.Program()
    program.client.force_login(user)
    return program


@functools.cache
def routes_of_billing() -> tuple[routes.Route, ...]:
    found = [each for each in routes.walk(settings.ROOT_URLCONF) if each.kind == "guarded"]
    return tuple(each for each in found if registry.module_of(each.view.permission) is Module.BILLING)


@pytest.mark.spec("M-002/2")
@pytest.mark.spec("X-05/2")
class TestClerkOfOneSite:
    def test_finds_nothing_of_another_site_at_any_address(self, town: Town) -> None:
        """Each role at the site together: whatever page asks which right, it is there for some of them."""
        client = signed_in(town.clerk(RoleCode.ORGANIZATION_ADMIN))
        named = [
            each for each in routes_of_billing() if set(each.parameters) - {"organization"} <= set(town.here.named)
        ]
        asked = [each for each in named if each.view.by_site and len(each.parameters) > 1]
        assert len(asked) > 30
        leaks = []

        for each in asked:
            path = each.fill({**town.there.named, "organization": town.organization.public_id})
            for method in routes.READING:
                answer = answered(client, path, method)
                if answer.status_code not in (404, 405):
                    leaks.append((method, each.path, answer.status_code))

        assert leaks == []

    def test_sees_its_own_on_every_page_and_nothing_of_another(self, town: Town) -> None:
        client = signed_in(town.clerk(RoleCode.ORGANIZATION_ADMIN))
        pages = [
            each
            for each in routes.walk(settings.ROOT_URLCONF)
            if each.kind == "guarded" and each.parameters == ("organization",) and not hasattr(each.view, "is_stream")
        ]
        there = town.there.named
        marks = [
            FOREIGN,
            "L-2",
            town.there.place.site.name,
            str(there["account"]),
            str(there["bill"]),
            str(there["run"]),
        ]

        told = {each.path: client.get(each.fill({"organization": town.organization.public_id})) for each in pages}

        assert {each.status_code for each in told.values()} <= {200, 302, 403, 404, 405}
        seen = {
            (path, mark)
            for path, answer in told.items()
            for mark in marks
            if answer.status_code == 200 and mark in answer.content.decode(errors="replace")
        }
        assert seen == set()
        for name in ("accounts", "customers", "contracts", "bills", "home"):
            assert OWN in client.get(town.path(name)).content.decode(), name

    def test_opens_exports_and_finds_its_own(self, town: Town) -> None:
        client, here = signed_in(town.clerk()), town.here.named
        pages = [
            *((each, here[each]) for each in ("run", "bill", "account", "customer", "contract")),
            *((each, here[each]) for each in ("tariff", "transaction")),
            ("bill_pdf", here["bill"]),
            ("bill_data", here["bill"]),
            ("run_new",),
            ("account_new",),
            ("moves",),
            ("unbilled",),
        ]

        assert {client.get(town.path(*each)).status_code for each in pages} == {200}
        for kind in ("csv", "xlsx"):
            assert client.get(town.path("bills_file") + f"?kind={kind}").status_code == 200
        assert FOREIGN not in client.get(town.path("bills_file")).content.decode()  # type: ignore[attr-defined]
        found = client.get(town.path("palette") + "?q=barber").content.decode()
        assert "Barber" not in found
        assert OWN in client.get(town.path("palette") + "?q=calder").content.decode()
        tariffs = client.get(town.path("palette") + "?q=T-L").content.decode()
        assert ("T-L-1" in tariffs, "T-L-2" in tariffs) == (True, False)
        assert client.get(town.path("tariff", town.there.named["tariff"])).status_code == 404

    def test_cannot_bill_or_open_an_account_elsewhere(self, town: Town) -> None:
        user = town.clerk()
        client = signed_in(user)
        program = session(user)
        there = town.there.place.site.public_id
        run = {"site": str(there), "month": f"{JANUARY.first_day:%Y-%m}"}
        account = {"site": str(there), "number": "A-77", "name": "Nobody", "language": "en"}

        assert client.post(town.path("run_new"), run).status_code == 422
        assert client.post(town.path("account_new"), account).status_code == 422
        assert program.post(f"/accounts?organization={town.organization.public_id}", {**account}).status_code == 404
        days = {"first_day": "2026-01-01", "until_day": "2026-02-01"}
        assert (
            program.post(f"/runs?organization={town.organization.public_id}", {"site": str(there), **days}).status_code
            == 404
        )

    def test_opens_an_account_here_that_it_then_sees_and_no_number_twice(self, town: Town) -> None:
        client = signed_in(town.clerk())
        given = {"site": str(town.here.place.site.public_id), "name": "New Tenant", "language": "en"}

        taken = client.post(town.path("account_new"), {**given, "number": "L-2"})
        opened = client.post(town.path("account_new"), {**given, "number": "A-NEW"})

        assert (taken.status_code, opened.status_code) == (422, 302)
        assert "New Tenant" in client.get(opened["Location"]).content.decode()
        assert "New Tenant" in client.get(town.path("customers")).content.decode()

    def test_through_the_api_lists_only_its_own(self, town: Town) -> None:
        user = town.clerk(RoleCode.ORGANIZATION_ADMIN)
        program = session(user)
        plain = [each for each in operations.all_operations() if each.method == "GET" and not each.parameters]
        asked = f"organization={town.organization.public_id}"

        told = {each.id: program.get(f"{each.path}?{asked}") for each in plain}

        assert {each.status_code for each in told.values()} <= {200, 403, 422}
        assert [name for name, each in told.items() if FOREIGN in each.content.decode(errors="replace")] == []
        for name in ("list_accounts", "list_bills", "list_all_contracts", "list_customers", "list_runs"):
            assert told[name].status_code == 200, name
        assert OWN in told["list_accounts"].content.decode()
        assert [each["number"] for each in json.loads(told["list_bills"].content)["items"]]

    def test_through_the_api_finds_nothing_of_another_site(self, town: Town) -> None:
        program = session(town.clerk(RoleCode.ORGANIZATION_ADMIN))
        leaks = []
        concerned = [
            each
            for each in operations.all_operations()
            if registry.module_of(each.permission) is Module.BILLING
            and each.parameters
            and set(each.parameters) <= set(town.there.named)
        ]

        for each in concerned:
            asked = {"organization": str(town.organization.public_id), **test_api_walk.QUERIES.get(each.id, {})}
            path = f"{each.fill(town.there.named)}?{urlencode(asked)}"
            make = test_api_walk.BODIES.get(each.id)
            body = make(town.organization) if make else {}
            answer = program.ask(each.method, path, body if each.method != "GET" else None)
            # What belongs to no site is refused to who has a role at single sites.
            if answer.status_code not in (403, 404):
                leaks.append((each.id, answer.status_code))

        assert len(concerned) > 30
        assert not leaks, leaks


class TestOtherRolesAtOneSite:
    @pytest.mark.spec("M-002/2")
    @pytest.mark.parametrize("role", [RoleCode.CASHIER, RoleCode.APPROVER, RoleCode.MANAGER])
    def test_see_its_accounts_and_bills(self, town: Town, role: RoleCode) -> None:
        client = signed_in(town.clerk(role))

        assert client.get(town.path("account", town.here.named["account"])).status_code == 200
        assert client.get(town.path("account", town.there.named["account"])).status_code == 404
        assert client.get(town.path("bill", town.there.named["bill"])).status_code == 404

    def test_of_one_account_only_sees_no_other_of_the_site(self, town: Town) -> None:
        """The wall itself: whatever asks for accounts, in whatever way."""
        account = town.here.named["account"]
        with scoping.scope([town.organization.pk], actor=identity.ACTOR):
            known = customer_models.Account.objects.get(organization_id=town.organization.pk, public_id=account)
            scoping.limit(scoping.Reach(accounts=frozenset({known.pk}), customers=frozenset({known.customer_id})))
            seen = [
                list(model.objects.filter(organization_id=town.organization.pk).values_list(name, flat=True))
                for model, name in (
                    (customer_models.Account, "pk"),
                    (customer_models.Customer, "pk"),
                    (billing_models.Bill, "account_id"),
                    (tariff_models.Tariff, "pk"),
                )
            ]

        assert seen == [[known.pk], [known.customer_id], [known.pk], []]


class TestCompanyThatBillsOneSite:
    @pytest.mark.spec("M-004/1")
    @pytest.mark.spec("M-004/3")
    def test_starts_approves_and_issues_bills_there_and_nowhere_else(self, database: str) -> None:
        landlord = identity.organization(name="Quay Homes")
        here = billing.place(organization=landlord, landlord="L-1")
        there = billing.place(organization=landlord, landlord="L-2", raw={**billing.document(), "code": "T2"})
        for place, name in ((here, OWN), (there, FOREIGN)):
            billing.shop(place, name=name, days=FEBRUARY)
        company = identity.organization(name="Acme Management")
        clerk, boss = (
            identity.user(organization=company, role=role, name=name)
            for role, name in ((RoleCode.BILLING_CLERK, "Cleo Park"), (RoleCode.APPROVER, "Abe Stone"))
        )
        identity.delegation(landlord=landlord, manager=company, scopes=[DelegationScope.BILL], site_ids=[here.site.pk])
        client = signed_in(clerk)
        month = clock.now().date().replace(day=1) - timedelta(days=1)
        path = functools.partial(lambda name, *more: reverse(name, args=[landlord.public_id, *more]))

        started = client.post(path("run_new"), {"site": str(here.site.public_id), "month": f"{month:%Y-%m}"})
        run = billing.advance(
            billing.plan(here, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day, actor=identity.actor(clerk))
        )
        other = billing.plan(there, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day)
        shown = client.get(path("run", run.public_id)).content.decode()
        approved = signed_in(boss).post(path("run_approve", run.public_id), {"sure": "1"})
        entry = trails.latest(landlord)

        assert started.status_code == 302, started.content.decode()
        assert path("run_leave_out", run.public_id) in shown
        assert approved.status_code == 302
        assert billing.fresh(run).state == RunState.APPROVED
        assert billing.fresh(billing.advance(run)).state in {RunState.ISSUING, RunState.DELIVERED, RunState.CLOSED}
        assert (entry.action, entry.on_behalf_of) == ("billing:approve_run", landlord.name)
        assert client.get(path("run", other.public_id)).status_code == 404
        assert (
            client.post(path("run_new"), {"site": str(there.site.public_id), "month": f"{month:%Y-%m}"}).status_code
            == 422
        )
        names = client.get(path("customers")).content.decode()
        assert (OWN in names, FOREIGN in names) == (True, False)
