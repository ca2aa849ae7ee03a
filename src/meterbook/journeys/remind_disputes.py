"""Mail to whoever must answer a dispute, a day before its deadline; once for each deadline."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import formats, translation

from meterbook.billing import permissions as billing_permissions
from meterbook.billing.dispute_values import REASON_CAPTIONS
from meterbook.billing.operations import reminding
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.foundation import operation
from meterbook.identity import queries as identity_queries
from meterbook.installation import queries as installation_queries
from meterbook.kernel.actor import Actor
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.values import Kind, Outcome


def due(*, at: datetime) -> list[uuid.UUID]:
    """This will return the disputes whose deadline is near and of which nobody was reminded."""
    return [each.public_id for each in dispute_queries.to_remind(at=at)]


@operation.operation
def remind(*, actor: Actor, at: datetime, dispute: uuid.UUID) -> bool:
    """This will mail those who manage bills at the site; False when nobody could be told: it is tried again then."""
    found = next((each for each in dispute_queries.to_remind(at=at) if each.public_id == dispute), None)
    if found is None or found.due_at is None:
        return False
    told = [_tell(actor, at, found, user_id) for user_id in _managers(found.site_id, at)]
    if not any(each in (Outcome.QUEUED, Outcome.HELD, Outcome.DUPLICATE) for each in told):
        return False
    reminding.note_reminded(actor=actor, at=at, dispute=found.public_id, people=len(told))
    return True


def _managers(site_id: int, at: datetime) -> list[int]:
    users = sorted({each.user.id for each in identity_queries.list_grants(in_force_at=at) if each.user.is_active})
    permission = billing_permissions.MANAGE_RUN
    return [each for each in users if identity_queries.access_of(user_id=each, at=at).allows(permission, site_id)]


def _tell(actor: Actor, at: datetime, row: dispute_queries.DisputeRow, user_id: int) -> Outcome:
    address, organization = installation_queries.public_address(), identity_queries.get_organization()
    with translation.override(notification_queries.language_of_user(user_id=user_id)):
        ends = (row.due_at or at).astimezone(row.zone)
        facts = {
            "title": row.bill_number,
            "site": row.site_name,
            "about": f"{row.customer_name}, {row.account_number}",
            "reason": str(REASON_CAPTIONS[row.reason]),
            "when": formats.date_format(ends, "SHORT_DATETIME_FORMAT"),
            "link": f"{address}/o/{organization.public_id}/disputes/{row.public_id}/",
        }
    return notification_operations.send(
        actor=actor,
        at=at,
        kind=Kind.DISPUTE_DUE,
        to=notification_values.To.user(user_id),
        facts=facts,
        key=f"dispute:{row.public_id}:{row.clock}:{user_id}",
    )
