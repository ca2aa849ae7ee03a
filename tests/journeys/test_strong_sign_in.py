"""Who must sign in strongly, and who guesses: what X-10 asks for beside passwords and codes themselves."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.core.internal import ratelimit
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from meterbook.identity import models, values
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import api, identity
from tests.journeys import test_second_factor as second
from tests.journeys import test_sign_in as signing
from tests.journeys.house import House, signed_in

PROTECTED = (RoleCode.ORGANIZATION_ADMIN, RoleCode.PLATFORM_OWNER, RoleCode.OPERATOR)


@pytest.mark.spec("X-10/6")
class TestSecondStep:
    def test_is_asked_by_a_new_organization_of_owner_administrator_and_who_controls(self) -> None:
        assert values.SECOND_FACTOR_AT_FIRST == PROTECTED

    @pytest.mark.parametrize("role", [RoleCode.ORGANIZATION_ADMIN, RoleCode.OPERATOR])
    def test_is_enforced_on_pages_streams_and_the_interface_after_the_grace(self, role: RoleCode) -> None:
        house = House(second_factor_roles=PROTECTED)
        user = house.person(role=role)
        browser = signed_in(user)

        first = browser.get(house.path("home"))
        models.User.objects.filter(pk=user.pk).update(second_factor_asked_at=clock.now() - timedelta(days=8))
        browser.post(reverse("second_step"))

        assert first.headers["Location"] == reverse("second_step")
        for route in ("home", "meters", "settings_index", "work"):
            assert browser.get(house.path(route)).headers["Location"] == reverse("second_step"), route
        assert browser.get(house.path("stream"), headers={"Accept": "text/event-stream"}).status_code == 401
        assert api.problem(browser.get("/api/v1/sites"))["code"] == "second_factor"

    def test_is_needed_at_once_by_who_makes_a_key(self) -> None:
        house = House(second_factor_roles=PROTECTED)
        browser, strong = signing.visitor(), signing.visitor()
        signing.sign_in(browser, house.admin.email)
        browser.get(house.path("home"))
        browser.post(reverse("second_step"))  # put off: pages open, keys do not
        assert browser.get(house.path("home")).status_code == 200
        given = {"name": "Accounting", "permissions": ["sites:view"], "last_day": ""}

        for answer in (browser.get(house.path("api_key_new")), browser.post(house.path("api_key_new"), given)):
            assert answer.headers["Location"] == reverse("second_step")
        assert "so who makes one needs it" in browser.get(reverse("second_step")).content.decode()
        secret = second.with_app(house.admin)
        signing.sign_in(strong, house.admin.email)
        strong.post(reverse("mfa_authenticate"), {"code": second.code(secret)})

        assert strong.get(house.path("api_key_new")).status_code == 200

    def test_is_not_asked_of_tenants(self) -> None:
        house = House(second_factor_roles=PROTECTED)

        assert signed_in(house.person(role=RoleCode.TENANT)).get(house.path("tenant_home")).status_code == 200


@pytest.mark.spec("X-10/1")
class TestGuessing:
    def test_makes_who_goes_on_wait_longer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        user = identity.user(organization=identity.organization())
        passed = 0.0
        later = SimpleNamespace(time=lambda: time.time() + passed, sleep=time.sleep, monotonic=time.monotonic)
        monkeypatch.setattr(ratelimit, "time", later)

        def may_try() -> bool:
            client = signing.visitor()
            signing.sign_in(client, user.email)
            return signing.is_signed_in(client)

        def guess(count: int) -> None:
            for _guess in range(count):
                signing.sign_in(signing.visitor(), user.email, "wrong-wrong-wrong")

        guess(10)
        assert not may_try()
        passed += 901
        guess(10)
        passed += 901
        after_twenty = may_try()  # ten would be forgotten by now
        passed += 3600
        after_an_hour = may_try()

        assert (after_twenty, after_an_hour) == (False, True)


@pytest.mark.spec("X-10/2")
class TestHash:
    def test_is_argon2id_only(self) -> None:
        user = identity.user(organization=identity.organization())

        assert user.password.startswith("argon2$argon2id$")
        assert hashers.identify_hasher(user.password).algorithm == "argon2"


@pytest.mark.spec("X-10/5")
class TestPasswordPages:
    def browser(self, name: str = "Harbor Towers") -> tuple[Client, models.User]:
        user = identity.user(organization=identity.organization(name=name))
        client = signing.visitor()
        signing.sign_in(client, user.email)
        return client, user

    @pytest.mark.parametrize(
        ("password", "words"),
        [
            ("P@ssw0rd-2026", "little more than a common password"),
            ("H4rborTowers-26", "little more than a name"),
            ("short words", "at least 12 characters"),
        ],
    )
    def test_refuse_what_is_easily_guessed(self, password: str, words: str) -> None:
        client, user = self.browser()

        answer = client.post(
            reverse("account_change_password"),
            {"oldpassword": identity.PASSWORD, "password1": password, "password2": password},
        )

        assert answer.status_code == 200
        assert words in answer.content.decode()
        assert models.User.objects.get(pk=user.pk).check_password(identity.PASSWORD)

    def test_say_the_rules_in_our_words(self) -> None:
        client, _user = self.browser()

        shown = client.get(reverse("account_change_password")).content.decode()

        for words in ("Present password", "New password once more", "No common password with a", "No run on the"):
            assert words in shown
        assert "Current Password" not in shown
