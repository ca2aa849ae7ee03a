"""Mailing tenants the codes that they sign in with, through an organization of theirs that can send."""

from __future__ import annotations

from datetime import datetime

from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.identity import sign_in_codes
from meterbook.kernel.actor import Actor
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import Kind, Outcome


def is_offered(*, at: datetime) -> bool:
    """This will tell whether any organization has tenants, lets them sign in so, and can send. Runs outside a scope."""
    with scoping.scope(scoping.organization_ids(), actor=Actor.system("sign-in")):
        sending = notification_queries.mailing_ids()
        return bool(sending) and not sending.isdisjoint(sign_in_codes.offering_ids(at=at))


def send(*, at: datetime, real_at: datetime, code_id: int) -> bool:
    """This will make the code that was asked for and queue its mail, together; whoever may not have one gets none.

    It answers whether a message was queued. Runs outside a scope.
    """
    asked = sign_in_codes.find_asked(at=at, real_at=real_at, code_id=code_id)
    if asked is None:
        return False
    for organization_id in identity_queries.organization_ids_of(user_id=asked.user.pk, at=at):
        with scoping.scope([organization_id], actor=asked.actor):
            if not notification_queries.can_mail():
                continue
            code = sign_in_codes.make(actor=asked.actor, at=at, real_at=real_at, code_id=code_id)
            if code is None:
                return False
            half = sign_in_codes.DIGITS // 2
            outcome = notification_operations.send(
                actor=asked.actor,
                at=at,
                kind=Kind.SIGN_IN_CODE,
                to=notification_values.To.user(asked.user.pk),
                facts={"code": f"{code[:half]} {code[half:]}"},
                key=f"sign-in-code:{code_id}",
            )
        return outcome is Outcome.QUEUED
    return False
