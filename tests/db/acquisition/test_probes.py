"""A test read is asked for a place that may be reached, taken once, answered once in time, and kept raw."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from meterbook.acquisition import networks, operations, plans, probing, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.sites import models as site_models
from tests.factories import acquisition as factory
from tests.factories import identity, sites

REAL = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
JUST_BEFORE, AT_THE_END = REAL + timedelta(seconds=14), REAL + timedelta(seconds=15)
SWAPPED = operations.ProbeAnswer(
    took_ms=86,
    frames=(("0001", "0002"),),
    raw={"energy_import": "a044ec91", "voltage_l1": "66433333"},
)
STATUS = values.RequestStatus


@pytest.fixture
def site() -> site_models.Site:
    return sites.site(organization=identity.organization())


def take(site: site_models.Site, *, real_at: datetime = REAL) -> list[operations.TakenProbe]:
    with scoping.scope([site.organization_id], actor=factory.ACTOR):
        return list(operations.take_probes(actor=factory.ACTOR, at=factory.AT, real_at=real_at))


def answer(
    taken: operations.TakenProbe, given: operations.ProbeAnswer = SWAPPED, *, real_at: datetime = REAL
) -> values.RequestStatus:
    with scoping.scope([taken.organization_id], actor=factory.ACTOR):
        return operations.answer_probe(
            actor=factory.ACTOR, at=factory.AT, real_at=real_at, probe_id=taken.probe_id, answer=given
        )


class TestAsking:
    def test_is_one_question_while_it_waits_and_is_written_down(self, site: site_models.Site) -> None:
        first = factory.probe(site, real_at=REAL)

        assert factory.probe(site, real_at=JUST_BEFORE) == first
        assert factory.probe(site, real_at=AT_THE_END) != first
        assert factory.shown_probe(site, first, real_at=AT_THE_END).status is STATUS.EXPIRED
        with scoping.scope([site.organization_id], actor=factory.ACTOR):
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=site.organization_id, action="acquisition:request_probe"
            )
            asked = [(each.after["host"], each.after["unit_id"]) for each in entries]
        assert asked == [("127.0.0.1", 7)] * 2

    @pytest.mark.parametrize(
        ("place", "model", "field"),
        [
            (operations.Place(unit_id=7, host="192.0.2.7"), "eastron_sdm630", "host"),
            (operations.Place(unit_id=7, host="a b"), "eastron_sdm630", "host"),
            (operations.Place(unit_id=7, host="[::1"), "eastron_sdm630", "host"),
            (operations.Place(unit_id=7, host="http://127.0.0.1"), "eastron_sdm630", "host"),
            (operations.Place(unit_id=7, host="127.0.0.1", port=0), "eastron_sdm630", "port"),
            (operations.Place(unit_id=248, host="127.0.0.1"), "eastron_sdm630", "unit_id"),
            (operations.Place(unit_id=7, host="127.0.0.1"), "imported", "model_code"),
            (operations.Place(unit_id=7, bus=uuid.UUID(int=4)), "eastron_sdm630", "gateway"),
        ],
        ids=["network", "host", "brackets", "URL", "port", "unit", "model", "bus"],
    )
    def test_names_the_field_that_cannot_be(
        self, site: site_models.Site, place: operations.Place, model: str, field: str
    ) -> None:
        with pytest.raises(operations.ProbeRefused) as refused:
            factory.probe(site, place=place, model_code=model)

        assert refused.value.field == field

    def test_reaches_no_site_and_no_bus_of_others(self, site: site_models.Site) -> None:
        theirs = sites.site(organization=identity.organization())
        bus = factory.bus(site=theirs)

        with (
            pytest.raises(operations.ProbeRefused, match="no such site"),
            scoping.scope([site.organization_id], actor=factory.ACTOR),
        ):
            operations.request_probe(
                actor=factory.ACTOR,
                at=factory.AT,
                real_at=REAL,
                site=theirs.public_id,
                model_code="eastron_sdm630",
                place=operations.Place(unit_id=7, host="127.0.0.1"),
                allowed=factory.DEMO,
            )
        with pytest.raises(operations.ProbeRefused, match="not at the chosen site"):
            factory.probe(site, place=operations.Place(unit_id=7, bus=bus.public_id))
        with pytest.raises(probing.ProbeNotFound):
            factory.shown_probe(site, factory.probe(theirs))

    def test_is_no_search_of_the_network(self, site: site_models.Site) -> None:
        for unit in range(1, 6):
            factory.probe(site, place=operations.Place(unit_id=unit, host="127.0.0.1"), real_at=REAL)

        with pytest.raises(operations.ProbeRefused, match="in a few seconds"):
            factory.probe(site, place=operations.Place(unit_id=6, host="127.0.0.1"), real_at=REAL)
        factory.probe(site, place=operations.Place(unit_id=6, host="127.0.0.1"), real_at=AT_THE_END)

    def test_goes_where_the_owner_allows_it(self, site: site_models.Site) -> None:
        allowed = networks.AllowedNetworks.from_environment({"MB_ALLOWED_NETWORKS": "192.168.10.0/24"}, is_demo=False)

        factory.probe(site, place=operations.Place(unit_id=7, host="192.168.10.4"), allowed=allowed)
        with pytest.raises(operations.ProbeRefused, match="MB_ALLOWED_NETWORKS"):
            factory.probe(site, place=operations.Place(unit_id=7, host="192.168.11.4"), allowed=allowed)


class TestAnswering:
    def test_takes_and_answers_once_and_reads_in_every_order(self, site: site_models.Site) -> None:
        bus = factory.bus(site=site, port=1502, timeout_ms=700)
        asked = factory.probe(site, place=operations.Place(unit_id=7, bus=bus.public_id), real_at=REAL)

        [taken] = take(site)

        assert (taken.bus_id, taken.host, taken.port, taken.timeout_ms) == (bus.pk, "127.0.0.1", 1502, 700)
        assert take(site) == []
        assert answer(taken) is STATUS.ANSWERED
        assert answer(taken, operations.ProbeAnswer(took_ms=1)) is STATUS.ANSWERED
        found = factory.shown_probe(site, asked)
        assert (found.own_order, found.proposed) == (ByteOrder.O1234, ByteOrder.O2143)
        assert found.matching(Decimal("1284.5")) is ByteOrder.O2143
        assert {each.code: each.value for each in found.samples(found.proposed)} == {
            "energy_import": 128_456,
            "voltage_l1": 2302,
        }
        assert "voltage_l1" not in {each.code for each in found.samples(found.own_order)}

    def test_that_comes_late_is_dropped(self, site: site_models.Site) -> None:
        asked = factory.probe(site, real_at=REAL)
        [taken] = take(site)

        assert answer(taken, real_at=AT_THE_END) is STATUS.EXPIRED
        assert factory.shown_probe(site, asked).orders == ()
        factory.probe(site, real_at=REAL)
        assert take(site, real_at=AT_THE_END) == []

    def test_of_nothing_says_why(self, site: site_models.Site) -> None:
        asked = factory.probe(site, real_at=REAL)
        [taken] = take(site)
        silent = errors.ExceptionAnswer("unit 7", exception=11, unit=7)

        status = answer(taken, operations.ProbeAnswer(took_ms=9, problem=values.Problem.of(silent)))

        found = factory.shown_probe(site, asked)
        assert (status, found.is_final, found.orders) == (STATUS.FAILED, True, ())
        assert found.problem is not None
        assert "wiring" in found.problem.remedy


def test_the_order_goes_from_the_device_to_the_collector() -> None:
    """The model's own order is no peculiarity of the device."""
    organization = identity.organization()
    bus = factory.bus(site=sites.site(organization=organization))
    for unit, order in ((7, ByteOrder.O2143), (8, ByteOrder.O1234)):
        meter = factory.installed_meter(organization=organization, site=bus.site).meter
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            operations.create_device(
                actor=factory.ACTOR, at=factory.AT, bus=bus, meter=meter, unit_id=unit, byte_order=order
            )

    with scoping.scope([organization.pk], actor=factory.ACTOR):
        [plan] = plans.devices_for_collector()

    assert [each.byte_order for each in plan.devices] == [ByteOrder.O2143, None]
