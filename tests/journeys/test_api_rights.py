"""What a key may give and take, what settings tell of themselves, and the check of the trail."""

from __future__ import annotations

import pytest

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import permissions, queries
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.notifications.values import Kind
from meterbook.sites import permissions as site_permissions
from tests.factories import api, identity, notifications

DESK = {permissions.EDIT_USERS, permissions.VIEW_USERS, site_permissions.VIEW_SITES}


@pytest.fixture(scope="module")
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


def held(organization: identity_models.Organization, user: identity_models.User) -> frozenset[str]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return queries.access_of(user_id=user.pk, at=clock.now()).everywhere


class TestKey:
    def test_gives_nothing_that_it_may_not_do_itself(self, organization: identity_models.Organization) -> None:
        user = identity.user(organization=organization, role=None, permissions=["sites:view"])
        desk = api.program(organization=organization, permissions=DESK)
        path = f"/users/{user.public_id}/grants"

        manager = desk.post(path, {"role": "MANAGER"})
        role = desk.post("/roles", {"name": "All", "permissions": ["billing:approve_run"]})
        unknown = desk.post("/roles", {"name": "All", "permissions": ["no:such"]})
        invited = desk.post("/invitations", {"email": "a@meterbook.example", "role": "ORGANIZATION_ADMIN"})
        tenant = desk.post(path, {"role": "TENANT"})
        own = desk.post("/roles", {"name": "Desk", "permissions": sorted(DESK)})
        given = desk.post(path, {"role": own.json()["id"]})

        assert [each.status_code for each in (manager, role, unknown, invited)] == [403] * 4
        assert {api.problem(each)["code"] for each in (manager, role, unknown, invited)} == {"forbidden"}
        assert tenant.status_code == 422
        assert (given.status_code, given.json()["gives"]) == (201, "Desk")
        assert held(organization, user) == DESK
        ended = desk.post(f"/grants/{given.json()['id']}/revoke", {"reason": "left"})
        assert ended.json()["ends_at"] is not None
        assert held(organization, user) == {"sites:view"}

    def test_gives_nothing_that_its_owner_may_not_do_any_more(self, organization: identity_models.Organization) -> None:
        owner = identity.user(organization=organization, role=None, permissions=sorted(DESK))
        other = identity.user(organization=organization, role=None, permissions=["sites:view"])
        above = identity.user(organization=organization)
        desk = api.program(organization=organization, owner=owner, permissions=DESK)

        given = desk.post(f"/users/{other.public_id}/grants", {"role": "MANAGER"})
        shut = desk.post(f"/users/{above.public_id}/deactivate", {"reason": "x"})
        seen = desk.get(f"/users/{above.public_id}/sessions")
        out = desk.post(f"/users/{other.public_id}/deactivate", {"reason": "left"})
        back = desk.post(f"/users/{other.public_id}/reactivate")

        assert [given.status_code, shut.status_code, seen.status_code] == [403] * 3
        assert (out.json()["is_active"], back.json()["is_active"]) == (False, True)
        assert held(organization, other) == frozenset()

    def test_invites_by_mail_and_never_tells_the_link(self, organization: identity_models.Organization) -> None:
        program = api.program(organization=organization)
        sent = {"email": "New.Person@meterbook.example", "role": RoleCode.MONITOR}

        without = program.post("/invitations", sent)
        notifications.mail_channel(organization, 2525)
        made = program.post("/invitations", sent)
        revoked = program.post(f"/invitations/{made.json()['id']}/revoke")

        assert (without.status_code, api.problem(without)["code"]) == (409, "state")
        assert (made.status_code, made.json()["email"]) == (201, "new.person@meterbook.example")
        assert "join/" not in made.content.decode()
        assert Kind.INVITATION in {each.kind for each in notifications.messages(organization)}
        assert revoked.status_code == 200
        assert program.get("/invitations").json()["items"] == []

    def test_leaves_an_administrator(self, database: str) -> None:
        alone = identity.organization()
        admin = identity.user(organization=alone)
        program = api.program(organization=alone, owner=admin)

        answer = program.post(f"/users/{admin.public_id}/deactivate", {"reason": "closing"})

        assert (answer.status_code, api.problem(answer)["code"]) == (409, "state")


class TestSettings:
    def test_of_messages_never_tell_a_secret(self, organization: identity_models.Organization) -> None:
        program = api.program(organization=organization)
        mail = {
            "host": "smtp.example.com",
            "user": "desk",
            "password": "a-secret-phrase",
            "sender_name": "Harbor",
            "sender_address": "desk@meterbook.example",
        }

        kept = program.ask("PUT", "/channels/mail", mail)
        other = program.ask("PUT", "/channels/mail", {**mail, "host": "evil.example.com", "password": None})
        bare = program.ask("PUT", "/channels/mail", {**mail, "tls": "NONE"})
        bot = program.ask("PUT", "/channels/telegram", {})
        listed = program.get("/channels")

        assert kept.status_code == 200
        assert kept.json()["secret_set_at"] is not None
        assert "a-secret-phrase" not in kept.content.decode() + listed.content.decode()
        assert (other.status_code, listed.json()["items"][0]["mail"]["host"]) == (422, "smtp.example.com")
        assert api.problem(bare)["errors"][0]["pointer"] == "/body/tls"
        assert api.problem(bot)["errors"][0]["pointer"] == "/body/token"

    def test_of_modules_are_switched_for_one_site(self, database: str) -> None:
        organization = identity.organization()
        program = api.program(organization=organization)
        site = program.post("/sites", api.new_site()).json()["id"]

        told = program.post("/modules", {"module": "ALARMS", "is_on": False, "site": site}).json()["items"]
        wrong = [
            program.post("/modules", {"module": "CORE", "is_on": False}),
            program.post("/modules", {"module": "ALARMS", "is_on": None}),
            program.post("/modules", {"module": "API", "is_on": False, "site": site}),
        ]

        alarms = next(each for each in told if each["module"] == "ALARMS")
        assert (alarms["is_on"], alarms["sites"]) == (True, [{"site": site, "is_on": False, "follows": False}])
        assert [each.status_code for each in wrong] == [422] * 3


class TestTrail:
    def test_is_checked_once_at_a_time(self, organization: identity_models.Organization) -> None:
        program = api.program(organization=organization)

        first, second = (program.post("/audit/check").json()["check"] for _each in range(2))
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (newest,) = audit_queries.list_entries(limit=1)

        assert (first["id"], first["ended_at"]) == (second["id"], None)
        assert program.get(f"/audit/{newest.public_id}").json()["action"] == newest.action
