"""The pages about devices that send by HTTP: set up with an address, changed, given another token, revoked."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from meterbook.acquisition import queries, senders
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import exchange_meter
from meterbook.kernel import clock
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from tests.factories import acquisition, identity, metering, sites
from tests.factories import senders as factory
from tests.support import pages

WHOLE = re.compile(r'value="[^"]*(/push/v1/devices/[0-9a-f-]{36}/[\w-]{20,})"')


class House:
    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)

    def post(self, route: str, *more: object, **given: object) -> HttpResponse:
        href = reverse(route, args=[self.organization.public_id, *more])
        answer: HttpResponse = self.browser.post(href, given)
        return answer

    def page(self, route: str, *more: object) -> str:
        return pages.page(self.browser, route, self.organization, *more)

    def rows(self) -> list[senders.SenderRow]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return senders.list_senders()

    def new(self, **more: object) -> HttpResponse:
        given: dict[str, Any] = {
            "meter": "",
            "site": str(self.site.public_id),
            "code": "P-1",
            "name": "Riser",
            "serial_number": "S-1",
            "model_code": "json_electricity",
            "mapping": "energy_import: /total Wh\npower: /apower W",
        }
        return self.post("sender_new", **{**given, **more})


class TestAdding:
    def test_new_meter_shows_its_address_once_and_is_heard_there(self) -> None:
        house = House()
        assert "No device yet" in house.page("senders")

        shown = house.new()

        (path,) = WHOLE.findall(shown.content.decode())
        assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
        heard = Client().get(path, {"total": "1500000", "apower": "12.5"})
        assert heard.json()["stored"] == 2, heard.content
        (row,) = house.rows()
        assert (row.serial_number, row.point_code, row.expected_seconds) == ("S-1", "P-1", 120)
        page = house.page("sender", row.public_id)
        assert path not in page
        assert "apower" in page
        assert "energy_import: /total Wh" in page
        assert row.serial_number in house.page("senders")
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (bus,) = queries.list_buses(with_senders=True)
        assert str(bus.public_id) in house.page("topology")
        assert "S-1" in house.page("topology_bus", bus.public_id)
        assert house.page("bus_health", bus.public_id)
        meter = house.page("meter", row.point_id)
        assert "1,500" in meter

    def test_meter_that_hangs_and_is_read_by_hand_goes_on_as_it_counts(self) -> None:
        house = House()
        kind = metering_values.series_type("energy_import")
        register = metering_operations.RegisterPlan(kind.code, kind.code, kind.unit, kind.decimals)
        place = {"organization": house.organization, "site": house.site}
        there, coarse = metering.installed_meter(**place, registers=(register,)), metering.installed_meter(**place)
        given = {"mapping": "energy_import: /total kWh", "code": "", "name": ""}

        shown = house.new(meter=str(there.meter.public_id), **given)
        refused = house.new(meter=str(coarse.meter.public_id), **given)

        (path,) = WHOLE.findall(shown.content.decode())
        assert Client().get(path, {"total": "7.25"}).json()["stored"] == 1
        assert [value for _at, value in acquisition.stored(there.energy)] == [7_250]
        assert refused.status_code == 422
        assert "with 2 decimals" in refused.content.decode()

    def test_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(self) -> None:
        house = House()
        metering.installed_meter(organization=house.organization, site=house.site)
        for given, words in (
            ({"code": ""}, "A new meter needs this"),
            ({"site": "nowhere"}, "valid choice"),
            ({"mapping": ""}, "This field is required"),
            ({"mapping": "energy: /total"}, "has no register"),
            ({"mapping": "power: status/x /p W"}, "there are no topics"),
            ({"model_code": "eastron_sdm630"}, "valid choice"),
            ({"expected_seconds": "0"}, "greater than or equal to 1"),
        ):
            answer = house.new(**given)
            assert answer.status_code == 422, given
            assert words in answer.content.decode(), given
            assert "Riser" in answer.content.decode()
        assert house.rows() == []


class TestChanging:
    def test_mapping_token_and_end(self) -> None:
        house = House()
        (path,) = WHOLE.findall(house.new().content.decode())
        (row,) = house.rows()

        changed = house.post("sender_change", row.public_id, mapping="power: /p W", expected_seconds="60")
        (second,) = WHOLE.findall(house.post("sender_token", row.public_id, keeps_former="on").content.decode())

        assert changed.status_code == 302
        assert [Client().get(each, {"p": "5"}).status_code for each in (path, second)] == [200, 200]
        assert house.post("sender_revoke", row.public_id, reason="").status_code == 422
        assert house.post("sender_revoke", row.public_id, reason="sold").status_code == 302
        assert Client().get(second, {"p": "5"}).status_code == 401
        assert "Revoked" in house.page("sender", row.public_id)
        (third,) = WHOLE.findall(house.post("sender_token", row.public_id).content.decode())
        assert Client().get(third, {"p": "5"}).status_code == 200

    def test_without_a_token_is_marked_and_gets_one_when_that_is_changed(self) -> None:
        house = House()
        house.new(is_open="on")
        (row,) = house.rows()
        open_page = house.page("sender", row.public_id)

        given = {"mapping": row.text, "expected_seconds": "120"}
        answer = house.post("sender_change", row.public_id, **given)

        assert "Unauthenticated" in open_page
        assert "New token" not in open_page
        assert WHOLE.findall(answer.content.decode())
        assert not house.rows()[0].is_open

    def test_connection_of_its_meter_leads_there(self) -> None:
        house = House()
        made = factory.sending(site=house.site, organization=house.organization)
        (row,) = house.rows()

        href = reverse("meter_connection", args=[house.organization.public_id, row.point_id])
        answer = house.browser.get(href)

        assert answer.headers["Location"] == reverse("sender", args=[house.organization.public_id, made.made.public_id])


class TestRights:
    def test_who_may_only_look_changes_nothing_and_strangers_see_nothing(self) -> None:
        house, other = House(), House()
        made = factory.sending(site=house.site, organization=house.organization).made
        viewer = pages.signed_in(house.organization, role=RoleCode.AUDITOR)

        page = pages.page(viewer, "sender", house.organization, made.public_id)

        assert "New token" not in page
        for route in ("sender_change", "sender_token", "sender_revoke"):
            href = reverse(route, args=[house.organization.public_id, made.public_id])
            assert viewer.post(href, {"reason": "x"}).status_code == 403
            foreign = reverse(route, args=[other.organization.public_id, made.public_id])
            assert other.browser.post(foreign, {"reason": "x"}).status_code == 404


class TestExchange:
    def test_of_its_meter_keeps_the_address_and_counts_what_the_new_one_sends(self) -> None:
        house = House()
        made = factory.sending(site=house.site, organization=house.organization, text="energy_import: /e kWh")
        begin = clock.now()
        with clock.use(clock.SettableClock(begin)):
            made.post({"e": 100})
        (row,) = house.rows()
        assert row.point_id is not None
        assert "unit_id" not in house.page("meter_exchange", row.point_id)
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            exchange_meter.exchange(
                actor=identity.ACTOR,
                at=begin + timedelta(seconds=5),
                point_id=row.point_id,
                old_meter_id=row.meter_id,
                exchanged_at=begin + timedelta(seconds=5),
                finals={"energy_import": exchange_meter.Final(Decimal(101))},
                new=exchange_meter.NewMeter("S-2", "json_electricity", openings={"energy_import": Decimal(3)}),
                reason="worn",
            )

        with clock.use(clock.SettableClock(begin + timedelta(seconds=10))):
            answer = made.post({"e": 4})

        assert answer.status_code == 200, answer.content
        (after,) = house.rows()
        assert (after.public_id, after.serial_number, after.is_enabled) == (row.public_id, "S-2", True)
        assert [value for _at, value in made.stored()][-1] == 4_000
