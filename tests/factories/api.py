"""Keys of the API, made through the operation that people have, and programs that ask with them."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client

from meterbook.foundation import scoping
from meterbook.identity import api_keys, registry
from meterbook.identity import models as identity_models
from meterbook.identity import values as identity_values
from tests.factories import identity

_numbers = itertools.count(1)


def key(
    *,
    organization: identity_models.Organization,
    owner: identity_models.User | None = None,
    permissions: Iterable[str] | None = None,
    site_ids: Collection[int] | None = None,
    singles: Collection[identity_values.Single] = (),
    networks: Iterable[str] = (),
    at: datetime = identity.LONG_AGO,
    expires_at: datetime | None = None,
    name: str = "Accounting",
) -> api_keys.MadeKey:
    """This will make a key of an administrator, or of `owner`; outside a scope. Without permissions it may do all."""
    user = owner or identity.user(organization=organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return api_keys.create_key(
            actor=identity.actor(user),
            at=at,
            name=name,
            permissions=registry.known() if permissions is None else permissions,
            site_ids=site_ids,
            singles=singles,
            networks=networks,
            expires_at=expires_at,
        )


class Program:
    """Something that asks the API with a key."""

    def __init__(self, token: str = "", *, language: str = "en") -> None:
        self.client = Client()
        self.headers = {"Accept-Language": language}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - whatever JSON holds
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> HttpResponse:
        """This will send a request below `/api/v1`; `token` is the idempotency key, a new one each time by default."""
        sent = {**self.headers, **(headers or {})}
        if method != "GET":
            sent["Idempotency-Key"] = token if token is not None else uuid.uuid4().hex
        sender = getattr(self.client, method.lower())
        given: dict[str, Any] = {"headers": sent}
        if method == "GET":
            given["query_params"] = query or {}
        elif isinstance(body, MultipartBody):
            given["data"] = body.parts
        elif body is not None:
            given |= {"data": body, "content_type": "application/json"}
        answer: HttpResponse = sender(f"/api/v1{path}", **given)
        return answer

    def get(self, path: str, **query: str) -> HttpResponse:
        """This will ask for something."""
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: Any = None, **more: Any) -> HttpResponse:  # noqa: ANN401
        """This will change something."""
        return self.ask("POST", path, body, **more)


class MultipartBody:
    """The parts of a form with files."""

    def __init__(self, **parts: object) -> None:
        self.parts = parts


def program(*, organization: identity_models.Organization, **given: Any) -> Program:  # noqa: ANN401
    """This will make a program with a key of the organization; outside a scope. It takes what `key` takes."""
    return Program(key(organization=organization, **given).token)


def new_site(code: str = "") -> dict[str, Any]:
    """This will describe a site to be set up."""
    code = code or f"S{uuid.uuid4().hex[:8]}"
    return {"code": code, "name": "Harbor", "time_zone": "Europe/Madrid", "currency": "EUR"}


def problem(answer: HttpResponse) -> dict[str, Any]:
    """This will return the problem that an answer tells, once it is sure that it is one."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.content)
    assert told["status"] == answer.status_code
    assert {"type", "title", "code", "detail", "instance"} <= set(told)
    return told
