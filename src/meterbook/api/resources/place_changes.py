"""Places that are renamed, moved, archived and restored."""

from __future__ import annotations

import uuid
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import places, reach
from meterbook.identity.values import Module
from meterbook.journeys import change_site as change_sites
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.sites.values import ADDRESS_LENGTH, CONTACTS_LENGTH, NodeKind, SiteFacts

router = Router(tags=["Places"])


class ChangedSite(values.Given):
    """What changes of a site; what is left out stays."""

    code: values.Code | None = None
    name: values.Name | None = None
    time_zone: values.Code | None = None
    currency: values.CurrencyGiven | None = None
    language: values.Language | None = None
    portfolio: Annotated[values.Words, Field(max_length=100)] | None = None
    address: Annotated[values.Words, Field(max_length=ADDRESS_LENGTH)] | None = None
    contacts: Annotated[values.Words, Field(max_length=CONTACTS_LENGTH)] | None = None


class PlaceNames(values.Given):
    """How a place is to be called, and what it is; what is left out stays."""

    kind: NodeKind | None = None
    code: values.Code | None = None
    name: values.Name | None = None


class Move(values.Given):
    """Where a place lies from an instant on; `parent` null is the top of the site."""

    parent: uuid.UUID | None
    moved_at: values.InstantGiven


@endpoint(
    places.router,
    "PATCH",
    "/sites/{uuid:site}",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=places.Site,
)
def change_site(request: entry.Request, site: uuid.UUID, given: ChangedSite) -> places.Site:
    """This will change a site; another zone holds from now on, another currency only while there are no accounts."""
    caller, row = request.caller, reach.site(request, site, permissions.EDIT_SITES)
    known = {
        "code": row.code,
        "name": row.name,
        "time_zone": row.zone.key,
        "currency": row.currency,
        "language": row.language,
        "portfolio": row.portfolio,
        "address": row.address,
        "contacts": row.contacts,
    }
    facts = SiteFacts(**{**known, **given.model_dump(exclude_none=True)})
    change_sites.change_site(actor=caller.actor, at=caller.at, site=site, facts=facts)
    return places.told_site(site_queries.get_site(public_id=site))


@endpoint(
    router,
    "PATCH",
    "/sites/{uuid:site}/places/{uuid:place}",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=places.Place,
    by_site=True,
)
def change_place(request: entry.Request, site: uuid.UUID, place: uuid.UUID, given: PlaceNames) -> places.Place:
    """This will rename a place, or make it one of another kind."""
    detail = find(request, site, place)
    site_operations.change_node(
        actor=request.caller.actor,
        at=request.caller.at,
        node=place,
        kind=given.kind or detail.kind,
        code=given.code or detail.code,
        name=given.name or detail.name,
        facts=detail.facts,
    )
    return _told(place)


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/places/{uuid:place}/move",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=places.Place,
    by_site=True,
)
def move_place(request: entry.Request, site: uuid.UUID, place: uuid.UUID, given: Move) -> places.Place:
    """This will put a place into another one from an instant on; reports of the time before keep the old one."""
    find(request, site, place)
    site_operations.move_node(
        actor=request.caller.actor,
        at=request.caller.at,
        node=place,
        parent=given.parent,
        moved_at=given.moved_at,
    )
    return _told(place)


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/places/{uuid:place}/archive",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=places.Place,
    by_site=True,
)
def archive_place(request: entry.Request, site: uuid.UUID, place: uuid.UUID) -> places.Place:
    """This will take a place, with all that is in it, out of the lists; reports keep it."""
    find(request, site, place)
    site_operations.archive_node(actor=request.caller.actor, at=request.caller.at, node=place)
    return _told(place)


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/places/{uuid:place}/restore",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=places.Place,
    by_site=True,
)
def restore_place(request: entry.Request, site: uuid.UUID, place: uuid.UUID) -> places.Place:
    """This will put an archived place back into the lists."""
    find(request, site, place)
    site_operations.restore_node(actor=request.caller.actor, at=request.caller.at, node=place)
    return _told(place)


def find(request: entry.Request, site: uuid.UUID, place: uuid.UUID) -> site_queries.NodeDetail:
    """This will return a place of a site where the caller may change places.

    :raises problems.Problem: when it is not there, or the caller does not reach it
    """
    row = reach.site(request, site, permissions.EDIT_SITES)
    detail = site_queries.get_node(public_id=place)
    if detail.site_id != row.id:
        raise problems.not_found()
    return detail


def _told(place: uuid.UUID) -> places.Place:
    detail = site_queries.get_node(public_id=place)
    return places.Place(id=place, parent=detail.parent, kind=detail.kind, code=detail.code, name=detail.name)
