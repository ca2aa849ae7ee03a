"""Places that are renamed, moved, archived and restored."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import places, reach
from meterbook.identity.values import Module
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries

router = Router(tags=["Places"])


class PlaceNames(values.Given):
    """How a place is to be called; what is left out stays."""

    code: values.Code | None = None
    name: values.Name | None = None


class Move(values.Given):
    """Where a place lies from an instant on; `parent` null is the top of the site."""

    parent: uuid.UUID | None
    moved_at: values.InstantGiven


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
    """This will rename a place."""
    detail = _find(request, site, place)
    site_operations.change_node(
        actor=request.caller.actor,
        at=request.caller.at,
        node=place,
        kind=detail.kind,
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
    _find(request, site, place)
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
    _find(request, site, place)
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
    _find(request, site, place)
    site_operations.restore_node(actor=request.caller.actor, at=request.caller.at, node=place)
    return _told(place)


def _find(request: entry.Request, site: uuid.UUID, place: uuid.UUID) -> site_queries.NodeDetail:
    row = reach.site(request, site, permissions.EDIT_SITES)
    detail = site_queries.get_node(public_id=place)
    if detail.site_id != row.id:
        raise problems.not_found()
    return detail


def _told(place: uuid.UUID) -> places.Place:
    detail = site_queries.get_node(public_id=place)
    return places.Place(id=place, parent=detail.parent, kind=detail.kind, code=detail.code, name=detail.name)
