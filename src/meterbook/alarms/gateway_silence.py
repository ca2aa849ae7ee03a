"""Alarms about field gateways that are not heard: one a gateway, whatever is behind it."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition import ways as acquisition_ways
from meterbook.acquisition.gateway_values import SILENT_AFTER, GatewayState
from meterbook.alarms import affected, operations, values
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

MOST_DRIFT = timedelta(minutes=1)


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
            details={
                "name": row.name,
                "since": since.isoformat(),
                affected.CAUSE: values.Cause.GATEWAY_OFFLINE.value,
                affected.POINTS: [str(each) for each in acquisition_ways.points_of_gateway(gateway=row.public_id)],
            },
        )


@operation.operation
def follow_clocks(*, actor: Actor, at: datetime) -> None:
    """This will raise an alarm about each gateway that is heard with a wrong clock, and clear it once it is right.

    It counts as right again within half of what is allowed, so that an alarm at the limit does not come and go.
    """
    organization_id = scoping.current().organization_id
    for row in acquisition_gateways.list_gateways(at=at):
        if row.state is GatewayState.ONLINE and row.clock_offset_ms is None:
            continue
        drift = abs(timedelta(milliseconds=row.clock_offset_ms or 0))
        if row.state not in (GatewayState.ONLINE, GatewayState.SILENT) or drift <= MOST_DRIFT / 2:
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind.GATEWAY_CLOCK, subject_id=row.public_id)
        elif drift > MOST_DRIFT and row.state is GatewayState.ONLINE:
            operations.raise_alarm(
                actor=actor,
                at=at,
                kind=AlarmKind.GATEWAY_CLOCK,
                site=site_models.Site.objects.get(organization_id=organization_id, pk=row.site_id),
                subject_kind="gateway",
                subject_id=row.public_id,
                details={
                    "name": row.name,
                    "seconds": (row.clock_offset_ms or 0) // 1000,
                    affected.CAUSE: values.Cause.CLOCK_DRIFT.value,
                    affected.POINTS: [str(each) for each in acquisition_ways.points_of_gateway(gateway=row.public_id)],
                },
            )
