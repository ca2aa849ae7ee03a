"""A swap test from its beginning to what managers are told, on what the store holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from meterbook.fieldwork import models, operations, queries
from meterbook.fieldwork.deciding import Reaction, SwapVerdict
from meterbook.fieldwork.values import SwapState
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook.notifications import models as notification_models
from meterbook.notifications.values import Kind
from tests.factories import acquisition, fieldwork, identity, metering, notifications, sites

ACTOR = fieldwork.ACTOR
SECOND = timedelta(seconds=1)


def shown(organization_id: int, test: object) -> queries.SwapTestRow:
    with scoping.scope([organization_id], actor=ACTOR):
        return queries.get_swap_test(public_id=test)  # type: ignore[arg-type]


@pytest.mark.spec("C-08/1")
class TestSwapTest:
    def test_finds_the_unit_s_own_meter_and_keeps_what_all_of_them_did(self) -> None:
        organization = identity.organization()

        found = shown(organization.pk, fieldwork.decided(organization, falls="a"))

        assert (found.state, found.verdict) == (SwapState.DECIDED, SwapVerdict.RIGHT)
        assert [each.name for each in found.fallen] == ["Flat 1 meter"]
        own, other, main = found.meters
        assert (own.before, own.off, own.after) == (Decimal("3.000"), Decimal("0.000"), Decimal("3.000"))
        assert (other.reaction, main.reaction) == (Reaction.STAYED, Reaction.FELL)
        assert not found.is_suspicious

    def test_tells_the_managers_of_another_meter_and_changes_nothing(self) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, 2525)
        manager = identity.user(organization=organization, role=RoleCode.MANAGER)
        identity.user(organization=organization, role=RoleCode.OPERATOR)

        test = fieldwork.decided(organization, falls="b")
        acquisition.deliver(organization.pk)

        found = shown(organization.pk, test)
        assert (found.verdict, [each.name for each in found.fallen]) == (SwapVerdict.OTHER, ["Flat 2 meter"])
        with scoping.scope([organization.pk], actor=ACTOR):
            assert [each.public_id for each in queries.list_swap_tests(site_ids=None, is_suspicious=True)] == [test]
            told = notification_models.Message.objects.filter(
                organization_id=organization.pk, kind=Kind.SWAP_SUSPECTED
            ).values_list("destination__recipient__user_id", flat=True)
            assert list(told) == [manager.pk]
            points = metering_models.MeterPoint.objects.filter(organization_id=organization.pk)
            assert {each.name: each.node.name for each in points if each.node} == {
                "Flat 1 meter": "Flat 1",
                "Flat 2 meter": "Flat 2",
            }
            operations.look_at_swap_test(actor=ACTOR, at=clock.now(), swap_test=test, note="wires were crossed")
            assert queries.list_swap_tests(site_ids=None, is_suspicious=True) == []
            of_fallen = queries.list_swap_tests(site_ids=None, meter_point=found.fallen[0].point)
            assert [each.public_id for each in of_fallen] == [test]

    def test_sees_counters_that_are_read_every_quarter_of_an_hour(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        unit = sites.node(site=site, name="Kiosk")
        meters = [
            metering.installed_meter(
                organization=organization, site=site, node=node, name=name, registers=(metering.ENERGY,)
            )
            for name, node in (("Kiosk meter", unit), ("Bakery meter", None))
        ]
        begin = datetime(2026, 11, 26, 10, 5, tzinfo=UTC)

        def count(made: metering.Installed, rates: list[int]) -> None:
            value, rows = 100_000, []
            for quarter, rate in enumerate(rates):
                rows.append((datetime(2026, 11, 26, 8, tzinfo=UTC) + quarter * timedelta(minutes=15), value))
                value += rate
            metering.record(made.energy, rows)

        # Until 10:15 on, off until 11:00, then on again; in hundredths of a kWh a quarter.
        count(meters[0], [50] * 9 + [0] * 3 + [50] * 4)
        count(meters[1], [70] * 16)
        with scoping.scope([organization.pk], actor=ACTOR):
            test = operations.begin_swap_test(actor=ACTOR, at=begin, node=unit.public_id).public_id
            operations.say_off(actor=ACTOR, at=begin + timedelta(minutes=9), swap_test=test)
            operations.say_on(actor=ACTOR, at=begin + timedelta(minutes=56), swap_test=test)
            operations.end_swap_test(actor=ACTOR, at=begin + timedelta(minutes=100), swap_test=test)

        found = shown(organization.pk, test)
        assert (found.verdict, [each.name for each in found.fallen]) == (SwapVerdict.RIGHT, ["Kiosk meter"])
        assert [each.before for each in found.meters] == [Decimal("2.000"), Decimal("2.800")]

    def test_runs_once_at_a_unit_and_can_be_stopped(self) -> None:
        organization = identity.organization()
        at = clock.now()
        house = fieldwork.house(organization, at=at)
        test = house.begin(at)

        assert house.begin(at + SECOND) == test
        with scoping.scope([organization.pk], actor=ACTOR):
            with pytest.raises(operations.SwapTestMovedOn):
                operations.say_on(actor=ACTOR, at=at, swap_test=test)
            operations.stop_swap_test(actor=ACTOR, at=at, swap_test=test)
            assert queries.get_swap_test(public_id=test).verdict is None
        second = house.begin(at + 2 * SECOND)
        assert second != test
        assert house.begin(at + timedelta(hours=7)) != second
        assert shown(organization.pk, second).state is SwapState.STOPPED

    def test_keeps_only_what_is_new(self) -> None:
        organization = identity.organization()
        at = clock.now()
        house = fieldwork.house(organization, at=at)
        test = house.begin(at)
        with scoping.scope([organization.pk], actor=ACTOR):
            for _each in range(3):
                operations.take_samples(actor=ACTOR, at=at + SECOND, swap_test=test)
            kept = models.SwapSamples.objects.filter(organization_id=organization.pk, swap_test__public_id=test)
            assert [len(each.values) for each in kept] == [3]

    def test_needs_a_meter_that_reports(self) -> None:
        organization = identity.organization()
        unit = sites.node(site=sites.site(organization=organization))
        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(operations.NothingToWatch):
            operations.begin_swap_test(actor=ACTOR, at=clock.now(), node=unit.public_id)
