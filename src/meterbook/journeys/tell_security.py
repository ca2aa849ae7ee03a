"""What a person must be told of the own sign-in. All of it runs outside a scope: a person may belong to several
organizations, and the first of them that can send does.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.utils import formats, translation

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import Kind, Outcome

KNOWN_FOR = timedelta(days=90)
LONGEST_DEVICE = 120


def signed_in(*, actor: Actor, at: datetime, user_id: int, address: str, device: str) -> bool:
    """This will tell the person of a sign-in from an address not seen for 90 days; not of the very first sign-in.

    Call it after the sign-in was recorded. It answers whether a message was queued.
    """
    for organization_id in identity_queries.organization_ids_of(user_id=user_id, at=at):
        with scoping.scope([organization_id], actor=actor):
            everywhere, here = audit_queries.count_sign_ins(user_id=user_id, source=address, since=at - KNOWN_FOR)
        if everywhere <= 1 or here > 1:
            return False
        break
    facts = {"address": address, "device": device[:LONGEST_DEVICE]}
    return _tell(Kind.NEW_SIGN_IN, facts, key=f"sign-in:{uuid.uuid4()}", actor=actor, at=at, user_id=user_id)


def password_changed(*, actor: Actor, at: datetime, user_id: int) -> bool:
    """This will tell the person that the password was changed; it answers whether a message was queued."""
    return _tell(Kind.PASSWORD_CHANGED, {}, key=f"password:{uuid.uuid4()}", actor=actor, at=at, user_id=user_id)


def password_reset(*, actor: Actor, at: datetime, user_id: int, link: str) -> bool:
    """This will mail the link by which a person chooses a new password; it answers whether a message was queued."""
    key = f"reset:{hashlib.sha256(link.encode()).hexdigest()[:40]}"
    return _tell(Kind.PASSWORD_RESET, {"link": link}, key=key, actor=actor, at=at, user_id=user_id)


def _tell(kind: Kind, facts: Mapping[str, str], *, key: str, actor: Actor, at: datetime, user_id: int) -> bool:
    for organization_id in identity_queries.organization_ids_of(user_id=user_id, at=at):
        with scoping.scope([organization_id], actor=actor):
            if not notification_queries.can_mail():
                continue
            with translation.override(notification_queries.language_of_user(user_id=user_id)):
                when = f"{formats.date_format(at.astimezone(UTC), 'SHORT_DATETIME_FORMAT')} UTC"
            outcome = notification_operations.send(
                actor=actor,
                at=at,
                kind=kind,
                to=notification_values.To.user(user_id),
                facts={**facts, "when": when},
                key=key,
            )
        return outcome is Outcome.QUEUED
    return False
