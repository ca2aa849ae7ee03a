"""Journeys for tests, answered as a person would answer them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys import models, moving_in, moving_out, operations
from meterbook.journeys.values import JourneyKind, Step
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import values as site_values
from tests.factories import billing, metering, sites, tariffs

ACTOR = Actor.system("factory")
Answers = Mapping[Step, Mapping[str, object]]


@dataclass(frozen=True)
class Unit:
    """A unit of a place that can be billed, with a meter."""

    place: billing.Place
    meter: metering.Installed
    key: str

    @property
    def organization(self) -> identity_models.Organization:
        """The organization of the place."""
        return self.place.organization

    @property
    def point(self) -> metering_models.MeterPoint:
        """The meter point of the meter."""
        return self.meter.point


def unit(place: billing.Place, *, name: str = "Unit 12", **more: Any) -> Unit:  # noqa: ANN401
    """This will make a unit with a meter; outside a scope."""
    node = sites.node(site=place.site, kind=site_values.NodeKind.UNIT, name=name)
    meter = billing.metered(place, name=name, node=node, **more)
    return Unit(place, meter, f"u{node.public_id}")


SEVERAL: dict[str, tuple[int, int]] = {  # counts at two readings of `hand_read`, in thousandths
    "energy_import": (1_000_000, 1_500_000),
    "energy_reactive_import": (200_000, 500_000),
    "energy_import_t1": (700_000, 1_050_000),
    "energy_import_t2": (300_000, 450_000),
}
FURTHER = tuple(SEVERAL)[1:]
DIVIDED = tariffs.document(
    currency="EUR",
    components=[
        {"code": "day", "name": "Day", "charge": "ENERGY", "channel": "IMPORT_T1", "price": "0.30"},
        {"code": "night", "name": "Night", "charge": "ENERGY", "channel": "IMPORT_T2", "price": "0.10"},
        {
            "code": "kvarh",
            "name": "Reactive",
            "charge": "POWER_FACTOR",
            "price": "0.04",
            "power_factor": {"rule": "REACTIVE_ABOVE", "tan_phi": "0.5"},
        },
    ],
)


def hand_read(*, model_code: str = "imported") -> Unit:
    """This will make a unit whose meter people read: T1, T2 and reactive energy are billed beside each other."""
    place = billing.place(raw=DIVIDED)
    node = sites.node(site=place.site, kind=site_values.NodeKind.UNIT, name="Bakery")
    meter = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        node=node,
        name="Bakery",
        model_code=model_code,
        registers=tuple(
            metering_operations.RegisterPlan(each, each, metering_values.series_type(each).unit, 3) for each in SEVERAL
        ),
    )
    return Unit(place, meter, f"u{node.public_id}")


def answers_in(unit: Unit, *, starts_at: datetime, number: str = "A-000001", **customer: object) -> dict[Step, Any]:
    """This will answer all steps of a move-in of somebody new."""
    point = str(unit.point.public_id)
    return {
        Step.UNIT: {"place": unit.key, "site": str(unit.place.site.public_id), "points": [point], "name": "Unit 12"},
        Step.CUSTOMER: {"name": "Ana Ruiz", "number": number, **customer},
        Step.START: {"starts_at": starts_at.isoformat()},
        Step.READINGS: {},
        Step.TARIFF: {point: str(unit.place.tariff.public_id)},
        Step.DEPOSIT: {"amount": "250.00"},
    }


def answers_out(account: uuid.UUID, contracts: list[uuid.UUID], *, ends_at: datetime) -> dict[Step, Any]:
    """This will answer all steps of a move-out."""
    return {
        Step.ACCOUNT: {"account": str(account), "contracts": [str(each) for each in contracts]},
        Step.END: {"ends_at": ends_at.isoformat()},
        Step.READINGS: {},
        Step.ADDRESS: {"address": "Calle Mayor 1\n28013 Madrid"},
    }


def journey(
    *, organization: identity_models.Organization, kind: JourneyKind, answers: Answers, at: datetime
) -> models.Journey:
    """This will begin a journey and answer steps; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        found = operations.start_journey(actor=ACTOR, at=at, kind=kind)
        for step, given in answers.items():
            found = operations.answer(
                actor=ACTOR, at=at, journey=found.public_id, version=found.version, step=step, given=given
            )
        return found


def finish(journey: models.Journey, *, at: datetime, actor: Actor = ACTOR) -> uuid.UUID:
    """This will carry a journey out as it was when it was read; outside a scope."""
    run = moving_in.finish_move_in if journey.kind == JourneyKind.MOVE_IN else moving_out.finish_move_out
    with scoping.scope([journey.organization_id], actor=actor):
        return run(actor=actor, at=at, journey=journey.public_id, version=journey.version)


def moved_in(unit: Unit, *, starts_at: datetime, at: datetime, **more: Any) -> uuid.UUID:  # noqa: ANN401
    """This will let somebody new move in, and return the public id of the account; outside a scope."""
    answers = answers_in(unit, starts_at=starts_at, **more)
    return finish(journey(organization=unit.organization, kind=JourneyKind.MOVE_IN, answers=answers, at=at), at=at)
