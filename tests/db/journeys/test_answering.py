"""Answers to the steps of a journey: kept, taken back, and refused when somebody else went on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.journeys import models, moving_in, operations, values
from meterbook.journeys.values import JourneyKind, Step
from meterbook.kernel.actor import Actor
from tests.factories import billing, moves

ACTOR = Actor.system("test")
START = billing.FEBRUARY.starts_at
END = billing.FEBRUARY.ends_at
NOW = END + timedelta(days=5)


def unit() -> moves.Unit:
    return moves.unit(billing.place())


def ready(unit: moves.Unit) -> models.Journey:
    given = moves.answers_in(unit, starts_at=START)
    return moves.journey(organization=unit.organization, kind=JourneyKind.MOVE_IN, answers=given, at=NOW)


def fresh(journey: models.Journey) -> models.Journey:
    with scoping.scope([journey.organization_id], actor=ACTOR):
        return models.Journey.objects.get(organization_id=journey.organization_id, pk=journey.pk)


class TestAnswer:
    def test_is_refused_when_somebody_else_went_on(self) -> None:
        place = unit()
        journey = ready(place)
        other = Actor.user(7, "Berta Gil")
        with scoping.scope([journey.organization_id], actor=other):
            operations.answer(
                actor=other,
                at=NOW,
                journey=journey.public_id,
                version=journey.version,
                step=Step.DEPOSIT,
                given={"amount": "90"},
            )

        with (
            pytest.raises(operations.JourneyChanged, match="Berta Gil"),
            scoping.scope([journey.organization_id], actor=ACTOR),
        ):
            operations.answer(
                actor=ACTOR,
                at=NOW,
                journey=journey.public_id,
                version=journey.version,
                step=Step.DEPOSIT,
                given={"amount": "100"},
            )
        assert fresh(journey).facts[Step.DEPOSIT] == {"amount": "90"}
        with pytest.raises(operations.JourneyChanged):
            moves.finish(journey, at=NOW)

    def test_takes_back_what_depends_on_it(self) -> None:
        journey = ready(unit())

        with scoping.scope([journey.organization_id], actor=ACTOR):
            changed = operations.answer(
                actor=ACTOR,
                at=NOW,
                journey=journey.public_id,
                version=journey.version,
                step=Step.START,
                given={"starts_at": END.isoformat()},
            )

        assert values.next_step(JourneyKind.MOVE_IN, frozenset(Step(each) for each in changed.facts)) is Step.READINGS

    def test_of_another_organization_is_not_there(self) -> None:
        journey, stranger = ready(unit()), unit()

        with (
            pytest.raises(operations.JourneyNotThere),
            scoping.scope([stranger.organization.pk], actor=ACTOR),
        ):
            moving_in.finish_move_in(actor=ACTOR, at=NOW, journey=journey.public_id, version=journey.version)

    def test_waits_for_every_step(self) -> None:
        place = unit()
        given = moves.answers_in(place, starts_at=START)
        del given[Step.TARIFF]
        journey = moves.journey(organization=place.organization, kind=JourneyKind.MOVE_IN, answers=given, at=NOW)

        with pytest.raises(operations.JourneyIncomplete) as waiting:
            moves.finish(journey, at=NOW)

        assert waiting.value.step is Step.TARIFF

    def test_left_for_good_forgets_what_was_said(self) -> None:
        journey = ready(unit())

        with scoping.scope([journey.organization_id], actor=ACTOR):
            operations.cancel_journey(actor=ACTOR, at=NOW, journey=journey.public_id)

        assert fresh(journey).facts == {}
        with pytest.raises(operations.JourneyClosed):
            moves.finish(journey, at=NOW)
