"""Test reads by the collector: of places nobody talks to, and on the bus that talks to the gateway already."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meterbook.acquisition import operations, probing, values
from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.sites import models as site_models
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import acquisition as factory
from tests.factories import identity, lab, sites

pytestmark = pytest.mark.usefixtures("empty_database")

SDM630 = documents.load("eastron_sdm630")


@pytest.fixture
def gateway() -> Iterator[SimulatedGateway]:
    with lab.running_gateway(units={7: "eastron_sdm630", 8: "eastron_sdm630"}) as running:
        running.meters[8].model = orders.in_order(SDM630, ByteOrder.O3412)
        yield running


@pytest.fixture
def site() -> site_models.Site:
    return sites.site(organization=identity.organization())


def outcome(site: site_models.Site, place: operations.Place) -> probing.ProbeRow:
    asked = factory.probe(site, place=place)
    return factory.eventually(lambda: row if (row := factory.shown_probe(site, asked)).is_final else None)


def test_asks_a_place_that_nobody_talks_to_once_and_lets_it_go(
    gateway: SimulatedGateway, site: site_models.Site
) -> None:
    with factory.running_collector():
        first = outcome(site, operations.Place(unit_id=7, host="127.0.0.1", port=gateway.port))
        second = outcome(site, operations.Place(unit_id=8, host="127.0.0.1", port=gateway.port))
        gateway.control.carry_out({"do": "exception", "unit": 7, "code": 2})
        refused = outcome(site, operations.Place(unit_id=7, host="127.0.0.1", port=gateway.port))
        away = outcome(site, operations.Place(unit_id=7, host="127.0.0.1", port=factory.free_port()))

    assert first.status is values.RequestStatus.ANSWERED
    assert {each.code for each in first.samples(first.proposed)} == {each.code for each in SDM630.registers}
    assert all(each.request[12:14] == "07" for each in first.frames)
    assert (first.proposed, second.proposed) == (ByteOrder.O1234, ByteOrder.O3412)
    assert second.problem is None
    assert refused.status is values.RequestStatus.FAILED
    assert [each.problem.code for each in (refused, away) if each.problem] == ["EXCEPTION", "CONNECTION"]


def test_brings_all_of_a_device_that_refuses_words_between_its_registers(
    gateway: SimulatedGateway, site: site_models.Site
) -> None:
    gateway.faults.change(7, is_strict=True)
    with factory.running_collector():
        row = outcome(site, operations.Place(unit_id=7, host="127.0.0.1", port=gateway.port))

    assert (row.status, row.problem) == (values.RequestStatus.ANSWERED, None)
    assert {each.code for each in row.samples(row.proposed)} == {each.code for each in SDM630.registers}


def test_goes_through_the_bus_that_talks_to_the_gateway(gateway: SimulatedGateway) -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    bus = factory.bus(site=site, port=gateway.port, timeout_ms=300)
    device = factory.device(organization=organization, on=bus, unit_id=8)
    with factory.running_collector():
        factory.eventually(lambda: factory.shown_device(device).answered_at)
        known = outcome(site, operations.Place(unit_id=7, bus=bus.public_id))
        typed = outcome(site, operations.Place(unit_id=7, host="127.0.0.1", port=gateway.port))
        connections = gateway.server.connections
        gateway.control.carry_out({"do": "silent", "unit": 7, "on": True})
        silent = outcome(site, operations.Place(unit_id=7, bus=bus.public_id))

    assert [each.status for each in (known, typed)] == [values.RequestStatus.ANSWERED] * 2
    assert silent.problem is not None
    assert silent.problem.code == "TIMEOUT"
    assert connections == 1


def searched(site: site_models.Site, place: operations.Place, until: int) -> probing.SearchRow:
    with scoping.scope([site.organization_id], actor=factory.ACTOR):
        asked = operations.request_probe(
            actor=factory.ACTOR,
            at=clock.now(),
            real_at=clock.real_now(),
            site=site.public_id,
            model_code="eastron_sdm630",
            place=place,
            allowed=factory.DEMO,
            until_unit=until,
        )

    def found() -> probing.SearchRow | None:
        with scoping.scope([site.organization_id], actor=factory.ACTOR):
            row = probing.get_search(public_id=asked, real_at=clock.real_now())
        return row if row.status.is_final else None

    return factory.eventually(found)


def test_a_search_tells_who_answers_and_which_models_fit(gateway: SimulatedGateway, site: site_models.Site) -> None:
    with factory.running_collector():
        found = searched(site, operations.Place(unit_id=6, host="127.0.0.1", port=gateway.port), until=9)
        away = searched(site, operations.Place(unit_id=6, host="127.0.0.1", port=factory.free_port()), until=9)

    assert found.status is values.RequestStatus.ANSWERED
    assert [unit for unit, _models in found.found] == [7, 8]
    assert "eastron_sdm630" in dict(found.found)[7]
    assert found.next_unit == 10
    assert gateway.server.connections == 1
    assert away.status is values.RequestStatus.FAILED
    assert away.problem is not None
