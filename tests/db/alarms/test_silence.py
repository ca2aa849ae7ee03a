"""A gateway that is away is one alarm, not one for each meter behind it (screens 5.8)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.alarms import queries, silence
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import scoping
from tests.factories import acquisition, identity, sites

AT = acquisition.AT + timedelta(hours=1)
BUS, METER = AlarmKind.BUS_SILENT, AlarmKind.METER_SILENT


class Line:
    """A bus with three devices, and what is told about it."""

    def __init__(self) -> None:
        organization = identity.organization()
        self.organization_id = organization.pk
        self.bus = acquisition.bus(site=sites.site(organization=organization))
        self.devices = [acquisition.device(organization=organization, on=self.bus, unit_id=each) for each in (1, 2, 3)]

    def fail(self, number: int, *, failures: int = 3, at: datetime = AT) -> None:
        """This will note failures in a row, and follow the news as the worker does."""
        device = self.devices[number]
        with scoping.scope([self.organization_id], actor=acquisition.ACTOR):
            acquisition_operations.note_device_silence(
                actor=acquisition.ACTOR,
                at=at,
                device_id=device.pk,
                failures=failures,
                since=AT,
                problem=acquisition.TIMEOUT,
            )
            if failures >= 3:
                self._follow(device, at)

    def answer(self, number: int, *, at: datetime = AT) -> None:
        """This will note an answer, and follow the news."""
        device = self.devices[number]
        with scoping.scope([self.organization_id], actor=acquisition.ACTOR):
            acquisition_operations.note_device_answer(actor=acquisition.ACTOR, at=at, device_id=device.pk, frame=None)
            self._follow(device, at)

    def settle(self, at: datetime) -> None:
        """This will do what the job of each minute does."""
        with scoping.scope([self.organization_id], actor=acquisition.ACTOR):
            silence.settle_buses(actor=acquisition.ACTOR, at=at)

    def open(self) -> list[AlarmKind]:
        """Kinds of the open alarms."""
        with scoping.scope([self.organization_id], actor=acquisition.ACTOR):
            return sorted(each.kind for each in queries.list_alarms()[0])

    def counted(self) -> int:
        """Silent meters in the alarm zone."""
        with scoping.scope([self.organization_id], actor=acquisition.ACTOR):
            return queries.get_zone().silent_meters

    def follow(self, number: int) -> None:
        """This will handle news of a device."""
        with scoping.scope([self.organization_id], actor=acquisition.ACTOR):
            self._follow(self.devices[number], AT)

    def _follow(self, device: acquisition_models.Device, at: datetime) -> None:
        silence.follow(actor=acquisition.ACTOR, at=at, bus_id=self.bus.public_id, meter_id=device.meter.public_id)


def test_one_silent_meter_is_an_alarm_of_its_own() -> None:
    line = Line()
    line.answer(0)

    line.fail(1)

    assert line.open() == [METER]
    assert line.counted() == 1


@pytest.mark.spec("M-024/1")
def test_a_bus_that_is_cut_is_told_when_one_cycle_of_each_meter_failed() -> None:
    line = Line()
    for number in (0, 1, 2):
        line.answer(number)

    line.fail(0, failures=1)
    line.fail(1, failures=1)
    assert line.open() == []
    line.fail(2, failures=1)
    line.follow(2)

    assert line.open() == [BUS]
    line.fail(0, failures=2)
    line.follow(0)
    assert line.open() == [BUS]


def test_a_bus_on_which_nobody_answers_is_one_alarm_from_the_first_meter_on() -> None:
    line = Line()
    line.fail(1, failures=1)
    line.fail(2, failures=2)

    line.fail(0)
    line.fail(1)
    line.fail(2)

    assert line.open() == [BUS]
    assert line.counted() == 3


def test_it_takes_the_place_of_alarms_that_were_raised_before() -> None:
    line = Line()
    line.answer(2)
    line.fail(0)
    line.fail(1)
    assert line.open() == [METER, METER]

    line.fail(2)

    assert line.open() == [BUS]


def test_it_ends_without_a_flood_when_the_meters_come_back_one_after_the_other() -> None:
    line = Line()
    for number in range(3):
        line.fail(number)

    seen = []
    for number in range(3):
        line.answer(number, at=AT + timedelta(seconds=number))
        line.settle(AT + timedelta(seconds=number))
        seen.append(line.open())

    assert seen == [[BUS], [BUS], []]


def test_meters_that_stay_silent_are_told_after_a_while() -> None:
    line = Line()
    for number in range(3):
        line.fail(number)
    line.answer(0, at=AT + timedelta(minutes=5))
    line.answer(1, at=AT + timedelta(minutes=5))

    line.settle(AT + timedelta(minutes=7))
    early = line.open()
    line.settle(AT + timedelta(minutes=8))

    assert (early, line.open()) == ([BUS], [METER])
    line.answer(2, at=AT + timedelta(minutes=9))
    assert line.open() == []


def test_a_bus_that_falls_silent_again_keeps_its_alarm() -> None:
    line = Line()
    for number in range(3):
        line.fail(number)
    line.answer(0, at=AT + timedelta(minutes=5))
    line.fail(0, at=AT + timedelta(minutes=6))

    line.settle(AT + timedelta(minutes=30))

    assert line.open() == [BUS]


def test_a_bus_of_another_organization_is_not_found() -> None:
    line, other = Line(), identity.organization()

    with scoping.scope([other.pk], actor=acquisition.ACTOR), pytest.raises(LookupError):
        silence.follow(actor=acquisition.ACTOR, at=AT, bus_id=line.bus.public_id, meter_id=uuid.uuid4())
