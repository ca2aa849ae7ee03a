"""The organization, its sites, and the places in them."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, paging, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind

router = Router(tags=["Places"])


class Organization(values.Told):
    """Who a key belongs to, and which parts of the product are on."""

    id: uuid.UUID
    name: str
    language: str
    modules: list[Module]


class Site(values.Told):
    """A property; `time_zone` is that of all local days at it."""

    id: uuid.UUID
    code: str
    name: str
    time_zone: str
    currency: str
    language: str


class NewSite(values.Given):
    """A property to be set up."""

    code: values.Code
    name: values.Name
    time_zone: values.Code
    currency: values.CurrencyGiven
    language: values.Language = "en"


class Place(values.Told):
    """A building, floor, zone or unit; `parent` null is at the top of the site."""

    id: uuid.UUID
    parent: uuid.UUID | None
    kind: NodeKind
    code: str
    name: str


class NewPlace(values.Given):
    """A place to be added."""

    kind: NodeKind
    code: values.Code
    name: values.Name
    parent: uuid.UUID | None = None


@endpoint(
    router,
    "GET",
    "/organization",
    permission=identity_permissions.VIEW_ORGANIZATION,
    module=Module.CORE,
    answers=Organization,
    by_site=True,
)
def get_organization(request: entry.Request) -> Organization:
    """This will return the organization that the key belongs to."""
    row = request.caller.organization
    modules = [Module.CORE, *(Module(each) for each in sorted(row.modules))]
    return Organization(id=row.public_id, name=row.name, language=row.language, modules=modules)


@endpoint(
    router,
    "GET",
    "/sites",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=paging.Page[Site],
    by_site=True,
)
def list_sites(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[Site]:
    """This will return the sites that the caller may see."""
    rows = reach.sites(request, permissions.VIEW_SITES)
    return paging.cut(request, rows, key=lambda each: each.id, cursor=cursor, limit=limit, tell=told_site)


@endpoint(
    router,
    "POST",
    "/sites",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Site,
    status=201,
)
def create_site(request: entry.Request, given: NewSite) -> Site:
    """This will set up a site."""
    caller = request.caller
    made = site_operations.create_site(actor=caller.actor, at=caller.at, **given.model_dump())
    return told_site(site_queries.get_site(public_id=made.public_id))


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=Site,
    by_site=True,
)
def get_site(request: entry.Request, site: uuid.UUID) -> Site:
    """This will return one site."""
    return told_site(reach.site(request, site, permissions.VIEW_SITES))


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/places",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=paging.Page[Place],
    by_site=True,
)
def list_places(
    request: entry.Request, site: uuid.UUID, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[Place]:
    """This will return the buildings, floors, zones and units of a site."""
    rows = site_queries.list_nodes(site_id=reach.site(request, site, permissions.VIEW_SITES).id)
    known = {each.id: each.public_id for each in rows}
    return paging.cut(
        request,
        rows,
        key=lambda each: each.id,
        cursor=cursor,
        limit=limit,
        tell=lambda each: _place(each, known.get(each.parent_id) if each.parent_id else None),
    )


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/places",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Place,
    status=201,
    by_site=True,
)
def create_place(request: entry.Request, site: uuid.UUID, given: NewPlace) -> Place:
    """This will add a place to a site."""
    caller, row = request.caller, reach.site(request, site, permissions.EDIT_SITES)
    made = site_operations.create_node(
        actor=caller.actor,
        at=caller.at,
        site=row.public_id,
        kind=given.kind,
        code=given.code,
        name=given.name,
        parent=given.parent,
    )
    return Place(id=made.public_id, parent=given.parent, kind=given.kind, code=made.code, name=made.name)


def told_site(row: site_queries.SiteRow) -> Site:
    """This will tell a site."""
    return Site(
        id=row.public_id,
        code=row.code,
        name=row.name,
        time_zone=row.zone.key,
        currency=row.currency,
        language=row.language,
    )


def _place(row: site_queries.NodeRow, parent: uuid.UUID | None) -> Place:
    return Place(id=row.public_id, parent=parent, kind=row.kind, code=row.code, name=row.name)
