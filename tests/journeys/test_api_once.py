"""Idempotency keys of the API: a request is carried out once, however often and by how many it is sent."""

from __future__ import annotations

import concurrent.futures

import pytest
from django.db import connection
from django.http import HttpResponse

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import api_access
from meterbook.identity import models as identity_models
from meterbook.sites import models as site_models
from tests.factories import api, identity


@pytest.fixture(scope="module")
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


@pytest.fixture(scope="module")
def program(organization: identity_models.Organization) -> api.Program:
    return api.program(organization=organization)


def audited(organization: identity_models.Organization, action: str) -> list[audit_queries.EntryRow]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return list(audit_queries.list_entries(action=action))


class TestOnce:
    def test_answers_the_same_request_alike_and_does_it_once(
        self, organization: identity_models.Organization, program: api.Program
    ) -> None:
        body = api.new_site()

        first = program.post("/sites", body, token="once-1")
        second = program.post("/sites", body, token="once-1")

        assert (first.status_code, first.content) == (second.status_code, second.content) == (201, first.content)
        assert second.headers["Idempotent-Replayed"] == "true"
        entries = audited(organization, "sites:create_site")
        assert len([each for each in entries if body["code"] in each.subject_label]) == 1

    def test_refuses_the_key_of_another_request(self, program: api.Program) -> None:
        program.post("/sites", api.new_site(), token="other-1")

        answer = program.post("/sites", api.new_site(), token="other-1")

        assert (answer.status_code, api.problem(answer)["code"]) == (422, "idempotency_key_used")

    @pytest.mark.parametrize("token", ["", "a b", "x" * 101, "é"])
    def test_asks_for_a_key(self, program: api.Program, token: str) -> None:
        answer = program.post("/sites", api.new_site(), token=token)

        assert (answer.status_code, api.problem(answer)["code"]) == (400, "idempotency_key")

    def test_does_not_keep_what_was_refused(self, program: api.Program) -> None:
        taken = api.new_site()
        program.post("/sites", taken)

        refused = program.post("/sites", taken, token="refused-1")
        again = program.post("/sites", api.new_site(), token="refused-1")

        assert (refused.status_code, api.problem(refused)["code"]) == (409, "taken")
        assert again.status_code == 201

    def test_keeps_the_keys_of_two_programs_apart(self, organization: identity_models.Organization) -> None:
        one, other = (api.program(organization=organization) for _each in range(2))

        assert one.post("/sites", api.new_site(), token="apart").status_code == 201
        assert other.post("/sites", api.new_site(), token="apart").status_code == 201

    def test_tells_who_comes_while_it_is_being_answered(self, organization: identity_models.Organization) -> None:
        made = api.key(organization=organization)

        def ask() -> HttpResponse:
            try:
                return api.Program(made.token).post("/sites", api.new_site(), token="busy")
            finally:
                connection.close()

        with (
            scoping.scope([organization.pk], actor=identity.ACTOR),
            concurrent.futures.ThreadPoolExecutor(1) as pool,
        ):
            assert api_access.is_free(caller=f"key:{made.row.id}", token="busy")
            answer = pool.submit(ask).result(60)

        assert (answer.status_code, api.problem(answer)["code"]) == (409, "in_progress")
        assert api.Program(made.token).post("/sites", api.new_site(), token="busy").status_code == 201

    def test_does_it_once_however_many_send_it_at_once(self, organization: identity_models.Organization) -> None:
        token, body = api.key(organization=organization).token, api.new_site()

        def ask(_number: int) -> HttpResponse:
            try:
                return api.Program(token).post("/sites", body, token="race")
            finally:
                connection.close()

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, range(12)))

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            made = site_models.Site.objects.filter(organization_id=organization.pk, code=body["code"])
            assert made.count() == 1
        assert {each.status_code for each in answers} <= {201, 409}
        done = [each for each in answers if each.status_code == 201]
        assert len({each.content for each in done}) == 1
        assert len([each for each in done if "Idempotent-Replayed" not in each.headers]) == 1
