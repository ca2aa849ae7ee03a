"""The API takes a request only as it is documented: one meaning, and a problem that names the place."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.sites import models as site_models
from tests.factories import api, identity, metering, sites
from tests.journeys.house import House, signed_in

RANGE = {"from": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}
SITE = api.new_site("S1")


@pytest.fixture(scope="module")
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


@pytest.fixture(scope="module")
def program(organization: identity_models.Organization) -> api.Program:
    return api.program(organization=organization)


def raw(program: api.Program, text: str, path: str = "/sites", content_type: str = "application/json") -> Any:  # noqa: ANN401
    """This will send a body as it stands."""
    headers = {**program.headers, "Idempotency-Key": uuid.uuid4().hex}
    return program.client.post(f"/api/v1{path}", text, content_type=content_type, headers=headers)


def places(answer: Any) -> list[str]:  # noqa: ANN401
    return [each["pointer"] for each in api.problem(answer)["errors"]]


@pytest.mark.spec("X-13/1")
class TestBodies:
    def test_with_a_key_twice_are_unreadable(self, program: api.Program) -> None:
        doubled = json.dumps(SITE)[:-1] + ', "name": "Quay"}'

        answer = raw(program, doubled)

        assert (answer.status_code, places(answer)) == (400, ["/body"])
        assert "“name” stands twice" in api.problem(answer)["detail"]
        assert places(raw(program, '{"a": [{"b": {"c": 1, "c": 2}}]}')) == ["/body/a/0/b"]

    @pytest.mark.parametrize(
        "text",
        ['{"name": NaN}', '{"name": -Infinity}', "[" * 40 + "]" * 40, "[" * 100_000, '{"a": ' * 40 + "1" + "}" * 40],
        ids=["NaN", "Infinity", "deep", "bottomless", "deep objects"],
    )
    def test_that_are_no_json_say_why(self, program: api.Program, text: str) -> None:
        answer = raw(program, text)

        assert (answer.status_code, places(answer)) == (400, ["/body"])

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
    def test_of_another_kind_are_refused(self, program: api.Program, kind: str) -> None:
        answer = raw(program, json.dumps(SITE), content_type=kind)

        assert (answer.status_code, api.problem(answer)["code"]) == (415, "media_type")

    @pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00"], ids=ascii)
    def test_with_signs_that_nobody_sees_name_them(self, program: api.Program, sign: str) -> None:
        answer = raw(program, json.dumps({**SITE, "name": f"Har{sign}bor"}))

        assert places(answer) == ["/body/name"]
        assert f"U+{ord(sign):04X}" in api.problem(answer)["errors"][0]["detail"]

    def test_store_each_letter_one_way(self, program: api.Program, organization: identity_models.Organization) -> None:
        assert program.post("/sites", {**api.new_site("NFC1"), "name": " Cafe\u0301 "}).status_code == 201
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            stored = site_models.Site.objects.get(organization_id=organization.pk, code="NFC1")
        assert stored.name == "Caf\u00e9"


@pytest.mark.spec("X-13/1")
class TestKinds:
    @pytest.mark.parametrize("given", [0, 1, "true", "false", "", [], 1.0], ids=repr)
    def test_true_and_false_are_written_so(self, program: api.Program, given: object) -> None:
        answer = program.ask("PUT", "/channels/telegram", {"is_on": given})

        assert (answer.status_code, places(answer)) == (422, ["/body/is_on"])

    @pytest.mark.parametrize("given", ["587", 587.0, True, 1e400, "\uff15\uff18\uff17"], ids=ascii)
    def test_whole_numbers_are_written_so(self, program: api.Program, given: object) -> None:
        body = {"host": "localhost", "sender_name": "Harbor", "sender_address": "a@meterbook.example", "port": given}

        answer = raw_put(program, "/channels/mail", json.dumps(body).replace("Infinity", "1e400"))

        assert (answer.status_code, places(answer)) == (422, ["/body/port"])

    @pytest.mark.parametrize(
        "day",
        ["2026-03-01T00:00:00Z", "2026-03-01T00:00:00", 1_772_323_200, "2026-3-1", "\uff12\uff10\uff12\uff16-03-01"],
        ids=ascii,
    )
    def test_days_are_days(self, program: api.Program, organization: identity_models.Organization, day: object) -> None:
        site = sites.site(organization=organization)
        body = {"site": str(site.public_id), "first_day": day, "until_day": "2026-04-01"}

        assert places(program.post("/runs", body)) == ["/body/first_day"]

    @pytest.mark.parametrize("instant", ["2026-03-01", "1772323200", "2026-03-01T00:00:00"], ids=str)
    def test_instants_are_instants(
        self, program: api.Program, organization: identity_models.Organization, instant: str
    ) -> None:
        meter = metering.installed_meter(organization=organization, site=sites.site(organization=organization))
        path = f"/meter-points/{meter.point.public_id}/series/energy_import/intervals"

        assert program.get(path, **RANGE).status_code == 200
        assert places(program.get(path, **{**RANGE, "from": instant})) == ["/query/from"]

    @pytest.mark.parametrize("host", ["[]", "-1", "http://smtp.example.com", "smtp.example.com:25", "127.1", "a b"])
    def test_hosts_are_hosts(self, program: api.Program, host: str) -> None:
        body = {"host": host, "sender_name": "Harbor", "sender_address": "a@meterbook.example"}

        assert places(program.ask("PUT", "/channels/mail", body)) == ["/body/host"]


@pytest.mark.spec("X-13/1")
class TestQueries:
    def test_with_unknown_words_are_refused(self, program: api.Program) -> None:
        assert places(program.get("/sites", limt="5", color="red")) == ["/query/color", "/query/limt"]
        assert program.get("/sites", limit="5").status_code == 200


class TestHead:
    def test_answers_as_get_does_without_the_body(self, program: api.Program) -> None:
        asked = program.get("/sites")

        answer = program.client.head("/api/v1/sites", headers=program.headers)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Length"] == str(len(asked.content))
        assert program.client.head("/api/v1/openapi.json").status_code == 200
        assert program.client.head("/api/v1/sites").status_code == 401
        assert program.client.head("/api/v1/move-ins", headers=program.headers).status_code == 405


class TestSeeingAs:
    def test_narrows_the_api_and_keeps_what_is_ones_own(self) -> None:
        house = House()
        own = sites.site(organization=house.organization, name="North House")
        sites.site(organization=house.organization, name="South House")
        user = house.person(name="Ben Ames", role=RoleCode.MONITOR, site_id=own.pk)
        assert len(house.client.get("/api/v1/sites").json()["items"]) == 2

        house.client.post(house.path("see_as", user.public_id), {"sure": "1"})

        assert [each["name"] for each in house.client.get("/api/v1/sites").json()["items"]] == ["North House"]
        assert api.problem(house.client.get("/api/v1/users"))["code"] == "forbidden"
        for name, given in (("set_language", {"language": "es"}), ("set_theme", {"theme": "dark"})):
            assert house.client.post(reverse(name), given).status_code == 403
        assert house.client.post(reverse("own_sessions")).status_code == 403
        assert house.client.post(reverse("account_change_password")).status_code == 403
        house.client.post(reverse("end_seeing"))
        assert house.client.post(reverse("set_language"), {"language": "en"}).status_code == 302

    def test_ends_in_the_api_when_it_may_not_go_on(self) -> None:
        house = House()
        user = house.person(role=RoleCode.MONITOR)
        house.client.post(house.path("see_as", user.public_id), {"sure": "1"})
        user.is_active = False
        user.save(update_fields=["is_active"])

        assert api.problem(house.client.get("/api/v1/sites"))["code"] == "seeing"

    def test_does_not_reach_other_browsers(self) -> None:
        house = House()
        user = house.person(role=RoleCode.MONITOR)
        house.client.post(house.path("see_as", user.public_id), {"sure": "1"})

        assert signed_in(house.admin).get("/api/v1/users").status_code == 200


def raw_put(program: api.Program, path: str, text: str) -> Any:  # noqa: ANN401
    headers = {**program.headers, "Idempotency-Key": uuid.uuid4().hex}
    client: Client = program.client
    assert django_settings.CSRF_COOKIE_NAME not in client.cookies
    return client.put(f"/api/v1{path}", text, content_type="application/json", headers=headers)
