"""Nothing for a day: told once for a meter or a line, again each day until somebody saw it, and at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.acquisition import gateway_models
from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.values import Problem
from meterbook.alarms import gateway_silence, models, no_data, operations, queries, silence
from meterbook.alarms.values import AlarmKind, Cause
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import operations as metering_operations
from meterbook.sites.values import NodeKind
from meterbook_lab import mail_server
from tests.factories import acquisition, gateways, identity, metering, notifications, sites

REFUSED = Problem("CONNECTION", "nobody answers at 127.0.0.1", "Check the address.", {})
START = datetime(2026, 11, 3, 10, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Line:
    """A bus with three meters whose newest values are of 10:00, and one alone on another bus."""

    def __init__(self, *, language: str = "es") -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        buses = [acquisition.bus(site=self.site, name=name) for name in ("North", "South")]
        self.meters = [self.meter(buses[place == 3], place + 1) for place in range(4)]
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            metering_operations.set_zone_and_language(
                actor=acquisition.ACTOR,
                at=START,
                meter_point=self.meters[3].point.public_id,
                time_zone="America/Mexico_City",
                language=language,
                from_day=None,
            )

    def meter(self, bus: object, unit: int) -> metering.Installed:
        made = metering.installed_meter(organization=self.organization, site=self.site, name=f"Shop {unit}")
        acquisition.device(organization=self.organization, on=bus, unit_id=unit, meter=made.meter)  # type: ignore[arg-type]
        self.say(made, START)
        return made

    def say(self, meter: metering.Installed, at: datetime) -> None:
        rows = [(series.pk, metering.microseconds(at), 10) for series in meter.series.values()]
        batch = metering_operations.ReadingBatch.of(rows)
        metering_operations.record_readings(
            organization_id=self.organization.pk, actor=acquisition.ACTOR, at=at, batch=batch
        )

    def watch(self, at: datetime) -> list[str]:
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            no_data.watch(actor=acquisition.ACTOR, at=at)
        return self.open()

    def note(self, meter: metering.Installed, *, failures: int, problem: Problem = acquisition.TIMEOUT) -> None:
        """The collector tells of a device, and its news is followed; no failures are an answer."""
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            device = acquisition_models.Device.objects.select_related("bus").get(
                organization_id=self.organization.pk, meter=meter.meter
            )
            given = {"actor": acquisition.ACTOR, "at": START, "device_id": device.pk}
            if failures:
                acquisition_operations.note_device_silence(failures=failures, since=START, problem=problem, **given)
            else:
                acquisition_operations.note_device_answer(frame=None, **given)
            silence.follow(
                actor=acquisition.ACTOR, at=START, bus_id=device.bus.public_id, meter_id=meter.meter.public_id
            )

    def cause(self, meter: metering.Installed) -> Cause | None:
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            rows = queries.list_alarms()[0]
            return next(each.cause for each in rows if each.subject_id == meter.meter.public_id)

    def open(self) -> list[str]:
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            return sorted(each.title for each in queries.list_alarms()[0])

    def alarm(self, kind: AlarmKind) -> models.Alarm:
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            return models.Alarm.objects.get(organization_id=self.organization.pk, kind=kind)


@pytest.mark.spec("M-025/1")
def test_is_told_of_a_meter_after_a_day_and_of_a_line_once() -> None:
    line = Line()

    assert line.watch(START + DAY) == []
    assert line.watch(START + DAY + MINUTE) == [
        "No data from Shop 4 for more than a day",
        "No data from the meters on bus North for more than a day",
    ]
    assert len(line.alarm(AlarmKind.NO_DATA_BUS).details["points"]) == 3
    assert line.watch(START + 2 * DAY) == line.open()


def test_single_meters_are_told_while_others_of_their_line_bring_data() -> None:
    line = Line()
    line.say(line.meters[0], START + DAY)
    line.say(line.meters[3], START + DAY)

    told = line.watch(START + DAY + MINUTE)

    assert told == ["No data from Shop 2 for more than a day", "No data from Shop 3 for more than a day"]


def test_a_line_stays_one_alarm_until_all_of_it_brings_data() -> None:
    line = Line()
    line.watch(START + DAY + MINUTE)
    line.say(line.meters[0], START + DAY + MINUTE)
    line.say(line.meters[1], START + DAY + MINUTE)

    assert len(line.watch(START + DAY + 2 * MINUTE)) == 2

    line.say(line.meters[2], START + DAY + 3 * MINUTE)
    line.say(line.meters[3], START + DAY + 3 * MINUTE)
    assert line.watch(START + DAY + 4 * MINUTE) == []


@pytest.mark.spec("M-025/1")
def test_is_mailed_again_each_day_until_somebody_saw_it_in_the_language_of_the_meter() -> None:
    line = Line()
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as smtp:
        notifications.mail_channel(line.organization, smtp.port)
        reader = identity.user(organization=line.organization, role=RoleCode.MANAGER)
        notifications.confirmed_mail(line.organization, reader)
        notifications.preferences(line.organization, reader)

        def mailed(at: datetime) -> list[str]:
            line.watch(at)
            with clock.use(clock.SettableClock(at)):
                acquisition.deliver(line.organization.pk)
            notifications.deliver(line.organization, at)
            found = sorted(str(each.message["Subject"]).strip() for each in smtp.mails)
            smtp.mails.clear()
            return found

        first = mailed(START + DAY + MINUTE)
        assert len(first) == 2  # four meters are silent, three of them share a line
        assert [each.startswith("Alarma: ") and "Shop 4" in each for each in first] == [False, True]
        assert mailed(START + 2 * DAY) == []
        assert mailed(START + 2 * DAY + MINUTE) == first

        for kind in (AlarmKind.NO_DATA, AlarmKind.NO_DATA_BUS):
            seen = line.alarm(kind).public_id
            with scoping.scope([line.organization.pk], actor=acquisition.ACTOR):
                operations.acknowledge_alarm(actor=identity.actor(reader), at=START + 2 * DAY, public_id=seen)
        assert mailed(START + 3 * DAY + 2 * MINUTE) == []

        for each in line.meters:
            line.say(each, START + 3 * DAY + 3 * MINUTE)
        over = mailed(START + 3 * DAY + 4 * MINUTE)
        assert [each.partition(":")[0] for each in over] == ["Over", "Terminada"]


class TestCause:
    def test_of_a_meter_beside_one_that_fails_too_is_the_supply(self) -> None:
        line = Line()
        unit = sites.node(site=line.site, kind=NodeKind.UNIT, name="Unit 7")
        for meter in (line.meters[0], line.meters[1]):
            with scoping.scope([line.organization.pk], actor=acquisition.ACTOR):
                metering_operations.move_point(
                    actor=acquisition.ACTOR,
                    at=START,
                    meter_point=meter.point.public_id,
                    node=unit.public_id,
                    moved_at=START,
                )
        line.note(line.meters[2], failures=0)
        line.note(line.meters[0], failures=3)

        assert line.cause(line.meters[0]) is Cause.METER_SILENT

        line.note(line.meters[1], failures=3)
        with scoping.scope([line.organization.pk], actor=acquisition.ACTOR):
            silence.settle_causes(actor=acquisition.ACTOR, at=START + MINUTE)

        assert line.cause(line.meters[0]) is Cause.METER_UNPOWERED
        assert line.cause(line.meters[1]) is Cause.METER_UNPOWERED

    @pytest.mark.parametrize(
        ("problem", "cause"),
        [(acquisition.TIMEOUT, Cause.LINE_CUT), (REFUSED, Cause.CONVERTER_OFFLINE)],
        ids=["silence", "no connection"],
    )
    def test_of_a_bus_is_the_line_or_its_converter(self, problem: Problem, cause: Cause) -> None:
        line = Line()
        for meter in line.meters[:3]:
            line.note(meter, failures=3, problem=problem)

        alarm = line.alarm(AlarmKind.BUS_SILENT)

        assert alarm.details["cause"] == cause
        assert len(alarm.details["points"]) == 3

    def test_of_a_gateway_is_its_clock(self) -> None:
        line = Line()
        made = gateways.gateway(site=line.site)
        wrong = [AlarmKind.GATEWAY_CLOCK]
        for offset, expected in ((30_000, []), (-90_000, wrong), (40_000, wrong), (20_000, [])):
            with scoping.scope([line.organization.pk], actor=acquisition.ACTOR):
                gateway_models.Gateway.objects.filter(organization_id=line.organization.pk, pk=made.pk).update(
                    enrolled_at=START, seen_at=START, clock_offset_ms=offset
                )
                gateway_silence.follow_clocks(actor=acquisition.ACTOR, at=START)
                assert [each.kind for each in queries.list_alarms()[0]] == expected
