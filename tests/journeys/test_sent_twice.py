"""A form that makes something is carried out once: sent twice at the same time, after the back button, and anew."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings as django_settings
from django.db import connections, models
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from tests.factories import identity, sites
from tests.journeys.house import House
from tests.journeys.test_setting_up import METER, SITE

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]{64})"')
FACTS = {"area_unit": "M2", "capacity_unit": "KW"}
CUSTOMER = {"name": "Calder Bakery", "kind": "COMPANY", "language": "en"}
FORMS: dict[str, tuple[type[models.Model], dict[str, object]]] = {
    "customer_new": (customer_models.Customer, CUSTOMER),
    "invite": (identity_models.Invitation, {"email": "nora@meterbook.example", "role": "MONITOR", "language": "en"}),
    "site_new": (site_models.Site, {**SITE, "code": "S9"}),
    "api_key_new": (identity_models.ApiKey, {"name": "Accounting", "permissions": ["sites:view"], "last_day": ""}),
    "role_new": (identity_models.Role, {"name": "Porter", "permissions": ["sites:view"]}),
    "meter_new": (metering_models.MeterPoint, METER),
    "place_add": (site_models.SiteNode, {"name": "Shop 2", "code": "U2", "kind": "UNIT", **FACTS}),
}
each_form = pytest.mark.parametrize("name", FORMS)


class Sender:
    """A browser that checks its form token, in an organization with a site."""

    def __init__(self) -> None:
        self.house = House()
        self.site = sites.site(organization=self.house.organization, name="Harbor Mall")
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(self.house.admin)

    def path(self, name: str) -> str:
        return self.house.path(name, *([self.site.public_id] if name == "place_add" else []))

    def page(self, name: str) -> str:
        shown = self.house.path("site_editor", self.site.public_id) if name == "place_add" else self.path(name)
        return self.client.get(shown).content.decode()

    def given(self, name: str, token: str = "") -> dict[str, object]:
        given = {**FORMS[name][1], **({"site": str(self.site.public_id)} if name == "meter_new" else {})}
        return {**given, "csrfmiddlewaretoken": token or self.client.cookies[django_settings.CSRF_COOKIE_NAME].value}

    def count(self, name: str) -> int:
        model = FORMS[name][0]
        with scoping.scope([self.house.organization.pk], actor=identity.ACTOR):
            return model.objects.filter(organization_id=self.house.organization.pk).count()  # type: ignore[attr-defined]

    def at_once(self, name: str, given: dict[str, object]) -> list[HttpResponse]:
        """Two threads, as two requests of one browser are two threads of the server."""
        start = Barrier(2)

        def send() -> HttpResponse:
            other = Client(enforce_csrf_checks=True)
            other.cookies = self.client.cookies
            try:
                start.wait()
                answer: HttpResponse = other.post(self.path(name), given)
                return answer
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            return [each.result() for each in [pool.submit(send), pool.submit(send)]]


def token_of(page: str) -> str:
    found = TOKEN.search(page)
    assert found
    return found[1]


@pytest.fixture
def sender(settings: Settings) -> Sender:
    settings.IS_DEMO = True  # a simulated gateway stands on this machine
    return Sender()


@pytest.mark.spec("X-13/1")
class TestSentAtTheSameTime:
    @each_form
    def test_makes_one(self, sender: Sender, name: str) -> None:
        page, before = sender.page(name), sender.count(name)

        answers = sender.at_once(name, sender.given(name, token_of(page)))

        assert sender.count(name) == before + 1
        assert {each.status_code for each in answers} <= {200, 302, 409}
        if {each.status_code for each in answers} == {302}:
            assert answers[0].headers["Location"] == answers[1].headers["Location"]


@pytest.mark.spec("X-13/1")
class TestSentAgain:
    def test_from_the_same_page_leads_to_what_it_made(self, sender: Sender) -> None:
        given = sender.given("customer_new", token_of(sender.page("customer_new")))

        first, again = (sender.client.post(sender.path("customer_new"), given) for _time in range(2))

        assert sender.count("customer_new") == 1
        assert first.headers["Location"] == again.headers["Location"]
        assert "nothing was done twice" in sender.client.get(again.headers["Location"]).content.decode()

    def test_says_honestly_that_a_secret_is_shown_once(self, sender: Sender) -> None:
        given = sender.given("api_key_new", token_of(sender.page("api_key_new")))

        first, again = (sender.client.post(sender.path("api_key_new"), given) for _time in range(2))

        assert sender.count("api_key_new") == 1
        assert "mb_" in first.content.decode()
        assert again.status_code == 409
        assert "cannot be shown again" in again.content.decode()

    def test_from_another_page_is_another_wish(self, sender: Sender) -> None:
        for _time in range(2):
            given = sender.given("customer_new", token_of(sender.page("customer_new")))
            assert sender.client.post(sender.path("customer_new"), given).status_code == 302

        assert sender.count("customer_new") == 2

    def test_with_other_content_is_another_wish(self, sender: Sender) -> None:
        given = sender.given("customer_new", token_of(sender.page("customer_new")))

        for name in ("Calder Bakery", "Quay Bakery"):
            assert sender.client.post(sender.path("customer_new"), {**given, "name": name}).status_code == 302

        assert sender.count("customer_new") == 2

    def test_after_it_was_refused_is_carried_out(self, sender: Sender) -> None:
        token = token_of(sender.page("site_new"))
        taken = sites.site(organization=sender.house.organization, code="S9")
        given = sender.given("site_new", token)

        refused = sender.client.post(sender.path("site_new"), given)
        with scoping.scope([sender.house.organization.pk], actor=identity.ACTOR):
            site_models.Site.objects.filter(
                organization_id=sender.house.organization.pk, public_id=taken.public_id
            ).update(code=uuid.uuid4().hex)
        made = sender.client.post(sender.path("site_new"), given)

        assert (refused.status_code, made.status_code) == (422, 302)
