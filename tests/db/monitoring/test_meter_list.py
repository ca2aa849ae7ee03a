"""The meter list: who is found, how each stands, what the filters count, in which order and how much is read."""

from __future__ import annotations

import functools
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import values as acquisition_values
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.monitoring import queries
from meterbook.monitoring.values import MeterFilter, MeterState, Sort
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.factories import acquisition, billing, customers, identity, metering, sites

ACTOR = Actor.system("test")
NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
SOON = NOW - timedelta(minutes=5)
EVERYTHING = MeterFilter()


def latest(installed: metering.Installed, code: str = "power", value: int = 1, at: datetime = SOON) -> None:
    """Show a latest value, as the collector does."""
    rows = [(installed.series[code].pk, metering.microseconds(at), value)]
    metering_operations.record_latest(
        organization_id=installed.organization_id, actor=ACTOR, at=at, batch=metering_operations.ReadingBatch.of(rows)
    )


def listed(
    organization: identity_models.Organization,
    wanted: MeterFilter = EVERYTHING,
    *,
    page: int = 1,
    site_ids: list[int] | None = None,
) -> queries.MeterPage:
    with scoping.scope([organization.pk], actor=ACTOR):
        return queries.list_meters(at=NOW, wanted=wanted, page=page, site_ids=site_ids)


def names(found: queries.MeterPage) -> list[str]:
    return [row.name for row in found.rows]


def counts(found: queries.MeterPage, name: str) -> dict[str, int]:
    return {each.code: each.count for each in found.options[name]}


def silent(installed: metering.Installed, organization: identity_models.Organization, unit_id: int) -> None:
    device = acquisition.device(
        organization=organization, on=acquisition.bus(site=installed.point.site), meter=installed.meter, unit_id=unit_id
    )
    with scoping.scope([organization.pk], actor=ACTOR):
        states = acquisition_models.DeviceState.objects.filter(organization_id=organization.pk, device=device)
        states.update(status=acquisition_values.DeviceStatus.SILENT)


def node(
    site: site_models.Site, kind: site_values.NodeKind, name: str, parent: site_models.SiteNode | None = None
) -> site_models.SiteNode:
    with scoping.scope([site.organization_id], actor=ACTOR):
        return site_operations.create_node(
            actor=ACTOR, at=NOW, site=site, parent=parent, kind=kind, code=name.upper(), name=name
        )


class TestRows:
    def test_a_row_has_the_newest_register_and_power(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization, name="Bakery", multiplier=Fraction(20))
        latest(installed, "energy_import", 12_345)
        latest(installed, "power", 1_500)

        [row] = listed(organization).rows

        assert (row.name, row.serial_number, row.state) == ("Bakery", installed.meter.serial_number, MeterState.OK)
        assert row.main is not None
        assert row.power is not None
        assert (row.main.value, row.main.unit) == (Decimal("2469.0"), "kWh")
        assert (row.power.value, row.power.unit) == (Decimal("30.00"), "kW")
        assert row.seen_at == SOON

    def test_a_row_names_its_unit_and_who_uses_it_now(self) -> None:
        place = billing.place()
        installed = billing.metered(place)
        account = customers.account(organization=place.organization, site=place.site, name="Calder Bakery")
        customers.contract(account=account, point=installed.point, tariff=place.tariff, starts_at=NOW)
        unit = node(place.site, site_values.NodeKind.UNIT, "G-04")
        with scoping.scope([place.organization.pk], actor=ACTOR):
            metering_models.MeterPoint.objects.filter(organization_id=place.organization.pk).update(node=unit)

        [row] = listed(place.organization).rows

        assert (row.unit, row.tenant, row.account_public_id) == ("G-04", "Calder Bakery", account.public_id)

    def test_a_tenant_who_left_is_not_named(self) -> None:
        place = billing.place()
        installed = billing.metered(place)
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(
            account=account, point=installed.point, tariff=place.tariff, starts_at=NOW - timedelta(days=9), ends_at=NOW
        )

        [row] = listed(place.organization).rows

        assert (row.tenant, row.account_public_id) == ("", None)

    def test_live_values_are_old_after_two_beats_of_the_device(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        bus = acquisition.bus(site=installed.point.site)
        acquisition.device(organization=organization, on=bus, meter=installed.meter, live_seconds=30)

        [row] = listed(organization).rows

        assert (row.stale_after, row.live_stale_after) == (2 * 15 * 60, 60)


class TestStates:
    def test_each_is_told_apart(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        made = {
            name: metering.installed_meter(organization=organization, site=site, name=name)
            for name in ("Fine", "Late", "Silent", "Never", "Nothing")
        }
        latest(made["Fine"])
        latest(made["Late"], at=NOW - timedelta(minutes=30, microseconds=1))
        latest(made["Silent"])
        silent(made["Silent"], organization, 1)
        acquisition.device(
            organization=organization, on=acquisition.bus(site=site), meter=made["Never"].meter, unit_id=2
        )

        found = listed(organization)

        assert {row.name: row.state for row in found.rows} == {
            "Fine": MeterState.OK,
            "Late": MeterState.LATE,
            "Silent": MeterState.SILENT,
            "Never": MeterState.NEVER,
            "Nothing": MeterState.NOT_LIVE,
        }
        assert counts(found, "state") == {"OK": 1, "LATE": 1, "SILENT": 1, "NEVER": 1, "NOT_LIVE": 1}

    def test_a_value_of_exactly_two_intervals_is_not_late(self) -> None:
        organization = identity.organization()
        latest(metering.installed_meter(organization=organization), at=NOW - timedelta(minutes=30))

        assert listed(organization).rows[0].state is MeterState.OK

    def test_the_newer_of_register_and_power_counts(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        latest(installed, "energy_import", at=SOON)
        latest(installed, "power", at=NOW - timedelta(hours=3))

        [row] = listed(organization).rows

        assert (row.state, row.seen_at) == (MeterState.OK, SOON)

    def test_a_meter_whose_readings_come_from_files_is_not_live(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization, model_code=metering_values.IMPORTED)
        latest(installed, "energy_import")

        assert listed(organization).rows[0].state is MeterState.NOT_LIVE

    def test_a_point_without_a_meter_is_not_live(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        latest(installed)
        with scoping.scope([organization.pk], actor=ACTOR):
            metering_operations.remove_meter(
                actor=ACTOR,
                at=NOW,
                installation=installed.installation,
                ends_at=NOW - timedelta(minutes=1),
                closings={"energy_import": metering_operations.Closing(1)},
                reason="demolished",
            )

        assert listed(organization).rows[0].state is MeterState.NOT_LIVE


class TestSearch:
    @pytest.mark.parametrize("search", ["bak", "mp-77", "serial", "g-04", "calder", "a-77%", "A_77"])
    def test_it_finds_name_code_serial_number_unit_tenant_and_account(self, search: str) -> None:
        place = billing.place()
        installed = billing.metered(place, name="Bakery", code="MP-77")
        billing.metered(place, name="Other")
        account = customers.account(organization=place.organization, site=place.site, name="Calder", number="A-77%A_77")
        customers.contract(account=account, point=installed.point, tariff=place.tariff, starts_at=NOW)
        unit = node(place.site, site_values.NodeKind.UNIT, "G-04")
        with scoping.scope([place.organization.pk], actor=ACTOR):
            mine = metering_models.MeterPoint.objects.filter(organization_id=place.organization.pk)
            mine.filter(pk=installed.point.pk).update(node=unit)
        wanted = installed.meter.serial_number.lower() if search == "serial" else search

        assert names(listed(place.organization, MeterFilter(search=wanted))) == ["Bakery"]

    @pytest.mark.parametrize("search", ["%", "_", "\\", "'; --"])
    def test_signs_that_mean_something_to_the_database_mean_themselves(self, search: str) -> None:
        organization = identity.organization()
        metering.installed_meter(organization=organization)

        assert listed(organization, MeterFilter(search=search)).total == 0


class TestFilters:
    def test_each_counts_under_the_others_and_not_under_itself(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        hang = functools.partial(metering.installed_meter, organization=organization, site=site)
        latest(hang(name="A"))
        hang(name="B", service=metering_values.Service.GAS)
        hang(name="C", model_code="carlo_gavazzi_em24")

        found = listed(organization, MeterFilter(service=metering_values.Service.ELECTRICITY))

        assert names(found) == ["A", "C"]
        assert counts(found, "service") == {"ELECTRICITY": 2, "GAS": 1}
        assert counts(found, "state") == {"OK": 1, "NOT_LIVE": 1}
        assert counts(found, "model") == {"eastron_sdm630": 1, "carlo_gavazzi_em24": 1}
        assert (found.total, found.everything) == (2, 3)

    def test_the_place_is_the_site_while_several_are_shown(self) -> None:
        organization = identity.organization()
        here = sites.site(organization=organization, name="Here")
        metering.installed_meter(organization=organization, site=here, name="A")
        metering.installed_meter(organization=organization, name="B")

        found = listed(organization, MeterFilter(place=here.public_id))

        assert names(found) == ["A"]
        assert sorted(counts(found, "place").values()) == [1, 1]

    def test_the_place_inside_a_site_is_the_building(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        made = [metering.installed_meter(organization=organization, site=site, name=name) for name in ("A", "B", "C")]
        east, west = (node(site, site_values.NodeKind.BUILDING, name) for name in ("East", "West"))
        unit = node(site, site_values.NodeKind.UNIT, "E-1", node(site, site_values.NodeKind.FLOOR, "Ground", east))
        with scoping.scope([organization.pk], actor=ACTOR):
            mine = metering_models.MeterPoint.objects.filter(organization_id=organization.pk)
            mine.filter(pk=made[0].point.pk).update(node=unit)
            mine.filter(pk=made[1].point.pk).update(node=west)

        found = listed(organization, MeterFilter(place=east.public_id), site_ids=[site.pk])

        assert names(found) == ["A"]
        assert {each.caption: each.count for each in found.options["place"]} == {"East": 1, "West": 1}

    def test_only_chosen_sites_show(self) -> None:
        organization = identity.organization()
        here, there = sites.site(organization=organization), sites.site(organization=organization)
        metering.installed_meter(organization=organization, site=here, name="Here")
        metering.installed_meter(organization=organization, site=there, name="There")

        assert names(listed(organization, site_ids=[here.pk])) == ["Here"]
        assert names(listed(organization, site_ids=[])) == []

    def test_meters_of_another_organization_are_not_there(self) -> None:
        metering.installed_meter(organization=identity.organization())

        found = listed(identity.organization())

        assert (found.total, found.options["service"]) == (0, ())

    def test_a_place_that_is_not_there_has_no_meters(self) -> None:
        organization = identity.organization()
        metering.installed_meter(organization=organization)

        assert listed(organization, MeterFilter(place=uuid.uuid4())).total == 0


class TestOrder:
    @pytest.mark.parametrize("sort", list(Sort))
    def test_every_order_shows_everything_both_ways(self, sort: Sort) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        for name in ("B", "A", "C"):
            latest(metering.installed_meter(organization=organization, site=site, name=name))

        up = names(listed(organization, MeterFilter(sort=sort)))
        down = names(listed(organization, MeterFilter(sort=sort, is_descending=True)))

        assert sorted(up) == sorted(down) == ["A", "B", "C"]

    def test_age_begins_with_the_youngest_and_what_never_came_is_last_both_ways(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        made = {n: metering.installed_meter(organization=organization, site=site, name=n) for n in ("Old", "New", "No")}
        latest(made["Old"], at=NOW - timedelta(hours=1))
        latest(made["New"])

        assert names(listed(organization, MeterFilter(sort=Sort.AGE))) == ["New", "Old", "No"]
        assert names(listed(organization, MeterFilter(sort=Sort.AGE, is_descending=True))) == ["Old", "New", "No"]

    def test_state_begins_with_what_needs_somebody(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        made = {n: metering.installed_meter(organization=organization, site=site, name=n) for n in ("A", "B", "C")}
        latest(made["A"])
        latest(made["B"], at=NOW - timedelta(hours=1))
        silent(made["C"], organization, 1)
        latest(made["C"])

        assert names(listed(organization, MeterFilter(sort=Sort.STATE))) == ["C", "B", "A"]


class TestPages:
    def test_fifty_a_page_with_the_same_number_of_queries(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        for number in range(52):
            metering.installed_meter(organization=organization, site=site, name=f"Shop {number:02}")

        with scoping.scope([organization.pk], actor=ACTOR):
            first = queries.list_meters(at=NOW, wanted=EVERYTHING)  # what points are made of is kept from here on
            with CaptureQueriesContext(connection) as full:
                queries.list_meters(at=NOW, wanted=EVERYTHING)
            with CaptureQueriesContext(connection) as short:
                second = queries.list_meters(at=NOW, wanted=EVERYTHING, page=2)

        assert (first.pages, first.total, len(first.rows), names(second)) == (2, 52, 50, ["Shop 50", "Shop 51"])
        assert len(full) == len(short) == 12

    def test_a_page_behind_the_end_is_the_final_one(self) -> None:
        organization = identity.organization()
        metering.installed_meter(organization=organization, name="Only")

        found = listed(organization, page=7)

        assert (found.number, names(found)) == (1, ["Only"])

    def test_all_of_a_filter_come_in_its_order(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        for number in range(52):
            metering.installed_meter(organization=organization, site=site, name=f"Shop {number:02}")
        wanted = MeterFilter(search="shop", is_descending=True)

        with scoping.scope([organization.pk], actor=ACTOR):
            found = [row.name for row in queries.all_meters(at=NOW, wanted=wanted)]

        assert found == [f"Shop {number:02}" for number in reversed(range(52))]

    def test_shown_ones_are_read_again_within_the_sites_one_may_see(self) -> None:
        organization = identity.organization()
        here, there = sites.site(organization=organization), sites.site(organization=organization)
        seen = metering.installed_meter(organization=organization, site=here, name="Seen")
        hidden = metering.installed_meter(organization=organization, site=there, name="Hidden")
        ids = [seen.point.public_id, hidden.point.public_id]

        with scoping.scope([organization.pk], actor=ACTOR):
            found = queries.shown_meters(at=NOW, public_ids=ids, site_ids=[here.pk])

        assert [row.name for row in found] == ["Seen"]
