"""Eight characters are enough beside a second step, and only beside one."""

from __future__ import annotations

import pytest
from allauth.mfa import models as mfa_models
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from meterbook.identity import models as identity_models
from meterbook.identity import sign_in
from tests.factories import identity

pytestmark = pytest.mark.spec("X-10/5")
SHORT = "kq7mh-x3"


@pytest.fixture
def user() -> identity_models.User:
    made = identity.user(organization=identity.organization())
    sign_in.set_password(actor=identity.ACTOR, at=identity.LONG_AGO, user_id=made.pk, password=SHORT)
    made.refresh_from_db()
    return made


def add_second_step(user: identity_models.User) -> None:
    kind = mfa_models.Authenticator.Type.TOTP
    mfa_models.Authenticator.objects.create(user=user, type=kind, data={"secret": "sealed"})


class TestShortPassword:
    def test_is_allowed_to_who_has_a_second_step(self, user: identity_models.User) -> None:
        with pytest.raises(ValidationError, match="at least 12 characters"):
            password_validation.validate_password(SHORT, user)

        add_second_step(user)

        password_validation.validate_password(SHORT, user)
        with pytest.raises(ValidationError, match="at least 8 characters"):
            password_validation.validate_password(SHORT[:-1], user)

    def test_must_be_replaced_once_the_second_step_is_gone(self, user: identity_models.User) -> None:
        client = Client()
        client.post(reverse("account_login"), {"login": user.email, "password": SHORT})

        led = client.get(reverse("start"), follow=True)
        new = {"oldpassword": SHORT, "password1": identity.PASSWORD, "password2": identity.PASSWORD}
        client.post(reverse("account_change_password"), new)

        assert led.request["PATH_INFO"] == reverse("account_change_password")
        user.refresh_from_db()
        assert not user.must_change_password
        assert user.check_password(identity.PASSWORD)

    def test_stays_as_long_as_there_is_one(self, user: identity_models.User) -> None:
        add_second_step(user)

        Client().post(reverse("account_login"), {"login": user.email, "password": SHORT})

        user.refresh_from_db()
        assert not user.must_change_password
