"""Delegations: what the organization entrusted to management companies, and what others entrusted to it."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity import delegations as identity_delegations
from meterbook.identity import holdings, permissions
from meterbook.identity.values import DelegationScope, Module
from meterbook.sites import permissions as site_permissions

router = Router(tags=["Delegations"])


class Delegation(values.Told):
    """That a company's people work here in [starts_at, ends_at); `sites` null is the whole organization."""

    id: uuid.UUID
    company: str
    scopes: list[DelegationScope]
    sites: list[uuid.UUID] | None
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None
    given_by: str
    revoked_at: values.InstantTold | None
    revoked_by: str


class Entrusted(values.Told):
    """What a landlord entrusted to this organization; `sites` is how many, null: all."""

    id: uuid.UUID
    landlord: uuid.UUID
    landlord_name: str
    scopes: list[DelegationScope]
    sites: int | None
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None
    revoked_at: values.InstantTold | None


class Entrusts(values.Told):
    """What others entrusted to this organization, the newest first; at most 500."""

    items: list[Entrusted]


class NewDelegation(values.Given):
    """To which company (its code), what, where and when. Without a start it starts now; without sites it is all."""

    company: uuid.UUID
    scopes: list[DelegationScope] = Field(default_factory=list, max_length=4)
    sites: Annotated[list[uuid.UUID], Field(max_length=1_000)] | None = None
    starts_at: values.InstantGiven | None = None
    ends_at: values.InstantGiven | None = None


class Ending(values.Given):
    """Why a delegation ends."""

    reason: values.Note


@endpoint(
    router,
    "GET",
    "/delegations",
    permission=permissions.VIEW_DELEGATIONS,
    module=Module.CORE,
    answers=paging.Page[Delegation],
)
def list_delegations(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[Delegation]:
    """This will return what the organization entrusted to companies, also what has ended."""
    sites = {each.id: each.public_id for each in reach.sites(request, site_permissions.VIEW_SITES)}
    rows = identity_delegations.list_given(at=request.caller.at)
    return paging.cut(
        request, rows, key=lambda each: each.id, cursor=cursor, limit=limit, tell=lambda each: _told(each, sites)
    )


@endpoint(
    router,
    "GET",
    "/delegations/received",
    permission=permissions.VIEW_DELEGATIONS,
    module=Module.CORE,
    answers=Entrusts,
)
def list_received_delegations(request: entry.Request) -> Entrusts:
    """This will return what others entrusted to the organization."""
    return Entrusts(
        items=[
            Entrusted(
                id=each.public_id,
                landlord=each.landlord_id,
                landlord_name=each.landlord_name,
                scopes=list(each.scopes),
                sites=each.sites,
                starts_at=values.instant(each.starts_at),
                ends_at=values.maybe_instant(each.ends_at),
                revoked_at=values.maybe_instant(each.revoked_at),
            )
            for each in identity_delegations.list_received()
        ]
    )


@endpoint(
    router,
    "POST",
    "/delegations",
    permission=permissions.MANAGE_DELEGATIONS,
    module=Module.CORE,
    answers=Delegation,
    status=201,
)
def entrust(request: entry.Request, given: NewDelegation) -> Delegation:
    """This will let a company's people work in the organization. A key cannot entrust what it may not do itself."""
    caller = request.caller
    if not holdings.of_delegation(given.scopes) <= caller.access.everywhere:
        words = _("You can give only what you hold yourself. Missing: %s.")
        missing = sorted(holdings.of_delegation(given.scopes) - caller.access.everywhere)
        raise problems.Problem(403, "forbidden", words % ", ".join(missing))
    site_ids = None
    if given.sites:
        site_ids = [reach.site(request, each, site_permissions.VIEW_SITES).id for each in given.sites]
    made = identity_delegations.entrust(
        actor=caller.actor,
        at=caller.at,
        manager=given.company,
        scopes=given.scopes,
        site_ids=site_ids,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
    )
    return _read(request, made)


@endpoint(
    router,
    "POST",
    "/delegations/{uuid:delegation}/end",
    permission=permissions.MANAGE_DELEGATIONS,
    module=Module.CORE,
    answers=Delegation,
)
def end_delegation(request: entry.Request, delegation: uuid.UUID, given: Ending) -> Delegation:
    """This will end a delegation now; the company's people are without it from their next request on."""
    caller = request.caller
    identity_delegations.revoke(actor=caller.actor, at=caller.at, public_id=delegation, reason=given.reason)
    return _read(request, delegation)


def _read(request: entry.Request, public_id: uuid.UUID) -> Delegation:
    sites = {each.id: each.public_id for each in reach.sites(request, site_permissions.VIEW_SITES)}
    return _told(identity_delegations.get_given(public_id=public_id), sites)


def _told(row: identity_delegations.DelegationRow, sites: dict[int, uuid.UUID]) -> Delegation:
    return Delegation(
        id=row.public_id,
        company=row.manager_name,
        scopes=list(row.scopes),
        sites=None if row.site_ids is None else [sites[each] for each in row.site_ids if each in sites],
        starts_at=values.instant(row.starts_at),
        ends_at=values.maybe_instant(row.ends_at),
        given_by=row.given_by,
        revoked_at=values.maybe_instant(row.revoked_at),
        revoked_by=row.revoked_by,
    )
