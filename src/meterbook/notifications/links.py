"""Links of messages that work without signing in. What they may do is signed into them; they need no look-up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _

from meterbook.installation import queries as installation_queries
from meterbook.notifications import values

STOP, CONFIRM = "notifications stop", "notifications confirm"


class LinkBroken(ValueError):
    """The link was cut off or altered; use the one of the message as it came."""


@dataclass(frozen=True)
class StopLink:
    """Who wants no more messages of a kind."""

    organization_id: int
    recipient: uuid.UUID
    kind: values.Kind


@dataclass(frozen=True)
class ConfirmLink:
    """Which destination is confirmed by which code."""

    organization_id: int
    destination: uuid.UUID
    code: str


def stop_href(link: StopLink) -> str:
    """This will return the address that ends messages of a kind, below the configured public address."""
    return _href("stop", signing.dumps([link.organization_id, str(link.recipient), link.kind.value], salt=STOP))


def confirm_href(link: ConfirmLink) -> str:
    """This will return the address that confirms a destination."""
    return _href("confirm", signing.dumps([link.organization_id, str(link.destination), link.code], salt=CONFIRM))


def read_stop(token: str) -> StopLink:
    """This will read the token of `stop_href`.

    :raises LinkBroken: when it is not one of ours
    """
    organization_id, recipient, kind = _read(token, STOP)
    return StopLink(int(organization_id), uuid.UUID(recipient), values.Kind(kind))


def read_confirm(token: str) -> ConfirmLink:
    """This will read the token of `confirm_href`.

    :raises LinkBroken: when it is not one of ours
    """
    organization_id, destination, code = _read(token, CONFIRM)
    return ConfirmLink(int(organization_id), uuid.UUID(destination), code)


def _href(what: str, token: str) -> str:
    return f"{installation_queries.public_address()}/messages/{what}/{token}"


def _read(token: str, salt: str) -> list[str]:
    try:
        return [str(each) for each in signing.loads(token, salt=salt)]
    except signing.BadSignature as error:
        raise LinkBroken(_("This link is not complete. Use the one of the message as it came.")) from error
