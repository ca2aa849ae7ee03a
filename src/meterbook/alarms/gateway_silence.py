"""Alarms about field gateways that are not heard: one a gateway, whatever is behind it."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition.gateway_values import SILENT_AFTER, GatewayState
from meterbook.alarms import operations
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models


@operation.operation
def follow(*, actor: Actor, at: datetime, patience: timedelta = SILENT_AFTER) -> None:
    """This will raise an alarm about each gateway that was not heard for so long, and clear those of all others.

    One that has not enrolled yet, or was revoked, has none.
    """
    organization_id = scoping.current().organization_id
    for row in acquisition_gateways.list_gateways(at=at):
        since = row.seen_at or row.enrolled_at
        is_expected = row.state in (GatewayState.ONLINE, GatewayState.SILENT)
        if not is_expected or since is None or at - since <= patience:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.GATEWAY_SILENT, subject_id=row.public_id)
            continue
        operations.raise_alarm(
            actor=actor,
            at=at,
            kind=AlarmKind.GATEWAY_SILENT,
            site=site_models.Site.objects.get(organization_id=organization_id, pk=row.site_id),
            subject_kind="gateway",
            subject_id=row.public_id,
            details={"name": row.name, "since": since.isoformat()},
        )
