"""Organizations and people for tests, made through the operations that users have."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from meterbook.foundation import scoping
from meterbook.identity import delegations, models, operations, queries, sign_in, values
from meterbook.kernel.actor import Actor

ACTOR = Actor.system("factory")
# Before every instant that a test looks at, so that grants made here are always in force.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PASSWORD = "a-long-enough-test-phrase"
_numbers = itertools.count(1)


def organization(
    *,
    name: str = "Harbor Properties",
    language: str = "en",
    modules: Iterable[values.Module] = values.MODULES_AT_FIRST,
    second_factor_roles: Iterable[values.RoleCode] = (),
) -> models.Organization:
    """This will make an organization; outside a scope."""
    with scoping.scope([queries.next_organization_id()], actor=ACTOR) as scope:
        operations.create_organization(
            actor=ACTOR,
            at=LONG_AGO,
            name=name,
            language=language,
            modules=modules,
            second_factor_roles=second_factor_roles,
        )
        return models.Organization.objects.get(pk=scope.organization_id)


def user(
    *,
    organization: models.Organization,
    role: values.RoleCode | None = values.RoleCode.ORGANIZATION_ADMIN,
    permissions: Iterable[str] = (),
    site_id: int | None = None,
    starts_at: datetime = LONG_AGO,
    ends_at: datetime | None = None,
    email: str | None = None,
    name: str = "Ada Fields",
    has_chosen_password: bool = True,
) -> models.User:
    """This will make a person with a role or single permissions, who signs in with `PASSWORD`; outside a scope."""
    address = email or f"person{next(_numbers)}.{organization.public_id}@meterbook.example"
    with scoping.scope([organization.id], actor=ACTOR):
        row, _made = operations.create_user(actor=ACTOR, at=LONG_AGO, email=address, name=name)
        if role is not None:
            operations.grant_role(
                actor=ACTOR,
                at=LONG_AGO,
                user_id=row.id,
                role=role,
                site_id=site_id,
                starts_at=starts_at,
                ends_at=ends_at,
            )
        for permission in permissions:
            operations.grant_action(
                actor=ACTOR,
                at=LONG_AGO,
                user_id=row.id,
                permission=permission,
                site_id=site_id,
                starts_at=starts_at,
                ends_at=ends_at,
            )
    if has_chosen_password:
        sign_in.set_password(actor=ACTOR, at=LONG_AGO, user_id=row.id, password=PASSWORD)
    return models.User.objects.get(pk=row.id)


def actor(user: models.User) -> Actor:
    """This will return the actor that the user is."""
    return Actor.user(user.pk, str(user))


def delegation(
    *,
    landlord: models.Organization,
    manager: models.Organization,
    scopes: Iterable[values.DelegationScope] = (values.DelegationScope.VIEW,),
    site_ids: Collection[int] | None = None,
    starts_at: datetime = LONG_AGO,
    ends_at: datetime | None = None,
) -> uuid.UUID:
    """This will let the people of `manager` work in the landlord's organization; outside a scope."""
    with scoping.scope([landlord.id], actor=ACTOR):
        return delegations.entrust(
            actor=ACTOR,
            at=LONG_AGO,
            manager=manager.public_id,
            scopes=scopes,
            site_ids=site_ids,
            starts_at=starts_at,
            ends_at=ends_at,
        )
