"""A monitor of single meters with the switch "may change the configuration" changes those, and no others (M-003)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.acquisition import models as acquisition_models
from meterbook.foundation import scoping
from meterbook.identity import configuring, operations
from meterbook.identity.values import RoleCode, ScopeKind
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from tests.factories import acquisition, api, identity, sites
from tests.journeys.house import signed_in
from tests.support import trails

CHANGES = (
    "meter_name",
    "meter_zone",
    "meter_interval",
    "meter_connection",
    "meter_exchange",
    "meter_multiplier",
    "meter_asset",
    "meter_recalibrate",
    "meter_remove",
)


class Row:
    """Two meters behind one gateway, one behind another; a monitor to whom the first is assigned."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        shared, alone = (acquisition.bus(site=self.site, port=port) for port in (502, 503))
        made = [acquisition.installed_meter(organization=self.organization, site=self.site) for _each in range(3)]
        self.own, self.other, self.apart = made
        for meter, bus, unit in ((self.own, shared, 7), (self.other, shared, 8), (self.apart, alone, 9)):
            acquisition.device(organization=self.organization, on=bus, meter=meter.meter, unit_id=unit)
        self.monitor = identity.user(organization=self.organization, role=None)
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            operations.grant_role(
                actor=identity.ACTOR,
                at=clock.now(),
                user_id=self.monitor.pk,
                role=RoleCode.MONITOR,
                single=(ScopeKind.METER, self.own.point.pk),
            )
        self.client: Client = signed_in(self.monitor)

    def assign(self, *points: metering_models.MeterPoint) -> None:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            configuring.assign(
                actor=identity.ACTOR,
                at=clock.now(),
                public_id=self.monitor.public_id,
                singles=[(ScopeKind.METER, each.pk) for each in points],
            )

    def switch(self, *, is_on: bool) -> None:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            configuring.change_configuring(
                actor=identity.ACTOR, at=clock.now(), public_id=self.monitor.public_id, may_configure=is_on
            )

    def path(self, name: str, point: metering_models.MeterPoint) -> str:
        return reverse(name, args=[self.organization.public_id, point.public_id])

    def fresh(self, point: metering_models.MeterPoint) -> metering_models.MeterPoint:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return metering_models.MeterPoint.objects.get(organization_id=self.organization.pk, pk=point.pk)

    def device(self, point: metering_models.MeterPoint) -> acquisition_models.Device:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            own = acquisition_models.Device.objects.filter(organization_id=self.organization.pk)
            return own.select_related("bus").get(meter__installation__meter_point_id=point.pk)


@pytest.fixture
def row(database: str) -> Row:
    return Row()


@pytest.mark.spec("M-003/1")
def test_switch_decides_whether_an_assigned_meter_can_be_changed(row: Row) -> None:
    looking = [row.client.get(row.path(name, row.own.point)).status_code for name in CHANGES]
    plain = row.client.get(row.path("meter", row.own.point)).content.decode()
    row.switch(is_on=True)

    changing = [row.client.get(row.path(name, row.own.point)).status_code for name in CHANGES]
    offered = row.client.get(row.path("meter", row.own.point)).content.decode()
    others = [
        row.client.get(row.path(name, each.point)).status_code for name in CHANGES for each in (row.other, row.apart)
    ]
    row.switch(is_on=False)

    assert looking == [403] * len(CHANGES)
    assert changing == [200] * len(CHANGES)
    assert set(others) == {404}
    for name in CHANGES:
        assert (row.path(name, row.own.point) in plain, row.path(name, row.own.point) in offered) == (False, True), name
    assert row.client.get(row.path("meter_name", row.own.point)).status_code == 403
    pages = ("meter_new", "sites", "topology")
    assert {row.client.get(reverse(each, args=[row.organization.public_id])).status_code for each in pages} == {403}


def test_is_renamed_with_words_beside_a_code_that_is_taken(row: Row) -> None:
    row.switch(is_on=True)
    page, foreign = row.path("meter_name", row.own.point), row.path("meter_name", row.other.point)

    taken = row.client.post(page, {"name": "Bakery oven", "code": row.other.point.code})
    wrong = row.client.post(foreign, {"name": "Mine now", "code": "X-1"})
    right = row.client.post(page, {"name": "Bakery oven", "code": "OVEN"})

    assert (taken.status_code, wrong.status_code, right.status_code) == (422, 404, 302)
    assert "take another code" in taken.content.decode()
    assert 'value="Bakery oven"' in taken.content.decode()
    assert (row.fresh(row.own.point).name, row.fresh(row.own.point).code) == ("Bakery oven", "OVEN")
    assert row.fresh(row.other.point).name == row.other.point.name
    assert trails.latest(row.organization).action == "metering:rename_point"


def test_leaves_a_line_alone_that_others_hang_on(row: Row) -> None:
    row.switch(is_on=True)
    page = row.path("meter_connection", row.own.point)
    given = {"gateway_name": "Mine", "host": "127.0.0.9", "port": "777", "unit_id": "17", "protocol": "MODBUS_RTU_TCP"}

    shown = row.client.get(page).content.decode()
    done = row.client.post(page, given)
    before = row.device(row.own.point)
    row.assign(row.other.point)
    whole = row.client.get(page).content.decode()
    changed = row.client.post(page, {**given, "host": "127.0.0.1", "port": "502"})

    assert 'name="host"' not in shown
    assert "is changed by those who manage the site" in shown
    assert done.status_code == 302
    assert (before.unit_id, before.bus.host, before.bus.port, before.bus.protocol) == (
        17,
        "127.0.0.1",
        502,
        "MODBUS_TCP",
    )
    assert 'name="host"' in whole
    assert changed.status_code == 302, changed.content.decode()
    assert row.device(row.other.point).bus.name == "Mine"
    assert row.device(row.other.point).bus.protocol == "MODBUS_RTU_TCP"
    assert row.device(row.apart.point).bus.protocol == "MODBUS_TCP"


def test_switch_that_is_on_holds_for_what_is_assigned_later(row: Row) -> None:
    row.switch(is_on=True)
    row.assign(row.apart.point)

    answers = [row.client.get(row.path("meter_name", each.point)).status_code for each in (row.apart, row.other)]

    assert answers == [200, 404]


@pytest.mark.spec("M-003/1")
def test_interface_keeps_to_the_same_meters(row: Row) -> None:
    program = api.Program()
    program.client.force_login(row.monitor)
    own, other = (f"/meter-points/{each.point.public_id}" for each in (row.own, row.other))

    refused = program.ask("PATCH", own, {"name": "Oven"})
    row.switch(is_on=True)
    answers = [program.ask("PATCH", each, {"name": "Oven", "language": "es"}) for each in (own, other)]
    taken = program.ask("PATCH", own, {"code": row.other.point.code})
    shown = {"starts_at": "2026-02-01T00:00:00Z", "multiplier": "2", "shown": {}}
    shown |= {"protocol": "P-7", "reason": "transformers"}
    multiplied = [program.ask("POST", f"{each}/multiplier", shown).status_code for each in (own, other)]

    assert refused.status_code == 403
    assert [each.status_code for each in answers] == [200, 404]
    assert answers[0].json()["name"] == "Oven"
    assert (taken.status_code, api.problem(taken)["code"]) == (409, "taken")
    assert multiplied == [422, 404]
    assert program.ask("POST", f"{own}/move", {"place": None, "moved_at": "2026-02-01T00:00:00Z"}).status_code == 403


def test_assignments_are_given_and_told_by_ids(row: Row) -> None:
    program = api.Program(api.key(organization=row.organization).token)
    path = f"/users/{row.monitor.public_id}/assignments"
    foreign = acquisition.installed_meter(
        organization=(elsewhere := identity.organization()), site=sites.site(organization=elsewhere)
    )

    by_code = program.ask("POST", path, {"meter_points": [row.other.point.code]})
    outside = program.ask(
        "POST", path, {"meter_points": [str(row.other.point.public_id), str(foreign.point.public_id)]}
    )
    made = program.ask("POST", path, {"meter_points": [str(row.other.point.public_id)]})
    listed = program.get("/grants", limit="200").json()["items"]

    assert (by_code.status_code, outside.status_code, made.status_code) == (422, 422, 201)
    assert [each["pointer"] for each in api.problem(outside)["errors"]] == ["/body/meter_points/1"]
    (told,) = made.json()["items"]
    assert (told["scope"], told["meter_point"], told["site"], told["account"]) == (
        ScopeKind.METER,
        str(row.other.point.public_id),
        None,
        None,
    )
    assert told in listed
