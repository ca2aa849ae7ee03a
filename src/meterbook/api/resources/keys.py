"""Keys of programs: what each may do and where, and the end of one. Secrets are made and shown on the pages only."""

from __future__ import annotations

import uuid
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.customers import queries as customer_queries
from meterbook.identity import api_keys, permissions
from meterbook.identity.values import Module, ScopeKind
from meterbook.metering import queries as metering_queries
from meterbook.sites import permissions as site_permissions

router = Router(tags=["Keys"])


class Key(values.Told):
    """A key with what it may do.

    Where `sites`, `meter_points` or `accounts` name something, it reaches only that; where all are null, as far as its
    owner. `prefixes` are the beginnings of the secrets that work, the newest first.
    """

    id: uuid.UUID
    name: str
    owner: str
    permissions: list[str]
    sites: list[uuid.UUID] | None
    meter_points: list[uuid.UUID] | None
    accounts: list[uuid.UUID] | None
    networks: list[str]
    prefixes: list[str]
    created_at: values.InstantTold
    expires_at: values.InstantTold | None
    revoked_at: values.InstantTold | None
    used_at: values.InstantTold | None


class Keys(values.Told):
    """Those that work first, by name."""

    items: list[Key]


class KeyEnd(values.Given):
    """Why a key ends; it stays on record."""

    reason: Annotated[values.Words, Field(min_length=1, max_length=300)]


@endpoint(router, "GET", "/api-keys", permission=permissions.VIEW_API_KEYS, module=Module.API, answers=Keys)
def list_api_keys(request: entry.Request) -> Keys:
    """This will return the keys of the organization, without their secrets."""
    return Keys(items=_told(request, api_keys.list_keys(at=request.caller.at)))


@endpoint(
    router,
    "POST",
    "/api-keys/{uuid:key}/revoke",
    permission=permissions.MANAGE_API_KEYS,
    module=Module.API,
    answers=Key,
)
def revoke_api_key(request: entry.Request, key: uuid.UUID, given: KeyEnd) -> Key:
    """This will end a key: its next request is refused. One that was revoked stays as it is."""
    caller = request.caller
    api_keys.revoke_key(actor=caller.actor, at=caller.at, public_id=key, reason=given.reason)
    return _told(request, (api_keys.get_key(public_id=key, at=caller.at),))[0]


def _told(request: entry.Request, rows: tuple[api_keys.KeyRow, ...]) -> list[Key]:
    alone = {each for row in rows for each in row.singles}
    points = metering_queries.points_by_id(ids=[each.id for each in alone if each.kind is ScopeKind.METER])
    accounts = customer_queries.accounts_by_id(ids=[each.id for each in alone if each.kind is ScopeKind.ACCOUNT])
    known = {
        ScopeKind.SITE: {each.id: each.public_id for each in reach.sites(request, site_permissions.VIEW_SITES)},
        ScopeKind.METER: {each.id: each.public_id for each in points},
        ScopeKind.ACCOUNT: {key: each.public_id for key, each in accounts.items()},
    }

    def ids(row: api_keys.KeyRow, kind: ScopeKind) -> list[uuid.UUID] | None:
        if row.site_ids is None and not row.singles:
            return None
        named = row.site_ids or () if kind is ScopeKind.SITE else [each.id for each in row.singles if each.kind is kind]
        return sorted(known[kind][each] for each in named if each in known[kind])

    return [
        Key(
            id=row.public_id,
            name=row.name,
            owner=row.owner,
            permissions=sorted(row.permissions),
            sites=ids(row, ScopeKind.SITE),
            meter_points=ids(row, ScopeKind.METER),
            accounts=ids(row, ScopeKind.ACCOUNT),
            networks=list(row.networks),
            prefixes=list(row.prefixes),
            created_at=values.instant(row.created_at),
            expires_at=values.maybe_instant(row.expires_at),
            revoked_at=values.maybe_instant(row.revoked_at),
            used_at=values.maybe_instant(row.used_at),
        )
        for row in rows
    ]
