"""What holds for every operation of the API: who is let in, problems, and that no secret leaks."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client, RequestFactory

from meterbook.api import problems
from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import api_access
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from tests.factories import api, identity, metering, sites

START = datetime(2026, 3, 1, tzinfo=UTC)
RANGE = {"from": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}


@pytest.fixture(scope="module")
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


@pytest.fixture(scope="module")
def program(organization: identity_models.Organization) -> api.Program:
    return api.program(organization=organization)


def audited(organization: identity_models.Organization, action: str) -> list[audit_queries.EntryRow]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return list(audit_queries.list_entries(action=action))


class TestProblems:
    @pytest.mark.parametrize("path", ["/nothing", "/sites/no-id", "/sites/", "/bills/0/pdf"])
    def test_tell_of_an_address_that_is_not_there(self, program: api.Program, path: str) -> None:
        assert api.problem(program.get(path))["code"] == "not_found"

    def test_tell_which_methods_an_address_takes(self, program: api.Program) -> None:
        answer = program.ask("DELETE", "/sites")

        assert (answer.status_code, api.problem(answer)["code"]) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == "GET, HEAD, POST"

    def test_name_every_place_that_is_wrong(self, program: api.Program) -> None:
        told = api.problem(program.post("/sites", {"code": "", "name": "x" * 201, "color": "red", "currency": "EUX"}))

        assert told["code"] == "invalid"
        pointers = {each["pointer"] for each in told["errors"]}
        assert pointers == {"/body/code", "/body/name", "/body/color", "/body/time_zone", "/body/currency"}

    def test_tell_of_a_body_that_is_no_json(self, program: api.Program) -> None:
        answer = program.client.post(
            "/api/v1/sites",
            "{",
            content_type="application/json",
            headers={**program.headers, "Idempotency-Key": "1"},
        )

        assert (answer.status_code, api.problem(answer)["code"]) == (400, "unreadable")

    def test_refuse_a_body_that_is_too_large(self, program: api.Program) -> None:
        answer = program.post("/sites", {"name": "x" * (1024 * 1024)})

        assert (answer.status_code, api.problem(answer)["code"]) == (413, "too_large")

    @pytest.mark.parametrize("text", ["a\x00b", "a\x1bb"])
    def test_refuse_signs_that_cannot_be_stored(self, program: api.Program, text: str) -> None:
        assert program.post("/sites", {**api.new_site(), "name": text}).status_code == 422
        assert program.get("/meter-points", q=text).status_code == 422

    @pytest.mark.parametrize("number", [12.5, "1e3", "1.1234567", "-1", "1,5", "٣", "0"])
    def test_refuse_numbers_that_are_no_decimal_text(
        self, organization: identity_models.Organization, program: api.Program, number: object
    ) -> None:
        site = sites.site(organization=organization)
        given = {"site": str(site.public_id), "code": "P", "name": "P", "service": "GAS", "serial_number": "1"}

        answer = program.post("/meter-points", {**given, "multiplier": number})

        assert {each["pointer"] for each in api.problem(answer)["errors"]} == {"/body/multiplier"}

    def test_tell_of_a_failure_by_an_id_that_the_log_has(self, caplog: pytest.LogCaptureFixture) -> None:
        request = RequestFactory().get("/api/v1/sites")

        answer = problems.of_failure(request, RuntimeError("the disk is full"))

        told = api.problem(answer)
        assert "the disk is full" not in json.dumps(told)
        assert getattr(caplog.records[0], "request").error_id == told["error_id"]  # noqa: B009 - set by logging

    def test_speak_the_language_that_is_asked_for(self, organization: identity_models.Organization) -> None:
        told = api.problem(api.Program(api.key(organization=organization).token, language="es").get("/nothing"))

        assert told["code"] == "not_found"


class TestEntry:
    @pytest.mark.parametrize("given", ["", "Basic abc", "Bearer", "Bearer mb_0123456789ab_" + "0" * 64, "mb_x"])
    def test_is_shut_without_a_key(self, database: str, given: str) -> None:
        answer = Client().get("/api/v1/sites", headers={"Authorization": given} if given else {})

        assert (answer.status_code, api.problem(answer)["code"]) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_does_not_take_a_key_from_the_address(self, organization: identity_models.Organization) -> None:
        token = api.key(organization=organization).token

        assert Client().get(f"/api/v1/sites?key={token}").status_code == 401

    def test_answers_are_kept_by_nobody(self, program: api.Program) -> None:
        assert program.get("/sites").headers["Cache-Control"] == "no-store"

    @pytest.mark.spec("X-07/1")
    def test_refuses_an_address_outside_the_networks(self, organization: identity_models.Organization) -> None:
        program = api.program(organization=organization, networks=["192.0.2.0/24"])

        assert api.problem(program.get("/sites"))["code"] == "address"

    @pytest.mark.spec("X-07/1")
    def test_says_how_long_to_wait(
        self, organization: identity_models.Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = api.program(organization=organization)
        monkeypatch.setattr(api_access, "AT_ONCE", 0)
        monkeypatch.setattr(api_access, "A_MINUTE", 1)
        assert program.get("/sites").status_code == 200

        answer = program.get("/sites")

        assert (answer.status_code, api.problem(answer)["code"]) == (429, "too_many_requests")
        assert 0 < int(answer.headers["Retry-After"]) <= 60

    @pytest.mark.spec("X-07/1")
    def test_keeps_a_key_of_one_site_there(self, organization: identity_models.Organization) -> None:
        here, there = sites.site(organization=organization), sites.site(organization=organization)
        mine = metering.installed_meter(organization=organization, site=here).point.public_id
        other = metering.installed_meter(organization=organization, site=there).point.public_id

        program = api.program(organization=organization, site_ids=[here.pk])

        assert [each["id"] for each in program.get("/meter-points").json()["items"]] == [str(mine)]
        assert [each["id"] for each in program.get("/sites").json()["items"]] == [str(here.public_id)]
        assert program.get(f"/meter-points/{other}").status_code == 404
        assert program.get(f"/sites/{there.public_id}").status_code == 404
        assert program.post(f"/sites/{there.public_id}/places", {}).status_code == 422
        place = {"kind": "UNIT", "code": "1", "name": "Unit 1"}
        assert program.post(f"/sites/{there.public_id}/places", place).status_code == 404
        assert program.get("/bills").json()["items"] == []

    def test_of_a_person_reads_with_the_session_and_changes_with_the_form_token(
        self, organization: identity_models.Organization
    ) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(identity.user(organization=organization))

        assert browser.get("/api/v1/sites").status_code == 200
        sent = {"Idempotency-Key": "1"}
        refused = browser.post("/api/v1/sites", api.new_site(), content_type="application/json", headers=sent)
        assert api.problem(refused)["code"] == "csrf"
        browser.cookies["meterbook_csrf"] = "a" * 32
        allowed = browser.post(
            "/api/v1/sites", api.new_site(), content_type="application/json", headers={**sent, "X-CSRFToken": "a" * 32}
        )
        assert allowed.status_code == 201

    def test_of_a_person_in_several_organizations_asks_which(self, organization: identity_models.Organization) -> None:
        user, other = identity.user(organization=organization), identity.organization()
        with scoping.scope([other.pk], actor=identity.ACTOR):
            identity.operations.grant_role(
                actor=identity.ACTOR, at=identity.LONG_AGO, user_id=user.pk, role=RoleCode.MANAGER
            )
        browser = Client()
        browser.force_login(user)

        assert api.problem(browser.get("/api/v1/organization"))["errors"][0]["pointer"] == "/query/organization"
        named = browser.get(f"/api/v1/organization?organization={other.public_id}")
        assert named.json()["id"] == str(other.public_id)
        assert browser.get(f"/api/v1/organization?organization={uuid.uuid4()}").status_code == 404

    def test_of_a_person_without_the_second_step_that_is_asked_for_is_shut(self, database: str) -> None:
        strict = identity.organization(second_factor_roles=[RoleCode.MANAGER])
        browser = Client()
        browser.force_login(identity.user(organization=strict, role=RoleCode.MANAGER))

        assert api.problem(browser.get("/api/v1/sites"))["code"] == "second_factor"

    def test_of_a_person_who_looks_as_somebody_else_changes_nothing(
        self, organization: identity_models.Organization
    ) -> None:
        browser = Client()
        browser.force_login(identity.user(organization=organization))
        session = browser.session
        session["see_as"] = [organization.pk, str(uuid.uuid4()), START.isoformat()]
        session.save()

        answer = browser.post(
            "/api/v1/sites", api.new_site(), content_type="application/json", headers={"Idempotency-Key": "1"}
        )

        assert api.problem(answer)["code"] == "seeing"

    def test_names_the_key_in_the_trail(self, organization: identity_models.Organization) -> None:
        owner = identity.user(organization=organization, name="Berta Novak")
        made = api.key(organization=organization, owner=owner, name="Accounting")

        api.Program(made.token).post("/sites", api.new_site())

        entry = audited(organization, "sites:create_site")[0]
        assert entry.actor_kind == "API_KEY"
        assert entry.actor_label == f"Accounting ({made.row.prefixes[0]}, Berta Novak)"


@pytest.mark.spec("X-07/1")
class TestLeaks:
    def test_no_log_and_no_table_holds_a_secret(
        self, organization: identity_models.Organization, caplog: pytest.LogCaptureFixture
    ) -> None:
        made = api.key(organization=organization)
        secret = made.token.rpartition("_")[2]
        caplog.set_level(logging.DEBUG)

        program = api.Program(made.token)
        program.post("/sites", api.new_site())
        program.get("/nothing")
        program.ask("DELETE", "/sites")
        api.Program(made.token + "0").get("/sites")
        Client().get("/api/v1/sites", headers={"Authorization": f"Basic {made.token}"})
        failing = RequestFactory().get("/api/v1/sites", headers={"Authorization": f"Bearer {made.token}"})
        failing.user = AnonymousUser()
        problems.of_failure(failing, RuntimeError("failed"))

        said = [f"{each.getMessage()} {each.__dict__} {each.exc_info}" for each in caplog.records]
        assert said
        assert not [each for each in said if secret in each]
        with connection.cursor() as cursor, scoping.scope([organization.pk], actor=identity.ACTOR):
            for model in (identity_models.ApiKey, identity_models.ApiSecret, identity_models.KeptAnswer):
                cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} t WHERE t::text LIKE %s", [f"%{secret}%"])  # noqa: S608
                assert cursor.fetchone()[0] == 0
            cursor.execute("SELECT count(*) FROM audit_auditentry t WHERE t::text LIKE %s", [f"%{secret}%"])
            assert cursor.fetchone()[0] == 0
