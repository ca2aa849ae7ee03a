"""The library's forms of the second step, with codes that count once for as long as they would count."""

from __future__ import annotations

import hashlib

from allauth.core.internal import cryptokit
from allauth.mfa import app_settings
from allauth.mfa import models as mfa_models
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as library
from django.core.cache import cache


class _Once(library.BaseAuthenticateForm):  # type: ignore[misc]
    """The library remembers a used code for one period; with clocks that may differ it counts for several."""

    def clean_code(self) -> str:
        """This will refuse a code of the authenticator app that was used before."""
        typed = cryptokit.normalize_user_code(self.cleaned_data["code"])
        key = f"second-step:{self.user.pk}:{hashlib.sha256(typed.encode()).hexdigest()}"
        if cache.get(key) is not None:
            raise get_adapter().validation_error("incorrect_code")
        code = str(super().clean_code())
        if self.authenticator.type == mfa_models.Authenticator.Type.TOTP:
            cache.set(key, "used", app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1))
        return code


class AuthenticateForm(_Once, library.AuthenticateForm):  # type: ignore[misc]
    """The second step after the first."""


class ReauthenticateForm(_Once, library.ReauthenticateForm):  # type: ignore[misc]
    """The second step before something that needs it anew."""
