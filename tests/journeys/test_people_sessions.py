"""Browsers that are signed in, seeing as another person, the second step; through HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.web import second_step, seeing
from tests.factories import identity, sites
from tests.journeys import test_sign_in as signing
from tests.journeys.house import SECRET, House, signed_in
from tests.support import trails


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.spec("X-10/7")
class TestSessions:
    def test_are_listed_with_browser_and_address_and_signed_out_from_afar(self, house: House) -> None:
        user = house.person()
        here, there = signed_in(user), signed_in(user)
        agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
        there.get(house.path("home"), headers={"User-Agent": agent})
        text = here.get(reverse("own_sessions")).content.decode()
        found = re.search(r'name="session" value="([\w-]+)"', text)
        assert found
        assert "Chrome on Android" in text
        assert "198.18." in text

        here.post(reverse("own_sessions"), {"session": found[1]})

        assert signing.is_signed_in(here)
        assert not signing.is_signed_in(there)

    def test_of_others_than_oneself_are_out_of_reach(self, house: House) -> None:
        user, other = house.person(), signed_in(house.person())
        theirs = signed_in(user)
        theirs.get(house.path("home"))
        session = models.Session.objects.get(user=user)

        other.post(reverse("own_sessions"), {"session": str(session.public_id)})

        assert signing.is_signed_in(theirs)

    def test_are_all_ended_but_the_own_one(self, house: House) -> None:
        user = house.person()
        browsers = [signed_in(user) for _number in range(3)]
        for each in browsers:
            each.get(house.path("home"))

        browsers[0].post(reverse("own_sessions"))

        assert [signing.is_signed_in(each) for each in browsers] == [True, False, False]

    def test_are_ended_by_an_administrator_and_that_is_recorded(self, house: House) -> None:
        user = house.person()
        theirs = signed_in(user)
        theirs.get(house.path("home"))

        house.client.post(house.path("sign_out_person", user.public_id), {"sure": "1"})

        assert not signing.is_signed_in(theirs)
        assert trails.latest(house.organization).action == "identity:end_sessions"

    def test_keep_their_place_when_the_password_changes_the_key(self, house: House) -> None:
        user = house.person()
        client = signed_in(user)
        client.get(house.path("home"))
        signing.sign_in(signing.visitor(), user.email)

        client.post(
            reverse("account_change_password"),
            {"oldpassword": identity.PASSWORD, "password1": SECRET, "password2": SECRET},
        )
        client.get(house.path("home"))

        keys = set(models.Session.objects.filter(user=user).values_list("session_key", flat=True))
        assert keys == {client.session.session_key}

    @pytest.mark.parametrize("text", ["nonsense", "00000000-0000-4000-8000-000000000001"])
    def test_that_are_unknown_are_no_fault(self, house: House, text: str) -> None:
        assert house.client.post(reverse("own_sessions"), {"session": text}).status_code in {302, 404}


class TestSeeingAs:
    def begin(self, house: House, user: models.User, client: Client | None = None) -> Client:
        browser = client or house.client
        browser.post(house.path("see_as", user.public_id), {"sure": "1"})
        return browser

    def test_shows_what_the_person_may_see_with_a_band_at_the_top(self, house: House) -> None:
        site, other = (
            sites.site(organization=house.organization, name="North House"),
            sites.site(organization=house.organization, name="South House"),
        )
        user = house.person(name="Ben Ames", site_id=site.pk)

        client = self.begin(house, user)

        text = client.get(house.path("home")).content.decode()
        assert "You see what <b>Ben Ames</b> sees" in text
        assert other.name not in text
        assert client.get(house.path("people")).status_code == 403

    def test_can_change_nothing(self, house: House) -> None:
        manager = house.person(role=RoleCode.MANAGER)
        client = self.begin(house, manager)
        facts = {"name": "New", "code": "N1", "time_zone": "Europe/Madrid", "currency": "EUR", "language": "en"}

        answer = client.post(house.path("site_new"), facts)

        assert answer.status_code == 403
        assert "nothing can be changed" in answer.content.decode()
        client.post(reverse("end_seeing"))
        assert client.post(house.path("site_new"), facts).status_code == 302

    def test_is_kept_from_changing_by_the_database_too(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        client = self.begin(house, house.person(role=RoleCode.MANAGER))
        monkeypatch.setattr(seeing, "READING", (*seeing.READING, "POST"))
        facts = {"name": "New", "code": "N1", "time_zone": "Europe/Madrid", "currency": "EUR", "language": "en"}

        assert client.post(house.path("site_new"), facts).status_code == 403

    def test_is_recorded_with_its_beginning_and_end(self, house: House) -> None:
        user = house.person()
        client = self.begin(house, user)

        client.post(reverse("end_seeing"))

        assert trails.actions(house.organization)[:2] == ["identity:end_see_as", "identity:begin_see_as"]
        assert client.get(house.path("people")).status_code == 200

    def test_ends_with_signing_out(self, house: House) -> None:
        client = self.begin(house, house.person())

        client.post(reverse("account_logout"))

        assert trails.latest(house.organization).action == "identity:end_see_as"

    def test_ends_by_itself_after_an_hour(self, house: House) -> None:
        client = self.begin(house, house.person())
        kept = client.session
        kept[seeing.KEY] = [*kept[seeing.KEY][:2], (clock.now() - timedelta(minutes=61)).isoformat()]
        kept.save()

        assert client.get(house.path("people")).status_code == 200
        assert trails.latest(house.organization).action == "identity:end_see_as"

    def test_is_never_of_somebody_who_holds_more(self, house: House) -> None:
        little = house.person(role=None, permissions=["identity:edit_users", "identity:view_users"])
        client = self.begin(house, house.admin, signed_in(little))

        assert seeing.KEY not in client.session

    def test_ends_when_the_person_comes_to_hold_more(self, house: House) -> None:
        # Whatever may give roles and look, but no more.
        little = house.person(
            role=None,
            permissions=["identity:edit_users", "identity:view_users", "sites:view", "identity:view_organization"],
        )
        user = house.person(role=None, permissions=["sites:view"])
        client = self.begin(house, user, signed_in(little))
        assert client.get(house.path("people")).status_code == 403
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            identity_operations.grant_role(actor=identity.ACTOR, at=clock.now(), user_id=user.pk, role=RoleCode.MANAGER)

        assert client.get(house.path("people")).status_code == 200
        assert seeing.KEY not in client.session

    def test_leaves_other_organizations_as_they_are(self, house: House) -> None:
        other = House()
        identity.user(organization=other.organization, email=house.admin.email, has_chosen_password=False)
        client = self.begin(house, house.person())

        assert client.get(other.path("people")).status_code == 200


class TestSecondStep:
    def test_leads_to_setting_one_up_at_the_first_page(self) -> None:
        house = House(second_factor_roles=[RoleCode.ORGANIZATION_ADMIN])

        page = house.client.get(house.path("home"))
        part = house.client.get(house.path("home"), headers={"HX-Request": "true"})

        assert (page.status_code, page.headers["Location"]) == (302, reverse("second_step"))
        assert (part.status_code, part.headers["HX-Redirect"]) == (401, reverse("second_step"))
        assert "authenticator app" in house.client.get(reverse("second_step")).content.decode()

    def test_may_be_put_off_for_this_sign_in(self) -> None:
        house = House(second_factor_roles=[RoleCode.ORGANIZATION_ADMIN])
        house.client.get(house.path("home"))

        house.client.post(reverse("second_step"))

        assert house.client.get(house.path("home")).status_code == 200
        assert signed_in(house.admin).get(house.path("home")).status_code == 302

    def test_may_not_be_put_off_for_ever(self) -> None:
        house = House(second_factor_roles=[RoleCode.ORGANIZATION_ADMIN])
        models.User.objects.filter(pk=house.admin.pk).update(second_factor_asked_at=clock.now() - timedelta(days=8))

        house.client.post(reverse("second_step"))

        assert second_step.LATER not in house.client.session
        assert house.client.get(house.path("home")).status_code == 302

    def test_is_not_asked_of_roles_without_that_weight(self) -> None:
        house = House(second_factor_roles=[RoleCode.ORGANIZATION_ADMIN])

        assert signed_in(house.person()).get(house.path("home")).status_code == 200

    def test_is_asked_of_the_roles_that_are_chosen(self, house: House) -> None:
        house.client.post(house.path("second_step_roles"), {"role": ["MONITOR"]})
        house.client.post(house.path("second_step_roles"), {"role": ["nonsense"]})  # switches nothing off

        assert signed_in(house.person()).get(house.path("home")).status_code == 302
        assert house.client.get(house.path("home")).status_code == 200
