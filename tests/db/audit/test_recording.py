"""Writing the trail."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.db.utils import IntegrityError, ProgrammingError

from meterbook.audit import chain, models, operations, queries, values
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from tests.factories import identity

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
ACTOR = Actor.user(7, "Ada Fields", source="192.0.2.7")
SUBJECT = values.Subject(kind="tests.thing", public_id=None, label="Thing 1")


def record(organization: identity_models.Organization, action: str = "tests:change_thing") -> None:
    with scoping.scope([organization.id], actor=ACTOR):
        operations.record(actor=ACTOR, at=AT, action=action, subject=SUBJECT, before={"n": 1}, after={"n": 2})


def actions(organization: identity_models.Organization) -> list[str]:
    with scoping.scope([organization.id], actor=ACTOR):
        return [each.action for each in queries.list_entries()]


class TestRecord:
    def test_keeps_who_when_what_and_why(self) -> None:
        organization = identity.organization()

        with scoping.scope([organization.id], actor=ACTOR):
            operations.record(
                actor=ACTOR,
                at=AT,
                action="tests:change_price",
                subject=organization,
                before={"price": Decimal("0.10500000")},
                after={"price": Decimal("0.11")},
                reason="New contract",
                rows=chain.digest_of_rows([[1], [2]]),
            )
            entry = queries.list_entries()[0]

        assert (entry.at, entry.actor_label, entry.source) == (AT, "Ada Fields", "192.0.2.7")
        assert (entry.subject_kind, entry.subject_id) == ("identity.organization", organization.public_id)
        assert (entry.before, entry.after) == ({"price": "0.10500000"}, {"price": "0.11"})
        assert (entry.reason, entry.row_count, entry.sequence) == ("New contract", 2, None)

    def test_disappears_with_the_transaction_of_the_change(self) -> None:
        organization = identity.organization()

        def fail_afterwards() -> None:
            with scoping.scope([organization.id], actor=ACTOR):
                operations.record(actor=ACTOR, at=AT, action="tests:fail", subject=SUBJECT, before=None, after=None)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_afterwards()

        assert "tests:fail" not in actions(organization)

    def test_is_refused_outside_a_scope(self) -> None:
        with pytest.raises(scoping.OutsideScope):
            operations.record(actor=ACTOR, at=AT, action="tests:x", subject=SUBJECT, before=None, after=None)

    def test_takes_no_floats(self) -> None:
        organization = identity.organization()

        with pytest.raises(chain.NotRecordable), scoping.scope([organization.id], actor=ACTOR):
            operations.record(actor=ACTOR, at=AT, action="tests:x", subject=SUBJECT, before={"n": 0.1}, after=None)


class TestTrail:
    @pytest.mark.spec("X-11/1")
    @pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal", "audit_auditanchor"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET organization_id = organization_id"])
    def test_cannot_be_changed_by_the_application(self, table: str, statement: str) -> None:
        organization = identity.organization()

        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            scoping.scope([organization.id], actor=ACTOR),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table))

    @pytest.mark.parametrize("statement", ["DELETE FROM audit_auditentry", "UPDATE audit_auditentry SET reason = 'x'"])
    def test_refuses_changes_by_the_owner_too(self, statement: str) -> None:
        record(identity.organization())

        with pytest.raises(IntegrityError, match="never changed"), connections["owner"].cursor() as cursor:
            cursor.execute(statement)

    @pytest.mark.spec("X-05/1")
    @pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal", "audit_auditanchor", "audit_pendingseal"])
    def test_shows_another_organization_nothing(self, table: str) -> None:
        other, organization = identity.organization(), identity.organization()
        record(organization)
        with scoping.scope([organization.id], actor=ACTOR):
            operations.seal(organization_id=organization.id, at=AT)
        record(organization)

        with scoping.scope([other.id], actor=ACTOR), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE organization_id = %s", [organization.id])  # noqa: S608
            seen = cursor.fetchone()

        assert seen == (0,)

    def test_is_filtered_and_paged_newest_first(self) -> None:
        organization = identity.organization()
        for action in ("tests:a", "tests:b", "other:c", "tests:d"):
            record(organization, action)

        with scoping.scope([organization.id], actor=ACTOR):
            first = queries.list_entries(action="tests:", limit=2)
            second = queries.list_entries(action="tests:", limit=2, older_than_id=first[-1].id)

        assert [each.action for each in first + second] == ["tests:d", "tests:b", "tests:a"]


class TestModels:
    def test_hold_nothing_that_the_digest_leaves_out(self) -> None:
        covered = set(chain.Entry.__dataclass_fields__)

        assert {field.name for field in models.AuditEntry._meta.concrete_fields} == covered
