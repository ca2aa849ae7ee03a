"""Pages, readings and imports of the API: nothing is missing, nothing is doubled."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from meterbook.identity import models as identity_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models
from tests.factories import api, identity, imports, metering, sites

START = datetime(2026, 3, 1, tzinfo=UTC)
RANGE = {"from": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}


@pytest.fixture(scope="module")
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


@pytest.fixture(scope="module")
def program(organization: identity_models.Organization) -> api.Program:
    return api.program(organization=organization)


@pytest.fixture(scope="module")
def hanging(organization: identity_models.Organization) -> metering.Installed:
    """A meter with nine readings of its own, and four that a person read at the same instants."""
    made = metering.installed_meter(organization=organization)
    quarters = [START + place * timedelta(minutes=15) for place in range(9)]
    metering.record(made.energy, [(each, 100_000 + 25 * place) for place, each in enumerate(quarters)])
    metering.record(made.energy, [(each, 100_000) for each in quarters[2:6]], source=metering_values.Source.FIELD)
    metering_operations.derive_dirty_days(
        organization_id=organization.pk, actor=identity.ACTOR, at=START + timedelta(days=1)
    )
    return made


class TestPages:
    def test_hold_every_item_once_while_others_are_added(self, database: str) -> None:
        organization = identity.organization()
        program = api.program(organization=organization)
        site = sites.site(organization=organization)
        there = [self._point(organization, site) for _each in range(5)]

        seen, cursor, added = [], "", []
        while True:
            page = program.get("/meter-points", limit="2", **({"cursor": cursor} if cursor else {})).json()
            seen += [each["id"] for each in page["items"]]
            if len(added) < 3:
                added.append(self._point(organization, site))
            cursor = page["next"]
            if cursor is None:
                break

        assert seen == [*there, *added]

    @pytest.mark.parametrize("path", ["/sites", "/alarms", "/accounts", "/bills", "/runs", "/ledger/transactions"])
    def test_begin_with_a_cursor_of_their_own_list_only(
        self, organization: identity_models.Organization, program: api.Program, path: str
    ) -> None:
        for _each in range(2):
            sites.site(organization=organization)
        cursor = program.get("/sites", limit="1").json()["next"]

        assert program.get("/sites", limit="1", cursor=cursor).status_code == 200
        assert api.problem(program.get(path, cursor="nonsense"))["code"] == "cursor"
        if path != "/sites":
            assert api.problem(program.get(path, cursor=cursor))["code"] == "cursor"

    @pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "9" * 5000])
    def test_have_a_bounded_length(self, program: api.Program, limit: str) -> None:
        assert api.problem(program.get("/sites", limit=limit))["errors"][0]["pointer"] == "/query/limit"

    @staticmethod
    def _point(organization: identity_models.Organization, site: site_models.Site) -> str:
        return str(metering.installed_meter(organization=organization, site=site).point.public_id)


class TestReadings:
    @pytest.mark.parametrize("limit", ["1", "2", "3", "4", "100"])
    def test_come_newest_first_and_each_once(
        self, program: api.Program, hanging: metering.Installed, limit: str
    ) -> None:
        found = self._all(program, hanging, "readings", limit)

        assert len({(each["at"], each["source"]) for each in found}) == len(found) == 13
        assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
        assert found[0]["value"] == "1002.00"

    @pytest.mark.parametrize("limit", ["7", "5000"])
    def test_become_intervals_that_sum_to_the_difference(
        self, program: api.Program, hanging: metering.Installed, limit: str
    ) -> None:
        found = self._all(program, hanging, "intervals", limit)

        assert len(found) == 96
        assert [each["value"] for each in found[:9]] == ["0.250"] * 8 + [None]
        assert {each["quality"] for each in found[9:]} == {"MISSING"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"from": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"},
            {"from": "2000-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"},
            {"from": "2026-03-02T00:00:00", "until": "2026-03-03T00:00:00Z"},
            {"from": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00"},
            {"from": "yesterday", "until": "2026-03-03T00:00:00Z"},
            {},
        ],
    )
    def test_are_asked_for_by_a_sound_range(
        self, program: api.Program, hanging: metering.Installed, wrong: dict[str, str]
    ) -> None:
        for what in ("readings", "intervals"):
            path = f"/meter-points/{hanging.point.public_id}/series/energy_import/{what}"
            assert program.get(path, **wrong).status_code == 422

    @staticmethod
    def _all(program: api.Program, hanging: metering.Installed, what: str, limit: str) -> list[dict[str, Any]]:
        path = f"/meter-points/{hanging.point.public_id}/series/energy_import/{what}"
        found, asked = [], {**RANGE, "limit": limit}
        while True:
            page = program.get(path, **asked).json()
            assert page["time_zone"] == "Europe/Madrid"
            found += page["items"]
            if page["next"] is None:
                return found
            asked["cursor"] = page["next"]


class TestImport:
    def test_tells_first_and_stores_when_told(
        self, organization: identity_models.Organization, program: api.Program
    ) -> None:
        code = f"M{uuid.uuid4().hex[:8]}"
        site = sites.site(organization=organization)
        rows = [(f"2026-03-01 {hour:02}:00", hour) for hour in range(24)]

        def send(**more: str) -> HttpResponse:
            file = SimpleUploadedFile("readings.csv", imports.csv_file(rows), content_type="text/csv")
            body = api.MultipartBody(file=file, point=code, new_meters_at=str(site.public_id), **more)
            return program.post("/imports", body)

        told, stored, again = send(), send(dry_run="false"), send(dry_run="false")

        assert [each.status_code for each in (told, stored, again)] == [200, 200, 200], told.content
        assert told.json()["is_dry_run"] is True
        assert told.json()["inserted"] == stored.json()["inserted"] > 0
        assert again.json()["inserted"] == 0
        assert [each["name"] for each in program.get("/imports").json()["items"]][:1] == ["readings.csv"]

    def test_names_the_faults_of_a_file(self, program: api.Program) -> None:
        file = SimpleUploadedFile("readings.csv", imports.csv_file([("2026-03-01", "many")]), content_type="text/csv")

        told = api.problem(program.post("/imports", api.MultipartBody(file=file, point="nowhere")))

        assert told["code"] == "file_invalid"
        assert told["errors"][0]["pointer"].startswith("/file/")

    def test_refuses_what_is_no_table(self, program: api.Program) -> None:
        file = SimpleUploadedFile("readings.pdf", b"%PDF-1.7\x00", content_type="text/csv")

        assert api.problem(program.post("/imports", api.MultipartBody(file=file, point="x")))["code"] == "invalid"
