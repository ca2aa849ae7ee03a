"""Signing in as a person does, in both languages."""

from __future__ import annotations

import pytest

from meterbook.foundation import scoping
from meterbook.identity import operations as identity_operations
from meterbook.identity import values as identity_values
from meterbook.kernel.actor import Actor
from tests.browser.conftest import Visit
from tests.factories import identity, notifications, sites


class TestSignIn:
    @pytest.mark.parametrize(
        ("language", "heading", "button"), [("en-US", "Welcome back", "Sign in"), ("es-ES", "Hola de nuevo", "Entrar")]
    )
    def test_leads_to_the_only_organization_in_the_language_of_the_browser(
        self, visit: Visit, language: str, heading: str, button: str
    ) -> None:
        organization = identity.organization(name="Northquay Property")
        user = identity.user(organization=organization, role=identity_values.RoleCode.MONITOR)
        watched = visit(language=language)
        watched.go("/")
        assert watched.page.inner_text("h1") == heading
        assert watched.page.inner_text(".sign-in form:has(input[name=password]) button[type=submit]") == button

        watched.sign_in(user.email, identity.PASSWORD)

        assert watched.page.url == f"{watched.site.address}/o/{organization.public_id}/"
        assert watched.page.inner_text("h1") == "Northquay Property"

    def test_says_that_the_password_is_wrong_and_keeps_the_address(self, visit: Visit) -> None:
        user = identity.user(organization=identity.organization())
        watched = visit()
        watched.go("/accounts/login/")

        watched.page.fill("input[name=login]", user.email)
        watched.page.fill("input[name=password]", "not the password")
        watched.follow(".sign-in form:has(input[name=password]) button[type=submit]")

        watched.page.wait_for_selector(".notice.alarm")
        assert watched.page.input_value("input[name=login]") == user.email

    @pytest.mark.spec("X-10/8")
    def test_takes_tenants_to_a_code_by_mail_on_a_phone(self, visit: Visit) -> None:
        organization = identity.organization()
        tenant = identity.user(organization=organization, role=identity_values.RoleCode.TENANT)
        notifications.mail_channel(organization, 2525)
        watched = visit(width=360, theme="dark", language="es-ES")
        page = watched.page
        watched.go("/accounts/login/")
        assert (watched.overflow(), watched.axe()) == (0, [])

        watched.follow("a[href='/sign-in/code']")
        page.fill("[name=email]", tenant.email)
        assert (watched.overflow(), watched.axe()) == (0, [])
        watched.follow("form:has([name=email]) button[type=submit]")
        page.wait_for_url("**/sign-in/code/type")
        page.fill("[name=code]", "1234 5678")
        with watched.leaving():
            page.keyboard.press("Enter")

        page.wait_for_selector("#id_code-problem-1")
        assert page.get_attribute("[name=code]", "inputmode") == "numeric"
        assert (watched.overflow(), watched.axe()) == (0, [])
        # A form that is refused answers 422, which the console notes.
        watched.said = [said for said in watched.said if "422" not in said]

    def test_offers_the_choice_between_organizations(self, visit: Visit) -> None:
        first = identity.organization(name="Northquay Property")
        user = identity.user(organization=first)
        second = identity.organization(name="Quay Estates")
        identity.user(organization=second, email=user.email)
        watched = visit()

        watched.sign_in(user.email, identity.PASSWORD)
        watched.follow("text=Quay Estates")

        watched.page.wait_for_url(f"**/o/{second.public_id}/")
        watched.page.click("summary:has(.person-mark)")
        watched.follow("text=Sign out")
        watched.page.wait_for_url("**/accounts/login/**")

    def test_leads_someone_with_a_one_time_password_to_choosing_one(self, visit: Visit) -> None:
        organization = identity.organization()
        actor = Actor.system("test")
        with scoping.scope([organization.id], actor=actor):
            user, made = identity_operations.create_user(
                actor=actor, at=identity.LONG_AGO, email=f"new.{organization.public_id}@meterbook.example", name="New"
            )
            identity_operations.grant_role(
                actor=actor, at=identity.LONG_AGO, user_id=user.id, role=identity_values.RoleCode.OPERATOR
            )
        assert made is not None
        watched = visit()
        watched.go("/")
        watched.page.fill("input[name=login]", user.email)
        watched.page.fill("input[name=password]", made.password)
        watched.follow(".sign-in form:has(input[name=password]) button[type=submit]")

        watched.page.wait_for_selector("input[name=password1]")
        watched.page.fill("input[name=password1]", "seven green boats at dawn")
        watched.page.fill("input[name=password2]", "seven green boats at dawn")
        watched.follow("button[name=action]")

        watched.page.wait_for_url(f"**/o/{organization.public_id}/")


class TestLanguage:
    def test_is_that_of_the_site_where_nobody_named_one(self, visit: Visit) -> None:
        organization = identity.organization()
        sites.site(organization=organization, language="es")
        user = identity.user(organization=organization)
        watched = visit(language="en-US")

        watched.sign_in(user.email, identity.PASSWORD)

        assert watched.page.get_attribute("html", "lang") == "es"

    def test_chosen_by_the_user_stays(self, visit: Visit) -> None:
        organization = identity.organization()
        sites.site(organization=organization, language="es")
        user = identity.user(organization=organization)
        watched = visit(language="es-ES")
        watched.sign_in(user.email, identity.PASSWORD)

        watched.page.click(".topbar .lang summary")
        watched.follow(".topbar .lang button[value=en]")
        watched.page.wait_for_selector("html[lang=en]")
        watched.go("/")

        assert watched.page.get_attribute("html", "lang") == "en"
