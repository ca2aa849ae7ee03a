"""The pages about keys of programs: made, shown once, exchanged, revoked; and the page about what the API can do."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import api_keys
from meterbook.identity import models as identity_models
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import Module, RoleCode, ScopeKind
from meterbook.kernel import clock
from tests.factories import api, customers, identity, metering, sites

TOKEN = re.compile(r"mb_[0-9a-f]{12}_[0-9a-f]{64}")


@pytest.fixture
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def browser(organization: identity_models.Organization) -> Client:
    client = Client()
    client.force_login(identity.user(organization=organization, name="Berta Novak"))
    return client


def href(organization: identity_models.Organization, route: str, *more: object) -> str:
    return reverse(route, args=[organization.public_id, *more])


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def make(browser: Client, organization: identity_models.Organization, **more: object) -> HttpResponse:
    given = {"name": "Accounting", "permissions": ["sites:view"], "last_day": "", **more}
    answer: HttpResponse = browser.post(href(organization, "api_key_new"), given)
    return answer


@pytest.mark.spec("X-07/1")
class TestNewKey:
    def test_is_shown_once_and_works(self, browser: Client, organization: identity_models.Organization) -> None:
        shown = make(browser, organization)

        (token,) = set(TOKEN.findall(text(shown)))
        assert shown.headers["Cache-Control"] == "no-store"
        assert api.Program(token).get("/sites").status_code == 200
        listed = text(browser.get(href(organization, "api_keys")))
        assert not TOKEN.search(listed)
        assert token[:15] in listed
        assert "Berta Novak answers for it" in listed

    def test_reaches_only_the_sites_and_networks_that_were_chosen(
        self, browser: Client, organization: identity_models.Organization
    ) -> None:
        here, _there = sites.site(organization=organization), sites.site(organization=organization)

        make(browser, organization, sites=[str(here.public_id)], networks="192.0.2.7\n\n 2001:db8::/32 ")

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (row,) = api_keys.list_keys(at=clock.now())
        assert row.site_ids == {here.pk}
        assert row.networks == ("192.0.2.7/32", "2001:db8::/32")

    def test_reaches_only_the_meters_and_accounts_that_were_named(
        self, browser: Client, organization: identity_models.Organization
    ) -> None:
        meter = metering.installed_meter(organization=organization)
        account = customers.account(organization=organization, site=meter.point.site)

        rights = ["metering:view_meter", "billing:view_bill"]

        wrong = make(
            browser, organization, permissions=rights, meters=f"{meter.point.code}\nNOWHERE", accounts="A-NONE"
        )
        useless = make(browser, organization, permissions=rights, accounts=account.number)
        make(browser, organization, permissions=rights, meters=f" {meter.point.code} \n", accounts=account.number)

        assert (wrong.status_code, useless.status_code) == (422, 422)
        assert "can never use: “See meters and readings”." in text(useless)
        assert "Not found here: NOWHERE" in text(wrong)
        assert "Not found here: A-NONE" in text(wrong)
        assert meter.point.code in text(wrong)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (row,) = api_keys.list_keys(at=clock.now())
        assert {(each.kind, each.id) for each in row.singles} == {
            (ScopeKind.METER, meter.point.pk),
            (ScopeKind.ACCOUNT, account.pk),
        }
        assert f"{account.number}, {meter.point.code}" in text(browser.get(href(organization, "api_keys")))

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"name": ""}, "This field is required"),
            ({"permissions": []}, "Choose at least one right."),
            ({"permissions": ["sites:burn"]}, "sites:burn"),
            ({"networks": "everywhere"}, "is no network"),
            ({"last_day": "1999-01-01"}, "has passed already"),
            ({"last_day": "tomorrow"}, "year-month-day"),
            ({"sites": ["00000000-0000-4000-8000-000000000000"]}, "00000000"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, browser: Client, organization: identity_models.Organization, wrong: dict[str, object], words: str
    ) -> None:
        sites.site(organization=organization), sites.site(organization=organization)

        answer = make(browser, organization, **{"networks": "192.0.2.7", **wrong})

        assert answer.status_code == 422
        assert words in text(answer)
        assert str(wrong.get("networks", "192.0.2.7")) in text(answer)

    def test_offers_no_right_that_the_person_lacks(self, organization: identity_models.Organization) -> None:
        maker = identity.user(
            organization=organization, role=None, permissions=["identity:manage_api_keys", "sites:view"]
        )
        browser = Client()
        browser.force_login(maker)

        assert "billing:approve_run" not in text(browser.get(href(organization, "api_key_new")))
        assert make(browser, organization, permissions=["billing:approve_run"]).status_code == 422


@pytest.mark.spec("X-07/1")
class TestKey:
    def test_gets_a_new_secret(self, browser: Client, organization: identity_models.Organization) -> None:
        made = api.key(organization=organization)

        shown = browser.post(href(organization, "api_key_rotate", made.row.public_id), {"overlap": "1h"})

        (token,) = set(TOKEN.findall(text(shown)))
        assert api.Program(token).get("/sites").status_code == 200
        assert api.Program(made.token).get("/sites").status_code == 200
        assert "Two secrets work" in text(browser.get(href(organization, "api_keys")))

    def test_is_revoked_with_a_reason(self, browser: Client, organization: identity_models.Organization) -> None:
        made = api.key(organization=organization)
        path = href(organization, "api_key_revoke", made.row.public_id)

        without = browser.post(path, {"reason": " "})
        assert (without.status_code, api.Program(made.token).get("/sites").status_code) == (422, 200)

        browser.post(path, {"reason": "lost"})

        assert api.Program(made.token).get("/sites").status_code == 401
        assert "Revoked" in text(browser.get(href(organization, "api_keys")))

    def test_that_was_revoked_gets_no_secret(self, browser: Client, organization: identity_models.Organization) -> None:
        made = api.key(organization=organization)
        browser.post(href(organization, "api_key_revoke", made.row.public_id), {"reason": "lost"})

        answer = browser.post(href(organization, "api_key_rotate", made.row.public_id), {"overlap": "0"})

        assert answer.status_code == 422
        assert "make a new one" in text(answer)


class TestReference:
    @pytest.mark.spec("M-113")
    def test_shows_what_is_on(self, browser: Client, organization: identity_models.Organization) -> None:
        page = href(organization, "api_reference")
        assert "/api/v1/bills" in text(browser.get(page))

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            identity_operations.change_module(
                actor=identity.ACTOR, at=identity.LONG_AGO, module=Module.BILLING, is_on=False
            )

        shown = text(browser.get(page))
        assert "/api/v1/bills" not in shown
        assert "/api/v1/meter-points" in shown

    def test_is_for_everybody_who_works_there(self, organization: identity_models.Organization) -> None:
        browser = Client()
        browser.force_login(identity.user(organization=organization, role=RoleCode.CASHIER))

        shown = text(browser.get(href(organization, "api_reference")))

        assert "OpenAPI 3.1" in shown
        assert href(organization, "api_keys") not in shown

    def test_empty_list_says_what_to_do(self, browser: Client, organization: identity_models.Organization) -> None:
        shown = text(browser.get(href(organization, "api_keys")))

        assert "No program has a key yet" in shown
        assert href(organization, "api_key_new") in shown
