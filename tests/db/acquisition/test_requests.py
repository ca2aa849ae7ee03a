"""A device request is asked once, taken once, answered once, and never late."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from meterbook.acquisition import models, operations, queries, values
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from tests.factories import acquisition as factory
from tests.factories import identity

REAL = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
JUST_BEFORE, AT_THE_END = REAL + timedelta(seconds=29), REAL + timedelta(seconds=30)
GIVEN = operations.Answer(
    took_ms=18,
    values=(queries.AnsweredValue("energy_import", "energy_import", 1_234_567, 2, Unit.KWH, "4640e6b7"),),
)


@pytest.fixture
def device() -> models.Device:
    return factory.device(organization=identity.organization())


def take(device: models.Device, *, real_at: datetime = REAL) -> tuple[operations.TakenRequest, ...]:
    with scoping.scope([device.organization_id], actor=factory.ACTOR):
        return operations.take_requests(actor=factory.ACTOR, at=factory.AT, real_at=real_at, bus_ids=[device.bus_id])


def answer(
    taken: operations.TakenRequest, given: operations.Answer = GIVEN, *, real_at: datetime = REAL
) -> values.RequestStatus:
    with scoping.scope([taken.organization_id], actor=factory.ACTOR):
        return operations.answer_request(
            actor=factory.ACTOR, at=factory.AT, real_at=real_at, request_id=taken.request_id, answer=given
        )


class TestRequestReading:
    def test_is_one_request_while_it_waits(self, device: models.Device) -> None:
        first = factory.request(device, real_at=REAL)
        second = factory.request(device, real_at=JUST_BEFORE)
        third = factory.request(device, real_at=AT_THE_END)

        assert first == second
        assert third != first
        assert factory.shown_request(device.organization_id, first, real_at=REAL).status is values.RequestStatus.EXPIRED

    def test_writes_down_who_asked(self, device: models.Device) -> None:
        ada = Actor.user(1, "Ada Fields")
        asked = factory.request(device, real_at=REAL, actor=ada)

        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            entry = audit_models.AuditEntry.objects.get(
                organization_id=device.organization_id, action="acquisition:request_reading"
            )

        assert (entry.actor_label, entry.after["request"]) == ("Ada Fields", str(asked))
        assert factory.shown_request(device.organization_id, asked, real_at=REAL).requested_by == "Ada Fields"

    def test_knows_no_meter_of_another_organization(self, device: models.Device) -> None:
        stranger = identity.organization()

        with pytest.raises(queries.DeviceNotFound), scoping.scope([stranger.pk], actor=factory.ACTOR):
            operations.request_reading(
                actor=factory.ACTOR, at=factory.AT, real_at=REAL, meter_public_id=device.meter.public_id
            )

    def test_says_that_the_device_is_switched_off(self, device: models.Device) -> None:
        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            operations.set_bus_enabled(actor=factory.ACTOR, at=factory.AT, bus=device.bus, is_enabled=False)

        with pytest.raises(operations.DeviceNotAsked, match="switch its device and its bus on"):
            factory.request(device)


class TestTakeRequests:
    def test_gives_each_request_to_one_taker(self, device: models.Device) -> None:
        factory.request(device, real_at=REAL)

        assert len(take(device)) == 1
        assert take(device) == ()

    def test_takes_only_for_its_own_buses(self, device: models.Device) -> None:
        factory.request(device, real_at=REAL)

        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            taken = operations.take_requests(
                actor=factory.ACTOR, at=factory.AT, real_at=REAL, bus_ids=[device.bus_id + 1]
            )

        assert taken == ()

    def test_never_takes_what_has_expired(self, device: models.Device) -> None:
        asked = factory.request(device, real_at=REAL)

        assert take(device, real_at=AT_THE_END) == ()
        assert factory.shown_request(device.organization_id, asked, real_at=REAL).status is values.RequestStatus.EXPIRED


class TestAnswerRequest:
    def test_gives_the_values_with_their_words(self, device: models.Device) -> None:
        asked = factory.request(device, real_at=REAL)
        (taken,) = take(device)

        assert answer(taken) is values.RequestStatus.ANSWERED

        row = factory.shown_request(device.organization_id, asked, real_at=REAL)
        assert (row.status, row.took_ms, row.values) == (values.RequestStatus.ANSWERED, 18, GIVEN.values)
        assert row.is_final

    def test_gives_the_reason_and_what_to_do(self, device: models.Device) -> None:
        asked = factory.request(device, real_at=REAL)
        (taken,) = take(device)

        answer(taken, operations.Answer(took_ms=400, problem=factory.TIMEOUT))

        row = factory.shown_request(device.organization_id, asked, real_at=REAL)
        assert row.status is values.RequestStatus.FAILED
        assert row.problem is not None
        assert (row.problem.code, row.problem.words) == ("TIMEOUT", "Unit 7 did not answer within 1 s.")
        assert row.problem.remedy.startswith("Check the unit address")

    def test_drops_an_answer_that_comes_late(self, device: models.Device) -> None:
        asked = factory.request(device, real_at=REAL)
        (taken,) = take(device, real_at=JUST_BEFORE)

        assert answer(taken, real_at=AT_THE_END) is values.RequestStatus.EXPIRED

        row = factory.shown_request(device.organization_id, asked, real_at=REAL)
        assert (row.status, row.values) == (values.RequestStatus.EXPIRED, ())

    def test_keeps_the_first_answer(self, device: models.Device) -> None:
        asked = factory.request(device, real_at=REAL)
        (taken,) = take(device)
        answer(taken)

        second = answer(taken, operations.Answer(took_ms=1, problem=factory.TIMEOUT))

        assert second is values.RequestStatus.ANSWERED
        assert factory.shown_request(device.organization_id, asked, real_at=REAL).problem is None


class TestGetRequest:
    def test_shows_a_request_as_expired_although_no_collector_runs(self, device: models.Device) -> None:
        asked = factory.request(device, real_at=REAL)

        shown = [
            factory.shown_request(device.organization_id, asked, real_at=at).status for at in (JUST_BEFORE, AT_THE_END)
        ]

        assert shown == [values.RequestStatus.WAITING, values.RequestStatus.EXPIRED]

    def test_knows_no_other_request(self, device: models.Device) -> None:
        with pytest.raises(queries.RequestNotFound):
            factory.shown_request(device.organization_id, uuid.uuid4())
