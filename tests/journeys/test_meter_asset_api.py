"""Meters as things through the API: facts, tests with certificates, removing, installing, and what tenants get."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from meterbook.acquisition import plans
from meterbook.customers import permissions as customer_permissions
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.metering import permissions, values
from tests.factories import acquisition, api, identity, meter_assets, metering, sites
from tests.journeys.tenancy import Tenancy

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
COUNTERS = [
    each.register_code
    for each in plans.registers_of_model("eastron_sdm630")
    if values.series_type(each.series_code).kind is values.SeriesKind.CUMULATIVE
]


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.use(clock.SettableClock(NOON)):
        yield


@pytest.fixture
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def made(organization: identity_models.Organization) -> metering.Installed:
    """A meter on a line that was read an hour ago with 10 kWh."""
    site = sites.site(organization=organization, time_zone="Europe/Madrid")
    found = metering.installed_meter(organization=organization, site=site, registers=(metering.ENERGY,))
    acquisition.device(organization=organization, on=acquisition.bus(site=site), meter=found.meter, unit_id=7)
    metering.record(found.energy, [(NOON - timedelta(hours=1), 1_000)])
    return found


@pytest.fixture
def program(organization: identity_models.Organization) -> api.Program:
    return api.program(organization=organization)


def test_a_program_notes_plates_seals_and_transformers(made: metering.Installed, program: api.Program) -> None:
    path, meter = f"/meter-points/{made.point.public_id}", str(made.meter.public_id)
    facts = {
        "meter": meter,
        "starts_at": "2026-06-01T00:00:00Z",
        "plate": {"seals": ["S-1", "S-2", "S-1"], "accuracy_class": "B", "approval": "ANSI"},
        "equipment": {"location": "Riser 2", "current": {"ratio": "200/5", "serials": "T1"}},
    }

    noted = program.post(f"{path}/assets", facts)
    ratio = program.post(f"{path}/assets", {**facts, "equipment": {"current": {"ratio": "40"}}})
    ahead = program.post(f"{path}/assets", {**facts, "starts_at": "2027-06-01T00:00:00Z"})
    other = program.post(f"{path}/assets", {**facts, "meter": None})

    assert noted.status_code == 200
    assert noted.json()["meters"][0]["plates"][0]["seals"] == ["S-1", "S-2"]
    assert noted.json()["equipment"][0]["current"]["ratio"] == "200/5"
    assert (ratio.status_code, api.problem(ratio)["errors"][0]["pointer"]) == (422, "/body/equipment/current/ratio")
    assert (ahead.status_code, other.status_code) == (422, 409)


def test_a_program_keeps_tests_with_their_certificates(made: metering.Installed, program: api.Program) -> None:
    path, meter = f"/meter-points/{made.point.public_id}", str(made.meter.public_id)
    test = {"meter": meter, "tested_on": "2020-06-01", "is_passed": True, "last_day": "2026-06-15"}
    plain = program.post(f"{path}/tests", {**test, "largest_error": "-0.35"})
    late = program.post(f"{path}/tests", {**test, "tested_on": "2026-06-17"})
    body = api.MultipartBody(file=SimpleUploadedFile("a.pdf", meter_assets.PDF), **{**test, "is_passed": "true"})
    kept = program.post(f"{path}/tests/with-certificate", body)
    listed = program.get("/calibrations?show=expired")
    told = program.get(f"{path}/assets")

    assert late.status_code == 422
    assert (plain.status_code, plain.json()["largest_error"], plain.json()["last_day"]) == (201, "-0.350", "2026-06-15")
    assert kept.status_code == 201
    file = program.get(f"{path}/files/{kept.json()['certificate']}")
    assert (file.content, file.headers["Content-Type"]) == (meter_assets.PDF, "application/pdf")
    assert [(each["serial_number"], each["state"]) for each in listed.json()["items"]] == [
        (made.meter.serial_number, "EXPIRED")
    ]
    assert told.json()["meters"][0]["calibration"] == "EXPIRED"
    withdrawn = program.post(f"{path}/tests/{kept.json()['id']}/withdraw", {"reason": "wrong"})
    assert withdrawn.json()["withdrawn_because"] == "wrong"
    assert program.post(f"{path}/tests/{kept.json()['id']}/withdraw", {"reason": "wrong"}).status_code == 404


def test_a_program_removes_a_meter_and_installs_another(made: metering.Installed, program: api.Program) -> None:
    path, meter = f"/meter-points/{made.point.public_id}", str(made.meter.public_id)
    removal = {
        "meter": meter,
        "removed_at": "2026-06-16T10:00:00Z",
        "finals": {"energy_import": {"value": "12.5"}},
        "reason": "closed",
    }
    low = program.post(f"{path}/remove", {**removal, "finals": {"energy_import": {"value": "9.99"}}})
    gone = program.post(f"{path}/remove", removal)
    twice = program.post(f"{path}/remove", removal)
    coming = {
        "installed_at": "2026-06-16T10:10:00Z",
        "serial_number": "NEW-1",
        "model": "eastron_sdm630",
        "unit_id": 7,
        "openings": dict.fromkeys(COUNTERS, "0"),
        "seals": ["S-9"],
        "current": {"ratio": "200/5", "serials": "T-7"},
        "reason": "new shop",
    }
    ratio = program.post(f"{path}/install", {**coming, "current": {"ratio": "200 to 5"}})
    early = program.post(f"{path}/install", {**coming, "installed_at": "2026-06-16T09:00:00Z"})
    hung = program.post(f"{path}/install", coming)

    assert (low.status_code, gone.status_code, twice.status_code) == (422, 200, 409)
    assert gone.json()["installations"][0]["ends_at"].startswith("2026-06-16T10:00:00")
    assert (early.status_code, api.problem(early)["errors"][0]["pointer"]) == (422, "/body/installed_at")
    assert [each["serial_number"] for each in hung.json()["installations"]] == ["NEW-1", made.meter.serial_number]
    told = program.get(f"{path}/assets").json()
    assert told["meters"][0]["plates"][0]["seals"] == ["S-9"]
    assert told["equipment"][0]["current"] == {"ratio": "200/5", "serials": "T-7", "accuracy_class": ""}
    assert (ratio.status_code, api.problem(ratio)["errors"][0]["pointer"]) == (422, "/body/current/ratio")


def test_a_program_exchanges_a_meter_with_its_transformers_and_photos_of_both(
    made: metering.Installed, program: api.Program
) -> None:
    path, old = f"/meter-points/{made.point.public_id}", str(made.meter.public_id)
    exchange = {
        "old_meter": old,
        "exchanged_at": "2026-06-16T10:00:00Z",
        "serial_number": "NEW-1",
        "model": "eastron_sdm630",
        "multiplier": "200/5",
        "finals": {"energy_import": {"value": "12.5"}},
        "openings": dict.fromkeys(COUNTERS, "0"),
        "seals": ["S-9", "S-9"],
        "current": {"ratio": "200/5"},
        "voltage": {"serials": "V-1"},
        "reason": "worn",
    }

    def photo(content: bytes = b"", **more: str) -> HttpResponse:
        file = SimpleUploadedFile("a.png", content or meter_assets.picture())
        return program.post(f"{path}/photos", api.MultipartBody(file=file, **more))

    early = photo(meter=old, kind="REMOVED")
    exchanged = program.post(f"{path}/exchange", exchange)
    new = exchanged.json()["installations"][0]["meter"]
    kept = [photo(meter=old, kind="REMOVED"), photo(meter=new, kind="INSTALLED")]
    changed = photo(meter=new, kind="CHANGED", changed_at="2026-06-16T10:10:00Z")
    wrong = [
        photo(meter=new, kind="CHANGED"),
        photo(meter=new, kind="CHANGED", changed_at="2026-06-16T09:00:00Z"),
        photo(meter=str(uuid.uuid4()), kind="INSTALLED"),
        photo(meter=new, kind="CERTIFICATE"),
        program.post(
            f"{path}/photos", api.MultipartBody(file=SimpleUploadedFile("a.png", b"no"), meter=new, kind="INSTALLED")
        ),
    ]

    assert exchanged.status_code == 200, exchanged.content
    assert early.status_code == 409
    assert [(each.status_code, each.json()["kind"]) for each in (*kept, changed)] == [
        (201, "REMOVED"),
        (201, "INSTALLED"),
        (201, "CHANGED"),
    ]
    assert {each.json()["at"][:19] for each in kept} == {"2026-06-16T10:00:00"}
    assert [each.status_code for each in wrong] == [409, 409, 404, 422, 422]
    assets = program.get(f"{path}/assets").json()
    assert [each["kind"] for each in assets["meters"][1]["photos"]] == ["REMOVED"]
    assert (assets["equipment"][0]["current"]["ratio"], assets["equipment"][0]["voltage"]["serials"]) == (
        "200/5",
        "V-1",
    )
    assert program.get(f"{path}/files/{kept[0].json()['id']}").headers["Content-Type"] == "image/jpeg"


def test_transformers_come_with_a_new_multiplier(made: metering.Installed, program: api.Program) -> None:
    path = f"/meter-points/{made.point.public_id}"
    given = {
        "starts_at": "2026-06-16T10:00:00Z",
        "multiplier": "40",
        "shown": {"energy_import": "12.5"},
        "current": {"ratio": "200/5", "serials": "T-7"},
        "protocol": "P-7",
        "reason": "new transformers",
    }

    multiplied = program.post(f"{path}/multiplier", given)

    assert multiplied.status_code == 200, multiplied.content
    assert program.get(f"{path}/assets").json()["equipment"][0]["current"]["serials"] == "T-7"


def test_who_may_only_look_changes_nothing(database: str) -> None:
    made = metering.installed_meter(organization=(organization := identity.organization()))
    looker = api.program(organization=organization, permissions={permissions.VIEW_METER})
    path = f"/meter-points/{made.point.public_id}"

    assert looker.get(f"{path}/assets").status_code == 200
    for tail in ("assets", "tests", "tests/with-certificate", "remove", "install", "photos"):
        assert looker.post(f"{path}/{tail}", {}).status_code == 403


@pytest.mark.spec("M-029/3")
def test_a_tenants_program_gets_the_certificates_of_the_own_time(database: str) -> None:
    tenancy = Tenancy()
    test = meter_assets.calibrated(tenancy.meter, with_certificate=True)
    foreign = metering.installed_meter(organization=tenancy.place.organization, site=tenancy.place.site)
    see = {customer_permissions.SEE_OWN_ACCOUNT}
    program = api.program(organization=tenancy.place.organization, owner=tenancy.user, permissions=see)
    path = f"/own/meters/{tenancy.meter.point.public_id}/tests"

    listed = program.get(path)
    file = program.get(f"{path}/{test.public_id}/certificate")

    assert [each["test"]["certificate_number"] for each in listed.json()["items"]] == ["K-4711"]
    assert file.content == meter_assets.PDF
    assert program.get(f"/own/meters/{foreign.point.public_id}/tests").status_code == 404
    assert program.get(f"{path}/{tenancy.meter.point.public_id}/certificate").status_code == 404
