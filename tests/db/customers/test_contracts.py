"""Who pays for a meter point, at every instant, without a gap and without an overlap."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterbook.customers import models, operations, queries, tariff_defaults
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering.values import Service
from meterbook.tariffs import operations as tariff_operations
from tests.factories import customers, identity, metering, sites, tariffs
from tests.support import trails

ACTOR = Actor.system("test")
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


class Place:
    """A site with a meter point, a tariff, the landlord's account and a tenant's."""

    def __init__(self, *, has_landlord: bool = True, currency: str = "USD") -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, currency="USD")
        self.meter = metering.installed_meter(organization=self.organization, site=self.site)
        with self.scope():
            document = tariffs.peak_document(currency=currency)
            self.tariff = tariff_operations.create_tariff(actor=ACTOR, at=day(1), document=document)
        self.tenant = customers.account(organization=self.organization, site=self.site)
        self.landlord: models.Account | None = None
        if has_landlord:
            self.landlord = customers.account(
                organization=self.organization, site=self.site, is_landlord=True, vacancy_tariff=self.tariff
            )

    def scope(self) -> AbstractContextManager[scoping.Scope]:
        return scoping.scope([self.organization.pk], actor=ACTOR)

    def rent(self, start: datetime, end: datetime | None) -> models.Contract:
        return customers.contract(
            account=self.tenant, point=self.meter.point, tariff=self.tariff, starts_at=start, ends_at=end
        )

    def shares(self) -> list[queries.Share]:
        with self.scope():
            return queries.occupancy(meter_point_ids=[self.meter.point.pk], period=MARCH)[self.meter.point.pk]


class TestOccupancy:
    @pytest.mark.spec("B-33")
    def test_gives_gaps_to_the_landlord(self) -> None:
        place = Place()
        place.rent(day(10), day(20))

        found = place.shares()

        assert place.landlord is not None
        assert [(each.account_id, each.period.start.day, each.is_vacancy) for each in found] == [
            (place.landlord.pk, 1, True),
            (place.tenant.pk, 10, False),
            (place.landlord.pk, 20, True),
        ]
        assert {each.tariff_id for each in found} == {place.tariff.pk}

    def test_of_a_service_that_the_landlords_tariff_does_not_price_goes_by_its_default(self) -> None:
        place = Place()
        water = metering.installed_meter(
            organization=place.organization, site=place.site, service=Service.COLD_WATER, code="W-1"
        )
        with place.scope():
            found = {"actor": ACTOR, "at": day(1)}
            raw = {**tariffs.peak_document(currency="USD"), "code": "WATER", "unit": "M3"}
            tariff = tariff_operations.create_tariff(**found, document=raw)
            group = tariff_defaults.Group(Service.COLD_WATER)

            before = queries.occupancy(meter_point_ids=[water.point.pk], period=MARCH)[water.point.pk]
        with place.scope():
            tariff_defaults.set_default(**found, group=group, tariff=tariff.public_id, first_day=date(2026, 1, 1))
        with place.scope():
            after = queries.occupancy(meter_point_ids=[water.point.pk, place.meter.point.pk], period=MARCH)

        assert [each.tariff_id for each in before] == [place.tariff.pk]  # a run says that it does not fit
        assert [each.tariff_id for each in after[water.point.pk]] == [tariff.pk]
        assert [each.tariff_id for each in after[place.meter.point.pk]] == [place.tariff.pk]

    def test_names_the_gap_when_there_is_no_landlord(self) -> None:
        place = Place(has_landlord=False)
        place.rent(day(10), None)

        with pytest.raises(queries.NoLandlord, match=r"Shop 12 .*1 Mar 2026 to 10 Mar 2026, and Harbor Mall"):
            place.shares()

    @settings(max_examples=20, deadline=None)
    @given(days=st.lists(st.integers(1, 31), min_size=2, max_size=6, unique=True))
    def test_shares_touch_and_are_the_period(self, days: list[int]) -> None:
        place = Place()
        edges = sorted(days)
        for start, end in zip(edges[::2], edges[1::2], strict=False):
            place.rent(day(start), day(end))

        found = place.shares()

        assert found[0].period.start == MARCH.start
        assert found[-1].period.end == MARCH.end
        assert all(a.period.end == b.period.start for a, b in itertools.pairwise(found))


class TestStartContract:
    def test_refuses_a_second_one_at_the_same_time(self) -> None:
        place = Place()
        place.rent(day(10), None)

        with pytest.raises(operations.ContractsOverlap, match=place.meter.point.code):
            place.rent(day(12), day(14))

    def test_refuses_another_currency(self) -> None:
        place = Place(has_landlord=False, currency="EUR")

        with pytest.raises(operations.ContractMisfit):
            place.rent(day(10), None)

    def test_takes_public_ids_and_refuses_those_of_others(self) -> None:
        place, other = Place(), Place()

        with place.scope(), pytest.raises(operations.NotThere):
            operations.start_contract(
                actor=ACTOR,
                at=day(1),
                account=place.tenant.public_id,
                meter_point=other.meter.point.public_id,
                tariff=place.tariff.public_id,
                starts_at=day(1),
            )


class TestEndContract:
    def test_leaves_the_unit_vacant(self) -> None:
        place = Place()
        contract = place.rent(day(1), None)

        with place.scope():
            operations.end_contract(actor=ACTOR, at=day(20), contract=contract.public_id, ends_at=day(20))

        assert [each.is_vacancy for each in place.shares()] == [False, True]
        assert trails.actions(place.organization)[0] == "customers:end_contract"

    def test_happens_once(self) -> None:
        place = Place()
        contract = place.rent(day(1), day(5))

        with place.scope(), pytest.raises(operations.NotRunning):
            operations.end_contract(actor=ACTOR, at=day(20), contract=contract, ends_at=day(20))


class TestOpenAccount:
    def test_a_site_has_one_landlord(self) -> None:
        place = Place()

        with pytest.raises(operations.LandlordPresent):
            customers.account(organization=place.organization, site=place.site, is_landlord=True)

    def test_accounts_of_others_are_not_there(self) -> None:
        place, other = Place(), Place()

        with place.scope(), pytest.raises(queries.AccountNotFound):
            queries.get_account(public_id=other.tenant.public_id)
