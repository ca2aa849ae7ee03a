"""A tenant signs in with a code by mail, through HTTP, with a mail server; nobody learns who has an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django import app

from meterbook.foundation import ticker
from meterbook.identity import models, sign_in, sign_in_codes
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook_lab import mail_server
from tests.factories import api, identity, notifications
from tests.journeys import test_second_factor as second_factor
from tests.journeys import test_sign_in as signing
from tests.support import trails

ASK, TYPE = "/sign-in/code", "/sign-in/code/type"


class Post:
    """A landlord with mail, a tenant, and the mailbox."""

    def __init__(self, smtp: mail_server.MailServer) -> None:
        self.smtp = smtp
        self.organization = identity.organization()
        notifications.mail_channel(self.organization, smtp.port)
        self.tenant = identity.user(organization=self.organization, role=RoleCode.TENANT, name="Tia Tenant")

    def code(self) -> str:
        """The code of the newest mail, after the worker's turn."""
        code_id = models.SignInCode.objects.latest("id").pk
        app.tasks[sign_in_codes.SEND].func(organization_id=ticker.PLATFORM, code_id=code_id)
        notifications.deliver(self.organization, clock.now(), real_at=clock.real_now())
        body = self.smtp.mails[-1].message.get_body(("plain",))
        assert body is not None
        found = re.search(r"\d{4} \d{4}", body.get_content())
        assert found
        return found[0]


@pytest.fixture
def post() -> Iterator[Post]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield Post(running)


def ask(client: Client, email: str, **more: str) -> Any:  # noqa: ANN401
    return client.post(ASK, {"email": email, **more})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.spec("X-10/8")
class TestTenant:
    def test_signs_in_with_the_code_of_the_mail_once(self, post: Post) -> None:
        client, other = signing.visitor(), signing.visitor()
        page = client.get(reverse("account_login")).content.decode()
        ask(client, f" {post.tenant.email.upper()} ", next="/language?a=1")
        code = post.code()
        before = client.session.session_key

        answer = client.post(TYPE, {"code": code})

        assert f'href="{ASK}"' in page
        assert (answer.status_code, answer.headers["Location"]) == (302, "/language?a=1")
        assert client.session["_auth_user_id"] == str(post.tenant.pk)
        assert client.session.session_key != before
        assert post.smtp.mails[-1].recipient == post.tenant.email
        assert trails.latest(post.organization).action == "identity:sign_in"
        assert "identity:make_sign_in_code" in trails.actions(post.organization)
        other.cookies["meterbook_session"] = str(before)
        other.post(TYPE, {"code": code})
        assert not is_in(other)

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"]
    )
    def test_is_led_to_no_other_server(self, post: Post, elsewhere: str) -> None:
        client = signing.visitor()
        ask(client, post.tenant.email, next=elsewhere)

        answer = client.post(TYPE, {"code": post.code()})

        assert answer.headers["Location"] == "/"

    def test_is_asked_for_the_second_step_that_was_set_up(self, post: Post) -> None:
        secret = second_factor.with_app(post.tenant)
        client = signing.visitor()
        ask(client, post.tenant.email)

        answer = client.post(TYPE, {"code": post.code()})

        assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
        assert not is_in(client)
        client.post(reverse("mfa_authenticate"), {"code": second_factor.code(secret)})
        assert is_in(client)

    def test_who_never_used_the_first_password_chooses_one(self, post: Post) -> None:
        sign_in.set_password(
            actor=identity.ACTOR, at=clock.now(), user_id=post.tenant.pk, password="made-by-the-program"
        )
        models.User.objects.filter(pk=post.tenant.pk).update(has_one_time_password=True, must_change_password=True)
        client = signing.visitor()
        ask(client, post.tenant.email)

        client.post(TYPE, {"code": post.code()})

        assert is_in(client)
        assert client.get("/").headers["Location"] == reverse("account_set_password")
        assert client.get(reverse("account_set_password")).status_code == 200
        late = signing.visitor()
        signing.sign_in(late, post.tenant.email, "made-by-the-program")
        assert not is_in(late)

    def test_reads_what_is_wrong_beside_the_field_and_goes_on(self, post: Post) -> None:
        client = signing.visitor()
        empty = ask(client, "no address")
        ask(client, post.tenant.email)
        code = post.code()

        wrong = client.post(TYPE, {"code": "12"})

        assert (empty.status_code, wrong.status_code) == (422, 422)
        assert 'value="no address"' in empty.content.decode()
        page = wrong.content.decode()
        assert 'aria-describedby="id_code-problem-1"' in page
        assert 'autocomplete="one-time-code"' in page
        assert 'inputmode="numeric"' in page
        client.post(TYPE, {"code": code.replace(" ", "-")})
        assert is_in(client)


@pytest.mark.spec("X-10/8")
class TestStranger:
    def test_does_not_learn_who_has_an_account_from_answers_nor_from_what_is_done_for_them(self, post: Post) -> None:
        admin = identity.user(organization=post.organization)
        seen = []
        for email in (post.tenant.email, admin.email, f"nobody.{post.tenant.email}"):
            client = signing.visitor()
            client.get(ASK)
            with CaptureQueriesContext(connection) as asking:
                asked = ask(client, email)
            with CaptureQueriesContext(connection) as typing:
                typed = client.post(TYPE, {"code": "1234 5678"})
            page = re.sub(r'"\w{64}"', "", typed.content.decode().partition("<main")[2]).replace(email, "ADDRESS")
            seen.append(
                (asked.status_code, asked.headers["Location"], typed.status_code, len(asking), len(typing), page)
            )

        assert seen[0] == seen[1] == seen[2]

    def test_gets_ten_guesses_at_passwords_and_codes_together(self, post: Post) -> None:
        for _guess in range(6):
            signing.sign_in(signing.visitor(), post.tenant.email, "wrong-wrong-wrong")
        client = signing.visitor()
        ask(client, post.tenant.email)
        code = post.code()
        for _guess in range(4):
            client.post(TYPE, {"code": "1"})

        answer = client.post(TYPE, {"code": code})

        assert answer.status_code == 429
        assert not is_in(client)

    def test_cannot_have_an_address_flooded_nor_ask_for_many(self, post: Post) -> None:
        email = post.tenant.email
        flooded = [ask(signing.visitor(), email).status_code for _each in range(6)]
        client = signing.visitor()
        many = [ask(client, f"n{number}.{email}").status_code for number in range(21)]

        assert flooded == [302] * 5 + [429]
        assert many == [302] * 20 + [429]

    def test_is_led_on_without_having_asked(self, post: Post) -> None:
        assert signing.visitor().get(TYPE).headers["Location"] == ASK


@pytest.mark.spec("X-10/8")
def test_rule_is_a_setting_of_the_organization_on_the_page_and_in_the_api(post: Post) -> None:
    client = Client()
    client.force_login(identity.user(organization=post.organization))
    page = reverse("sign_in_rules", args=[post.organization.public_id])
    rule = reverse("sign_in_codes_rule", args=[post.organization.public_id])
    program = api.program(organization=post.organization)
    at_first = client.get(page).content.decode()

    client.post(rule, {}, follow=True)
    off = client.get(page).content.decode()
    policies = program.get("/policies").json()
    again = program.ask("PUT", "/policies", {"tenants_use_codes": True}).json()

    assert 'name="allowed" checked' in at_first
    assert 'name="allowed"' in off
    assert 'name="allowed" checked' not in off
    assert (policies["tenants_use_codes"], again["tenants_use_codes"]) == (False, True)
    assert "checked" in client.get(page).content.decode().partition('name="allowed"')[2][:10]


@pytest.mark.spec("X-10/8")
def test_is_not_offered_where_no_mail_can_be_sent(empty_database: str) -> None:
    organization = identity.organization()
    tenant = identity.user(organization=organization, role=RoleCode.TENANT)
    client = signing.visitor()

    page = client.get(reverse("account_login")).content.decode()
    answer = ask(client, tenant.email)

    assert ASK not in page
    assert not models.SignInCode.objects.exists()
    assert "Use your password" in answer.content.decode()
    assert 'name="email"' not in answer.content.decode()
