"""What a desk does through the API: customers, moves, many accounts at once, meters; all or nothing, where it is on."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from meterbook.audit import queries as audit_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.foundation import scoping
from meterbook.identity import modules, registry
from meterbook.identity.values import Module
from tests.factories import api, billing, buildings, customers, identity, metering, moves, sites

START, END = billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def pointers(answer: HttpResponse) -> set[str]:
    assert answer.status_code == 422, answer.content
    return {each["pointer"] for each in api.problem(answer)["errors"]}


def audited(organization: Any, action: str) -> int:  # noqa: ANN401
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return len(audit_queries.list_entries(action=action))


@pytest.fixture(scope="module")
def unit(database: str) -> moves.Unit:
    """A unit with a meter that showed 123.45 kWh at the beginning of February and 1 kWh more in the hour after."""
    made = moves.unit(billing.place())
    billing.count(made.meter.energy, START, START + timedelta(hours=1), begin=12_345)
    return made


@pytest.fixture(scope="module")
def program(unit: moves.Unit) -> api.Program:
    return api.program(organization=unit.organization)


class TestCustomer:
    def test_changes_what_is_sent_and_nothing_else(self, program: api.Program) -> None:
        given = {"name": "Ana Ruiz", "phones": ["1", "2"], "occupants": 3, "custom": {"floor": "2"}}
        made = program.post("/customers", given).json()
        path = f"/customers/{made['id']}"

        changed = program.ask("PATCH", path, {"phones": ["3"], "occupants": None}).json()
        listed = program.get("/customers", search="ana ru").json()["items"]
        wrong = program.ask("PATCH", path, {"emails": ["no address"], "phones": ["1"] * 21})

        assert (changed["phones"], changed["occupants"]) == (["3"], None)
        assert (changed["name"], changed["custom"]) == ("Ana Ruiz", {"floor": "2"})
        assert [each["id"] for each in listed] == [made["id"]]
        assert pointers(wrong) == {"/body/emails/0", "/body/phones"}

    def test_is_asked_about_and_agrees_once(self, program: api.Program) -> None:
        path = f"/customers/{program.post('/customers', {'name': 'Zoe'}).json()['id']}"
        agreed = {"kind": "MESSAGES", "text_version": "2026-1"}

        asked = program.post(f"{path}/contacts", {"name": "Ben", "roles": ["PAYER"]}).json()
        first, again = program.post(f"{path}/consents", agreed), program.post(f"{path}/consents", agreed)
        paper = program.post(f"{path}/papers", api.MultipartBody(file=SimpleUploadedFile("a.pdf", b"%PDF-1.7"))).json()
        consent = first.json()["consents"][0]["id"]
        without = program.post(f"{path}/consents/{consent}/withdraw").json()
        content = program.get(f"{path}/papers/{paper['papers'][0]['id']}")
        gone = program.post(f"{path}/contacts/{asked['contacts'][0]['id']}/remove").json()

        assert (asked["contacts"][0]["name"], gone["contacts"]) == ("Ben", [])
        assert (again.status_code, api.problem(again)["code"]) == (409, "state")
        assert without["consents"][0]["withdrawn_at"] is not None
        assert (content.content, content.headers["Content-Type"]) == (b"%PDF-1.7", "application/pdf")

    def test_is_merged_given_out_and_forgotten(self, unit: moves.Unit, program: api.Program) -> None:
        one, other = (program.post("/customers", {"name": name}).json()["id"] for name in ("Otto Berg", "O. Berg"))
        program.post(f"/customers/{one}/protection", {"until_date": "2027-01-01", "reason": "dialysis"})
        knowing = registry.known() - {customer_permissions.KNOW_VULNERABILITY}
        discreet = api.program(organization=unit.organization, permissions=knowing)

        merged = program.post(f"/customers/{one}/merge", {"merged": other})
        closed = program.ask("PATCH", f"/customers/{other}", {"name": "X"})
        files = [each.get(f"/customers/{one}/export") for each in (program, discreet)]
        wrong = program.post(f"/customers/{one}/erase", {"name": "Otto"})
        erased = program.post(f"/customers/{one}/erase", {"name": "Otto Berg"}).json()

        assert (merged.status_code, closed.status_code) == (200, 409)
        known = [json.loads(zipfile.ZipFile(io.BytesIO(each.content)).read("person.json")) for each in files]
        assert [each.get("vulnerability", {}).get("reason") for each in known] == ["dialysis", None]
        assert audited(unit.organization, "customers:export_customer") == 2
        assert pointers(wrong) == {"/body/name"}
        assert (erased["state"], erased["name"]) == ("ERASED", erased["code"])
        assert program.get(f"/customers/{other}").json()["merged_into"] == one


class TestMove:
    def test_in_and_out_is_carried_out_whole_or_not_at_all(self, unit: moves.Unit, program: api.Program) -> None:
        point, tariff = str(unit.point.public_id), str(unit.place.tariff.public_id)
        sent = {
            "unit": unit.key,
            "starts_at": stamp(START),
            "new_customer": {"name": "Ana Ruiz", "email": "ana@a.example"},
            "number": "A-000077",
            "tariffs": {point: tariff},
            "deposit": "250.00",
        }

        lacking = program.post("/move-ins", {**sent, "tariffs": {}})
        odd = program.post("/move-ins", {**sent, "starts_at": stamp(START + timedelta(minutes=1))})
        wrong = program.post("/move-ins", {**sent, "readings": {point: "123.456"}})
        cents = program.post("/move-ins", {**sent, "deposit": "1.005"})
        two = program.post("/move-ins", {**sent, "account": str(unit.place.landlord.public_id)})
        assert program.get("/moves").json()["items"] == []
        first, again = (program.post("/move-ins", sent, token="move-in") for _each in range(2))
        taken = program.post("/move-ins", {**sent, "number": "A-000078"})

        assert [pointers(each) for each in (lacking, odd, wrong, cents, two, taken)] == [
            {f"/body/tariffs/{point}"},
            {"/body/starts_at"},
            {f"/body/readings/{point}"},
            {"/body/deposit"},
            {"/body/new_customer"},
            {"/body/starts_at"},
        ]
        assert (first.status_code, again.content) == (201, first.content)
        account = first.json()["account"]
        (contract,) = program.get("/contracts", search="Ana").json()["items"]
        assert (contract["account"], contract["starts_at"]) == (account, stamp(START))
        assert contract["start_reading"]["value"] == "123.45"
        (let,) = program.get(f"/sites/{unit.place.site.public_id}/units", search="Unit 12").json()["items"]
        assert (let["is_vacant"], let["meter_points"][0]["customer_name"]) == (False, "Ana Ruiz")

        gone = {"account": account, "ends_at": stamp(END), "readings": {point: "1.00"}, "address": "Calle Mayor 1"}
        low = program.post("/move-outs", gone)
        left = program.post("/move-outs", {**gone, "readings": {point: "130.00"}})

        assert pointers(low) == {f"/body/readings/{point}"}
        assert (left.status_code, left.json()["number"]) == (201, "A-000077")
        ended = program.get(f"/contracts/{contract['id']}").json()
        assert (ended["ends_at"], ended["end_reading"]["value"]) == (stamp(END), "130.00")
        assert audited(unit.organization, "journeys:move_out") == 1

    @pytest.mark.spec("M-026/6")
    def test_takes_further_registers_by_their_series(self) -> None:
        bakery = moves.hand_read()
        program, point = api.program(organization=bakery.organization), str(bakery.point.public_id)
        sent = {
            "unit": bakery.key,
            "starts_at": stamp(START),
            "new_customer": {"name": "Ana Ruiz"},
            "tariffs": {point: str(bakery.place.tariff.public_id)},
            "readings": {point: "1000"},
        }
        t1, pointer = "energy_import_t1", f"/body/further_readings/{point}"

        unknown = program.post("/move-ins", {**sent, "further_readings": {point: {"energy_export": "5"}}})
        foreign = program.post("/move-ins", {**sent, "further_readings": {str(uuid.uuid4()): {t1: "5"}}})
        fine = program.post("/move-ins", {**sent, "further_readings": {point: {t1: "700.1234"}}})
        moved = program.post("/move-ins", {**sent, "further_readings": {point: {t1: "700.5"}}})
        gone = {"account": moved.json()["account"], "ends_at": stamp(END), "readings": {point: "1500"}}
        low = program.post("/move-outs", {**gone, "further_readings": {point: {t1: "7"}}})
        left = program.post("/move-outs", {**gone, "further_readings": {point: {t1: "1050"}}})

        (contract,) = program.get("/contracts", show="all").json()["items"]
        assert [each.status_code for each in (moved, left)] == [201, 201]
        assert [pointers(each) for each in (unknown, fine, low)] == [
            {f"{pointer}/energy_export"},
            {f"{pointer}/{t1}"},
            {f"{pointer}/{t1}"},
        ]
        assert foreign.status_code == 422
        assert [contract[edge][t1]["value"] for edge in ("start_further", "end_further")] == ["700.5", "1050"]

    def test_opens_accounts_for_all_units_or_for_none(self, program: api.Program, unit: moves.Unit) -> None:
        units = [moves.unit(unit.place, name=f"Loft {number}").key for number in range(2)]
        openings = [{"unit": key, "number": f"A-1{place}", "name": "Loft"} for place, key in enumerate(units)]
        sent = {
            "site": str(unit.place.site.public_id),
            "first_day": "2026-02-01",
            "tariffs": {"ELECTRICITY": str(unit.place.tariff.public_id)},
        }
        faulty = [openings[0], {**openings[1], "number": "L-000001"}]

        refused = program.post("/accounts/openings", {**sent, "openings": faulty})
        vacant = program.get(f"/sites/{sent['site']}/units", search="Loft", vacant="true").json()["items"]
        opened = program.post("/accounts/openings", {**sent, "openings": openings})
        unpaid = program.get("/unbilled/meter-points", why="nobodys").json()["items"]

        assert pointers(refused) == {"/body/openings/1"}
        assert [each["key"] for each in vacant] == units
        assert (opened.status_code, len(opened.json()["accounts"])) == (201, 2)
        assert not {each["unit"] for each in unpaid} & set(units)


class TestMeter:
    @pytest.mark.spec("B-07")
    def test_is_exchanged_with_every_register_and_counts_anew(self, database: str) -> None:
        hanging = metering.installed_meter(organization=identity.organization(), registers=(metering.ENERGY,))
        metering.record(hanging.energy, [(START, 123_450)])
        program = api.program(organization=identity_of(hanging))
        path = f"/meter-points/{hanging.point.public_id}"
        sent = {
            "old_meter": str(hanging.meter.public_id),
            "exchanged_at": stamp(START + timedelta(hours=1)),
            "serial_number": "NEW-1",
            "finals": {"energy_import": {"value": "1250.50"}},
            "openings": {"energy_import": "0"},
            "reason": "calibration period over",
        }

        lacking = program.post(f"{path}/exchange", {**sent, "finals": {"power": {"value": "1"}}})
        lower = program.post(f"{path}/exchange", {**sent, "finals": {"energy_import": {"value": "1234.49"}}})
        finer = program.post(f"{path}/exchange", {**sent, "finals": {"energy_import": {"value": "1250.505"}}})
        model = program.post(f"{path}/exchange", {**sent, "model": "nothing"})
        other = program.post(f"{path}/exchange", {**sent, "old_meter": str(hanging.point.public_id)})
        done = program.post(f"{path}/exchange", sent)
        more = {"multiplier": "200/5", "shown": {"energy_import": "3"}, "protocol": "P-7", "reason": "transformers"}
        counted = program.post(f"{path}/multiplier", {**more, "starts_at": stamp(START + timedelta(hours=3))})
        nothing = program.post(f"{path}/multiplier", {**more, "multiplier": "0", "starts_at": stamp(END)})

        assert counted.status_code == 200, counted.content
        assert pointers(lacking) == {"/body/finals/energy_import", "/body/finals/power"}
        assert pointers(lower) == pointers(finer) == {"/body/finals/energy_import"}
        assert pointers(model) == {"/body/model"}
        assert (other.status_code, api.problem(other)["code"]) == (409, "state")
        assert done.status_code == 200, done.content
        assert {each["serial_number"] for each in done.json()["installations"]} >= {"NEW-1"}
        current = next(each for each in counted.json()["installations"] if each["ends_at"] is None)
        assert [each["factor"] for each in current["multipliers"]] == ["1", "40"]
        assert pointers(nothing) == {"/body/multiplier"}


def identity_of(hanging: metering.Installed) -> Any:  # noqa: ANN401
    with scoping.scope([hanging.organization_id], actor=identity.ACTOR):
        return identity.models.Organization.objects.get(pk=hanging.organization_id)


class TestSiteWithModuleOff:
    @pytest.mark.spec("M-113")
    def test_is_left_out_of_lists_and_takes_nothing(self, database: str) -> None:
        place = billing.place(code="OFF")
        billing.shop(place, name="Calder Bakery", days=billing.FEBRUARY)
        billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        other = sites.site(organization=place.organization)
        customers.account(organization=place.organization, site=other, name="Elsewhere")
        program = api.program(organization=place.organization)
        vacant = moves.unit(place)
        lists = ("/accounts", "/contracts", "/bills", "/runs", "/unbilled/meter-points?why=nobodys")
        before = {path: len(program.get(path).json()["items"]) for path in lists}
        customer = program.get("/customers", search="Calder").json()["items"][0]["id"]

        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            modules.change_site_module(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                site_id=place.site.pk,
                site_label="OFF",
                module=Module.BILLING,
                is_on=False,
            )
        after = {path: len(program.get(path).json()["items"]) for path in lists}
        site = {"site": str(place.site.public_id)}
        refused = [
            program.get(f"/sites/{place.site.public_id}/units"),
            program.post("/accounts", {**site, "number": "A-9", "name": "Ana"}),
            program.post("/runs", {**site, "first_day": "2026-03-01", "until_day": "2026-04-01"}),
        ]
        moving = {"unit": vacant.key, "starts_at": stamp(END), "new_customer": {"name": "Ana"}, "tariffs": {}}

        assert min(before.values()) >= 1
        assert after == {"/accounts": 1, "/contracts": 0, "/bills": 0, "/runs": 0, lists[-1]: 0}
        assert [each.status_code for each in refused] == [404] * 3
        assert pointers(program.post("/move-ins", moving)) == {"/body/unit"}
        assert program.get(f"/customers/{customer}").json()["accounts"] == []


class TestBuilding:
    def test_is_looked_at_then_imported_as_it_was_looked_at(self, database: str) -> None:
        organization = identity.organization()
        program = api.program(organization=organization)

        def send(content: bytes) -> HttpResponse:
            return program.post("/buildings", api.MultipartBody(file=SimpleUploadedFile("b.xlsx", content)))

        faulty = send(buildings.building(places=[("B1", "Mall", "Palace", "HM", None, None)]))
        sound = send(buildings.building(places=[("B1", "Mall", "Building", "HM", None, 40)]))
        path = f"/buildings/{sound.json()['id']}"
        changed = program.post(f"{path}/import", {"expected": "another"})
        done = program.post(f"{path}/import", {"expected": sound.json()["plan"]["expected"]})
        again = program.post(f"{path}/import", {"expected": sound.json()["plan"]["expected"]})

        assert faulty.json()["plan"]["total_faults"] == 1
        assert faulty.json()["plan"]["faults"][0]["sheet"] == "PLACES"
        assert send(b"no workbook").status_code == 422
        assert (changed.status_code, done.status_code, again.status_code) == (409, 200, 409)
        assert done.json()["outcome"]["PLACES_NEW"] == 1
        assert [each["name"] for each in program.get("/sites").json()["items"]] == ["Harbor Mall"]
