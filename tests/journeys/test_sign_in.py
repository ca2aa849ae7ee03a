"""Signing in and out, through HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meterbook.foundation import scoping
from meterbook.identity import activity, first_start, models
from meterbook.kernel import clock
from meterbook.web import session as web_session
from tests.factories import identity
from tests.support import trails
from tests.support.signing_in import addresses, is_signed_in, messages, sign_in, visitor

CHOSEN = "another-long-enough-phrase"


class TestSigningIn:
    @pytest.mark.spec("X-11/2")
    def test_with_the_right_password_opens_a_session_and_is_recorded(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        client = visitor()

        response = sign_in(client, user.email)

        assert (response.status_code, response.headers["Location"]) == (302, "/")
        assert is_signed_in(client)
        entry = trails.latest(organization)
        assert (entry.action, entry.actor_label, entry.source[:7]) == ("identity:sign_in", str(user), "198.18.")

    def test_takes_the_address_in_any_letter_case(self) -> None:
        user = identity.user(organization=identity.organization())
        client = visitor()

        sign_in(client, user.email.upper())

        assert is_signed_in(client)

    def test_goes_on_to_the_page_that_was_asked_for_but_never_to_another_server(self) -> None:
        user = identity.user(organization=identity.organization())

        inside = sign_in(visitor(), user.email, next="/o/somewhere/?a=1")
        outside = sign_in(visitor(), user.email, next="https://evil.example/")

        assert inside.headers["Location"] == "/o/somewhere/?a=1"
        assert outside.headers["Location"] == "/"

    @pytest.mark.spec("X-10/2")
    def test_starts_a_session_with_another_key(self) -> None:
        user = identity.user(organization=identity.organization())
        client = visitor()
        before = client.session
        before["seen"] = "before"
        before.save()
        client.cookies["meterbook_session"] = str(before.session_key)

        sign_in(client, user.email)

        assert client.session.session_key != before.session_key

    def test_needs_the_token_of_the_form(self) -> None:
        user = identity.user(organization=identity.organization())
        client = visitor(checks_csrf=True)

        assert sign_in(client, user.email).status_code == 403
        assert not is_signed_in(client)

    def test_sets_a_cookie_that_scripts_and_other_sites_do_not_get(self) -> None:
        user = identity.user(organization=identity.organization())

        cookie = sign_in(visitor(), user.email).cookies["meterbook_session"]

        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_is_not_offered_to_people_without_an_account(self) -> None:
        address = f"new{next(addresses)}@meterbook.example"

        visitor().post(reverse("account_signup"), {"email": address, "password1": CHOSEN, "password2": CHOSEN})

        assert not models.User.objects.filter(email=address).exists()


@pytest.mark.spec("X-10/2")
class TestWrongPassword:
    def test_is_refused_with_a_message(self) -> None:
        user = identity.user(organization=identity.organization())
        client = visitor()

        response = sign_in(client, user.email, "wrong-wrong-wrong")

        assert response.status_code == 200
        assert len(messages(response)) == 1
        assert not is_signed_in(client)

    def test_does_not_tell_who_has_an_account(self) -> None:
        user = identity.user(organization=identity.organization())

        known = sign_in(visitor(), user.email, "wrong-wrong-wrong")
        unknown = sign_in(visitor(), "nobody@meterbook.example", "wrong-wrong-wrong")

        assert (known.status_code, messages(known)) == (unknown.status_code, messages(unknown))

    def test_does_not_tell_who_was_shut_out(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization)
        leaving = identity.user(organization=organization)
        deactivate(organization, leaving)

        shut_out = sign_in(visitor(), leaving.email, "wrong-wrong-wrong")
        unknown = sign_in(visitor(), "nobody@meterbook.example", "wrong-wrong-wrong")

        assert (shut_out.status_code, messages(shut_out)) == (unknown.status_code, messages(unknown))

    def test_asking_for_a_new_one_does_not_tell_who_has_an_account_either(self) -> None:
        user = identity.user(organization=identity.organization())
        page = reverse("account_reset_password")

        known = visitor().post(page, {"email": user.email})
        unknown = visitor().post(page, {"email": "nobody@meterbook.example"})

        assert known.status_code == unknown.status_code == 302
        assert known.headers["Location"] == unknown.headers["Location"]

    def test_is_replaced_by_a_link_of_the_configured_address(self, settings: Settings) -> None:
        settings.PUBLIC_ADDRESS = "https://meters.example"
        settings.ALLOWED_HOSTS = ["*"]
        user = identity.user(organization=identity.organization())
        mail.outbox = []

        visitor().post(reverse("account_reset_password"), {"email": user.email}, HTTP_HOST="evil.example")

        (sent,) = mail.outbox
        assert "https://meters.example/accounts/password/reset/key/" in sent.body
        assert "http://evil.example" not in sent.body
        assert "https://evil.example" not in sent.body


@pytest.mark.spec("X-10/1")
class TestGuessing:
    def test_ends_after_ten_guesses_at_one_account_even_from_many_addresses(self) -> None:
        user = identity.user(organization=identity.organization())
        for _guess in range(10):
            sign_in(visitor(), user.email, "wrong-wrong-wrong")
        client = visitor()

        sign_in(client, user.email)

        assert not is_signed_in(client)

    def test_leaves_room_for_nine_mistakes(self) -> None:
        user = identity.user(organization=identity.organization())
        for _guess in range(9):
            sign_in(visitor(), user.email, "wrong-wrong-wrong")
        client = visitor()

        sign_in(client, user.email)

        assert is_signed_in(client)

    def test_locks_nobody_out_from_where_they_signed_in_before_and_gives_that_place_ten_of_its_own(self) -> None:
        user = identity.user(organization=identity.organization())
        usual, tired = visitor(), visitor()
        for client in (usual, tired):
            sign_in(client, user.email)
            client.post(reverse("account_logout"))
        for _guess in range(20):
            sign_in(visitor(), user.email, "wrong-wrong-wrong")
        for _guess in range(10):
            sign_in(tired, user.email, "wrong-wrong-wrong")

        sign_in(usual, user.email)
        sign_in(tired, user.email)

        assert [is_signed_in(client) for client in (usual, tired)] == [True, False]

    def test_ends_after_thirty_tries_from_one_address_at_many_accounts(self) -> None:
        user = identity.user(organization=identity.organization())
        client = visitor()
        for number in range(30):
            sign_in(client, f"guess{number}.{user.public_id}@meterbook.example", "wrong-wrong-wrong")

        sign_in(client, user.email)

        assert not is_signed_in(client)

    def test_counts_no_right_password_whoever_comes_from_the_address(self) -> None:
        user = identity.user(organization=identity.organization())
        office = next(addresses)
        for _person in range(32):
            client = Client(REMOTE_ADDR=f"198.19.0.{office % 250 + 1}")
            answer = sign_in(client, user.email)
            assert answer.status_code == 302

    def test_says_how_long_to_wait(self) -> None:
        user = identity.user(organization=identity.organization())
        client = visitor()
        for number in range(30):
            sign_in(client, f"wait{number}.{user.public_id}@meterbook.example", "wrong-wrong-wrong")

        from_here = sign_in(client, user.email)
        for _guess in range(10):
            sign_in(visitor(), user.email, "wrong-wrong-wrong")
        at_account = sign_in(visitor(), user.email)

        for answer in (from_here, at_account):
            assert (answer.status_code, len(messages(answer))) == (429, 1)
            assert 600 < int(answer.headers["Retry-After"]) <= 900

    def test_does_not_lock_others_out(self) -> None:
        organization = identity.organization()
        attacked, other = identity.user(organization=organization), identity.user(organization=organization)
        for _guess in range(11):
            sign_in(visitor(), attacked.email, "wrong-wrong-wrong")
        client = visitor()

        sign_in(client, other.email)

        assert is_signed_in(client)


class TestOneTimePassword:
    def first_administrator(self) -> tuple[str, str]:
        made = first_start.ensure_first_administrator(email="admin@meterbook.example", at=clock.now())
        assert made is not None
        return made.email, made.password

    def test_leads_to_the_choice_of_a_password_whatever_is_opened(self, empty_database: str) -> None:
        email, password = self.first_administrator()
        client = visitor()
        sign_in(client, email, password)

        page = client.get("/")
        part = client.get("/", headers={"HX-Request": "true"})

        choice = reverse("account_set_password")
        assert (page.status_code, page.headers["Location"]) == (302, choice)
        assert (part.status_code, part.headers["HX-Redirect"]) == (401, choice)
        assert client.get(choice).status_code == 200

    def test_works_for_one_sign_in_only(self, empty_database: str) -> None:
        email, password = self.first_administrator()
        first, second = visitor(), visitor()
        sign_in(first, email, password)

        response = sign_in(second, email, password)

        assert "start the server again" in response.content.decode()
        assert len(messages(response)) == 1
        assert not is_signed_in(second)
        assert first.get(reverse("account_set_password")).status_code == 200

    def test_is_replaced_by_the_chosen_one(self, empty_database: str) -> None:
        email, password = self.first_administrator()
        client = visitor()
        sign_in(client, email, password)

        client.post(reverse("account_set_password"), {"password1": CHOSEN, "password2": CHOSEN})

        again = visitor()
        assert "start the server again" not in again.get(reverse("account_login")).content.decode()
        sign_in(again, email, CHOSEN)
        assert client.get("/").headers.get("Location") != reverse("account_set_password")
        assert is_signed_in(client)
        assert is_signed_in(again)
        assert first_start.ensure_first_administrator(email=email, at=clock.now()) is None

    @pytest.mark.parametrize("weak", ["short", "password1234", "admin@meterbook"])
    def test_is_not_replaced_by_a_weak_one(self, empty_database: str, weak: str) -> None:
        email, password = self.first_administrator()
        client = visitor()
        sign_in(client, email, password)

        client.post(reverse("account_set_password"), {"password1": weak, "password2": weak})

        assert client.get("/").headers["Location"] == reverse("account_set_password")

    def test_lets_the_user_leave_without_choosing(self, empty_database: str) -> None:
        email, password = self.first_administrator()
        client = visitor()
        sign_in(client, email, password)

        client.post(reverse("account_logout"))

        assert not client.session.get("_auth_user_id")


@pytest.mark.spec("X-10/7")
class TestSession:
    def test_ends_with_signing_out(self) -> None:
        client = visitor()
        sign_in(client, identity.user(organization=identity.organization()).email)

        client.post(reverse("account_logout"))

        assert not is_signed_in(client)

    def test_is_not_ended_by_a_link_on_another_page(self) -> None:
        client = visitor()
        sign_in(client, identity.user(organization=identity.organization()).email)

        client.get(reverse("account_logout"))

        assert is_signed_in(client)

    def test_ends_when_the_user_is_deactivated(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization)
        leaving = identity.user(organization=organization)
        client = visitor()
        sign_in(client, leaving.email)
        assert is_signed_in(client)

        deactivate(organization, leaving)

        assert not is_signed_in(client)
        sign_in(client, leaving.email)
        assert not is_signed_in(client)

    def test_of_other_browsers_ends_when_the_password_is_changed(self) -> None:
        user = identity.user(organization=identity.organization())
        here, elsewhere = visitor(), visitor()
        sign_in(here, user.email)
        sign_in(elsewhere, user.email)

        here.post(
            reverse("account_change_password"),
            {"oldpassword": identity.PASSWORD, "password1": CHOSEN, "password2": CHOSEN},
        )

        assert is_signed_in(here)
        assert not is_signed_in(elsewhere)

    @pytest.mark.parametrize(
        ("mark", "setting"),
        [(web_session.SEEN, "SESSION_IDLE_SECONDS"), (web_session.BEGAN, "SESSION_ABSOLUTE_SECONDS")],
    )
    def test_ends_when_it_was_idle_too_long_or_is_too_old(self, settings: Settings, mark: str, setting: str) -> None:
        client = visitor()
        sign_in(client, identity.user(organization=identity.organization()).email)
        assert is_signed_in(client)
        stored = client.session
        limit = timedelta(seconds=getattr(settings, setting) + 1)

        stored[mark] = int((clock.real_now() - limit).timestamp())
        stored.save()

        assert not is_signed_in(client)


def deactivate(organization: models.Organization, user: models.User) -> None:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        activity.deactivate_user(actor=identity.ACTOR, at=clock.now(), public_id=user.public_id)
