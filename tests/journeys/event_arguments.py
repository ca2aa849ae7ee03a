"""An alarm and a message, for addresses that name one."""

from __future__ import annotations

import uuid

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.notifications import values as notification_values
from tests.factories import identity, notifications, sites


def alarm(organization: identity_models.Organization) -> uuid.UUID:
    site = sites.site(organization=organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        raised = alarm_operations.raise_alarm(
            actor=identity.ACTOR,
            at=clock.now(),
            kind=AlarmKind.METER_SILENT,
            site=site,
            subject_kind="metering.meterpoint",
            subject_id=uuid.uuid4(),
            details={"name": "Shop 12", "reason": "No answer"},
        )
    return raised.public_id


def message(organization: identity_models.Organization) -> uuid.UUID:
    notifications.mail_channel(organization, 2525)
    to = notification_values.To.address(f"{uuid.uuid4().hex[:8]}@example.com", language="en")
    notifications.send(organization, to)
    return notifications.messages(organization)[-1].public_id
