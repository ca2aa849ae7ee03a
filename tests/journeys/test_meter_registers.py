"""A meter with several registers that people read: set up, read in one visit, extended later, brought by a file."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.acquisition import plans
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.kernel.quantity import Unit
from meterbook.metering import models
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Service
from tests.factories import api, identity, metering, sites
from tests.journeys import hand_read, house
from tests.journeys.hand_read import AT, DECEMBER, NOVEMBER, NOW

METER = {
    "name": "Bakery",
    "code": "MP-7",
    "service": "ELECTRICITY",
    "model_code": "imported",
    "serial_number": "SN7",
    "multiplier": "1",
    "first_day": "2026-11-01",
    "first_shown": "1000",
}


class Place(house.House):
    """A site whose administrator sets meters up on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.site = sites.site(organization=self.organization, time_zone="Europe/Madrid", name="Casa Sol")

    def set_up(self, **changes: str) -> str:
        given = {"site": str(self.site.public_id), **METER, **changes}
        return html.unescape(self.client.post(self.path("meter_new"), given, follow=True).content.decode())

    def point(self) -> models.MeterPoint:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return models.MeterPoint.objects.get(organization_id=self.organization.pk)

    def openings(self) -> dict[str, int | None]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            rows = models.InstallationRegister.objects.filter(organization_id=self.organization.pk)
            return dict(rows.order_by("id").values_list("series__code", "opening"))

    def readings(self) -> dict[str, list[tuple[datetime, Decimal]]]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            codes = dict(models.Series.objects.filter(organization_id=self.organization.pk).values_list("pk", "code"))
            found: dict[str, list[tuple[datetime, Decimal]]] = {}
            for each in models.Reading.objects.filter(organization_id=self.organization.pk).order_by("at"):
                found.setdefault(codes[each.series_id], []).append((each.at, Decimal(each.value).scaleb(-3)))
            return found

    def send(self, *, part: bool = False, **given: object) -> str:
        key = str(self.point().public_id)
        body = {"at": AT, "save": key, **{f"{key}-{name}": value for name, value in given.items()}}
        more = {"headers": {"X-Requested-With": "fetch"}} if part else {"follow": True}
        return html.unescape(self.client.post(self.path("readings_enter"), body, **more).content.decode())  # type: ignore[arg-type]


@pytest.fixture
def place() -> Iterator[Place]:
    with clock.use(clock.SettableClock(NOW)):
        yield Place()


@pytest.mark.spec("M-026/3")
def test_a_new_meter_has_the_registers_that_were_chosen(place: Place) -> None:
    refused = place.set_up(service="COLD_WATER", registers="REACTIVE")
    finer = place.set_up(registers="REACTIVE", shown_energy_export="1.2345")
    nothing = place.openings()
    page = place.set_up(registers="TARIFFS_2", shown_energy_import_t1="600.5", register_energy_reactive_import="on")
    opened = place.openings()
    following = place.set_up(registers="TARIFFS_2", code="E-8", serial_number="SN8", again="1")

    assert '<option value="TARIFFS_2" selected>' in following
    assert "<details open><summary>Single registers" in following
    assert "A meter of this service does not count that" in refused
    assert "Write at most 3 decimals." in finer
    assert nothing == {}
    assert "Its values appear as soon as you enter its readings" in page
    assert opened == {
        "energy_import": 1_000_000,
        "energy_reactive_import": None,
        "energy_import_t1": 600_500,
        "energy_import_t2": None,
    }


@pytest.mark.spec("M-026/3")
def test_all_registers_are_read_in_one_visit_and_each_is_checked(place: Place) -> None:
    place.set_up(registers="REACTIVE", shown_energy_reactive_import="500")
    page = html.unescape(place.client.get(place.path("readings_enter")).content.decode())
    sheet = html.unescape(place.client.get(place.path("readings_sheet")).content.decode())

    odd = json.loads(place.send(part=True, value="1,300", register_energy_reactive_import="450"))
    kept = place.readings()
    right = place.send(value="1,300", register_energy_reactive_import="560.5")

    assert "Reactive energy" in page
    assert "Reactive energy" in sheet
    assert not odd["isSaved"]
    assert "Reactive energy: It is lower than the 500.000 kvarh before." in html.unescape(odd["html"])
    assert kept == {"energy_import": [(DECEMBER, Decimal(1300))]}
    assert "MP-7: 560.500\u00a0kvarh is saved." in right
    assert place.readings() == {
        "energy_import": [(DECEMBER, Decimal(1300))],
        "energy_reactive_import": [(DECEMBER, Decimal("560.5"))],
    }


@pytest.mark.spec("M-026/3")
def test_a_register_is_added_later_by_page_and_by_program(place: Place) -> None:
    place.set_up()
    point = place.point().public_id
    page = place.path("meter_register", point)
    program = api.program(organization=place.organization)
    path = f"/meter-points/{point}"

    wrong = place.client.post(page, {"series": "energy_import", "since": "2026-11-10T12:00", "shown": "1"})
    done = place.client.post(
        page, {"series": "energy_export", "since": "2026-11-10T12:00", "shown": "70.5"}, follow=True
    )
    new = {"series": "energy_reactive_import", "since": "2026-11-30T23:00:00Z", "shown": "5"}
    added, again = (program.post(f"{path}/registers", new) for _each in range(2))
    hand = {"meter_point": str(point), "at": "2026-11-30T23:00:00Z", "value": "90", "series": "energy_export"}
    taken = program.post("/hand-readings", {"readings": [hand, {**hand, "series": "volume"}]})
    listed = program.get(f"/sites/{place.site.public_id}/hand-readings").json()["items"][0]["registers"]

    assert wrong.status_code == 422
    assert "“Energy returned” of “Bakery” counts from now on." in html.unescape(done.content.decode())
    assert added.status_code == 200, added.content
    assert {each["pointer"] for each in api.problem(again)["errors"]} == {"/body/series"}
    assert [(each["series"], each["outcome"]) for each in taken.json()["items"]] == [
        ("energy_export", "STORED"),
        ("volume", "REFUSED"),
    ]
    assert [(each["series"], each["entered"]["value"]) for each in listed] == [
        ("energy_export", "90.000"),
        ("energy_reactive_import", "5.000"),
    ]
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        noted = audit_models.AuditEntry.objects.filter(organization_id=place.organization.pk)
        assert noted.filter(action="metering:add_register").count() == 2
    assert place.client.get(page).status_code == 200
    monitor = house.signed_in(place.person(role=RoleCode.MONITOR))
    assert monitor.get(page).status_code == 403


def test_a_new_meter_of_a_program_has_registers(place: Place) -> None:
    given = {
        "site": str(place.site.public_id),
        "code": "H-1",
        "name": "Flat",
        "service": "HEATING",
        "serial_number": "1",
    }
    program = api.program(organization=place.organization)

    refused = program.post("/meter-points", {**given, "registers": {"energy_export": None}})
    made = program.post("/meter-points", {**given, "opening": "12.5", "registers": {"volume": "3.25"}})

    assert {each["pointer"] for each in api.problem(refused)["errors"]} == {"/body/registers/energy_export"}
    assert made.status_code == 201, made.content
    assert place.openings() == {"heat": 12_500, "volume": 3_250}


@pytest.mark.spec("M-026/3")
def test_the_meter_that_comes_after_it_has_the_same_registers(place: Place) -> None:
    place.set_up(registers="REACTIVE", shown_energy_reactive_import="500")
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        old = models.Meter.objects.get(organization_id=place.organization.pk)
    shown = {"energy_import": "1300", "energy_reactive_import": "560"}
    sent = {
        "old_meter": str(old.public_id),
        "exchanged_at": "2026-11-20T12:00:00Z",
        "serial_number": "SN8",
        "finals": {code: {"value": value} for code, value in shown.items()},
        "openings": {"energy_import": "0"},
        "reason": "calibration period over",
    }
    program = api.program(organization=place.organization)
    path = f"/meter-points/{place.point().public_id}/exchange"

    lacking = program.post(path, sent)
    done = program.post(path, {**sent, "openings": {"energy_import": "0", "energy_reactive_import": "7"}})

    assert {each["pointer"] for each in api.problem(lacking)["errors"]} == {"/body/openings/energy_reactive_import"}
    assert done.status_code == 200, done.content
    assert place.openings() == {"energy_import": 0, "energy_reactive_import": 7_000}  # of the newest meter


@pytest.mark.spec("M-026/4")
def test_a_file_with_meters_side_by_side_is_offered_column_by_column(place: Place) -> None:
    for code in ("E-1", "E-2"):
        metering.installed_meter(
            organization=place.organization, site=place.site, code=code, registers=(hand_read.metering.ENERGY,)
        )
    content = "Time,E-1 kWh,E-2 kWh,E-9 kWh\n2026-11-01 00:00,1,2,3\n2026-11-01 00:15,1,2,3\n"
    sent = {"file": SimpleUploadedFile("side.csv", content.encode())}
    page = place.client.post(place.path("imports"), sent)["Location"]

    first = place.client.get(page)
    form = first.context["form"]
    sides = [(name, series.value(), point.value()) for name, series, point in form.side_rows()]
    chosen = {each.name: each.value() or "" for each in form}
    faulty = place.client.post(page, {**chosen, "side_point_2": "E-9"})
    place.client.post(page, chosen)
    dry = html.unescape(place.client.get(page).content.decode())
    place.client.post(f"{page}run")

    assert sides == [
        ("E-1 kWh", "energy_import", "E-1"),
        ("E-2 kWh", "energy_import", "E-2"),
        ("E-9 kWh", "", ""),
    ]
    assert "Choose what this column holds" in html.unescape(faulty.content.decode())
    assert "The file fits" in dry
    assert {code: len(rows) for code, rows in place.readings().items()} == {"energy_import": 6}
    assert NOVEMBER.year == 2026


def test_a_meter_hung_before_its_model_told_temperatures_keeps_them_from_then_on(place: Place) -> None:
    heat = metering_operations.RegisterPlan("heat", "heat", Unit.KWH, 3)
    volume = metering_operations.RegisterPlan("volume", "volume", Unit.M3, 3)
    hung = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        service=Service.HEATING,
        model_code="kamstrup_multical_601",
        registers=(heat, volume),
    )
    page, meter = place.path("meter_register", hung.point.public_id), str(hung.meter.public_id)
    program = api.program(organization=place.organization)
    path = f"/meter-points/{hung.point.public_id}/model-registers"

    offered = {each["series"] for each in program.get(path).json()["items"]}
    asked = html.unescape(place.client.get(page).content.decode())
    nothing = place.client.post(page, {"meter": meter})
    other = place.client.post(page, {"meter": str(place.point().public_id), "register_flow": "on"})
    done = place.client.post(
        page, {"meter": meter, "register_temperature_flow": "on", "register_temperature_return": "on"}, follow=True
    )
    told = html.unescape(done.content.decode())
    wrong = program.post(path, {"meter": meter, "series": ["temperature_flow"]})
    right = program.post(path, {"meter": meter, "series": ["flow"]})

    assert {"temperature_flow", "temperature_return", "flow"} <= offered
    assert not {"heat", "volume"} & offered
    assert "Flow temperature (°C)" in asked
    assert page in place.client.get(place.path("meter", hung.point.public_id)).content.decode()
    assert (nothing.status_code, "Choose at least one register." in nothing.content.decode()) == (422, True)
    assert (other.status_code, "Another meter hangs there by now" in other.content.decode()) == (422, True)
    assert "Flow temperature, Return temperature of “Shop 12” are kept from the next reading on." in told
    assert {each["pointer"] for each in api.problem(wrong)["errors"]} == {"/body/series/0"}
    assert right.status_code == 200, right.content
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        fed = {each.register_code for each in plans.feeds_of_meters({hung.meter.pk})[hung.meter.pk]}
        noted = audit_models.AuditEntry.objects.filter(action="metering:add_register")
        assert [each.after["series"] for each in noted.order_by("id")] == [
            ["temperature_flow", "temperature_return"],
            ["flow"],
        ]
    assert {"heat", "volume", "temperature_flow", "temperature_return", "flow"} <= fed  # what the collector reads
    monitor = house.signed_in(place.person(role=RoleCode.MONITOR))
    assert monitor.get(page).status_code == 403
