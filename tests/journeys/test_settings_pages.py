"""The pages of the settings through HTTP: who sees what, what is kept, and that nothing secret comes back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.core import mail as django_mail
from django.test import Client

from meterbook.foundation import scoping
from meterbook.foundation.backup import dump
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.notifications import links, models, queries, values
from meterbook_lab import mail_server
from tests.factories import api, identity, notifications
from tests.factories.notifications import ACTOR, PASSWORD, TOKEN

MAIL = {
    "act": "mail",
    "mail-is_on": "on",
    "mail-host": "smtp.example.com",
    "mail-port": "587",
    "mail-tls": "STARTTLS",
    "mail-user": "harbor",
    "mail-password": PASSWORD,
    "mail-sender_name": "Harbor",
    "mail-sender_address": "meterbook@harbor.example",
}


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield running


def signed_in(user: identity_models.User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def path(organization: identity_models.Organization, rest: str = "messages/") -> str:
    return f"/o/{organization.public_id}/settings/{rest}"


class TestChannels:
    def test_keeps_mail_and_never_shows_the_password_again(self) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))

        answer = client.post(path(organization), MAIL, follow=True)

        page = answer.content.decode()
        assert answer.status_code == 200
        assert "smtp.example.com" in page
        assert "The password was set on" in page
        assert PASSWORD not in page
        with scoping.scope([organization.pk], actor=ACTOR):
            assert queries.can_mail()

    def test_keeps_the_password_when_the_field_is_left_empty(self) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))
        client.post(path(organization), MAIL)
        with scoping.scope([organization.pk], actor=ACTOR):
            before = models.Channel.objects.get(organization_id=organization.pk).sealed_secret

        client.post(path(organization), {**MAIL, "mail-password": "", "mail-sender_name": "Other"})

        with scoping.scope([organization.pk], actor=ACTOR):
            assert models.Channel.objects.get(organization_id=organization.pk).sealed_secret == before

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("mail-host", "smtp.example.com:25", "Write the name of the server only"),
            ("mail-host", "sm\x07tp", "invisible sign U+0007"),
            ("mail-port", "70000", "less than or equal to 65535"),
            ("mail-tls", "NONE", "encrypted line only"),
            ("mail-sender_address", "nobody", "valid email"),
            ("mail-tls", "ROT13", "valid choice"),
        ],
    )
    def test_says_what_is_wrong_beside_the_field_and_loses_nothing(self, field: str, value: str, words: str) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))

        answer = client.post(path(organization), {**MAIL, field: value})

        page = answer.content.decode()
        assert answer.status_code == 422
        assert words in page
        assert 'value="Harbor"' in page
        assert PASSWORD not in page

    def test_wants_the_password_again_for_another_server(self) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))
        client.post(path(organization), MAIL)

        answer = client.post(path(organization), {**MAIL, "mail-password": "", "mail-host": "evil.example.com"})

        assert answer.status_code == 422
        assert "Enter the password again" in answer.content.decode()

    def test_keeps_a_bot_and_refuses_what_is_no_token(self) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))
        given = {"act": "telegram", "telegram-is_on": "on"}

        wrong = client.post(path(organization), {**given, "telegram-token": "nonsense"})
        missing = client.post(path(organization), {**given, "telegram-token": ""})
        right = client.post(path(organization), {**given, "telegram-token": TOKEN}, follow=True)

        assert (wrong.status_code, missing.status_code, right.status_code) == (422, 422, 200)
        assert "The token was set on" in right.content.decode()
        assert TOKEN not in right.content.decode()

    @pytest.mark.parametrize("query", ["test=x", "test=00000000-0000-4000-8000-000000000001", "test=%00"])
    def test_answers_a_bad_address_with_the_page(self, query: str) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))

        assert client.get(f"{path(organization)}?{query}").status_code == 200

    def test_speaks_spanish(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        client = signed_in(user)

        client.post("/language", {"language": "es"})

        assert client.get(path(organization)).status_code == 200


class TestLog:
    def test_shows_what_was_sent_masked_and_lets_a_failed_one_be_tried_again(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, email=f"ann.smith.{uuid.uuid4().hex[:8]}@example.com")
        notifications.mail_channel(organization, smtp.port)
        smtp.on_content = lambda _address: "554 5.7.1 looks like spam"
        notifications.send(organization, values.To.user(user.pk))
        notifications.deliver(organization)
        client = signed_in(user)

        page = client.get(path(organization, "log/?show=failed&kind=NEW_SIGN_IN")).content.decode()
        [message] = notifications.messages(organization)
        one = client.get(path(organization, f"log/{message.public_id}/")).content.decode()
        again = client.post(path(organization, f"log/{message.public_id}/retry"), follow=True)

        assert "an…@example.com" in page
        assert "554 5.7.1 looks like spam" in page
        assert "192.0.2.7" not in page + one
        assert "tried once more" in again.content.decode()

    def test_is_read_by_an_auditor_who_cannot_change_anything(self) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization, role=RoleCode.AUDITOR))

        assert client.get(path(organization, "log/")).status_code == 200
        assert client.get(path(organization)).status_code == 403

    @pytest.mark.parametrize("query", ["show=x", "kind=x", "page=-1", "page=x", "show=%00"])
    def test_answers_a_bad_address_with_a_list(self, query: str) -> None:
        organization = identity.organization()
        client = signed_in(identity.user(organization=organization))

        assert client.get(path(organization, f"log/?{query}")).status_code == 200

    def test_of_another_organization_is_not_found(self, smtp: mail_server.MailServer) -> None:
        organization, other = identity.organization(), identity.organization()
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(identity.user(organization=organization).pk))
        [message] = notifications.messages(organization)
        client = signed_in(identity.user(organization=other))

        assert client.get(path(other, f"log/{message.public_id}/")).status_code == 404
        assert client.post(path(other, f"log/{message.public_id}/retry")).status_code == 404


class TestAlarmDefault:
    def test_is_kept_by_page_and_program_and_told_to_the_administrator(self) -> None:
        organization = identity.organization()
        admin = identity.user(organization=organization)
        client = signed_in(admin)
        program = api.program(organization=organization, owner=admin)
        assert "because you administer" in client.get(path(organization, "own")).content.decode()

        wrong = client.post(path(organization, "messages/"), {"act": "alarms", "alarms-severity": "LOUD"})
        kept = client.post(path(organization, "messages/"), {"act": "alarms", "alarms-severity": "NONE"}, follow=True)

        assert wrong.status_code == 422
        assert "Who hears of alarms was kept." in kept.content.decode()
        assert "because you administer" not in client.get(path(organization, "own")).content.decode()
        assert program.get("/alarm-default").json() == {"severity": "NONE", "chosen": 0, "told": 0}
        told = program.ask("PUT", "/alarm-default", {"severity": "CRITICAL"}).json()
        assert told == {"severity": "CRITICAL", "chosen": 0, "told": 1}


class TestOwn:
    def test_is_open_to_every_role_and_keeps_what_is_wished(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.MONITOR)
        client = signed_in(user)
        wishes = {
            "act": "keep",
            "wish-alarm_severity": "WARNING",
            "wish-alarm_raised": "on",
            "wish-preferred_channel": "TELEGRAM",
            "wish-quiet_from": "22:00",
            "wish-quiet_until": "07:00",
            "wish-zone": "Europe/Madrid",
        }

        answer = client.post(path(organization, "own"), wishes, follow=True)

        assert "Your wishes were kept." in answer.content.decode()
        with scoping.scope([organization.pk], actor=ACTOR):
            found = queries.get_preferences(user_id=user.pk)
        assert found.kinds_off == {values.Kind.ALARM_CLEARED}
        assert found.alarm_severity is values.Severity.WARNING

    def test_counts_wrong_codes_though_the_page_says_no(self) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, 2525)
        user = identity.user(organization=organization)
        client = signed_in(user)
        client.post(path(organization, "own"), {"act": "mail", "new-address": "ann@example.com"})
        with scoping.scope([organization.pk], actor=ACTOR):
            found = models.Destination.objects.get(organization_id=organization.pk)
        given = {"act": "confirm", "destination": str(found.public_id), "code": "WRONGONE"}

        answers = [client.post(path(organization, "own"), given) for _ in range(6)]

        assert {each.status_code for each in answers} == {422}
        assert "wrong too often" in answers[-1].content.decode()

    def test_does_nothing_with_somebody_elses_destination(self) -> None:
        organization = identity.organization()
        user, other = identity.user(organization=organization), identity.user(organization=organization)
        found = notifications.confirmed_mail(organization, user)
        client = signed_in(other)

        for act in ("remove", "again", "confirm"):
            given = {"act": act, "destination": str(found.public_id)}
            assert client.post(path(organization, "own"), given).status_code == 404


class TestLink:
    def test_ends_messages_with_one_click_of_the_mail_program(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.preferences(organization, user)
        with scoping.scope([organization.pk], actor=ACTOR):
            recipient = models.Recipient.objects.get(organization_id=organization.pk)
        href = links.stop_href(links.StopLink(organization.pk, recipient.public_id, values.Kind.ALARM_RAISED))
        place = "/" + href.split("/", 3)[3]
        client = Client(enforce_csrf_checks=True)

        asked = client.get(place)
        untouched = self._kinds_off(organization)
        done = client.post(place, {"List-Unsubscribe": "One-Click"})

        assert (asked.status_code, done.status_code) == (200, 200)
        assert untouched == []
        assert self._kinds_off(organization) == ["ALARM_RAISED"]

    @pytest.mark.parametrize("what", ["stop", "confirm"])
    @pytest.mark.parametrize("token", ["x", "WzEsImEiXQ:1u:abc"])
    def test_that_is_not_ours_says_so(self, what: str, token: str) -> None:
        assert Client().get(f"/messages/{what}/{token}").status_code == 410

    def test_confirms_a_customers_address_only_when_the_button_is_pressed(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, smtp.port)
        now = clock.now()
        to = values.To.customer(uuid.uuid4(), email="ann@example.com", language="en")
        facts = {"number": "HR-1", "period": "October", "total": "1 EUR", "due": ""}
        notifications.send(organization, to, kind=values.Kind.BILL_ISSUED, at=now, **facts)
        notifications.deliver(organization, now)
        body = smtp.mails[0].message.get_body(("plain",))
        assert body is not None
        place = next(line for line in body.get_content().splitlines() if "/messages/confirm/" in line)
        place = "/" + place.split("/", 3)[3]

        Client().get(place)
        before = notifications.deliver(organization, clock.now())
        done = Client().post(place)
        after = notifications.deliver(organization, clock.now())

        assert (before, done.status_code, after) == (0, 200, 1)

    @staticmethod
    def _kinds_off(organization: identity_models.Organization) -> list[str]:
        with scoping.scope([organization.pk], actor=ACTOR):
            return models.Recipient.objects.get(organization_id=organization.pk).kinds_off


class TestPasswordReset:
    def test_goes_through_the_persons_organization(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)

        Client().post("/accounts/password/reset/", {"email": user.email})
        notifications.deliver(organization, clock.now())

        [mail] = smtp.to(user.email)
        body = mail.message.get_body(("plain",))
        assert body is not None
        assert mail.message["Subject"] == "Choose a new password"
        assert "/accounts/password/reset/key/" in body.get_content()
        assert not getattr(django_mail, "outbox", [])


def test_no_secret_is_in_the_kept_files_of_a_backup() -> None:
    assert "vault_key" not in dump.KEPT_FILES
