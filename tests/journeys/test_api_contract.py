"""The API against its published document: whatever is sent, the server does not fail and answers as it says."""

from __future__ import annotations

import functools
import uuid
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from meterbook.identity import api_access
from meterbook.identity import models as identity_models
from tests.factories import api, identity
from tests.journeys import test_api_walk

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 2  # of an operation, sound and unsound ones
SENT: set[str] = set()  # what differed only in its path, which is replaced by one that is there, is sent once

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@functools.cache
def seeded(database: str) -> tuple[identity_models.Organization, str]:
    """An organization with an object for every address, and a key that may do everything there."""
    organization = identity.organization()
    for name in test_api_walk.ARGUMENTS:
        argument(name, organization)
    return organization, api.key(organization=organization).token


@functools.cache
def argument(name: str, organization: identity_models.Organization) -> str:
    return str(test_api_walk.FIXED.get(name) or test_api_walk.ARGUMENTS[name](organization))


@pytest.mark.spec("X-13/1")
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_as_the_document_says(case: schemathesis.Case, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_access, "AT_ONCE", 100_000)
    organization, token = seeded(database)
    for name in case.path_parameters or {}:
        # Objects that are there, so that what is behind the address is reached.
        case.path_parameters[name] = argument(name, organization)
    if case.operation.definition.raw["operationId"] == "switch_module" and isinstance(case.body, dict):
        case.body["is_on"] = True  # nothing would be there for the operations after it
    sent = f"{case.method} {case.formatted_path} {case.query!r} {case.body!r}"
    if case.method == "GET" and sent in SENT:
        return
    SENT.add(sent)
    headers = {"Authorization": f"Bearer {token}"}
    if case.method != "GET":
        headers["Idempotency-Key"] = uuid.uuid4().hex

    answer = case.call(headers=headers)

    case.validate_response(answer, checks=CHECKS)
