"""Which passwords a person may choose."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import password_validation

from meterbook.identity import models, password_policy


def check(password: str, *, email: str, name: str, organizations: Iterable[str] = ()) -> None:
    """This will refuse a password that is short, common, a pattern, or little more than a name that others would try.

    :param organizations: names of those that the person works for
    :raises django.core.exceptions.ValidationError: with what to do, in words
    """
    password_validation.validate_password(password, models.User(email=email, name=name))
    password_policy.check_names(password, [email, name, *organizations])
