"""Reads of identity. Those marked so run outside a scope; all others need a running one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from meterbook.foundation import scoping
from meterbook.identity import holdings, models, values
from meterbook.kernel.actor import Actor


@dataclass(frozen=True)
class OrganizationRow:
    """An organization as screens and other domains see it.

    `modules` are those that are on at any site at all; a page narrows them to the chosen site. `default_modules` hold
    for sites that do not differ, `site_modules` says how the others do.
    """

    id: int
    public_id: uuid.UUID
    name: str
    slug: str
    language: str
    modules: frozenset[str]
    second_factor_roles: frozenset[str] = frozenset()
    default_modules: frozenset[str] = frozenset()
    site_modules: Mapping[int, Mapping[str, bool]] = field(default_factory=dict)
    tenants_use_codes: bool = True
    alone_allowed: frozenset[str] = frozenset()  # of `values.TwoPeople`: what one person may both do and approve

    def has_module(self, module: values.Module) -> bool:
        """This will tell whether the module is on; CORE always is."""
        return module == values.Module.CORE or module in self.modules

    def has_module_at(self, module: values.Module, site_id: int) -> bool:
        """This will tell whether the module is on at a site: as the site says, else as the organization does."""
        differing = self.site_modules.get(site_id, {}).get(module)
        is_default = module == values.Module.CORE or module in self.default_modules
        return is_default if differing is None else differing


@dataclass(frozen=True)
class UserRow:
    """A person who signs in, without anything secret."""

    id: int
    public_id: uuid.UUID
    email: str
    name: str
    language: str
    theme: str
    is_active: bool
    must_change_password: bool


@dataclass(frozen=True)
class GrantRow:
    """One grant as a list shows it; `title` is a role's or an action's name."""

    id: int
    public_id: uuid.UUID
    user: UserRow
    title: str
    scope_kind: str
    scope_id: int | None
    starts_at: datetime
    ends_at: datetime | None
    role_code: str = ""
    may_configure: bool = False

    @property
    def site_id(self) -> int | None:
        """This will return the id of the site that the grant reaches, if it reaches a site."""
        return self.scope_id if self.scope_kind == values.ScopeKind.SITE else None


class UserNotFound(LookupError):
    """There is no such user, or the user has no grant in this organization."""


class OrganizationNotFound(LookupError):
    """There is no such organization in the scope."""


def next_organization_id() -> int:
    """This will reserve the id of an organization to be created, so that a scope of it can be opened first.

    Runs outside a scope.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('identity_organization', 'id'))")
        return int(cursor.fetchone()[0])


def organization_ids_of(*, user_id: int, at: datetime) -> tuple[int, ...]:
    """This will return the ids of the organizations where the user holds a grant then. Runs outside a scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM identity_organizations_of(%s, %s) AS id ORDER BY id", [user_id, at])
        return tuple(row[0] for row in cursor.fetchall())


def entered_ids_of(*, user_id: int, at: datetime) -> tuple[int, ...]:
    """This will return the ids of the organizations that the user may enter then: by an own grant, or because a company
    where the user holds one for the whole of it works for them. Runs outside a scope.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM identity_organizations_entered_by(%s, %s) AS id ORDER BY id", [user_id, at])
        return tuple(row[0] for row in cursor.fetchall())


def organizations_of(*, user_id: int, at: datetime, actor: Actor) -> tuple[OrganizationRow, ...]:
    """This will return the organizations that the user may enter at that instant, by name.

    Runs outside a scope: it opens one for what it found.
    """
    ids = entered_ids_of(user_id=user_id, at=at)
    if not ids:
        return ()
    with scoping.scope(ids, actor=actor):
        found = models.Organization.objects.filter(id__in=ids).order_by("name", "id")
        return tuple(_organization_row(each) for each in found)


def get_organization(*, organization_id: int | None = None) -> OrganizationRow:
    """This will return the organization of the running scope; in a scope of several, the one with that id.

    :raises OrganizationNotFound: when it was not created yet or is not in the scope
    """
    wanted = organization_id if organization_id is not None else scoping.current().organization_id
    found = models.Organization.objects.filter(id__in=scoping.current().organizations).filter(id=wanted).first()
    if found is None:
        raise OrganizationNotFound(OrganizationNotFound.__doc__)
    return _organization_row(found)


def list_organizations() -> tuple[OrganizationRow, ...]:
    """This will return the organizations of the running scope, by name."""
    found = models.Organization.objects.filter(id__in=scoping.current().organizations).order_by("name", "id")
    return tuple(_organization_row(each) for each in found)


def access_of(*, user_id: int, at: datetime) -> values.Access:
    """This will return what the user may do in the organization of the running scope, at that instant."""
    return values.resolve(holdings.facts_of(user_id=user_id, at=at), at)


def permissions_of(*, user_id: int, organization_id: int, at: datetime, site_id: int | None = None) -> frozenset[str]:
    """This will return the user's permissions at the site, or without a site: in the whole organization.

    An organization other than the running scope's gives nothing.
    """
    if organization_id != scoping.current().organization_id:
        return frozenset()
    return access_of(user_id=user_id, at=at).permissions(site_id)


def is_active(*, user_id: int) -> bool:
    """This will tell whether the user may sign in at all. Runs inside or outside a scope."""
    return models.User.objects.filter(pk=user_id, is_active=True).exists()


def get_user(*, public_id: uuid.UUID) -> UserRow:
    """This will return a user who has a grant, in force or past, in the organization of the running scope.

    :raises UserNotFound: when there is none
    """
    found = users_of_scope().filter(public_id=public_id).first()
    if found is None:
        raise UserNotFound(UserNotFound.__doc__)
    return row_of_user(found)


def list_users() -> tuple[UserRow, ...]:
    """This will return all who have a grant, in force or past, in the organization of the running scope, by name."""
    return tuple(row_of_user(each) for each in users_of_scope().order_by("name", "id"))


def list_grants(*, in_force_at: datetime | None = None) -> tuple[GrantRow, ...]:
    """This will return the grants of the running scope's organization, by user and start.

    :param in_force_at: only those in force at that instant
    """
    grants = models.Grant.objects.filter(organization_id=scoping.current().organization_id)
    if in_force_at is not None:
        grants = grants.filter(Q(ends_at=None) | Q(ends_at__gt=in_force_at), starts_at__lte=in_force_at)
    found = grants.select_related("user", "role").order_by("user__name", "starts_at", "id")
    return tuple(row_of_grant(grant) for grant in found)


def administrations(*, at: datetime) -> QuerySet[models.Grant]:
    """This will return, for operations, the grants in force by which an active user administers the organization."""
    return models.Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        organization_id=scoping.current().organization_id,
        role_code=values.RoleCode.ORGANIZATION_ADMIN,
        scope_id=None,
        starts_at__lte=at,
        user__is_active=True,
    )


def users_of_scope() -> QuerySet[models.User]:
    """This will return, for queries, all who have a grant, in force or past, in the scope's organization."""
    granted = models.Grant.objects.filter(organization_id=scoping.current().organization_id).values("user_id")
    return models.User.objects.filter(pk__in=granted)


def _organization_row(found: models.Organization) -> OrganizationRow:
    at_sites = {int(site_id): dict(differing) for site_id, differing in found.site_modules.items()}
    on_somewhere = {module for differing in at_sites.values() for module, is_on in differing.items() if is_on}
    return OrganizationRow(
        id=found.pk,
        public_id=found.public_id,
        name=found.name,
        slug=found.slug,
        language=found.language,
        modules=frozenset(found.modules) | on_somewhere,
        default_modules=frozenset(found.modules),
        site_modules=at_sites,
        second_factor_roles=frozenset(found.second_factor_roles),
        alone_allowed=frozenset(found.alone_allowed),
        tenants_use_codes=found.tenants_use_codes,
    )


def row_of_user(found: models.User) -> UserRow:
    """This will return the user without anything secret."""
    return UserRow(
        id=found.pk,
        public_id=found.public_id,
        email=found.email,
        name=found.name,
        language=found.language,
        theme=found.theme,
        is_active=found.is_active,
        must_change_password=found.must_change_password,
    )


def row_of_grant(grant: models.Grant) -> GrantRow:
    """This will return the grant as a list shows it; user and role were fetched with it."""
    if grant.role_code:
        title = str(values.ROLE_CAPTIONS[values.RoleCode(grant.role_code)])
    else:
        title = grant.role.name if grant.role else grant.action
    return GrantRow(
        id=grant.pk,
        public_id=grant.public_id,
        user=row_of_user(grant.user),
        title=title,
        scope_kind=grant.scope_kind,
        scope_id=grant.scope_id,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        role_code=grant.role_code,
        may_configure=grant.may_configure,
    )
