"""Setting up a second step, signing in with it, and losing it, through HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa import models as mfa_models
from django.db import connections
from django.test import Client
from django.urls import reverse

from meterbook.identity import models
from tests.factories import identity
from tests.journeys import test_sign_in as signing
from tests.support import trails

PERIOD = 30


def code(secret: str, *, later: int = 1) -> str:
    """What an authenticator app shows (RFC 6238) in the half minute that comes: of the codes that count now, the one
    that stays good longest, two half minutes at least, whatever boundary passes while a test runs.
    """
    counter = struct.pack(">Q", int(time.time()) // PERIOD + later)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def with_app(user: models.User) -> str:
    """The user signs in and sets up an authenticator app; its secret."""
    client = signing.visitor()
    signing.sign_in(client, user.email)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'class="secret">(\w+)<', page)
    assert found
    # Setting up spends no code, so the next sign-in may come with this one.
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(found[1])})
    assert answer.status_code == 302, answer.content
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li><code>(\w+)</code>", client.get(reverse("mfa_view_recovery_codes")).content.decode())


@pytest.mark.spec("X-10/3")
class TestAuthenticatorApp:
    def test_is_asked_for_after_the_password(self) -> None:
        user = identity.user(organization=identity.organization())
        secret = with_app(user)
        client = signing.visitor()

        answer = signing.sign_in(client, user.email)

        assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
        assert not signing.is_signed_in(client) or "_auth_user_id" not in client.session
        assert "authenticator app" in client.get(reverse("mfa_authenticate")).content.decode()
        client.post(reverse("mfa_authenticate"), {"code": code(secret, later=0)})
        assert "_auth_user_id" in client.session

    def test_counts_each_code_once(self) -> None:
        user = identity.user(organization=identity.organization())
        secret = with_app(user)
        shown = code(secret)
        first, second = signing.visitor(), signing.visitor()
        signing.sign_in(first, user.email)
        signing.sign_in(second, user.email)

        first.post(reverse("mfa_authenticate"), {"code": shown})
        second.post(reverse("mfa_authenticate"), {"code": shown})

        assert "_auth_user_id" in first.session
        assert "_auth_user_id" not in second.session

    def test_counts_each_code_once_as_long_as_it_counts(self) -> None:
        user = identity.user(organization=identity.organization())
        secret = with_app(user)
        shown = code(secret)
        first, second = signing.visitor(), signing.visitor()
        signing.sign_in(first, user.email)
        signing.sign_in(second, user.email)
        first.post(reverse("mfa_authenticate"), {"code": shown})
        assert "_auth_user_id" in first.session
        # A half minute later: what was to be remembered no longer than that is gone.
        gone = datetime.now(UTC) + timedelta(seconds=PERIOD + 1)
        models.GuessCount.objects.filter(expires__lt=gone).delete()

        for spelled in (shown, f" {shown[:3]} {shown[3:]}"):
            second.post(reverse("mfa_authenticate"), {"code": spelled})

        assert "_auth_user_id" not in second.session

    def test_ends_guessing_after_ten_codes(self) -> None:
        user = identity.user(organization=identity.organization())
        secret = with_app(user)
        client = signing.visitor()
        signing.sign_in(client, user.email)
        for number in range(10):
            client.post(reverse("mfa_authenticate"), {"code": f"wrong{number}"})

        client.post(reverse("mfa_authenticate"), {"code": code(secret)})

        assert "_auth_user_id" not in client.session

    def test_is_recorded_when_it_is_set_up_and_removed(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        with_app(user)
        assert "identity:add_second_factor" in trails.actions(organization)
        client = signing.visitor()
        client.force_login(user)
        client.post(reverse("account_reauthenticate"), {"password": identity.PASSWORD})

        client.post(reverse("mfa_deactivate_totp"))

        assert trails.latest(organization).action == "identity:drop_second_factor"

    def test_comes_with_recovery_codes_that_let_in_once_each(self) -> None:
        user = identity.user(organization=identity.organization())
        secret = with_app(user)
        client = signing.visitor()
        signing.sign_in(client, user.email)
        client.post(reverse("mfa_authenticate"), {"code": code(secret)})
        spare, *others = recovery_codes(client)
        lost, again = signing.visitor(), signing.visitor()
        signing.sign_in(lost, user.email)
        signing.sign_in(again, user.email)

        lost.post(reverse("mfa_authenticate"), {"code": spare})
        again.post(reverse("mfa_authenticate"), {"code": spare})

        assert others
        assert "_auth_user_id" in lost.session
        assert "_auth_user_id" not in again.session

    @pytest.mark.parametrize("name", ["mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"])
    def test_has_pages_of_its_own(self, name: str) -> None:
        user = identity.user(organization=identity.organization())
        secret = with_app(user)
        client = signing.visitor()
        signing.sign_in(client, user.email)
        client.post(reverse("mfa_authenticate"), {"code": code(secret)})

        answer = client.get(reverse(name))

        assert answer.status_code == 200
        assert "app.css" in answer.content.decode() or "app-" in answer.content.decode()


@pytest.mark.spec("X-16/1")
def test_secret_of_an_authenticator_app_is_kept_sealed() -> None:
    user = identity.user(organization=identity.organization())
    secret = with_app(user)

    kept = [str(each.data) for each in mfa_models.Authenticator.objects.filter(user=user)]

    assert len(kept) == 2  # the app, and the recovery codes
    assert secret not in "".join(kept)


@pytest.mark.spec("X-10/1")
class TestGuessingAtOnce:
    def test_gets_no_more_than_ten_tries_even_from_many_places_at_the_same_time(self) -> None:
        user = identity.user(organization=identity.organization())
        visitors = [signing.visitor() for _number in range(16)]

        def guess(client: Client) -> str:
            try:
                # Not its context: the test client mixes up contexts of threads.
                return str(signing.sign_in(client, user.email, "wrong-wrong-wrong").content)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(guess, visitors))

        assert 1 <= sum("Too many" not in each for each in answers) <= 10

    def test_is_counted_where_every_process_sees_it(self) -> None:
        user = identity.user(organization=identity.organization())
        before = models.GuessCount.objects.count()

        signing.sign_in(signing.visitor(), user.email, "wrong-wrong-wrong")

        assert models.GuessCount.objects.count() > before
