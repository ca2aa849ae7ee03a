"""The collector against simulated meters on real sockets: what it stores, and what it says when a meter is silent."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from meterbook.acquisition import models, queries, values
from meterbook.alarms import queries as alarm_queries
from meterbook.alarms import values as alarm_values
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import acquisition as factory
from tests.factories import identity, lab, metering, sites

# A collector serves every organization of its database: here it shall have only those of the test.
pytestmark = pytest.mark.usefixtures("empty_database")

LATE = timedelta(seconds=45)  # of the product, at 60 times its speed


@dataclass(frozen=True)
class Plant:
    """A simulated gateway, the bus that leads to it, and the devices by unit."""

    organization: identity_models.Organization
    gateway: SimulatedGateway
    bus: models.Bus
    devices: dict[int, models.Device]
    installed: dict[int, metering.Installed]

    def energy(self, unit: int) -> metering_models.Series:
        return self.installed[unit].energy

    def do(self, do: str, **fields: object) -> None:
        self.gateway.control.carry_out({"do": do, **fields})

    def row(self, unit: int) -> queries.DeviceRow:
        return factory.shown_device(self.devices[unit])

    def until(self, unit: int, status: values.DeviceStatus) -> queries.DeviceRow:
        return factory.eventually(lambda: row if (row := self.row(unit)).status is status else None)

    def read_now(self, unit: int) -> queries.RequestRow:
        asked = factory.request(self.devices[unit])
        return factory.eventually(
            lambda: row if (row := factory.shown_request(self.organization.pk, asked)).is_final else None
        )

    def alarms(self) -> alarm_queries.AlarmZone:
        factory.deliver(self.organization.pk)
        with scoping.scope([self.organization.pk], actor=factory.ACTOR):
            return alarm_queries.get_zone()


@contextlib.contextmanager
def plant(
    units: dict[int, str],
    *,
    start: dict[int, dict[str, Fraction]] | None = None,
    live_seconds: int = 1,
    timeout_ms: int = 150,
    retries: int = 1,
) -> Iterator[Plant]:
    """Meters behind one gateway that live in the product's time."""
    organization = identity.organization()
    site = sites.site(organization=organization)
    with lab.running_gateway(units=units, clock=clock.now, start=start) as gateway:
        bus = factory.bus(site=site, port=gateway.port, timeout_ms=timeout_ms, retries=retries)
        devices, installed = {}, {}
        for unit, model_code in units.items():
            installed[unit] = factory.installed_meter(organization=organization, site=site, model_code=model_code)
            devices[unit] = factory.device(
                organization=organization,
                on=bus,
                meter=installed[unit].meter,
                unit_id=unit,
                live_seconds=live_seconds,
            )
        yield Plant(organization, gateway, bus, devices, installed)


@pytest.fixture
def quick_clock() -> Iterator[None]:
    """A minute of the product is a second; in three seconds a quarter of an hour begins."""
    begins = datetime(2026, 6, 16, 9, 57, tzinfo=UTC)
    with clock.use(clock.AcceleratedClock(clock.real_now(), begins, clock.FASTEST)):
        yield


class TestReadings:
    def test_arrive_at_the_boundary_of_each_slot(self, quick_clock: None) -> None:
        start = {7: {"energy_import": Fraction("12345.67")}, 8: {"energy_import": Fraction("777.7")}}
        units = {7: "eastron_sdm630", 8: "carlo_gavazzi_em24"}
        with plant(units, start=start, live_seconds=20) as made, factory.running_collector():
            power = factory.eventually(
                lambda: found if len(found := factory.stored(made.installed[7].series["power"])) >= 3 else None
            )
            readings = {unit: factory.stored(made.energy(unit)) for unit in units}

        ten = datetime(2026, 6, 16, 10, 0, tzinfo=UTC)
        boundaries = (ten, ten + timedelta(minutes=5))
        assert all(at - boundary < LATE for (at, _value), boundary in zip(power[1:], boundaries, strict=True)), power
        for unit, found in readings.items():
            (first, _shown), (second, _later) = found
            assert first < ten <= second < ten + LATE
            register = made.gateway.meters[unit].model.register("energy_import")
            for at, value in found:
                assert at.microsecond == 0
                assert abs(value - made.gateway.meters[unit].value(register, at) * 10**register.decimals) <= 2

    @pytest.mark.parametrize(
        ("unit", "before_wrap", "command"),
        [
            (7, None, {"do": "reset"}),
            (8, 10**7, {"do": "rollover", "register": "energy_import", "before": "0.0", "wrap": 10**7}),
        ],
    )
    def test_are_stored_as_they_were_after_a_reset_and_a_roll_over(
        self, quick_clock: None, unit: int, before_wrap: int | None, command: dict[str, object]
    ) -> None:
        start = {7: {"energy_import": Fraction(5000)}, 8: {"energy_import": Fraction(999_990)}}
        units = {7: "eastron_sdm630", 8: "carlo_gavazzi_em24"}
        with plant(units, start=start, live_seconds=60) as made, factory.running_collector():
            before = factory.eventually(lambda: factory.stored(made.energy(unit)))
            made.do(unit=unit, **command)  # type: ignore[arg-type]
            count = len(factory.stored(made.energy(unit)))
            after = factory.eventually(
                lambda: found[-1] if len(found := factory.stored(made.energy(unit))) > count else None, seconds=40
            )

        assert before[0][1] >= (9_999_900 if before_wrap else 500_000)
        assert 0 <= after[1] < 2_000


class TestADeviceThatRefusesWordsBetweenItsRegisters:
    def test_is_read_without_them_from_the_first_refusal_on(self) -> None:
        with plant({7: "siemens_pac2200"}) as made:
            made.do("strict", unit=7)
            with factory.running_collector():
                made.until(7, values.DeviceStatus.OK)
                stored = factory.eventually(lambda: factory.stored(made.energy(7)))
                asked = {(address, count) for _unit, _function, address, count in made.gateway.server.requests}

        assert stored
        assert {(801, 12), (801, 4), (809, 4)} <= asked


class TestSilence:
    def test_is_noted_and_ends_with_the_first_answer(self) -> None:
        with plant({7: "eastron_sdm630", 8: "eastron_sdm630"}) as made, factory.running_collector():
            made.until(7, values.DeviceStatus.OK)
            made.do("silent", unit=7)
            silent = made.until(7, values.DeviceStatus.SILENT)
            raised = made.alarms()
            made.do("clear")
            back = made.until(7, values.DeviceStatus.OK)
            cleared = made.alarms()
            neighbor = made.row(8)

        assert silent.problem is not None
        assert silent.problem.words == "Unit 7 did not answer within 0.15 s."
        assert [row.kind for row in raised.newest] == [alarm_values.AlarmKind.METER_SILENT]
        assert raised.newest[0].reason == silent.problem.words
        assert (cleared.total, back.problem) == (0, None)
        assert neighbor.status is values.DeviceStatus.OK
        assert factory.published(made.organization.pk) == [
            "acquisition.device_went_silent",
            "acquisition.device_came_back",
        ]

    @pytest.mark.spec("M-024/1", "M-024/2")
    def test_of_a_whole_bus_is_one_alarm_that_names_its_meters_and_ends_with_them(self) -> None:
        units = dict.fromkeys((1, 2, 3), "eastron_sdm630")
        with plant(units) as made, factory.running_collector():
            for unit in units:
                made.until(unit, values.DeviceStatus.OK)
            for unit in units:
                made.do("silent", unit=unit)
            [cut] = factory.eventually(lambda: made.alarms().newest)
            made.do("clear")
            for unit in units:
                made.until(unit, values.DeviceStatus.OK)
            over = factory.eventually(lambda: zone if not (zone := made.alarms()).total else None)

        assert cut.kind is alarm_values.AlarmKind.BUS_SILENT
        assert cut.cause is alarm_values.Cause.LINE_CUT
        assert len(cut.points) == len(units)
        assert over.total == 0

    def test_is_noted_when_the_gateway_is_gone(self) -> None:
        with contextlib.ExitStack() as stack:
            made = stack.enter_context(plant({7: "eastron_sdm630"}))
            with factory.running_collector():
                made.until(7, values.DeviceStatus.OK)
                stack.close()
                silent = made.until(7, values.DeviceStatus.SILENT)

        assert silent.problem is not None
        assert silent.problem.code in {"CONNECTION", "CONNECTION_LOST"}
        assert str(made.gateway.port) in silent.problem.exact

    @pytest.mark.spec("M-016/2")
    def test_of_one_meter_delays_the_others_by_less_than_its_retries(self) -> None:
        units = dict.fromkeys((1, 2, 3), "eastron_sdm630")
        with plant(units, timeout_ms=300, retries=2) as made, factory.running_collector():
            made.until(1, values.DeviceStatus.OK)
            made.do("silent", unit=2)
            made.until(2, values.DeviceStatus.SILENT)
            asked_before = len(made.gateway.server.requests)
            answers = []
            for _round in range(4):
                known = made.row(1).answered_at
                answers.append(
                    factory.eventually(
                        lambda known=known: at if (at := made.row(1).answered_at) != known else None  # type: ignore[misc]
                    )
                )
            asked = [unit for unit, *_rest in made.gateway.server.requests[asked_before:]]

        gaps = [later - earlier for earlier, later in itertools.pairwise(answers)]
        assert max(gaps) < timedelta(seconds=1, milliseconds=2 * 300 + 300), gaps
        assert asked.count(2) < asked.count(1)

    def test_of_one_bus_delays_no_other_bus(self) -> None:
        with (
            plant({7: "eastron_sdm630"}, timeout_ms=5000, retries=3) as dead,
            plant({7: "eastron_sdm630"}) as living,
        ):
            dead.do("silent")
            with factory.running_collector():
                factory.eventually(lambda: dead.gateway.server.requests)
                answers = [living.read_now(7) for _request in range(3)]

        assert [each.status for each in answers] == [values.RequestStatus.ANSWERED] * 3
        assert len(dead.gateway.server.requests) <= 2


class TestReadNow:
    def test_gives_values_with_their_words(self) -> None:
        start = {7: {"energy_import": Fraction("284309.22")}}
        with plant({7: "eastron_sdm630"}, start=start, live_seconds=60) as made, factory.running_collector():
            row = made.read_now(7)

        given = {each.register_code: each for each in row.values}
        assert row.status is values.RequestStatus.ANSWERED
        assert given["energy_import"].raw.startswith("488ad2")
        assert abs(given["energy_import"].value - 28_430_922) <= 4
        assert row.took_ms is not None
        assert row.problem is not None
        assert row.problem.code == "COARSE"

    def test_gives_what_there_is_when_the_device_lacks_some_registers(self) -> None:
        with plant({7: "eastron_sdm630"}, live_seconds=60) as made:
            made.do("strict", unit=7)
            meter = made.gateway.meters[7]
            meter.model = dataclasses.replace(
                meter.model, registers=tuple(each for each in meter.model.registers if not each.is_energy)
            )
            with factory.running_collector():
                row = made.read_now(7)

        assert row.status is values.RequestStatus.ANSWERED
        given = {each.register_code for each in row.values}
        assert "power" in given
        assert "energy_import" not in given
        assert row.problem is not None
        assert row.problem.words == "The device answered with exception 2, illegal data address."

    @pytest.mark.parametrize(
        ("command", "code", "words"),
        [
            ({"do": "silent"}, "TIMEOUT", "Unit 7 did not answer within 0.15 s."),
            (
                {"do": "exception", "code": 2},
                "EXCEPTION",
                "The device answered with exception 2, illegal data address.",
            ),
            ({"do": "wrong_unit"}, "MISMATCH", "An answer came that does not belong to the request"),
        ],
    )
    def test_says_exactly_what_is_wrong(self, command: dict[str, object], code: str, words: str) -> None:
        with plant({7: "eastron_sdm630"}, live_seconds=60) as made, factory.running_collector():
            made.until(7, values.DeviceStatus.OK)
            made.do(unit=7, **command)  # type: ignore[arg-type]
            row = made.read_now(7)

        assert row.status is values.RequestStatus.FAILED
        assert row.problem is not None
        assert row.problem.code == code
        assert row.problem.words.startswith(words)
        assert row.problem.remedy

    def test_says_that_no_gateway_is_there(self) -> None:
        organization = identity.organization()
        port = factory.free_port()
        bus = factory.bus(site=sites.site(organization=organization), port=port)
        device = factory.device(organization=organization, on=bus)
        with factory.running_collector():
            asked = factory.request(device)
            row = factory.eventually(
                lambda: row if (row := factory.shown_request(organization.pk, asked)).is_final else None
            )

        assert row.problem is not None
        assert row.problem.words == f"No connection to 127.0.0.1:{port}."

    def test_is_never_answered_late(self) -> None:
        with plant({7: "eastron_sdm630"}, live_seconds=3600, timeout_ms=3000) as made:
            made.do("late", unit=7, seconds=2)
            nearly_over = clock.real_now() - values.REQUEST_LIFETIME + timedelta(seconds=1)
            asked = factory.request(made.devices[7], real_at=nearly_over)
            with factory.running_collector():
                row = factory.eventually(
                    lambda: row if (row := factory.shown_request(made.organization.pk, asked)).is_final else None
                )
                factory.eventually(lambda: made.row(7).answered_at)
            later = factory.shown_request(made.organization.pk, asked)

        assert (row.status, row.values) == (values.RequestStatus.EXPIRED, ())
        assert (later.status, later.values) == (values.RequestStatus.EXPIRED, ())


class TestPlans:
    def test_refuse_a_register_that_is_installed_in_another_resolution(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        wrong = metering.operations.RegisterPlan("energy_import", "energy_import", metering.Unit.KWH, 0)
        right = metering.operations.RegisterPlan("power", "power", metering.Unit.W, 1)
        installed = metering.installed_meter(organization=organization, site=site, registers=(wrong, right))
        with lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as gateway:
            bus = factory.bus(site=site, port=gateway.port)
            device = factory.device(organization=organization, on=bus, meter=installed.meter)
            with factory.running_collector():
                factory.eventually(lambda: factory.stored(installed.series["power"]))
                row = factory.eventually(
                    lambda: row if (row := factory.shown_device(device)).answered_at is not None else None
                )

        assert row.problem is not None
        assert row.problem.code == "MAPPING"
        assert "read in KWH with 2 decimals, its installation counts KWH with 0" in row.problem.exact
        assert factory.stored(installed.energy) == []

    def test_say_that_a_meter_hangs_nowhere(self) -> None:
        organization = identity.organization()
        bus = factory.bus(site=sites.site(organization=organization))
        device = factory.device(
            organization=organization, on=bus, meter=metering.meter(organization_id=organization.pk)
        )
        with factory.running_collector():
            problem = factory.eventually(lambda: factory.shown_device(device).problem)

        assert problem.code == "NOT_INSTALLED"

    def test_follow_a_new_device_at_once(self) -> None:
        with plant({7: "eastron_sdm630", 8: "eastron_sdm630"}) as made, factory.running_collector():
            made.until(7, values.DeviceStatus.OK)
            installed = factory.installed_meter(organization=made.organization, site=made.bus.site)
            other = factory.bus(site=made.bus.site, port=made.gateway.port)
            factory.device(organization=made.organization, on=other, meter=installed.meter, unit_id=7)

            assert factory.eventually(lambda: factory.stored(installed.energy))
