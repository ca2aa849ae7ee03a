"""Opt-in codes: a destination is confirmed by whoever reads what is sent there, or writes from there."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from meterbook.notifications import models, values


class TooManyCodes(ValueError):
    """Codes are not sent again and again; wait an hour."""


def make() -> str:
    """This will return a new code of eight signs, 39 bits of chance: "K7MHX3WP"."""
    return "".join(secrets.choice(values.CODE_ALPHABET) for _ in range(values.CODE_LENGTH))


def typed(text: str) -> str:
    """This will return a code as it was made, however somebody typed it: "k7mh-x3wp " is "K7MHX3WP"."""
    return "".join(each for each in text.upper() if each.isalnum())


def digest(organization_id: int, code: str) -> str:
    """This will return what is stored of a code."""
    return hashlib.sha256(f"{organization_id}:{code}".encode()).hexdigest()


def renew(destination: models.Destination, *, at: datetime, life: timedelta = values.CODE_LIFE) -> str:
    """This will give the destination a new code and return it; the former one is dead. The caller saves.

    :param at: real time
    :raises TooManyCodes: at most five an hour
    """
    since = destination.codes_since
    if since is None or at - since >= timedelta(hours=1):
        destination.codes_since, destination.codes_sent = at, 0
    if destination.codes_sent >= values.CODES_AN_HOUR:
        raise TooManyCodes(
            _("Codes were sent several times already. Wait an hour, and look for them among unwanted mail.")
        )
    code = make()
    destination.codes_sent += 1
    destination.code_hash = digest(destination.organization_id, code)
    destination.code_expires_at, destination.code_tries = at + life, 0
    return code


def check(destination: models.Destination, text: str, *, at: datetime) -> values.CodeResult:
    """This will compare a typed code and count it. The caller saves.

    :param at: real time
    """
    if not destination.code_hash or destination.code_expires_at is None or at >= destination.code_expires_at:
        return values.CodeResult.EXPIRED
    if destination.code_tries >= values.CODE_TRIES:
        return values.CodeResult.TOO_MANY
    if not hmac.compare_digest(digest(destination.organization_id, typed(text)), destination.code_hash):
        destination.code_tries += 1
        return values.CodeResult.WRONG
    destination.code_hash, destination.code_expires_at = "", None
    destination.state, destination.confirmed_at, destination.reason = values.DestinationState.CONFIRMED, at, ""
    return values.CodeResult.CONFIRMED
