"""A swap test against simulated meters on a real socket, with the collector between: the wires of two are crossed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meterbook.acquisition import plans
from meterbook.fieldwork import operations, queries
from meterbook.fieldwork.deciding import SwapVerdict
from meterbook.fieldwork.values import SwapState
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.sites.values import NodeKind
from tests.factories import acquisition as factory
from tests.factories import identity, lab, metering, sites
from tests.journeys import house

START = datetime(2026, 11, 26, 9, tzinfo=UTC)
SPEED = 20  # windows of ten seconds are over after half a second, and meters are read each second all the same
UNITS = {1: "Flat 1", 2: "Flat 2", 3: "Flat 3"}


@pytest.mark.usefixtures("empty_database")
@pytest.mark.spec("C-08/1")
class TestSimulatedSwap:
    def test_finds_the_meter_whose_wires_are_crossed(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        phone = house.signed_in(identity.user(organization=organization, role=RoleCode.OPERATOR))
        with (
            clock.use(clock.AcceleratedClock(clock.real_now(), START, SPEED)),
            lab.running_gateway(units=dict.fromkeys(UNITS, "eastron_sdm630"), clock=clock.now) as gateway,
        ):
            line = factory.bus(site=site, port=gateway.port)
            nodes = {}
            for unit, name in UNITS.items():
                nodes[unit] = sites.node(site=site, kind=NodeKind.UNIT, name=name)
                meter = metering.installed_meter(
                    organization=organization,
                    site=site,
                    node=nodes[unit],
                    name=f"Meter of {name}",
                    registers=plans.registers_of_model("eastron_sdm630"),
                )
                factory.device(organization=organization, on=line, meter=meter.meter, unit_id=unit, live_seconds=40)
                gateway.control.carry_out({"do": "set", "unit": unit, "register": "power", "value": str(unit * 1000)})
            with factory.running_collector():
                test = self.begin(organization.pk, nodes[1].public_id)

                def beat() -> queries.SwapTestRow:
                    answer = phone.post(f"/o/{organization.public_id}/swap-tests/{test}/beat")
                    assert answer.status_code == 200
                    with scoping.scope([organization.pk], actor=factory.ACTOR):
                        return queries.get_swap_test(public_id=test)

                def say(step: str) -> None:
                    phone.post(f"/o/{organization.public_id}/swap-tests/{test}/step", {"step": step})

                factory.eventually(lambda: beat().before_until, seconds=60)
                gateway.control.carry_out({"do": "set", "unit": 2, "register": "power", "value": "0"})
                say("off")
                factory.eventually(lambda: beat().off_until, seconds=60)
                gateway.control.carry_out({"do": "set", "unit": 2, "register": "power", "value": "2000"})
                say("on")
                found = factory.eventually(
                    lambda: row if (row := beat()).state is SwapState.DECIDED else None, seconds=60
                )

        assert found.verdict is SwapVerdict.OTHER
        assert [each.name for each in found.fallen] == ["Meter of Flat 2"]
        assert [str(each.before) for each in found.meters] == ["1.000", "2.000", "3.000"]

    def begin(self, organization_id: int, node: object) -> object:
        """The meters must have told their power once, so that it is known that they do."""

        def tried() -> object:
            with scoping.scope([organization_id], actor=factory.ACTOR):
                found = operations.begin_swap_test(actor=factory.ACTOR, at=clock.now(), node=node)  # type: ignore[arg-type]
                if all(each["measure"] == "POWER" for each in found.meters):
                    return found.public_id
                operations.stop_swap_test(actor=factory.ACTOR, at=clock.now(), swap_test=found.public_id)
                return None

        return factory.eventually(tried)
