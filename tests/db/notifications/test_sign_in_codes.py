"""Codes by which tenants sign in: who gets one, how it travels, and how often it works."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.contrib.django import app

from meterbook.foundation import scoping, ticker
from meterbook.identity import activity, models, operations, sign_in_codes, values
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import RoleCode
from meterbook.journeys import send_sign_in_codes
from meterbook.kernel import clock
from meterbook.notifications.values import ChannelKind, Kind
from meterbook_lab import mail_server
from tests.factories import identity, notifications
from tests.factories.notifications import ACTOR, AT, REAL
from tests.support import trails

SOURCE = "192.0.2.7"


def ask(email: str) -> tuple[str, int]:
    """What the browser keeps, and the id of what was asked for."""
    token = sign_in_codes.ask(real_at=REAL, email=email, source=SOURCE)
    return token, models.SignInCode.objects.latest("id").pk


def made(organization: models.Organization, code_id: int) -> str:
    """The code, as the job makes it."""
    asked = sign_in_codes.find_asked(at=AT, real_at=REAL, code_id=code_id)
    assert asked is not None
    with scoping.scope([organization.pk], actor=asked.actor):
        code = sign_in_codes.make(actor=asked.actor, at=AT, real_at=REAL, code_id=code_id)
    assert code is not None
    return code


def may(user: models.User) -> bool:
    return sign_in_codes.find_asked(at=AT, real_at=REAL, code_id=ask(user.email)[1]) is not None


def policy(organization: models.Organization, *, is_allowed: bool) -> None:
    with scoping.scope([organization.pk], actor=ACTOR):
        sign_in_codes.change_policy(actor=ACTOR, at=AT, is_allowed=is_allowed)


def grant(organization: models.Organization, user: models.User, role: RoleCode, **more: object) -> None:
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.grant_role(actor=ACTOR, at=identity.LONG_AGO, user_id=user.pk, role=role, **more)  # type: ignore[arg-type]


@pytest.mark.spec("X-10/8")
class TestWhoGetsOne:
    def test_is_a_tenant_of_an_account(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)
        grant(organization, user, RoleCode.TENANT, single=(values.ScopeKind.ACCOUNT, 4711))

        assert may(user)

    @pytest.mark.parametrize("role", [each for each in RoleCode if each is not RoleCode.TENANT], ids=str)
    def test_is_nobody_with_another_role_even_if_a_tenant_too(self, role: RoleCode) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.TENANT)
        assert may(user)

        grant(organization, user, role)

        assert not may(user)

    def test_is_nobody_with_a_single_right_more(self) -> None:
        user = identity.user(
            organization=identity.organization(),
            role=RoleCode.TENANT,
            permissions=[identity_permissions.EDIT_USERS],
        )

        assert not may(user)

    def test_is_nobody_who_works_for_another_organization(self) -> None:
        user = identity.user(organization=identity.organization(), role=RoleCode.TENANT)

        grant(identity.organization(), user, RoleCode.MONITOR)

        assert not may(user)

    def test_is_nobody_unknown_or_without_any_right_or_switched_off(self) -> None:
        organization = identity.organization()
        nobody = identity.user(organization=organization, role=None)
        leaving = identity.user(organization=organization, role=RoleCode.TENANT)
        with scoping.scope([organization.pk], actor=ACTOR):
            activity.deactivate_user(actor=ACTOR, at=clock.now(), public_id=leaving.public_id)

        assert not may(nobody)
        assert not may(leaving)
        assert sign_in_codes.find_asked(at=AT, real_at=REAL, code_id=ask("x@y.example")[1]) is None

    def test_is_nobody_while_one_of_the_organizations_does_not_allow_it(self) -> None:
        first, second = identity.organization(), identity.organization()
        user = identity.user(organization=first, role=RoleCode.TENANT)
        grant(second, user, RoleCode.TENANT)
        assert may(user)

        policy(second, is_allowed=False)

        assert not may(user)
        assert trails.latest(second).action == "identity:change_sign_in_codes"
        policy(second, is_allowed=True)
        assert may(user)


@pytest.mark.spec("X-10/8")
class TestCode:
    def test_works_once_and_is_kept_as_a_digest(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.TENANT)
        token, code_id = ask(user.email.upper())
        code = made(organization, code_id)

        first = sign_in_codes.use(at=AT, real_at=REAL, token=token, code=code)
        again = sign_in_codes.use(at=AT, real_at=REAL, token=token, code=code)

        assert len(code) == 8
        assert code.isdecimal()
        assert (first, again) == (user, None)
        assert code not in models.SignInCode.objects.get(pk=code_id).digest
        entry = trails.latest(organization)
        assert (entry.action, entry.actor_label, entry.source) == (
            "identity:make_sign_in_code",
            str(user),
            SOURCE,
        )

    def test_works_only_in_the_browser_that_asked(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.TENANT)
        _token, code_id = ask(user.email)
        other, _other_id = ask(user.email)

        code = made(organization, code_id)

        assert sign_in_codes.use(at=AT, real_at=REAL, token=other, code=code) is None

    def test_works_for_ten_minutes_and_five_tries(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.TENANT)
        late, tired, patient = (ask(user.email) for _each in range(3))
        codes = [made(organization, each[1]) for each in (late, tired, patient)]
        wrong = ["", "0" * 9, "abc", "١٢٣٤٥٦٧٨", "-1"]
        for each in wrong:
            sign_in_codes.use(at=AT, real_at=REAL, token=tired[0], code=each)
        for each in wrong[:4]:
            sign_in_codes.use(at=AT, real_at=REAL, token=patient[0], code=each)
        end = REAL + sign_in_codes.LIFE

        assert sign_in_codes.use(at=AT, real_at=end, token=late[0], code=codes[0]) is None
        assert sign_in_codes.use(at=AT, real_at=REAL, token=tired[0], code=codes[1]) is None
        just_in_time = end - timedelta(seconds=1)
        assert sign_in_codes.use(at=AT, real_at=just_in_time, token=patient[0], code=codes[2]) == user

    def test_that_was_not_made_is_never_right(self) -> None:
        token, _code_id = ask("nobody@meterbook.example")

        assert sign_in_codes.use(at=AT, real_at=REAL, token=token, code="") is None

    def test_lets_nobody_in_who_may_more_meanwhile(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.TENANT)
        token, code_id = ask(user.email)
        code = made(organization, code_id)

        grant(organization, user, RoleCode.ORGANIZATION_ADMIN)

        assert sign_in_codes.use(at=AT, real_at=REAL, token=token, code=code) is None

    def test_that_is_long_over_is_forgotten(self) -> None:
        _token, code_id = ask("nobody@meterbook.example")

        sign_in_codes.ask(real_at=REAL + timedelta(days=2), email="other@meterbook.example", source=SOURCE)

        assert not models.SignInCode.objects.filter(pk=code_id).exists()


@pytest.mark.spec("X-10/8")
class TestMail:
    def test_goes_once_though_the_job_runs_twice_and_by_mail_though_a_chat_is_preferred(self) -> None:
        with notifications.open_network(), mail_server.running(mail_server.MailServer()) as smtp:
            organization = identity.organization()
            user = identity.user(organization=organization, role=RoleCode.TENANT)
            notifications.mail_channel(organization, smtp.port)
            notifications.telegram_channel(organization)
            notifications.confirmed_chat(organization, user)
            notifications.preferences(organization, user, preferred_channel=ChannelKind.TELEGRAM)
            sign_in_codes.ask(real_at=clock.real_now(), email=user.email, source=SOURCE)
            code_id = models.SignInCode.objects.latest("id").pk

            for _run in range(2):
                app.tasks[sign_in_codes.SEND].func(organization_id=ticker.PLATFORM, code_id=code_id)
            sent = [each for each in notifications.messages(organization) if each.kind == Kind.SIGN_IN_CODE]

        assert [(each.destination.channel_kind, each.destination.address) for each in sent] == [
            (ChannelKind.MAIL, user.email)
        ]

    def test_is_offered_where_there_are_tenants_and_mail_and_nobody_forbids_it(self) -> None:
        def offering(organization: models.Organization) -> bool:
            with scoping.scope([organization.pk], actor=ACTOR):
                return bool(sign_in_codes.offering_ids(at=AT))

        organization = identity.organization()
        identity.user(organization=organization)
        before = offering(organization)
        identity.user(organization=organization, role=RoleCode.TENANT)
        there = offering(organization)
        policy(organization, is_allowed=False)

        assert (before, there, offering(organization)) == (False, True, False)

    def test_is_not_made_where_nothing_can_be_sent(self) -> None:
        user = identity.user(organization=identity.organization(), role=RoleCode.TENANT)
        _token, code_id = ask(user.email)

        assert not send_sign_in_codes.send(at=AT, real_at=REAL, code_id=code_id)
        assert models.SignInCode.objects.get(pk=code_id).digest == ""
