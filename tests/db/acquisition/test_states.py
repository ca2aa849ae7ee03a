"""What the collector notes becomes news only when it turns: silent after several cycles, and back."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest
from django.utils import translation

from meterbook.acquisition import models, operations, values
from meterbook.alarms import queries as alarm_queries
from meterbook.foundation import scoping
from tests.factories import acquisition as factory
from tests.factories import identity

SECOND = timedelta(seconds=1)
FRAME = operations.FrameNote(factory.AT, "000100000006070400480002", "00010000000707040400000000", 12)


def fail(device: models.Device, *, failures: int, at: datetime = factory.AT) -> None:
    with scoping.scope([device.organization_id], actor=factory.ACTOR):
        operations.note_device_silence(
            actor=factory.ACTOR,
            at=at,
            device_id=device.pk,
            failures=failures,
            since=factory.AT,
            problem=factory.TIMEOUT,
        )


def answer(device: models.Device, *, at: datetime = factory.AT, problem: values.Problem | None = None) -> None:
    with scoping.scope([device.organization_id], actor=factory.ACTOR):
        operations.note_device_answer(actor=factory.ACTOR, at=at, device_id=device.pk, frame=FRAME, problem=problem)


@pytest.fixture
def device() -> models.Device:
    return factory.device(organization=identity.organization())


class TestNoteDeviceSilence:
    def test_is_no_news_before_the_third_cycle(self, device: models.Device) -> None:
        for failures in (1, 2):
            fail(device, failures=failures)

        row = factory.shown_device(device)

        assert (row.status, row.failures) == (values.DeviceStatus.NEVER, 2)
        assert row.problem is not None
        assert row.problem.words == "Unit 7 did not answer within 1 s."
        assert factory.published(device.organization_id) == []

    def test_is_told_once_however_long_it_lasts(self, device: models.Device) -> None:
        for failures in range(1, 8):
            fail(device, failures=failures, at=factory.AT + failures * SECOND)

        row = factory.shown_device(device)

        assert (row.status, row.silent_since) == (values.DeviceStatus.SILENT, factory.AT)
        assert row.failed_at == factory.AT + 7 * SECOND
        assert factory.published(device.organization_id) == ["acquisition.device_went_silent"]


class TestNoteDeviceAnswer:
    def test_keeps_the_latest_frame(self, device: models.Device) -> None:
        answer(device)

        row = factory.shown_device(device)

        assert (row.status, row.answered_at, row.took_ms) == (values.DeviceStatus.OK, factory.AT, 12)
        assert (row.request_hex, row.response_hex) == (FRAME.request_hex, FRAME.response_hex)
        assert factory.published(device.organization_id) == []

    def test_tells_once_that_a_silent_device_is_back(self, device: models.Device) -> None:
        fail(device, failures=3)
        answer(device)
        answer(device)

        assert factory.published(device.organization_id) == [
            "acquisition.device_went_silent",
            "acquisition.device_came_back",
        ]
        assert factory.shown_device(device).problem is None

    def test_shows_what_is_wrong_although_it_answers(self, device: models.Device) -> None:
        answer(device, problem=values.Problem("MAPPING", "no register", "Install it again.", {"register": "power"}))

        row = factory.shown_device(device)

        assert row.status is values.DeviceStatus.OK
        assert row.problem is not None
        assert "Register power" in row.problem.words


@pytest.mark.spec("M-044/1")
class TestAlarms:
    def test_follow_silence_and_return(self, device: models.Device) -> None:
        fail(device, failures=3)
        factory.deliver(device.organization_id)
        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            raised = alarm_queries.get_zone()

        answer(device)
        factory.deliver(device.organization_id)
        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            cleared = alarm_queries.get_zone()

        assert (raised.warning, cleared.total) == (1, 0)
        (row,) = raised.newest
        assert row.title == "Shop 12 is silent"
        assert row.reason == "Unit 7 did not answer within 1 s."
        assert row.subject_id == device.meter.public_id

    def test_end_when_the_device_is_switched_off(self, device: models.Device) -> None:
        fail(device, failures=3)
        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            operations.set_device_enabled(actor=factory.ACTOR, at=factory.AT, device=device, is_enabled=False)
        factory.deliver(device.organization_id)

        with scoping.scope([device.organization_id], actor=factory.ACTOR):
            assert alarm_queries.get_zone().total == 0
        assert factory.shown_device(device).status is values.DeviceStatus.NEVER


class TestProblems:
    def test_are_told_in_the_language_of_the_reader(self, device: models.Device) -> None:
        exception = values.Problem("EXCEPTION", "unit 7: exception 2", "…", {"exception": 2})
        answer(device, problem=exception)

        with translation.override("en"):
            row = factory.shown_device(device)

        assert row.problem is not None
        assert row.problem.words == "The device answered with exception 2, illegal data address."
        assert row.problem.remedy.startswith("The device has no such register")
        assert row.problem.exact == "unit 7: exception 2"


class TestNoteUsualAnswers:
    def note(self, *answers: operations.DeviceAnswer, organization_id: int) -> frozenset[int]:
        with scoping.scope([organization_id], actor=factory.ACTOR):
            return operations.note_usual_answers(actor=factory.ACTOR, at=factory.AT, answers=answers)

    def test_keeps_what_is_no_news_and_leaves_the_rest(self) -> None:
        organization, later = identity.organization(), factory.AT + SECOND
        device, fresh = (factory.device(organization=organization) for _number in range(2))
        answer(device)
        frame = operations.FrameNote(later, "01", "02", 34)

        done = self.note(
            operations.DeviceAnswer(device.pk, later, frame),
            operations.DeviceAnswer(fresh.pk, later, frame),
            organization_id=organization.pk,
        )

        row = factory.shown_device(device)
        assert done == {device.pk}
        assert (row.answered_at, row.frame_at, row.took_ms) == (later, later, 34)
        assert (row.request_hex, row.response_hex) == ("01", "02")
        assert factory.shown_device(fresh).status is values.DeviceStatus.NEVER

    def test_leaves_what_a_person_must_be_told(self, device: models.Device) -> None:
        answer(device)

        assert (
            self.note(
                operations.DeviceAnswer(device.pk, factory.AT, None, factory.TIMEOUT),
                organization_id=device.organization_id,
            )
            == frozenset()
        )
        assert factory.shown_device(device).problem is None

    def test_keeps_the_newest_figures_of_the_same_problem(self, device: models.Device) -> None:
        answer(device, problem=factory.TIMEOUT)
        again = dataclasses.replace(factory.TIMEOUT, words="unit 7 did not answer within 2 s")

        done = self.note(
            operations.DeviceAnswer(device.pk, factory.AT, None, again), organization_id=device.organization_id
        )

        row = factory.shown_device(device)
        assert done == {device.pk}
        assert row.problem is not None
        assert row.problem.exact == again.words
        assert row.took_ms == FRAME.took_ms

    def test_passes_over_a_silent_device_and_those_of_others(self, device: models.Device) -> None:
        for failures in (1, 2, 3):
            fail(device, failures=failures)
        foreign = factory.device(organization=identity.organization())
        answer(foreign)

        done = self.note(
            operations.DeviceAnswer(device.pk, factory.AT, FRAME),
            operations.DeviceAnswer(foreign.pk, factory.AT, FRAME),
            organization_id=device.organization_id,
        )

        assert done == frozenset()
        assert factory.shown_device(device).status is values.DeviceStatus.SILENT

    def test_of_none_is_nothing(self, device: models.Device) -> None:
        assert self.note(organization_id=device.organization_id) == frozenset()
