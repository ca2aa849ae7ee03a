"""People, what they may do, the views they keep, and the trail of what was changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from ninja import Router

from meterbook.api import entry, paging, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.audit import permissions as audit_permissions
from meterbook.audit import queries as audit_queries
from meterbook.customers import queries as customer_queries
from meterbook.identity import permissions, saved_views
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Module, ScopeKind
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.sites import permissions as site_permissions

router = Router(tags=["People"])
Places = Mapping[ScopeKind, Mapping[int, uuid.UUID]]  # what grants reach: public ids by internal ones


class User(values.Told):
    """A person who holds, or held, a grant in the organization."""

    id: uuid.UUID
    name: str
    email: str
    language: str
    is_active: bool


class Grant(values.Told):
    """That a person may do something in [starts_at, ends_at): a role or one permission, where `scope` says.

    The one of `site`, `meter_point` and `account` that it names is told; the others are null.
    """

    id: uuid.UUID
    user: uuid.UUID
    gives: str
    scope: ScopeKind
    site: uuid.UUID | None
    meter_point: uuid.UUID | None
    account: uuid.UUID | None
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None


class SavedView(values.Told):
    """A list as the owner of the key keeps it: the query of its address."""

    id: uuid.UUID
    name: str
    query: str


class SavedViews(values.Told):
    """The views that the owner of the key keeps of the list of meters."""

    items: list[SavedView]


class AuditEntry(values.Told):
    """One recorded change.

    `sequence` is its place in the sealed chain, null until it is sealed; `on_behalf_of` is the landlord for whom
    somebody of a management company acted, else empty.
    """

    id: uuid.UUID
    sequence: int | None
    at: values.InstantTold
    actor_kind: str
    actor: str
    source: str
    action: str
    subject_kind: str
    subject: uuid.UUID | None
    subject_label: str
    before: Any
    after: Any
    reason: str
    on_behalf_of: str


@endpoint(
    router,
    "GET",
    "/users",
    permission=permissions.VIEW_USERS,
    module=Module.CORE,
    answers=paging.Page[User],
)
def list_users(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[User]:
    """This will return the people of the organization."""
    rows = identity_queries.list_users()
    return paging.cut(request, rows, key=lambda each: each.id, cursor=cursor, limit=limit, tell=told_user)


@endpoint(
    router,
    "GET",
    "/users/{uuid:user}",
    permission=permissions.VIEW_USERS,
    module=Module.CORE,
    answers=User,
)
def get_user(request: entry.Request, user: uuid.UUID) -> User:
    """This will return one person."""
    return told_user(identity_queries.get_user(public_id=user))


@endpoint(
    router,
    "GET",
    "/grants",
    permission=permissions.VIEW_USERS,
    module=Module.CORE,
    answers=paging.Page[Grant],
)
def list_grants(
    request: entry.Request,
    in_force: bool = True,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[Grant]:
    """This will return who may do what: what is in force now, or with `in_force=false` all that ever was."""
    rows = identity_queries.list_grants(in_force_at=request.caller.at if in_force else None)
    place = places_of(request, rows)
    return paging.cut(
        request, rows, key=lambda each: each.id, cursor=cursor, limit=limit, tell=lambda each: told_grant(each, place)
    )


@endpoint(
    router,
    "GET",
    "/saved-views",
    permission=metering_permissions.VIEW_METER,
    module=Module.METERING,
    answers=SavedViews,
    by_site=True,
)
def list_saved_views(request: entry.Request) -> SavedViews:
    """This will return the views that the owner of the key keeps of the list of meters."""
    rows = saved_views.list_views(user_id=request.caller.user_id, page="meters")
    return SavedViews(items=[SavedView(id=each.public_id, name=each.name, query=each.query) for each in rows])


@endpoint(
    router,
    "GET",
    "/audit",
    permission=audit_permissions.VIEW_AUDIT,
    module=Module.CORE,
    answers=paging.Page[AuditEntry],
)
def list_audit_entries(
    request: entry.Request,
    action: values.Search = "",
    actor: values.Search = "",
    subject: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[AuditEntry]:
    """This will return what was changed by whom, the newest first; `action` is a beginning such as "billing:"."""
    rows = audit_queries.list_entries(
        action=action,
        actor_label=actor,
        subject_id=subject,
        older_than_id=paging.after(request, cursor) or None,
        limit=limit + 1,
    )
    return paging.page(request, [(each.id, each) for each in rows], limit, told_entry)


def told_user(row: identity_queries.UserRow) -> User:
    """This will tell a person."""
    return User(id=row.public_id, name=row.name, email=row.email, language=row.language, is_active=row.is_active)


def places_of(request: entry.Request, rows: Iterable[identity_queries.GrantRow]) -> Places:
    """This will return the public ids of what grants reach, as far as the caller may see sites; in two queries."""
    reached: dict[str, set[int]] = {}
    for each in rows:
        if each.scope_id is not None:
            reached.setdefault(each.scope_kind, set()).add(each.scope_id)
    points = metering_queries.points_by_id(ids=reached.get(ScopeKind.METER, frozenset()))
    wanted = reached.get(ScopeKind.ACCOUNT)
    accounts = customer_queries.accounts_by_id(ids=wanted) if wanted else {}
    return {
        ScopeKind.SITE: {each.id: each.public_id for each in reach.sites(request, site_permissions.VIEW_SITES)},
        ScopeKind.METER: {each.id: each.public_id for each in points},
        ScopeKind.ACCOUNT: {key: each.public_id for key, each in accounts.items()},
    }


def told_grant(row: identity_queries.GrantRow, places: Places) -> Grant:
    """This will tell what somebody may do; see `places_of`."""
    found = places.get(ScopeKind(row.scope_kind), {}).get(row.scope_id or 0)
    kind = row.scope_kind
    return Grant(
        id=row.public_id,
        user=row.user.public_id,
        gives=row.title,
        scope=ScopeKind(row.scope_kind),
        site=found if kind == ScopeKind.SITE else None,
        meter_point=found if kind == ScopeKind.METER else None,
        account=found if kind == ScopeKind.ACCOUNT else None,
        starts_at=values.instant(row.starts_at),
        ends_at=values.maybe_instant(row.ends_at),
    )


def told_entry(row: audit_queries.EntryRow) -> AuditEntry:
    """This will tell one recorded change."""
    return AuditEntry(
        id=row.public_id,
        sequence=row.sequence,
        at=values.instant(row.at),
        actor_kind=row.actor_kind,
        actor=row.actor_label,
        source=row.source,
        action=row.action,
        subject_kind=row.subject_kind,
        subject=row.subject_id,
        subject_label=row.subject_label,
        before=row.before,
        after=row.after,
        reason=row.reason,
        on_behalf_of=row.on_behalf_of,
    )
