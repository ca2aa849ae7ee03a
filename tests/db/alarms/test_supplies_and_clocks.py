"""Why a meter is silent, told by voltages near it and by its own last words; and clocks of meters that are wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import plans
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.drivers.mqtt import messages
from meterbook.alarms import meter_clocks, queries, silence
from meterbook.alarms.values import AlarmKind, Cause
from meterbook.foundation import scoping
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import PointRole
from meterbook.monitoring import line_health
from meterbook.monitoring.line_health import HourOfLine
from tests.factories import acquisition, identity, metering, sites

ACTOR = acquisition.ACTOR
AT = acquisition.AT + timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class House:
    """A silent meter and a second one on its bus, and a main meter on another."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        roles = {"Shop 1": PointRole.TENANT, "Shop 2": PointRole.TENANT, "Intake": PointRole.MAIN}
        self.meters = {
            name: metering.installed_meter(
                organization=self.organization,
                site=self.site,
                name=name,
                role=role,
                registers=plans.registers_of_model("eastron_sdm630"),
            )
            for name, role in roles.items()
        }
        self.bus, other = (acquisition.bus(site=self.site, port=port) for port in (502, 503))
        self.devices = {
            name: acquisition.device(
                organization=self.organization,
                on=other if name == "Intake" else self.bus,
                meter=made.meter,
                unit_id=unit,
            )
            for unit, (name, made) in enumerate(self.meters.items(), start=1)
        }

    def shows(self, name: str, *volts: int, age: timedelta = MINUTE) -> None:
        at = AT - age
        made = self.meters[name]
        rows = []
        for phase, value in enumerate(volts, start=1):
            series = made.series[f"voltage_l{phase}"]
            rows.append((series.pk, metering.microseconds(at), value * 10**series.decimals))
        batch = metering_operations.ReadingBatch.of(rows)
        metering_operations.record_latest(organization_id=self.organization.pk, actor=ACTOR, at=at, batch=batch)

    def answers(self, name: str) -> None:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            acquisition_operations.note_device_answer(actor=ACTOR, at=AT, device_id=self.devices[name].pk, frame=None)

    def falls_silent(self, name: str, problem: acquisition_values.Problem = acquisition.TIMEOUT) -> None:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            acquisition_operations.note_device_silence(
                actor=ACTOR, at=AT, device_id=self.devices[name].pk, failures=3, since=AT, problem=problem
            )
            silence.follow(
                actor=ACTOR,
                at=AT,
                bus_id=self.devices[name].bus.public_id,
                meter_id=self.meters[name].meter.public_id,
            )

    def alarm(self) -> queries.AlarmRow:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            (row,) = queries.list_alarms()[0]
            return row

    def clock(self, name: str, seconds: int, at: object = AT) -> list[queries.AlarmRow]:
        """The meter tells its clock, and the job looks."""
        device = self.devices[name]
        hour = HourOfLine(
            device.bus_id,
            device.pk,
            AT.replace(minute=0),
            clock_ms=seconds * 1000,
            clock_at=at,  # type: ignore[arg-type]
        )
        with scoping.scope([self.organization.pk], actor=ACTOR):
            line_health.add_hours(actor=ACTOR, at=AT, hours=[hour])
        return self.look(at)

    def look(self, at: object) -> list[queries.AlarmRow]:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            meter_clocks.follow(actor=ACTOR, at=at)  # type: ignore[arg-type]
            return queries.list_alarms(include_cleared=True)[0]


@pytest.mark.spec("M-024/3")
class TestSupply:
    @pytest.mark.parametrize(
        ("shown", "words"),
        [
            ({"Shop 2": (231, 0, 229)}, "The supply is probably off: Shop 2 beside it shows 0.0 V at phase L2."),
            ({"Intake": (3, 230, 231)}, "The supply is off: the main meter Intake shows 3.0 V at phase L1."),
            (
                {"Shop 2": (231, 0, 229), "Intake": (230, 230, 1)},
                "The supply is off: the main meter Intake shows 1.0 V at phase L3.",
            ),
        ],
        ids=["neighbor", "main meter", "main meter first"],
    )
    def test_is_off_where_a_meter_near_misses_a_phase(self, shown: dict[str, tuple[int, ...]], words: str) -> None:
        house = House()
        house.answers("Shop 2")
        for name, volts in shown.items():
            house.shows(name, *volts)

        house.falls_silent("Shop 1")

        alarm = house.alarm()
        assert (alarm.cause, alarm.cause_caption) == (Cause.METER_UNPOWERED, words)

    @pytest.mark.parametrize("age", [MINUTE, timedelta(hours=1)])
    def test_is_not_blamed_while_all_phases_are_there_or_nobody_knows(self, age: timedelta) -> None:
        house = House()
        house.answers("Shop 2")
        house.shows("Shop 2", *((230, 231, 229) if age == MINUTE else (0, 0, 0)), age=age)

        house.falls_silent("Shop 1")

        assert house.alarm().cause is Cause.METER_SILENT

    def test_is_looked_at_again_when_the_phase_is_missed_later(self) -> None:
        house = House()
        house.answers("Shop 2")
        house.falls_silent("Shop 1")
        house.shows("Shop 2", 231, 0, 229)

        with scoping.scope([house.organization.pk], actor=ACTOR):
            silence.settle_causes(actor=ACTOR, at=AT + MINUTE)

        assert house.alarm().cause is Cause.METER_UNPOWERED

    def test_of_a_whole_bus_is_told_by_the_main_meter(self) -> None:
        house = House()
        house.shows("Intake", 230, 0, 231)

        house.falls_silent("Shop 1")
        house.falls_silent("Shop 2")

        alarm = house.alarm()
        assert (alarm.kind, alarm.cause) == (AlarmKind.BUS_SILENT, Cause.METER_UNPOWERED)
        assert "Intake" in alarm.cause_caption

    def test_is_what_the_meter_said_with_its_last_gasp(self) -> None:
        house = House()
        house.answers("Shop 2")

        house.falls_silent("Shop 1", acquisition_values.LAST_GASP)
        house.falls_silent("Shop 1")  # later it only does not answer

        alarm = house.alarm()
        assert (alarm.cause, alarm.reason) == (
            Cause.METER_UNPOWERED,
            "The meter said itself that its supply failed.",
        )
        house.answers("Shop 1")
        house.falls_silent("Shop 1")
        with scoping.scope([house.organization.pk], actor=ACTOR):
            silence.settle_causes(actor=ACTOR, at=AT + MINUTE)
        assert house.alarm().cause is Cause.METER_SILENT


@pytest.mark.parametrize(
    ("payload", "is_one"),
    [
        (b'{"last_gasp": true}', True),
        (b'{"event": "Power-Lost", "value": 3}', True),
        (b'{"type": "LAST_GASP"}', True),
        (b'{"last_gasp": false, "power": 3}', False),
        (b'{"event": "power_on"}', False),
        (b'["last_gasp"]', False),
        (b"last_gasp", False),
        (b"false", False),
    ],
)
def test_last_words_are_known(payload: bytes, is_one: bool) -> None:
    assert messages.is_last_gasp(payload) is is_one


@pytest.mark.spec("M-024/4")
class TestClock:
    def test_of_a_meter_is_an_alarm_until_it_is_right(self) -> None:
        house = House()

        assert house.clock("Shop 1", 59) == []
        (alarm,) = house.clock("Shop 1", -150, AT + MINUTE)
        assert (alarm.kind, alarm.title) == (AlarmKind.METER_CLOCK, "The clock of Shop 1 is wrong")
        assert (alarm.reason, alarm.cause) == ("It is 2 min behind.", Cause.METER_CLOCK_DRIFT)
        assert alarm.point_id == house.meters["Shop 1"].point.public_id
        (alarm,) = house.clock("Shop 1", -40, AT + 2 * MINUTE)
        assert alarm.cleared_at is None
        (alarm,) = house.clock("Shop 1", 20, AT + 5 * MINUTE)

        assert alarm.cleared_at == AT + 5 * MINUTE
        assert alarm.lasted == 4 * MINUTE

    @pytest.mark.spec("M-024/6")
    def test_of_several_meters_on_a_bus_is_one_alarm(self) -> None:
        house, names = House(), ["Shop 1", "Shop 2", "Shop 3"]
        house.devices["Shop 3"] = acquisition.device(organization=house.organization, on=house.bus, unit_id=9)
        for each in names[:2]:
            house.clock(each, 300)
        found = house.clock(names[2], -400, AT + MINUTE)

        singles = [each for each in found if each.kind is AlarmKind.METER_CLOCK]
        (bus,) = [each for each in found if each.kind is AlarmKind.METER_CLOCKS]
        assert bus.cleared_at is None
        assert len(singles) == 2
        assert all(each.cleared_at == AT + MINUTE for each in singles)
        assert bus.reason == "3 meters; the worst is wrong by 6 min."
        assert len(bus.points) == 3
        for each in names[:2]:
            found = house.clock(each, 0, AT + 2 * MINUTE)
        (bus,) = [each for each in found if each.kind is AlarmKind.METER_CLOCKS]
        assert (bus.cleared_at, bus.reason) == (None, "1 meter; the worst is wrong by 6 min.")
        found = house.clock(names[2], 0, AT + 3 * MINUTE)

        assert all(each.cleared_at is not None for each in found)

    def test_stays_wrong_while_the_meter_says_nothing_and_ends_when_nobody_asks_it(self) -> None:
        house = House()
        house.clock("Shop 1", 300)

        (alarm,) = house.look(AT + timedelta(days=3))
        assert alarm.cleared_at is None

        with scoping.scope([house.organization.pk], actor=ACTOR):
            acquisition_operations.set_device_enabled(
                actor=ACTOR, at=AT, device=house.devices["Shop 1"], is_enabled=False
            )
        (alarm,) = house.look(AT + timedelta(days=3))
        assert alarm.cleared_at == AT + timedelta(days=3)
