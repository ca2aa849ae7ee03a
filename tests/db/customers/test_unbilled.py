"""What is used and not billed, and how much of it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from meterbook.customers import letting, unbilled
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import billing, customers, moves

ACTOR = Actor.system("test")
START, END = billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at
NOW = START + timedelta(days=20)


def find(place: billing.Place) -> unbilled.Unbilled:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        sites = [unbilled.Place(place.site.pk, ZoneInfo(place.site.time_zone))]
        return unbilled.find_unbilled(sites=sites, at=NOW)


class TestUnbilled:
    def test_counts_use_that_no_contract_covers(self) -> None:
        """Ten days of 96 quarters at 0.25 kWh are let, ten more are not: 240 kWh."""
        place = billing.place()
        unit = moves.unit(place)
        billing.count(unit.meter.energy, START, NOW)
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(
            account=account,
            point=unit.point,
            tariff=place.tariff,
            starts_at=START,
            ends_at=START + timedelta(days=10),
        )

        found = find(place)

        (row,) = found.used
        assert row.use is not None
        assert (f"{row.use.number:f}", row.use.unit.symbol) == ("240.000", "kWh")
        assert (row.vacant_since, row.landlord) == (START + timedelta(days=10), "L-000001")
        assert [each.code for each in found.nobodys] == [row.code]

    def test_is_empty_where_all_is_let(self) -> None:
        place = billing.place()
        unit = moves.unit(place)
        billing.count(unit.meter.energy, START, NOW)
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=unit.point, tariff=place.tariff, starts_at=START)

        assert find(place) == unbilled.Unbilled((), (), ())

    def test_names_contracts_whose_tariff_is_not_in_force(self) -> None:
        place = billing.place()
        unit = moves.unit(place)
        late = billing.tariff(
            organization=place.organization, raw={**billing.document(), "code": "LATE"}, first_day=END.date()
        )
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=unit.point, tariff=late, starts_at=START)

        (row,) = find(place).priceless

        assert (row.tariff_code, row.account_number) == ("LATE", account.number)

    def test_counts_a_meter_in_two_lists_once(self) -> None:
        place = billing.place()
        unit = moves.unit(place)
        billing.count(unit.meter.energy, START, NOW)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            sites = [unbilled.Place(place.site.pk, ZoneInfo(place.site.time_zone))]
            counts = unbilled.count_unbilled(sites=sites, at=NOW)

        assert (counts.used, counts.priceless, counts.nobodys, counts.total) == (1, 0, 1, 1)


class TestPlaces:
    def test_tell_who_is_there(self) -> None:
        place = billing.place()
        taken, empty = moves.unit(place, name="Unit 2"), moves.unit(place, name="Unit 10")
        moves.moved_in(taken, starts_at=START, at=NOW)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            found = letting.places(at=NOW, site_id=place.site.pk)
            one = letting.places(at=NOW, key=empty.key)
            none = letting.places(at=NOW, key="u-not-an-id")
            searched = letting.places(at=NOW, search="ana ru")

        assert [(each.name, each.payers, each.is_vacant) for each in found] == [
            ("Unit 2", "Ana Ruiz", False),
            ("Unit 10", "", True),
        ]
        assert [each.key for each in one] == [empty.key]
        assert none == []
        assert [each.key for each in searched] == [taken.key]
