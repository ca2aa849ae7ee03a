"""Alarms about messages in the name of a field gateway: one a gateway and kind, until somebody looked into them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.alarms import operations
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

PREFIX = "GATEWAY_"


@operation.operation
def raise_alarm(
    *, actor: Actor, at: datetime, gateway_id: uuid.UUID, site_id: uuid.UUID, label: str, kind: str
) -> None:
    """This will raise the alarm of a kind of misuse, unless somebody settled it before this news was handled.

    :param kind: as `acquisition.gateway_values.IncidentKind`
    """
    if not acquisition_gateways.is_open(public_id=gateway_id, kind=kind):
        return
    site = site_models.Site.objects.get(organization_id=scoping.current().organization_id, public_id=site_id)
    operations.raise_alarm(
        actor=actor,
        at=at,
        kind=AlarmKind(PREFIX + kind),
        site=site,
        subject_kind="gateway",
        subject_id=gateway_id,
        details={"name": label},
    )


@operation.operation
def clear_alarms(*, actor: Actor, at: datetime, gateway_id: uuid.UUID, kinds: Iterable[str]) -> None:
    """This will clear the alarms of these kinds about a gateway, unless it went on since."""
    for kind in kinds:
        if PREFIX + kind in AlarmKind.__members__ and not acquisition_gateways.is_open(public_id=gateway_id, kind=kind):
            operations.clear_alarm(actor=actor, at=at, kind=AlarmKind(PREFIX + kind), subject_id=gateway_id)
