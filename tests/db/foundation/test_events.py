"""News is delivered once per handler, in order, and never for what was rolled back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import pytest
from django.db import connection

from meterbook.config import subscriptions
from meterbook.foundation import events, models, queue, scoping
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from tests.factories import identity as identity_factory

ACTOR = Actor.system("test")
heard: list[tuple[int, int]] = []


@dataclasses.dataclass(frozen=True)
class LampSwitched(events.Event):
    name: ClassVar[str] = "test.lamp_switched"
    lamp_id: int

    @property
    def key(self) -> str:
        return f"lamp:{self.lamp_id}"


def listen(event: LampSwitched, *, actor: Actor, at: datetime) -> None:
    heard.append((event.organization_id, event.lamp_id))


@pytest.fixture(autouse=True)
def _subscribed() -> Iterator[None]:
    heard.clear()
    events.subscribe({LampSwitched: [listen]})
    yield
    subscriptions.connect()


def waiting_jobs(organization_id: int) -> list[tuple[str, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, lock FROM procrastinate_jobs WHERE (args ->> 'organization_id')::int = %s ORDER BY id",
            [organization_id],
        )
        return list(cursor.fetchall())


class TestPublish:
    def test_defers_one_job_per_handler_in_order_per_object(self) -> None:
        organization = identity_factory.organization()

        with scoping.scope([organization.id], actor=ACTOR):
            events.publish(LampSwitched(organization_id=organization.id, lamp_id=3))

        handled = [job for job in waiting_jobs(organization.id) if job[0] == events.HANDLE_EVENT]
        assert handled == [(events.HANDLE_EVENT, f"event:{organization.id}:lamp:3")]

    def test_leaves_nothing_when_the_transaction_fails(self) -> None:
        organization = identity_factory.organization()
        before = waiting_jobs(organization.id)

        def fail_half_way() -> None:
            with scoping.scope([organization.id], actor=ACTOR):
                events.publish(LampSwitched(organization_id=organization.id, lamp_id=3))
                raise RuntimeError("half way")

        with pytest.raises(RuntimeError, match="half way"):
            fail_half_way()

        assert waiting_jobs(organization.id) == before

    def test_refuses_an_event_that_nobody_listed(self) -> None:
        events.subscribe({})
        organization = identity_factory.organization()

        with pytest.raises(events.UnknownEvent), scoping.scope([organization.id], actor=ACTOR):
            events.publish(LampSwitched(organization_id=organization.id, lamp_id=3))


class TestDeliver:
    def test_runs_a_handler_once_however_often_the_job_runs(self) -> None:
        organization = identity_factory.organization()
        with scoping.scope([organization.id], actor=ACTOR):
            events.publish(LampSwitched(organization_id=organization.id, lamp_id=8))
            row = models.OutboxEvent.objects.order_by("-id")[0]
        path = events.subscribed()["test.lamp_switched"][0]

        ran = []
        for _ in range(3):
            with scoping.scope([organization.id], actor=ACTOR):
                ran.append(
                    events.deliver(organization_id=organization.id, event_id=row.pk, handler=path, at=clock.now())
                )

        assert ran == [True, False, False]
        assert heard == [(organization.id, 8)]


class TestDefer:
    def test_refuses_a_name_that_nothing_declares(self) -> None:
        with pytest.raises(queue.UndeclaredJob):
            queue.defer("nothing.like_this", organization_id=1)
