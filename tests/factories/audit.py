"""Trails for tests, and what somebody with the rights of the database's superuser could do to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from meterbook.audit import operations, values, verification
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from tests.factories import identity

ACTOR = Actor.user(7, "Ada Fields", source="192.0.2.7")
AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)


def write(organization: identity_models.Organization, *, count: int, first: int = 1) -> None:
    """This will write entries "Thing 1", "Thing 2", ..., each in a transaction of its own."""
    for number in range(first, first + count):
        with scoping.scope([organization.id], actor=ACTOR):
            operations.record(
                actor=ACTOR,
                at=AT + timedelta(minutes=number),
                action="tests:change_thing",
                subject=values.Subject(kind="tests.thing", public_id=None, label=f"Thing {number}"),
                before={"n": number},
                after={"n": number + 1},
            )


def seal(organization: identity_models.Organization) -> int:
    """This will seal what waits."""
    with scoping.scope([organization.id], actor=ACTOR):
        return operations.seal(organization_id=organization.id, at=AT)


def sealed_organization(*, batches: Sequence[int] = (2, 3)) -> identity_models.Organization:
    """This will make an organization whose chain holds its own creation and "Thing 1", ... sealed in these batches.

    With (2, 3): entry 1 is the creation, 2 and 3 are things 1 and 2 and anchored at 3, 4 to 6 are anchored at 6.
    """
    organization = identity.organization()
    written = 0
    for size in batches:
        write(organization, count=size, first=written + 1)
        written += size
        seal(organization)
    return organization


def verify(organization: identity_models.Organization) -> verification.Report:
    """This will check the organization's chain."""
    with scoping.scope([organization.id], actor=ACTOR):
        return verification.verify(organization_id=organization.id)


def faults(organization: identity_models.Organization) -> list[tuple[str, int | None]]:
    """This will check the chain and return kind and place of each fault."""
    return [(str(each.fault), each.sequence) for each in verify(organization).findings]
