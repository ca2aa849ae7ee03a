"""People of one organization at their browsers."""

from __future__ import annotations

import re
import uuid

from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models, queries
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import identity
from tests.journeys import test_sign_in as signing

SECRET = "three-words-and-a-dash"
LINK = re.compile(r">(http[^<]*/(?:join|password)/([\w-]{43}))<")


class House:
    """An organization, its administrator, and a browser of the administrator."""

    def __init__(self, **facts: object) -> None:
        self.organization = identity.organization(**facts)  # type: ignore[arg-type]
        self.admin = identity.user(organization=self.organization, name="Maria Ortega")
        self.client = signed_in(self.admin)

    def path(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def person(self, **facts: object) -> models.User:
        return identity.user(organization=self.organization, **{"role": RoleCode.MONITOR, **facts})  # type: ignore[arg-type]

    def roles(self, user: models.User) -> frozenset[str]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return queries.access_of(user_id=user.pk, at=clock.now()).roles

    def invite(self, **given: str) -> str:
        facts = {"email": f"{uuid.uuid4()}@meterbook.example", "role": "MONITOR", "language": "en", **given}
        answer = self.client.post(self.path("invite"), facts)
        found = LINK.search(answer.content.decode())
        assert found, answer.content.decode()
        return found[2]


def signed_in(user: models.User) -> Client:
    client = signing.visitor()
    client.force_login(user)
    return client
