"""Questions of commissioning to an address of a bus, and what came of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from meterbook.acquisition import catalogue, models, networks, values
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.operations import probes
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor

EXPIRED = values.Problem(
    "EXPIRED", "nobody took the question within 15 s", "Check that the collector runs, then try again."
)
OUTDATED = values.Problem(
    "OLD_COLLECTOR", "the collector does not know this errand", "It is of an older release; restart it."
)
NOTHING = values.Problem(
    "NOTHING_NEW", "the meter answered nothing more", "Ask again; if that goes on, check its wiring and its supply."
)


def ask(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    bus: models.Bus,
    unit: int,
    allowed: networks.AllowedNetworks,
    errand: values.Errand,
    until_unit: int | None = None,
    secondary: str = "",
    masks: tuple[str, ...] = (),
    blocks: tuple[Block, ...] = (),
) -> uuid.UUID:
    """This will ask an address of a bus, in the name of any type that speaks its protocol.

    :param secondary: of an M-Bus meter, in place of `unit`
    :param masks: of a search by numbers

    :raises probes.ProbeRefused: when nothing can be asked now
    """
    protocol = values.MODEL_PROTOCOL_OF[values.BusProtocol(bus.protocol)]
    any_model = next(each.code for each in catalogue.SHIPPED.all_models() if each.protocol == protocol)
    return probes.request_probe(
        actor=actor,
        at=at,
        real_at=real_at,
        site=bus.site.public_id,
        model_code=any_model,
        place=probes.Place(unit_id=unit, bus=bus.public_id, secondary=masks[-1] if masks else secondary),
        masks=masks,
        allowed=allowed,
        until_unit=until_unit,
        errand=errand,
        blocks=blocks,
    )


def answered(question: uuid.UUID, real_at: datetime) -> tuple[dict[str, Any], dict[str, Any] | None] | None:
    """This will return what came of a question, and what was wrong; None while nothing is final.

    One that is gone counts as expired.
    """
    rows = models.Probe.objects.filter(organization_id=scoping.current().organization_id, public_id=question)
    probe = rows.first()
    if probe is None:
        return {}, EXPIRED.as_json()
    if not values.RequestStatus(probe.status).is_final:
        return ({}, EXPIRED.as_json()) if probe.expires_at <= real_at else None
    answer = probe.answer or {}
    if not answer:
        return {}, EXPIRED.as_json()
    return answer, answer.get("problem")
