"""Who may do what: roles, what is given and taken, who is shut out, and browsers that are signed in.

A key never gives what it may not do itself, nor what the person who answers for it may not.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import people, reach
from meterbook.identity import activity as identity_activity
from meterbook.identity import authority as identity_authority
from meterbook.identity import operations as identity_operations
from meterbook.identity import people as identity_people
from meterbook.identity import permissions
from meterbook.identity import queries as identity_queries
from meterbook.identity import sessions as identity_sessions
from meterbook.identity.values import Module, RoleCode
from meterbook.kernel import clock
from meterbook.sites import permissions as site_permissions

router = Router(tags=["People"])
Reason = Annotated[values.Words, Field(min_length=1, max_length=300)]


class Role(values.Told):
    """A role: built in (`code`), or the organization's own (`id`)."""

    code: str
    id: uuid.UUID | None
    title: str
    permissions: list[str]


class Roles(values.Told):
    """The built-in roles, then the organization's own by name."""

    items: list[Role]


class NewRole(values.Given):
    """A role of the organization's own."""

    name: Annotated[values.Words, Field(min_length=1, max_length=100)]
    permissions: Annotated[list[values.Name], Field(min_length=1, max_length=200)]


class NewGrant(values.Given):
    """A role (a built-in one's code or an own one's id), everywhere or at one site; without a start from now on."""

    role: RoleCode | uuid.UUID
    site: uuid.UUID | None = None
    starts_at: values.InstantGiven | None = None
    ends_at: values.InstantGiven | None = None


class GrantEnd(values.Given):
    """Why something ends; it stays on record."""

    reason: Reason


class SignedIn(values.Told):
    """A browser that is signed in; `agent` is what it says of itself."""

    id: uuid.UUID
    address: str
    agent: str
    began_at: values.InstantTold
    seen_at: values.InstantTold


class SignedInBrowsers(values.Told):
    """The one used latest first; at most 50."""

    items: list[SignedIn]


class SignOut(values.Given):
    """Which browser is signed out; null: all of them."""

    session: uuid.UUID | None = None


class SignedOut(values.Told):
    """How many browsers were signed out."""

    count: int


@endpoint(router, "GET", "/roles", permission=permissions.VIEW_USERS, module=Module.CORE, answers=Roles)
def list_roles(request: entry.Request) -> Roles:
    """This will return the roles that can be given, with what each permits."""
    return Roles(
        items=[
            Role(code=each.code, id=each.public_id, title=each.title, permissions=sorted(each.permissions))
            for each in identity_people.list_roles()
        ]
    )


@endpoint(router, "POST", "/roles", permission=permissions.EDIT_USERS, module=Module.CORE, answers=Role, status=201)
def create_role(request: entry.Request, given: NewRole) -> Role:
    """This will add a role of the organization's own, of permissions that the caller holds."""
    caller = request.caller
    wanted = frozenset(given.permissions)
    require_held(caller, wanted)
    made = identity_operations.create_role(actor=caller.actor, at=caller.at, name=given.name, permissions=wanted)
    return Role(code="", id=made, title=given.name, permissions=sorted(wanted))


@endpoint(
    router,
    "POST",
    "/users/{uuid:user}/grants",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=people.Grant,
    status=201,
)
def give_role(request: entry.Request, user: uuid.UUID, given: NewGrant) -> people.Grant:
    """This will give a person a role, of which the caller must hold every permission there."""
    caller, row = request.caller, identity_queries.get_user(public_id=user)
    if not row.is_active:
        raise problems.Problem(409, "state", _("This person is shut out; let the person in again first."))
    site_id = require_gift(request, given)
    made = identity_operations.grant_role(
        actor=caller.actor,
        at=caller.at,
        user_id=row.id,
        role=given.role,
        site_id=site_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
    )
    return _grant(request, made)


@endpoint(
    router,
    "POST",
    "/grants/{uuid:grant}/revoke",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=people.Grant,
)
def revoke_grant(request: entry.Request, grant: uuid.UUID, given: GrantEnd) -> people.Grant:
    """This will end what somebody may do, from the person's next request on."""
    caller = request.caller
    identity_operations.revoke_grant(actor=caller.actor, at=caller.at, public_id=grant, reason=given.reason)
    return _grant(request, grant)


@endpoint(
    router,
    "POST",
    "/users/{uuid:user}/deactivate",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=people.User,
)
def deactivate_user(request: entry.Request, user: uuid.UUID, given: GrantEnd) -> people.User:
    """This will end all that a person may do here; the account is switched off unless others employ the person too."""
    caller = request.caller
    try:
        identity_activity.deactivate_user(actor=caller.actor, at=caller.at, public_id=user, reason=given.reason)
    except identity_authority.UserOfOthers:
        identity_activity.end_all_grants(actor=caller.actor, at=caller.at, public_id=user, reason=given.reason)
    return people.told_user(identity_queries.get_user(public_id=user))


@endpoint(
    router,
    "POST",
    "/users/{uuid:user}/reactivate",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=people.User,
)
def reactivate_user(request: entry.Request, user: uuid.UUID) -> people.User:
    """This will let a person sign in again; roles do not come back by themselves."""
    row = identity_activity.reactivate_user(actor=request.caller.actor, at=request.caller.at, public_id=user)
    return people.told_user(row)


@endpoint(
    router,
    "GET",
    "/users/{uuid:user}/sessions",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=SignedInBrowsers,
)
def list_user_sessions(request: entry.Request, user: uuid.UUID) -> SignedInBrowsers:
    """This will return the browsers in which a person is signed in, of nobody who may do more than the caller."""
    caller, row = request.caller, identity_queries.get_user(public_id=user)
    own = identity_queries.access_of(user_id=caller.user_id, at=caller.at)
    if not own.covers(identity_queries.access_of(user_id=row.id, at=caller.at)):
        raise identity_authority.HoldsMore(_("This person may do more than you. Ask somebody who may do as much."))
    found = identity_sessions.list_sessions(user_id=row.id, at=clock.real_now())
    return SignedInBrowsers(
        items=[
            SignedIn(
                id=each.public_id,
                address=each.address,
                agent=each.agent,
                began_at=values.instant(each.began_at),
                seen_at=values.instant(each.seen_at),
            )
            for each in found
        ]
    )


@endpoint(
    router,
    "POST",
    "/users/{uuid:user}/sessions/end",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=SignedOut,
)
def end_user_sessions(request: entry.Request, user: uuid.UUID, given: SignOut) -> SignedOut:
    """This will sign a person out of one browser, or of all."""
    caller = request.caller
    count = identity_sessions.end_sessions(actor=caller.actor, at=caller.at, public_id=user, session=given.session)
    return SignedOut(count=count)


def require_gift(request: entry.Request, given: NewGrant) -> int | None:
    """This will return the internal id of the site of what is given, or None; what the caller lacks is refused.

    :raises problems.Problem: when the caller lacks a permission of the role there, the role is for tenants, or it would
        end before it begins
    """
    if given.role == RoleCode.TENANT:
        words = _("Tenants are invited from their account: without one the role opens nothing.")
        raise problems.invalid("/body/role", words)
    try:
        _what, wanted, _title = identity_operations.find_role(given.role)
    except identity_operations.RoleNotFound as error:
        raise problems.invalid("/body/role", _("There is no such role; take one of the list of roles.")) from error
    site_id = reach.site_id(request, given.site, site_permissions.VIEW_SITES)
    require_held(request.caller, wanted, site_id)
    if given.ends_at is not None and given.ends_at <= max(given.starts_at or request.caller.at, request.caller.at):
        raise problems.invalid("/body/ends_at", _("The end must lie after the start."))
    return site_id


def require_held(caller: entry.Caller, wanted: frozenset[str], site_id: int | None = None) -> None:
    """This will refuse to give what the key itself may not do; the operation refuses what its owner may not.

    :raises identity_operations.GrantExceedsOwn: naming what is missing
    """
    missing = wanted - caller.access.permissions(site_id)
    if missing:
        raise identity_operations.GrantExceedsOwn(missing)


def _grant(request: entry.Request, public_id: uuid.UUID) -> people.Grant:
    row = next(each for each in identity_queries.list_grants() if each.public_id == public_id)
    return people.told_grant(row, people.places_of(request, [row]))
