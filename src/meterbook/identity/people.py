"""Reads for the pages about people: who works here, with which roles, and the roles themselves. All need a scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from meterbook.foundation import scoping
from meterbook.identity import models, queries, registry, second_factor, values


@dataclass(frozen=True)
class PersonRow:
    """Somebody who has, or had, a role in the organization; `grants` those that have not ended."""

    user: queries.UserRow
    grants: tuple[queries.GrantRow, ...]
    signed_in_at: datetime | None
    has_second_factor: bool
    state: values.PersonState


@dataclass(frozen=True)
class RoleRow:
    """A role: built-in (`code`) or the organization's own (`public_id`)."""

    code: str
    public_id: uuid.UUID | None
    title: str
    permissions: frozenset[str]


def list_people(*, at: datetime, search: str, offset: int, limit: int) -> tuple[int, tuple[PersonRow, ...]]:
    """This will return how many people fit the words, and one page of them by name."""
    users = queries.users_of_scope().filter(pk__in=_staff().values("user_id"))
    for word in search.split():
        users = users.filter(Q(name__icontains=word) | Q(email__icontains=word))
    found = list(users.order_by("name", "id")[offset : offset + limit])
    return users.count(), _rows(found, at)


def get_person(*, at: datetime, public_id: uuid.UUID) -> PersonRow:
    """This will return one person.

    :raises queries.UserNotFound: when the person never held a grant in the scope's organization
    """
    found = queries.users_of_scope().filter(public_id=public_id).first()
    if found is None:
        raise queries.UserNotFound(queries.UserNotFound.__doc__)
    return _rows([found], at)[0]


def ended_grants(*, at: datetime, user_id: int) -> tuple[queries.GrantRow, ...]:
    """This will return a person's grants that have ended, the latest first; at most 20."""
    return tuple(
        queries.row_of_grant(each)
        for each in _grants().filter(user_id=user_id, ends_at__lte=at).order_by("-ends_at", "-id")[:20]
    )


def list_roles() -> tuple[RoleRow, ...]:
    """This will return the built-in roles and the organization's own, those by name."""
    own = models.Role.objects.filter(organization_id=scoping.current().organization_id).order_by("name", "id")
    return (
        *(RoleRow(each, None, str(values.ROLE_CAPTIONS[each]), registry.of_role(each)) for each in values.RoleCode),
        *(RoleRow("", each.public_id, each.name, frozenset(each.permissions)) for each in own),
    )


def _rows(users: list[models.User], at: datetime) -> tuple[PersonRow, ...]:
    with_factor = second_factor.holders([each.pk for each in users])
    grants: dict[int, list[queries.GrantRow]] = {}
    living = _grants().filter(Q(ends_at=None) | Q(ends_at__gt=at), user__in=users)
    for each in living.order_by("starts_at", "id"):
        grants.setdefault(each.user_id, []).append(queries.row_of_grant(each))
    return tuple(
        PersonRow(
            user=queries.row_of_user(each),
            grants=tuple(grants.get(each.pk, ())),
            signed_in_at=each.last_login,
            has_second_factor=each.pk in with_factor,
            state=_state(each, grants.get(each.pk, []), at),
        )
        for each in users
    )


def _state(user: models.User, grants: list[queries.GrantRow], at: datetime) -> values.PersonState:
    if not user.is_active:
        return values.PersonState.OFF
    if not any(each.starts_at <= at for each in grants):
        return values.PersonState.WITHOUT_ROLE
    return values.PersonState.NEW if user.must_change_password else values.PersonState.ACTIVE


def _staff() -> QuerySet[models.Grant]:
    """Who holds or held more than the role of a tenant: tenants are listed with their accounts."""
    grants = models.Grant.objects.filter(organization_id=scoping.current().organization_id)
    return grants.exclude(role_code=values.RoleCode.TENANT)


def _grants() -> QuerySet[models.Grant]:
    own = models.Grant.objects.filter(organization_id=scoping.current().organization_id)
    return own.select_related("user", "role")
