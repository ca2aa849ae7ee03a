"""Defaults of tariffs through the page, the move-in and the API."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from meterbook.customers import models, tariff_defaults
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys.values import JourneyKind, Step
from meterbook.kernel import clock
from meterbook.metering.values import Service
from tests.factories import api, billing, identity
from tests.support import pages
from tests.support.desks import Desk


def ranges(desk: Desk) -> list[tuple[str, date, date | None]]:
    with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
        rows = models.TariffDefault.objects.filter(organization_id=desk.organization.pk).order_by("during")
        return [(each.tariff.code, each.during.lower, each.during.upper) for each in rows.select_related("tariff")]


def other(desk: Desk) -> uuid.UUID:
    raw = {**billing.document(), "code": "OTHER", "name": {"en": "Other prices", "es": "Otros precios"}}
    return billing.tariff(organization=desk.organization, raw=raw).public_id


@pytest.mark.spec("M-057/2")
def test_a_move_in_proposes_the_default_and_who_has_another_is_listed() -> None:
    desk = Desk()
    wanted = other(desk)
    assert "No defaults yet" in desk.page("tariff_defaults")
    given = {"place": str(desk.unit.place.site.public_id), "service": "ELECTRICITY", "customer_kind": "PERSON"}
    url = desk.path("tariff_default_set")

    first = desk.client.post(url, {**given, "tariff": str(wanted), "first_day": "2026-01-01"})
    journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
    desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en", kind="PERSON")
    desk.send(journey, Step.START, day="2026-02-01")
    desk.send(journey, Step.READINGS)
    step = desk.page("move", journey.public_id)
    used = str(desk.unit.place.tariff.public_id)
    desk.send(journey, Step.TARIFF, reason="agreed in writing", **{f"tariff_{desk.point}": used})
    desk.send(journey, Step.DEPOSIT, amount="")
    desk.send(journey, Step.SUMMARY)
    listed = desk.page("tariff_defaults")

    assert first.status_code == 302
    assert f'value="{wanted}" selected' in step
    assert f"from the default of site {desk.unit.place.site.name}" in step
    assert "Ana Ruiz" in listed
    assert "Other prices" in listed
    assert "agreed in writing" in listed

    ended = desk.client.post(url, {**given, "tariff": "none", "first_day": "2026-03-01"})
    again = desk.client.post(url, {**given, "tariff": "none", "first_day": "2026-03-01"})

    assert ended.status_code == 302
    assert (again.status_code, "none can end" in again.content.decode()) == (422, True)
    assert ranges(desk) == [("OTHER", date(2026, 1, 1), date(2026, 3, 1))]
    assert "Ana Ruiz" not in desk.page("tariff_defaults")
    assert "Set a default of tariffs" in desk.page("audit")
    viewer = pages.signed_in(desk.organization, RoleCode.AUDITOR)
    assert "Set the default" not in pages.page(viewer, "tariff_defaults", desk.organization)
    assert viewer.post(url, given).status_code == 403


def test_programs_read_and_set_the_same() -> None:
    desk = Desk()
    wanted, usual = other(desk), desk.unit.place.tariff
    program = api.program(organization=desk.organization)
    body = {"service": "ELECTRICITY", "first_day": "2026-03-01", "tariff": str(wanted)}

    made = program.post("/tariff-defaults", body)
    earlier = program.post("/tariff-defaults", {**body, "tariff": str(usual.public_id), "first_day": "2026-01-01"})
    wrong = program.post("/tariff-defaults", {**body, "building": str(uuid.uuid4())})
    read = program.get("/tariff-defaults")

    assert (made.status_code, earlier.status_code, wrong.status_code) == (201, 201, 422)
    assert "/body/building" in wrong.content.decode()
    assert [(each["tariff_code"], each["first_day"], each["until_day"]) for each in read.json()["items"]] == [
        ("OTHER", "2026-03-01", None),
        (usual.code, "2026-01-01", "2026-03-01"),
    ]


def test_a_default_of_the_same_day_is_replaced() -> None:
    desk = Desk()
    group = tariff_defaults.Group(Service.ELECTRICITY, desk.unit.place.site.public_id)
    given = {"actor": identity.ACTOR, "at": clock.now(), "group": group, "first_day": date(2026, 1, 1)}
    wanted = other(desk)
    with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
        tariff_defaults.set_default(**given, tariff=desk.unit.place.tariff.public_id)
        tariff_defaults.set_default(**given, tariff=wanted)

    assert ranges(desk) == [("OTHER", date(2026, 1, 1), None)]
    with scoping.scope([desk.organization.pk], actor=identity.ACTOR):
        tariff_defaults.set_default(**given, tariff=None)
    assert ranges(desk) == []
