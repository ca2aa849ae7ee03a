"""Changes of organizations, users and grants. Those marked so run outside a scope and open their own."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import hashers
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from meterbook.foundation import bus, operation, scoping
from meterbook.identity import models, passwords, queries, registry, trail, values
from meterbook.kernel.actor import Actor

SLUG_TRIES = 5


class SlugTaken(ValueError):
    """Another organization has this short name; take a different one."""


class GrantNotFound(LookupError):
    """There is no such grant in this organization."""


class RoleNotFound(LookupError):
    """There is no such role in this organization."""


class GrantExceedsOwn(PermissionError):
    """Nobody can give more than they hold themselves."""

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = tuple(sorted(missing))
        super().__init__(_("You can give only what you hold yourself. Missing: %s.") % ", ".join(self.missing))


class GrantEndsBeforeStart(ValueError):
    """A grant must end after it starts."""


class LastAdministrator(ValueError):
    """The organization would be left without an administrator; make someone else one first."""


@operation.operation
def create_organization(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    slug: str = "",
    language: str = "en",
    modules: Iterable[values.Module] = values.MODULES_AT_FIRST,
    second_factor_roles: Iterable[values.RoleCode] = values.SECOND_FACTOR_AT_FIRST,
) -> queries.OrganizationRow:
    """This will create the organization whose reserved id (`queries.next_organization_id`) is the running scope.

    :param slug: its short name; without one it is made from the name
    :param second_factor_roles: whose holders must sign in with a second factor
    :raises SlugTaken: when another organization has the slug that was asked for
    """
    base = slugify(name)[:50] or "organization"
    on = sorted({str(each) for each in modules} - {values.Module.CORE})
    for attempt in range(SLUG_TRIES):
        tried = slug or (base if attempt == 0 else f"{base}-{secrets.token_hex(3)}")
        try:
            with transaction.atomic():
                created = models.Organization.objects.create(
                    id=scoping.current().organization_id,
                    name=name,
                    slug=tried,
                    language=language,
                    modules=on,
                    second_factor_roles=sorted(set(second_factor_roles)),
                )
            break
        except IntegrityError as error:
            if slug or attempt == SLUG_TRIES - 1:
                message = _("Another organization is called “%s”; take a different short name.")
                raise SlugTaken(message % tried) from error
    after = {"name": name, "slug": tried, "language": language, "modules": on}
    trail.record(actor=actor, at=at, action="identity:create_organization", subject=created, before=None, after=after)
    return queries.get_organization()


@operation.operation
def rename_organization(*, actor: Actor, at: datetime, name: str, language: str) -> queries.OrganizationRow:
    """This will set name and language of the scope's organization; links and the short name stay."""
    found = _locked_organization()
    before = {"name": found.name, "language": found.language}
    found.name, found.language = name, language
    found.save(update_fields=["name", "language"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:rename_organization",
        subject=found,
        before=before,
        after={"name": name, "language": language},
    )
    return queries.get_organization()


@operation.operation
def change_module(*, actor: Actor, at: datetime, module: values.Module, is_on: bool) -> queries.OrganizationRow:
    """This will switch a module of the scope's organization on or off; what is so already stays unrecorded."""
    found = _locked_organization()
    before = sorted(found.modules)
    after = sorted(set(before) | {str(module)} if is_on else set(before) - {str(module)})
    if before != after:
        found.modules = after
        found.save(update_fields=["modules"])
        trail.record(
            actor=actor,
            at=at,
            action="identity:change_module",
            subject=found,
            before={"modules": before},
            after={"modules": after},
        )
    return queries.get_organization()


@operation.operation
def create_user(
    *, actor: Actor, at: datetime, email: str, name: str, language: str = ""
) -> tuple[queries.UserRow, values.OneTimePassword | None]:
    """This will make a user who can sign in once with the password returned, and must then choose another.

    Somebody who can sign in already (another organization's user) is returned as is, without a password. Users see
    nothing before they are granted something.
    """
    address = email.strip().lower()
    known = models.User.objects.filter(email=address).first()
    if known is not None:
        return queries.row_of_user(known), None
    made = passwords.make_one_time_password()
    created = models.User.objects.create(
        email=address,
        name=name,
        language=language,
        password=hashers.make_password(made),
        has_one_time_password=True,
        must_change_password=True,
    )
    trail.record(
        actor=actor,
        at=at,
        action="identity:create_user",
        subject=created,
        before=None,
        after={"email": address, "name": name, "language": language},
    )
    return queries.row_of_user(created), values.OneTimePassword(email=address, password=made)


@operation.operation
def create_role(*, actor: Actor, at: datetime, name: str, permissions: Iterable[str]) -> uuid.UUID:
    """This will add a role of the organization's own and return its public id.

    :raises registry.PermissionUnknown: when no domain declares one of the permissions
    :raises GrantExceedsOwn: when the actor lacks one of them
    """
    held = sorted({registry.check(each) for each in permissions})
    require_own(actor=actor, at=at, permissions=frozenset(held), site_id=None)
    created = models.Role.objects.create(organization_id=scoping.current().organization_id, name=name, permissions=held)
    trail.record(
        actor=actor,
        at=at,
        action="identity:create_role",
        subject=created,
        before=None,
        after={"name": name, "permissions": held},
    )
    return created.public_id


@operation.operation
def grant_role(
    *,
    actor: Actor,
    at: datetime,
    user_id: int,
    role: values.RoleCode | uuid.UUID,
    site_id: int | None = None,
    single: tuple[values.ScopeKind, int] | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> uuid.UUID:
    """This will give the user a role in the scope's organization and return the public id of the grant.

    :param role: a built-in role, or the public id of one of the organization's own
    :param site_id: only at this site; None reaches the whole organization
    :param single: only for one metering point or account instead: METER or ACCOUNT, and its id
    :param starts_at: None starts now
    :param ends_at: the first instant without it; None is open
    :raises GrantExceedsOwn: when the actor lacks a permission of the role
    :raises RoleNotFound: when the organization has no such role
    """
    what, permissions, title = find_role(role)
    require_own(actor=actor, at=at, permissions=permissions, site_id=site_id)
    return _grant(
        actor=actor,
        at=at,
        user_id=user_id,
        what=what,
        title=title,
        reach=single or _reach(site_id),
        starts_at=starts_at,
        ends_at=ends_at,
    )


@operation.operation
def grant_action(
    *,
    actor: Actor,
    at: datetime,
    user_id: int,
    permission: str,
    site_id: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> uuid.UUID:
    """This will give the user one permission, as `grant_role` gives a role.

    :raises registry.PermissionUnknown: when no domain declares it
    :raises GrantExceedsOwn: when the actor lacks it
    """
    require_own(actor=actor, at=at, permissions=frozenset({registry.check(permission)}), site_id=site_id)
    return _grant(
        actor=actor,
        at=at,
        user_id=user_id,
        what={"action": permission},
        title=permission,
        reach=_reach(site_id),
        starts_at=starts_at,
        ends_at=ends_at,
    )


@operation.operation
def revoke_grant(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str = "") -> None:
    """This will end the grant at `at`: the user's next request is without it. One that has ended stays as it is.

    A grant that has not begun yet never will: it ends at its own start.

    :raises GrantNotFound: when it is not there or belongs to another organization
    :raises LastAdministrator: when nobody would be left who administers the organization
    """
    organization = _locked_organization()
    grants = models.Grant.objects.filter(organization_id=organization.pk)
    found = grants.select_for_update().filter(public_id=public_id).first()
    if found is None:
        raise GrantNotFound(GrantNotFound.__doc__)
    if found.ends_at is not None and found.ends_at <= at:
        return
    if _is_administration(found):
        others = queries.administrations(at=at).exclude(pk=found.pk)
        # Somebody whose rights run out one day does not replace somebody whose rights do not.
        if not (others if found.ends_at is not None else others.filter(ends_at=None)).exists():
            raise LastAdministrator(_("Make someone else an administrator first; this one is the last."))
    before = {"ends_at": found.ends_at}
    found.ends_at = max(at, found.starts_at)
    found.save(update_fields=["ends_at"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:revoke_grant",
        subject=found,
        before=before,
        after={"ends_at": found.ends_at, "reason": reason},
    )
    bus.notify(values.RIGHTS, organization.pk, [found.pk])


def change_preferences(*, user_id: int, language: str, theme: values.Theme) -> None:
    """This will set how the product looks to one user. Not recorded: nobody else is affected.

    Runs inside or outside a scope.
    """
    models.User.objects.filter(pk=user_id).update(language=language, theme=theme)


def _locked_organization() -> models.Organization:
    found = models.Organization.objects.select_for_update().filter(pk=scoping.current().organization_id).first()
    if found is None:
        raise queries.OrganizationNotFound(queries.OrganizationNotFound.__doc__)
    return found


def _is_administration(grant: models.Grant) -> bool:
    return grant.role_code == values.RoleCode.ORGANIZATION_ADMIN and grant.scope_id is None


def find_role(role: values.RoleCode | uuid.UUID) -> tuple[dict[str, Any], frozenset[str], str]:
    """This will return the columns that name the role in a grant, what it permits, and its title.

    :raises RoleNotFound: when the organization has no such role
    """
    if isinstance(role, values.RoleCode):
        return {"role_code": role}, registry.of_role(role), str(role)
    own = models.Role.objects.filter(organization_id=scoping.current().organization_id, public_id=role).first()
    if own is None:
        raise RoleNotFound(RoleNotFound.__doc__)
    return {"role": own}, frozenset(own.permissions), own.name


def require_own(*, actor: Actor, at: datetime, permissions: frozenset[str], site_id: int | None) -> None:
    """This will refuse to give what the actor lacks; the program itself (first start, a demo) may give anything.

    :raises GrantExceedsOwn: when the actor lacks a permission
    """
    if actor.kind == "SYSTEM":
        return
    held = queries.access_of(user_id=actor.id, at=at).permissions(site_id) if actor.id is not None else frozenset()
    if not permissions <= held:
        raise GrantExceedsOwn(permissions - held)


def _reach(site_id: int | None) -> tuple[values.ScopeKind, int | None]:
    return (values.ScopeKind.ORGANIZATION if site_id is None else values.ScopeKind.SITE, site_id)


def _grant(
    *,
    actor: Actor,
    at: datetime,
    user_id: int,
    what: dict[str, Any],
    title: str,
    reach: tuple[values.ScopeKind, int | None],
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> uuid.UUID:
    start = starts_at or at
    if ends_at is not None and ends_at <= start:
        raise GrantEndsBeforeStart(_("The end must lie after the start."))
    kind, scope_id = reach
    created = models.Grant.objects.create(
        organization_id=scoping.current().organization_id,
        user_id=user_id,
        scope_kind=kind,
        scope_id=scope_id,
        starts_at=start,
        ends_at=ends_at,
        **what,
    )
    after = {"user": user_id, "gives": title, "scope": kind, "site": scope_id, "starts_at": start, "ends_at": ends_at}
    trail.record(actor=actor, at=at, action="identity:grant", subject=created, before=None, after=after)
    return created.public_id
