"""The library's forms about passwords, with labels written as everywhere else here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account import forms as library
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

LABELS: Mapping[str, str | Promise] = {
    "login": gettext_lazy("E-mail address"),
    "email": gettext_lazy("E-mail address"),
    "password": gettext_lazy("Password"),
    "oldpassword": gettext_lazy("Present password"),
    "password1": gettext_lazy("New password"),
    "password2": gettext_lazy("New password once more"),
}


class _Labeled:
    """Gives the fields of a form their labels."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(*arguments, **named)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.label = LABELS.get(name, field.label)


class LoginForm(_Labeled, library.LoginForm):
    """Address and password."""


class ChangePasswordForm(_Labeled, library.ChangePasswordForm):
    """The present password and a new one."""


class SetPasswordForm(_Labeled, library.SetPasswordForm):
    """A first password of one's own."""


class ResetPasswordForm(_Labeled, library.ResetPasswordForm):
    """Whose password was forgotten."""


class ResetPasswordKeyForm(_Labeled, library.ResetPasswordKeyForm):
    """A new password, with a link that was mailed."""
