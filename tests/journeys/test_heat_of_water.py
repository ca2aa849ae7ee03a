"""Cold of flow and temperatures is set up in the browser and by programs, and faults name their field (B-54)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.db.metering import derived
from tests.factories import api, chilled, identity, metering, sites

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
ROW = {"kind": "PLUS_HEAT", "meter": "WATER"}


@pytest.fixture(autouse=True)
def _in_march() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


class Plant:
    """A meter of flow and temperatures that counted three days, and a meter of electricity."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, name="Chiller hall", time_zone="UTC")
        self.water = chilled.meter(self.organization, self.site, code="WATER")
        self.bare = chilled.meter(self.organization, self.site, code="BARE", registers=(chilled.VOLUME,))
        self.energy = metering.installed_meter(organization=self.organization, site=self.site, code="POWER")
        start, end = derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=1)
        chilled.count(self.water, start, end, volume=250)
        chilled.measure(self.water, start, end, flow=6_50, returned=11_50)
        derived.derive(self.organization.pk)
        self.client = Client()
        self.client.force_login(identity.user(organization=self.organization))

    def href(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def post(self, href: str, row: dict[str, str], **given: str) -> HttpResponse:
        facts = {
            "name": "Cold",
            "code": "COLD",
            "spot": str(self.site.public_id),
            "purpose": "SYSTEM",
            "service": "COOLING",
            "role": "OTHER",
            "starts_on": "2026-03-09",
            "rows": "1",
            **given,
        }
        sent = facts | {f"row-0-{name}": value for name, value in {"weekdays": "127", **row}.items()}
        return self.client.post(href, sent)  # type: ignore[return-value]


@pytest.mark.spec("B-54")
def test_cold_is_set_up_in_the_browser_and_by_programs() -> None:
    plant = Plant()
    new = plant.href("virtual_meter_new")

    asked = plant.post(new, ROW, do="add").content.decode()
    wrong = plant.post(new, {**ROW, "meter": "BARE"}).content.decode()
    nobody = plant.post(new, {**ROW, "returned": "NOBODY", "density": "x"})
    plain = plant.post(new, {**ROW, "kind": "PLUS_CONSTANT", "meter": "", "factor": "1", "density": "1040"})
    of_energy = plant.post(new, {**ROW, "meter": "POWER", "kind": "PLUS"}, service="ELECTRICITY", do="add")
    made = plant.post(new, {**ROW, "density": "1040"})

    assert all(f"row-0-{name}" in asked for name in ("flow", "returned", "density", "specific_heat"))
    assert "“BARE” does not measure a flow temperature" in wrong
    assert nobody.status_code == 422
    assert "“NOBODY” does not measure a return temperature" in nobody.content.decode()
    assert "Write a number or a ratio" in nobody.content.decode()
    assert plain.status_code == 422
    assert "Only flow × temperature difference has this" in plain.content.decode()
    assert "row-0-density" not in of_energy.content.decode()
    assert made.status_code == 302, made.content.decode()
    derived.derive(plant.organization.pk)

    page = plant.client.get(f"{made['Location']}?day=2026-03-10").content.decode().replace("\u00a0", " ")
    assert "flow (WATER) and return (WATER) × 1040 kg/m³ × 4.1954 kJ/(kg K)" in page
    assert "145.441" in page  # 24 m3 x 5 K x 1040 x 4.1954 / 3600 = 145.44053
    point = made["Location"].rstrip("/").rsplit("/", 1)[1]
    form = plant.client.get(plant.href("virtual_meter_change", point)).content.decode()
    assert '<option value="PLUS_HEAT" selected>' in form
    assert 'value="1040"' in form

    caller = api.program(organization=plant.organization)
    told = json.loads(caller.get(f"/virtual-meters/{point}").content)["formulas"][0]["rows"][0]
    water = str(plant.water.point.public_id)
    assert told["heat"] == {"flow": water, "returned": water, "density": "1040", "specific_heat": "4.1954"}
    rows = [{"meter_point": water, "heat": {}}]
    answer = caller.post(f"/virtual-meters/{point}/formulas", {"starts_on": "2026-03-10", "rows": rows})
    assert answer.status_code == 200, answer.content
    derived.derive(plant.organization.pk)
    used = json.loads(caller.get(f"/virtual-meters/{point}/inputs", first="2026-03-10", until="2026-03-11").content)
    assert used["items"][0]["used"] == "139.805"  # 24 x 5 x 999.70 x 4.1954 / 3600 = 139.80471

    refused = caller.post(
        f"/virtual-meters/{point}/formulas",
        {"starts_on": "2026-03-10", "rows": [{"constant_per_hour": "1", "heat": {}}]},
    )
    nothing = [{"meter_point": water, "heat": {"density": "0"}}]
    empty = caller.post(f"/virtual-meters/{point}/formulas", {"starts_on": "2026-03-10", "rows": nothing})
    assert (refused.status_code, empty.status_code) == (422, 422)
    assert b"a constant carries no heat" in refused.content
    assert b"Density and specific heat lie between" in empty.content
    with scoping.scope([plant.organization.pk], actor=identity.ACTOR):
        entry = audit_models.AuditEntry.objects.filter(
            organization_id=plant.organization.pk, action="metering:set_formula"
        ).order_by("id")[0]
        assert entry.after["rows"][0]["density"] == "1040"


def test_a_late_temperature_is_computed_again() -> None:
    plant = Plant()
    virtual = chilled.computed(plant.water, starts_on=date(2026, 3, 9))
    derived.derive(plant.organization.pk)
    derived.derive(plant.organization.pk)
    before = derived.total(virtual.series)

    later = derived.MIDNIGHT + timedelta(minutes=5)
    metering.record(plant.water.series["temperature_return"], [(later, 17_50)])
    derived.derive(plant.organization.pk)
    derived.derive(plant.organization.pk)

    # Of the first quarter 11.50 and 17.50 are known now: 14.50, 8 K instead of 5: 0.250 x 3 x 1.16504 = 0.87378 more
    assert (before, derived.total(virtual.series)) == (139_805, 140_678)  # 139.80471 and 140.67849
