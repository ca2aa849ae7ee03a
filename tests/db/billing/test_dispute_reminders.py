"""Whoever must answer a dispute is told by mail before the clock ends; what keeps an amount from being asked for."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from meterbook.billing import models
from meterbook.billing.dispute_values import DisputeReason, DisputeState
from meterbook.billing.operations import disputing
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import remind_disputes
from meterbook.kernel.actor import Actor
from meterbook.notifications import models as notification_models
from meterbook.notifications.values import Kind
from tests.factories import corrections, identity, notifications

ACTOR = Actor.system("test")
AT = corrections.LATER  # the night to Sunday; to be acknowledged by the end of Monday


def opened(made: corrections.Billed, *, at: datetime = AT) -> models.Dispute:
    bill = corrections.bill_of(made).public_id
    with scoping.scope([made.owner], actor=ACTOR):
        return disputing.open_dispute(
            actor=ACTOR, at=at, bill=bill, reason=DisputeReason.READING, words="Too much.", is_by_tenant=True
        )


def moved(made: corrections.Billed, dispute: models.Dispute, *states: DisputeState, at: datetime = AT) -> None:
    with scoping.scope([made.owner], actor=ACTOR):
        for state in states:
            disputing.move_dispute(
                actor=ACTOR, at=at, dispute=dispute.public_id, state=state, words="We looked.", is_upheld=False
            )


def reminded(made: corrections.Billed, at: datetime) -> list[str]:
    """The addresses that were written to since, by what the job does."""
    with scoping.scope([made.owner], actor=ACTOR):
        before = notification_models.Message.objects.filter(organization_id=made.owner, kind=Kind.DISPUTE_DUE).count()
        due: list[uuid.UUID] = remind_disputes.due(at=at)
    for each in due:
        with scoping.scope([made.owner], actor=ACTOR):
            remind_disputes.remind(actor=ACTOR, at=at, dispute=each)
    with scoping.scope([made.owner], actor=ACTOR):
        found = notification_models.Message.objects.filter(organization_id=made.owner, kind=Kind.DISPUTE_DUE)
        return [each.destination.address for each in found.select_related("destination").order_by("id")[before:]]


def protected(made: corrections.Billed, dispute: models.Dispute, at: datetime) -> bool:
    with scoping.scope([made.owner], actor=ACTOR):
        claims = dispute_queries.claims_of(account_id=dispute.account_id, currency="EUR", at=at)
        return next(each.is_protected for each in claims if each.dispute == dispute.public_id)


@pytest.mark.spec("B-79")
def test_those_who_manage_bills_are_told_a_day_before_each_deadline_and_once() -> None:
    made = corrections.billed()
    organization = made.place.organization
    manager = identity.user(organization=organization, role=RoleCode.ORGANIZATION_ADMIN, email="ada@harbor.example")
    identity.user(organization=organization, role=RoleCode.FINANCE_VIEWER, email="vic@harbor.example")
    dispute = opened(made)
    with notifications.open_network():
        notifications.mail_channel(organization, 2525)

        first = dispute.acknowledge_by
        assert reminded(made, first - timedelta(hours=25)) == []
        assert reminded(made, first - timedelta(hours=23)) == [manager.email]
        assert reminded(made, first - timedelta(hours=22)) == []
        moved(made, dispute, DisputeState.ACKNOWLEDGED)
        assert reminded(made, dispute.decide_by - timedelta(hours=1)) == [manager.email]
        moved(made, dispute, DisputeState.INVESTIGATING, DisputeState.PROPOSED)
        assert reminded(made, dispute.decide_by + timedelta(days=1)) == []


def test_where_no_mail_can_go_it_is_tried_again() -> None:
    made = corrections.billed()
    organization = made.place.organization
    manager = identity.user(organization=organization, role=RoleCode.ORGANIZATION_ADMIN, email="ada@harbor.example")
    dispute = opened(made)
    soon = dispute.acknowledge_by - timedelta(hours=2)

    assert reminded(made, soon) == []
    with notifications.open_network():
        notifications.mail_channel(organization, 2525)
        assert reminded(made, soon) == [manager.email]


@pytest.mark.spec("B-79")
@pytest.mark.spec("M-090/1")
def test_a_bill_about_which_a_dispute_was_refused_is_asked_for_although_it_is_disputed_again() -> None:
    made = corrections.billed()
    dispute = opened(made)
    assert protected(made, dispute, AT)
    moved(
        made,
        dispute,
        DisputeState.ACKNOWLEDGED,
        DisputeState.INVESTIGATING,
        DisputeState.PROPOSED,
        DisputeState.ACCEPTED,
        DisputeState.CLOSED,
    )

    again = opened(made, at=AT + timedelta(days=1))

    assert not protected(made, again, AT + timedelta(days=1))


@pytest.mark.spec("B-79")
@pytest.mark.spec("M-090/1")
def test_a_refusal_that_nobody_answers_keeps_nothing_back_after_fourteen_days() -> None:
    made = corrections.billed()
    dispute = opened(made)
    moved(made, dispute, DisputeState.ACKNOWLEDGED, DisputeState.INVESTIGATING, DisputeState.PROPOSED)

    assert protected(made, dispute, AT + timedelta(days=14) - timedelta(seconds=1))
    assert not protected(made, dispute, AT + timedelta(days=14))
