"""Which passwords a person may choose."""

from __future__ import annotations

from django.contrib.auth import password_validation

from meterbook.identity import models


def check(password: str, *, email: str, name: str) -> None:
    """This will refuse a password that is short, common, or like the person's address or name.

    :raises django.core.exceptions.ValidationError: with what to do, in words
    """
    password_validation.validate_password(password, models.User(email=email, name=name))
