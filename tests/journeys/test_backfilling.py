"""After an outage meters on real sockets are asked for what they remember: taken where nothing was read, at the true
time, and never where it contradicts a reading."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from meterbook.acquisition import memory_plans, models, operations, plans, queries, values
from meterbook.acquisition.library import documents
from meterbook.audit import models as audit_models
from meterbook.collector import backfilling
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.quality import Quality
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Source
from meterbook_lab.gateway_sim import SimulatedGateway
from meterbook_lab.mbus_meter import MbusMeter, recorded
from meterbook_lab.modbus_meter import SimulatedMeter
from tests.factories import acquisition as factory
from tests.factories import identity, lab, metering, sites

# A collector serves every organization of its database: here it shall have only those of the test.
pytestmark = pytest.mark.usefixtures("empty_database")

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 31, 10, 7, tzinfo=UTC)
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
LOST = NOW - 4 * DAY  # from when on nobody heard it
MIDNIGHTS = [
    datetime(2026, 3, 27, 23, tzinfo=UTC),
    datetime(2026, 3, 28, 23, tzinfo=UTC),
    datetime(2026, 3, 29, 22, tzinfo=UTC),
    datetime(2026, 3, 30, 22, tzinfo=UTC),
]


@dataclass(frozen=True)
class Plant:
    """A meter with a daily freeze that was heard until four days ago, and is there again."""

    meter: SimulatedMeter
    gateway: SimulatedGateway
    device: models.Device
    installed: metering.Installed

    def shows(self, at: datetime) -> int:
        exact = self.meter.value(self.meter.model.register("energy_import"), at) * 10
        return exact.numerator // exact.denominator

    def stored(self, source: Source) -> list[tuple[datetime, int]]:
        organization = self.device.organization_id
        with scoping.scope([organization], actor=factory.ACTOR):
            rows = metering_models.Reading.objects.filter(
                organization_id=organization, series_id=self.installed.energy.pk, source=source.value
            )
            assert {each.quality for each in rows} <= {Quality.VALID}
            return list(rows.order_by("at").values_list("at", "value"))

    def answered(self) -> queries.RequestRow:
        def latest() -> queries.RequestRow | None:
            with scoping.scope([self.device.organization_id], actor=factory.ACTOR):
                kept = memory_plans.state(meter_public_id=self.installed.meter.public_id, real_at=clock.real_now())
            found = kept.latest if kept is not None else None
            return found if found is not None and found.is_final else None

        return factory.eventually(latest)


@contextlib.contextmanager
def plant(*, ahead: timedelta = timedelta(0)) -> Iterator[Plant]:
    with clock.use(lab.settable_clock(NOW)):
        organization = identity.organization()
        site = sites.site(organization=organization, time_zone=ZONE.key)
        model = documents.load("pilot_spm93")
        meter = SimulatedMeter(model, 7, NOW - 40 * DAY, {"energy_import": Fraction(1000)}, zone=ZONE, ahead=ahead)
        with lab.running_gateway(units={7: model.code}, clock=clock.now) as gateway:
            gateway.meters[7] = meter
            bus = factory.bus(site=site, port=gateway.port)
            installed = metering.installed_meter(
                organization=organization,
                site=site,
                model_code=model.code,
                registers=plans.registers_of_model(model.code, only=["energy_import", "power"]),
            )
            device = factory.device(
                organization=organization, on=bus, meter=installed.meter, unit_id=7, model_code=model.code
            )
            made = Plant(meter, gateway, device, installed)
            heard = [LOST - number * QUARTER for number in range(40 * 24 * 4 - 500)]
            metering.record(installed.energy, [(at, made.shows(at)) for at in heard if at > NOW - 35 * DAY])
            yield made


def ask_due() -> int:
    return backfilling.ask_due(at=clock.now(), real_at=clock.real_now(), looked={})


class TestADailyFreeze:
    def test_fills_the_days_in_which_nobody_heard_the_meter_by_itself_and_once(self) -> None:
        with plant() as made, factory.running_collector():
            factory.eventually(lambda: [at for at, _value in made.stored(Source.METER) if at > LOST])
            factory.until_well(made.device)
            ask_due()
            row = made.answered()
            taken = made.stored(Source.MEMORY)
            again = ask_due()
            asked = {(address, count) for _unit, _function, address, count in made.gateway.server.requests}
            with scoping.scope([made.device.organization_id], actor=factory.ACTOR):
                detail = metering_queries.get_meter(public_id=made.installed.point.public_id)
                assert detail.main_series is not None
                shown = metering_queries.latest_readings(
                    series=detail.main_series, until=NOW, limit=20, since=LOST + QUARTER
                )
                audited = audit_models.AuditEntry.objects.filter(
                    organization_id=made.device.organization_id, action="acquisition:request_memory"
                ).count()

        assert taken == [(at, made.shows(at)) for at in MIDNIGHTS]
        assert row.memory == queries.MemoryAnswer(asked=4, taken=4, known=0, conflicts=0, ahead_seconds=None)
        assert again == 0
        assert {count for address, count in asked if address >= 1201} == {14}
        assert {address for address, _count in asked if address >= 1201} == {1201, 1215, 1229, 1243}
        assert [each.source for each in shown if each.at in MIDNIGHTS] == [Source.MEMORY] * 4
        assert audited == 1

    def test_that_contradicts_what_a_person_read_is_listed_and_not_taken(self) -> None:
        with plant() as made:
            between = MIDNIGHTS[1] + timedelta(hours=3)
            metering.record(made.installed.energy, [(between, made.shows(MIDNIGHTS[0]) - 5)], source=Source.FIELD)
            with factory.running_collector():
                factory.until_well(made.device)
                ask_due()
                row = made.answered()
            with scoping.scope([made.device.organization_id], actor=factory.ACTOR):
                conflicts = list(
                    metering_models.ReadingConflict.objects.filter(organization_id=made.device.organization_id)
                    .order_by("at")
                    .values_list("at", "source", "kept_value", "offered_value")
                )

        assert [at for at, _value in made.stored(Source.MEMORY)] == MIDNIGHTS[2:]
        assert conflicts == [(at, Source.MEMORY, made.shows(MIDNIGHTS[0]) - 5, made.shows(at)) for at in MIDNIGHTS[:2]]
        assert row.memory is not None
        assert (row.memory.taken, row.memory.conflicts) == (2, 2)

    def test_is_left_alone_where_a_person_switched_it_off_and_asked_when_one_says_so(self) -> None:
        with plant() as made, factory.running_collector():
            factory.until_well(made.device)
            with scoping.scope([made.device.organization_id], actor=factory.ACTOR):
                meter = made.installed.meter.public_id
                changed = operations.set_memory_asked(
                    actor=factory.ACTOR, at=NOW, meter_public_id=meter, is_asked=False
                )
            by_itself = ask_due()
            with scoping.scope([made.device.organization_id], actor=factory.ACTOR):
                operations.request_memory(actor=factory.ACTOR, at=NOW, real_at=clock.real_now(), meter_public_id=meter)
            row = made.answered()

        assert changed
        assert by_itself == 0
        assert row.memory is not None
        assert row.memory.taken == 4

    def test_of_a_meter_that_does_not_answer_is_tried_again_an_hour_later(self) -> None:
        with plant() as made, factory.running_collector():
            factory.until_well(made.device)
            made.gateway.control.carry_out({"do": "exception", "unit": 7, "code": 2})
            ask_due()
            failed = made.answered()
            at_once = ask_due()
            with scoping.scope([made.device.organization_id], actor=factory.ACTOR):
                later = memory_plans.devices_to_ask(at=NOW + timedelta(hours=2), looked={})

        assert failed.status is values.RequestStatus.FAILED
        assert failed.problem is not None
        assert failed.problem.code == "EXCEPTION"
        assert at_once == 0
        assert later == [made.installed.meter.public_id]


class TestTheKeyDateOfAnMbusMeter:
    def test_becomes_a_reading_at_its_end(self) -> None:
        meter = MbusMeter(recorded("kamstrup_multical_601"), 7)
        with clock.use(lab.settable_clock(NOW)), lab.running_mbus([meter]) as bus:
            organization = identity.organization()
            site = sites.site(organization=organization, time_zone=ZONE.key)
            meter.set_moment("time-point-date-time", datetime(2026, 3, 31, 12, 7))  # noqa: DTZ001 - as it shows it
            meter.set_moment("time-point-date.storage1", datetime(2026, 2, 28))  # noqa: DTZ001
            meter.set("energy.storage1", Decimal(37_000_000))
            line = factory.bus(
                site=site,
                port=bus.port,
                protocol=values.BusProtocol.MBUS_TCP,
                line=values.LineSettings(baud=38_400),
            )
            model = "kamstrup_multical_601"
            installed = factory.installed_meter(organization=organization, site=site, model_code=model)
            device = factory.device(
                organization=organization, on=line, meter=installed.meter, unit_id=7, model_code=model
            )
            heat = installed.series["heat"]
            metering.record(heat, [(NOW - 80 * DAY, 36_500_000)])
            with factory.running_collector():
                factory.until_well(device)
                ask_due()
                found = factory.eventually(lambda: rows if len(rows := factory.stored(heat)) >= 3 else None)

        assert (datetime(2026, 2, 28, 23, tzinfo=UTC), 37_000_000) in found
