"""A meter type made by people is read by a collector that runs already: test reads, readings, the next version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meterbook.acquisition import models, operations, plans, values
from meterbook.acquisition.library import documents
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import acquisition, identity, lab, sites
from tests.factories import meter_types as factory

pytestmark = pytest.mark.usefixtures("empty_database")

OWN = factory.DOCUMENT.replace("type: uint32", "type: float32").replace('    scale: "1/100"\n', "")
SWAPPED = OWN.replace("word_order: big", "word_order: little\nbyte_order: little")


@pytest.fixture
def gateway() -> Iterator[SimulatedGateway]:
    """Unit 7 serves the registers of the type, unit 8 the same in another order of bytes."""
    with lab.running_gateway(units={7: "eastron_sdm630", 8: "eastron_sdm630"}) as running:
        running.meters[7].model = documents.validate(OWN, "own.yaml")
        running.meters[8].model = documents.validate(SWAPPED, "own.yaml")
        yield running


@pytest.mark.spec("M-015/2")
@pytest.mark.spec("M-015/4")
def test_is_read_without_a_restart_and_by_the_next_version_of_it(gateway: SimulatedGateway) -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    bus = acquisition.bus(site=site, port=gateway.port, timeout_ms=300)
    with acquisition.running_collector():
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            asked = operations.request_probe(
                actor=factory.ACTOR,
                at=clock.now(),
                real_at=clock.real_now(),
                site=site.public_id,
                model_code="own_meter",
                place=operations.Place(unit_id=8, bus=bus.public_id),
                allowed=acquisition.DEMO,
                document=OWN,
            )
        tried = acquisition.eventually(lambda: row if (row := acquisition.shown_probe(site, asked)).is_final else None)
        factory.published(organization, OWN)
        device = acquisition.device(
            organization=organization,
            on=bus,
            meter=factory.hung(organization, site=site).meter,
            model_code="own_meter",
        )
        answered = acquisition.eventually(lambda: acquisition.shown_device(device).answered_at)
        moved = OWN.replace("address: 10", "address: 40").replace("function: 3", "function: 4")
        gateway.meters[7].model = documents.validate(moved, "own.yaml")
        factory.published(organization, moved, base=1)
        again = acquisition.eventually(
            lambda: (
                shown.answered_at
                if (shown := acquisition.shown_device(device)).answered_at
                and shown.answered_at > answered
                and not shown.problem
                else None
            )
        )

    assert tried.status is values.RequestStatus.ANSWERED
    assert [each.order for each in tried.orders] == list(ByteOrder)
    assert tried.proposed is ByteOrder.O4321
    assert again > answered
    with scoping.scope([organization.pk], actor=factory.ACTOR):
        (plan,) = plans.devices_for_collector()
        state = models.DeviceState.objects.get(organization_id=organization.pk, device=device)
    assert plan.devices[0].own_type is not None
    assert plan.devices[0].own_type.version == 2
    assert state.request_hex[14:16] == "04"
