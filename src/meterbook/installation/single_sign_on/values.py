"""The provider as it is set, and what it says of somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

LONGEST_ISSUER, LONGEST_LABEL = 300, 60
# RFC 8176: "mfa" says it whole; the others are a further thing beside a password.
SEVERAL, FURTHER = "mfa", frozenset({"otp", "hwk", "swk", "sc", "fpt", "face", "iris", "retina", "vbm"})
PASSWORD = "pwd"  # noqa: S105 - a word of that register


class IssuerRefused(ValueError):
    """The text is no address of a provider; the message says what to write instead."""


@dataclass(frozen=True)
class Provider:
    """One provider. `acr` is what it calls a sign-in with two steps, where it says so by that; often empty."""

    issuer: str
    client_id: str
    label: str
    is_on: bool = True
    admits_unknown: bool = False
    trusts_second_step: bool = False
    acr: str = ""

    def plain(self) -> dict[str, object]:
        """This will return it as JSON holds it; the secret is not part of it."""
        return {
            "issuer": self.issuer,
            "client_id": self.client_id,
            "label": self.label,
            "is_on": self.is_on,
            "admits_unknown": self.admits_unknown,
            "trusts_second_step": self.trusts_second_step,
            "acr": self.acr,
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Provider:
        """This will read what `plain` returned."""
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__ if name in kept})


@dataclass(frozen=True)
class Person:
    """What a checked token says: `subject` is the provider's own lasting name of the person."""

    issuer: str
    subject: str
    email: str
    is_verified: bool
    name: str
    had_two_steps: bool


def read_issuer(text: str) -> str:
    """This will return the address of a provider as it is kept: without a slash more or less, as it names itself.

    :raises IssuerRefused: when it is none
    """
    given = text.strip()
    try:
        parts = urlsplit(given)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.scheme not in {"https", "http"} or not given.isascii() or any(c.isspace() for c in given):
        raise IssuerRefused(_("Write the whole address of the provider, such as https://login.example/realms/office."))
    if parts.username is not None or parts.query or parts.fragment:
        raise IssuerRefused(_("Write the address only: no user, no password, nothing after “?” or “#”."))
    return given


def had_two_steps(claims: dict[str, Any], acr: str) -> bool:
    """This will tell whether a token says that the person proved it in two ways: by `amr` or by the `acr` awaited."""
    if acr and claims.get("acr") == acr:
        return True
    found = claims.get("amr")
    methods = {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()
    return SEVERAL in methods or (PASSWORD in methods and bool(methods & FURTHER))
