"""The pages about people, through HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from meterbook.foundation import scoping
from meterbook.identity import models, queries
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import identity, sites
from tests.journeys import test_sign_in as signing
from tests.journeys.house import LINK, SECRET, House, signed_in
from tests.support import trails


@pytest.fixture
def house() -> House:
    return House()


class TestList:
    def test_shows_people_and_who_is_invited(self, house: House) -> None:
        house.person(name="Ben Ames")
        house.invite(email="nora@meterbook.example")

        text = house.client.get(house.path("people")).content.decode()

        assert "Ben Ames" in text
        assert "nora@meterbook.example" in text

    def test_says_that_nobody_is_called_so(self, house: House) -> None:
        assert "Nobody is called that" in house.client.get(house.path("people"), {"q": "zz"}).content.decode()

    def test_asks_as_often_for_many_as_for_few(
        self, house: House, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _number in range(8):
            house.person()
        house.client.get(house.path("people"))

        with django_assert_max_num_queries(30):
            house.client.get(house.path("people"))

    def test_of_another_organization_is_not_found(self, house: House) -> None:
        stranger = House().person()

        assert house.client.get(house.path("person", stranger.public_id)).status_code == 404

    @pytest.mark.parametrize("query", [{"page": "9" * 30}, {"page": "x"}, {"q": "a\x00"}])
    def test_takes_any_query(self, house: House, query: dict[str, str]) -> None:
        assert house.client.get(house.path("people"), query).status_code in {200, 400, 404}


class TestInvitation:
    def test_is_shown_once_and_makes_an_account(self, house: House) -> None:
        token = house.invite(email="nora@house.example", name="Nora")
        visitor = signing.visitor()
        page = reverse("open_invitation", args=[token])

        shown = visitor.get(page).content.decode()
        before = visitor.session.session_key
        answer = visitor.post(page, {"name": "Nora Stone", "language": "es", "password1": SECRET, "password2": SECRET})

        assert "Maria Ortega invites you to Harbor Properties as Monitor" in shown
        assert answer.headers["Location"] == house.path("home")
        assert signing.is_signed_in(visitor)
        assert visitor.session.session_key != before
        assert trails.latest(house.organization).action == "identity:sign_in"
        assert token not in house.client.get(house.path("people")).content.decode()
        assert signing.visitor().get(page).status_code == 410

    def test_leads_to_the_second_step_where_the_organization_asks_for_one(self) -> None:
        house = House(second_factor_roles=["MONITOR"])
        house.client.post(reverse("second_step"), {"later": "1"})
        page = reverse("open_invitation", args=[house.invite()])
        visitor = signing.visitor()

        given = {"name": "Nora Stone", "language": "en", "password1": SECRET, "password2": SECRET}
        answer = visitor.post(page, given, follow=True)

        assert answer.redirect_chain[-1][0] == reverse("second_step")
        assert visitor.post(page, given).status_code == 410

    @pytest.mark.parametrize("weak", ["short", "password1234", "nora.stone@house"])
    def test_refuses_a_weak_password_and_keeps_the_name(self, house: House, weak: str) -> None:
        token = house.invite(email="nora.stone@house.example")

        answer = signing.visitor().post(
            reverse("open_invitation", args=[token]),
            {"name": "Nora Stone", "language": "en", "password1": weak, "password2": weak},
        )

        assert answer.status_code == 422
        assert 'value="Nora Stone"' in answer.content.decode()

    def test_of_somebody_with_an_account_is_accepted_after_signing_in(self, house: House) -> None:
        known = identity.user(organization=identity.organization(), role=RoleCode.MONITOR)
        page = reverse("open_invitation", args=[house.invite(email=known.email)])
        new = {"name": "X", "language": "en", "password1": SECRET, "password2": SECRET}
        assert signing.visitor().post(page, new).status_code == 422

        answer = signed_in(known).post(page)

        assert answer.headers["Location"] == house.path("home")
        assert house.roles(known) == {"MONITOR"}

    def test_is_not_accepted_by_somebody_else(self, house: House) -> None:
        other = identity.user(organization=identity.organization(), role=RoleCode.MONITOR)

        answer = signed_in(other).post(reverse("open_invitation", args=[house.invite()]))

        assert "signed in as somebody else" in answer.content.decode()
        assert house.roles(other) == frozenset()

    def test_offers_and_gives_only_what_the_sender_holds(self, house: House) -> None:
        little = house.person(role=None, permissions=["identity:edit_users", "identity:view_users", "sites:view"])
        client = signed_in(little)

        shown = client.get(house.path("invite")).content.decode()
        answer = client.post(house.path("invite"), {"email": "a@b.example", "role": "MANAGER", "language": "en"})

        assert 'value="MANAGER"' not in shown
        assert answer.status_code == 422

    def test_chooses_no_role_beforehand(self, house: House) -> None:
        shown = house.client.get(house.path("invite")).content.decode()
        answer = house.client.post(house.path("invite"), {"email": "a@b.example", "role": "", "language": "en"})

        roles = shown[shown.index('name="role"') :].partition("</select>")[0]
        assert roles.index('<option value=""') < roles.index('<option value="ORGANIZATION_ADMIN')
        assert answer.status_code == 422

    def test_can_be_taken_back(self, house: House) -> None:
        token = house.invite(email="gone@house.example")
        found = re.search(r"/invitations/([\w-]+)/revoke", house.client.get(house.path("people")).content.decode())
        assert found

        house.client.post(house.path("revoke_invitation", found[1]), {"sure": "1"})

        assert signing.visitor().get(reverse("open_invitation", args=[token])).status_code == 410

    def test_is_not_found_by_guessing_and_guessing_ends(self) -> None:
        visitor = signing.visitor()
        codes = [visitor.post(reverse("open_invitation", args=[f"guess{number}"])).status_code for number in range(61)]

        assert set(codes[:60]) == {410}
        assert codes[60] == 429


class TestRoles:
    def test_are_given_with_a_site_and_dates(self, house: House) -> None:
        site = sites.site(organization=house.organization)
        user = house.person(role=None)
        house_person = house.person()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            identity_operations.grant_role(
                actor=identity.ACTOR, at=clock.now(), user_id=user.pk, role=RoleCode.MONITOR, site_id=site.pk
            )
        last = (clock.now() + timedelta(days=10)).date()

        answer = house.client.post(
            house.path("give_role", house_person.public_id),
            {"role": "OPERATOR", "site": str(site.public_id), "first_day": "", "last_day": last.isoformat()},
        )

        assert answer.status_code == 302
        assert house.roles(house_person) == {"MONITOR", "OPERATOR"}
        text = house.client.get(house.path("person", house_person.public_id)).content.decode()
        assert site.name in text

    def test_with_an_end_in_the_past_are_refused_beside_the_field(self, house: House) -> None:
        user = house.person()

        answer = house.client.post(
            house.path("give_role", user.public_id), {"role": "OPERATOR", "last_day": "2020-01-01"}
        )

        assert answer.status_code == 422
        assert "must not lie before" in answer.content.decode()

    def test_end_with_a_reason_only(self, house: House) -> None:
        user = house.person()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (held,) = [each for each in queries.list_grants() if each.user.id == user.pk]
        page = house.path("end_role", user.public_id, held.public_id)

        assert house.client.post(page, {"sure": "1"}).status_code == 422
        assert house.roles(user) == {"MONITOR"}
        house.client.post(page, {"sure": "1", "reason": "moved to another house"})

        assert house.roles(user) == frozenset()
        assert (trails.latest(house.organization).after or {})["reason"] == "moved to another house"

    def test_keep_the_last_administrator_and_say_so(self, house: House) -> None:
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (held,) = queries.list_grants()
        page = house.path("end_role", house.admin.public_id, held.public_id)

        answer = house.client.post(page, {"sure": "1", "reason": "x"}, follow=True)

        assert "Make someone else an administrator first" in answer.content.decode()
        assert house.roles(house.admin) == {"ORGANIZATION_ADMIN"}

    def test_of_ones_own_are_made_of_rights_in_words(self, house: House) -> None:
        assert "Approve bill runs" in house.client.get(house.path("role_new")).content.decode()
        assert house.client.post(house.path("role_new"), {"name": "Reader"}).status_code == 422

        made = house.client.post(house.path("role_new"), {"name": "Reader", "permissions": ["sites:view"]})
        again = house.client.post(house.path("role_new"), {"name": "Reader", "permissions": ["sites:view"]})

        assert made.status_code == 302
        assert again.status_code == 422
        assert "Reader" in house.client.get(house.path("invite")).content.decode()


class TestAccount:
    def test_that_is_shut_out_loses_roles_and_sessions(self, house: House) -> None:
        user = house.person()
        theirs = signed_in(user)
        assert theirs.get(house.path("home")).status_code == 200

        house.client.post(house.path("switch_off", user.public_id), {"sure": "1", "reason": "left"})

        assert theirs.get(house.path("home")).status_code == 302
        assert house.roles(user) == frozenset()
        house.client.post(house.path("switch_on", user.public_id), {"sure": "1"})
        assert models.User.objects.get(pk=user.pk).is_active
        assert house.roles(user) == frozenset()

    def test_of_somebody_who_works_elsewhere_stays_on(self, house: House) -> None:
        user = house.person()
        other = identity.organization()
        identity.user(organization=other, role=RoleCode.MONITOR, email=user.email, has_chosen_password=False)

        house.client.post(house.path("switch_off", user.public_id), {"sure": "1", "reason": "left"})

        assert house.roles(user) == frozenset()
        assert models.User.objects.get(pk=user.pk).is_active

    def test_gets_a_new_password_by_a_link_that_works_once(self, house: House) -> None:
        user = house.person()
        theirs = signed_in(user)
        theirs.get(house.path("home"))
        answer = house.client.post(house.path("new_password", user.public_id), {"sure": "1"})
        found = LINK.search(answer.content.decode())
        assert found
        page = reverse("use_password_link", args=[found[2]])
        visitor = signing.visitor()

        visitor.post(page, {"password1": SECRET, "password2": SECRET})

        signing.sign_in(visitor, user.email, SECRET)
        assert signing.is_signed_in(visitor)
        assert not signing.is_signed_in(theirs)
        assert signing.visitor().get(page).status_code == 410

    def test_is_left_alone_by_who_may_do_less(self, house: House) -> None:
        little = house.person(role=None, permissions=["identity:edit_users", "identity:view_users"])
        client = signed_in(little)

        answer = client.post(house.path("new_password", house.admin.public_id), {"sure": "1"}, follow=True)

        assert "may do more than you" in answer.content.decode()
        assert not models.PasswordLink.objects.filter(user=house.admin).exists()

    def test_says_whom_to_ask_where_no_mail_is_set_up(self, house: House, settings: object) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
        page = reverse("account_reset_password")

        shown = signing.visitor().get(page).content.decode()
        answer = signing.visitor().post(page, {"email": house.admin.email})

        assert "Ask an administrator" in shown
        assert answer.status_code == 302
