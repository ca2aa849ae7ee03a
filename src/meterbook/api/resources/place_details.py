"""What is known of a place beside its name: facts, own fields, photos; what is archived, and deleting."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import place_changes, places, reach
from meterbook.documents import attachments
from meterbook.identity.values import Module
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.sites import values as site_values

router = Router(tags=["Places"])


class PlacePhoto(values.Told):
    """A photo of a place."""

    id: uuid.UUID
    caption: str
    author: str
    added_at: values.InstantTold


class PlaceFacts(values.Told):
    """What is known of a place; null and empty are not known. `custom` is by the keys of the own fields."""

    area: values.DecimalTold | None
    area_unit: site_values.AreaUnit
    headcount: int | None
    usage: site_values.UsageType | None
    address: str
    rated_capacity: values.DecimalTold | None
    capacity_unit: site_values.CapacityUnit
    contacts: str
    language: str
    custom: dict[str, str]


class PlaceDetail(values.Told):
    """A place with all that is known of it."""

    id: uuid.UUID
    site: uuid.UUID
    parent: uuid.UUID | None
    kind: site_values.NodeKind
    code: str
    name: str
    archived_at: values.InstantTold | None
    facts: PlaceFacts
    photos: list[PlacePhoto]


class NewFacts(values.Given):
    """All that is to be known of a place from now on: what is left out is no longer known."""

    area: values.DecimalGiven | None = None
    area_unit: site_values.AreaUnit = site_values.AreaUnit.M2
    headcount: Annotated[int, Field(ge=0, le=site_values.MOST_HEADCOUNT)] | None = None
    usage: site_values.UsageType | None = None
    address: Annotated[values.Words, Field(max_length=site_values.ADDRESS_LENGTH)] = ""
    rated_capacity: values.DecimalGiven | None = None
    capacity_unit: site_values.CapacityUnit = site_values.CapacityUnit.KW
    contacts: Annotated[values.Words, Field(max_length=site_values.CONTACTS_LENGTH)] = ""
    language: values.Language | None = None
    custom: Annotated[dict[values.Code, values.Name], Field(max_length=20)] = Field({})


class OwnField(values.Told):
    """A field that the organization added to its places."""

    key: str
    name: str
    type: site_values.FieldType
    choices: list[str]


class PlaceFields(values.Told):
    """In the order in which they were added."""

    items: list[OwnField]


class ArchivedPlaces(values.Told):
    """Archived places that do not lie in another archived one; `parent` is not told."""

    items: list[places.Place]


class PhotoForm(values.Given):
    """What is to be read beside a photo."""

    caption: Annotated[values.Words, Field(max_length=200)] = ""


@endpoint(
    router,
    "GET",
    "/place-fields",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=PlaceFields,
    by_site=True,
)
def list_place_fields(request: entry.Request) -> PlaceFields:
    """This will return the fields that the organization added to its places."""
    return PlaceFields(
        items=[
            OwnField(key=each.key, name=each.name, type=each.type, choices=list(each.choices))
            for each in site_queries.list_fields()
        ]
    )


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/archived-places",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=ArchivedPlaces,
    by_site=True,
)
def list_archived_places(request: entry.Request, site: uuid.UUID) -> ArchivedPlaces:
    """This will return the places of a site that are archived."""
    row = reach.site(request, site, permissions.VIEW_SITES)
    found = site_queries.list_archived(site_id=row.id)
    return ArchivedPlaces(
        items=[
            places.Place(id=public_id, parent=None, kind=kind, code=code, name=name)
            for public_id, kind, code, name in found
        ]
    )


# One address belongs to one router: the framework would answer what the other one has with "method not allowed".
@endpoint(
    place_changes.router,
    "GET",
    "/sites/{uuid:site}/places/{uuid:place}",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=PlaceDetail,
    by_site=True,
)
def get_place(request: entry.Request, site: uuid.UUID, place: uuid.UUID) -> PlaceDetail:
    """This will return a place, archived or not, with its facts and photos."""
    row = reach.site(request, site, permissions.VIEW_SITES)
    detail = site_queries.get_node(public_id=place)
    if detail.site_id != row.id:
        raise problems.not_found()
    return _told(detail)


@endpoint(
    router,
    "PUT",
    "/sites/{uuid:site}/places/{uuid:place}/facts",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=PlaceDetail,
    by_site=True,
)
def set_place_facts(request: entry.Request, site: uuid.UUID, place: uuid.UUID, given: NewFacts) -> PlaceDetail:
    """This will set all that is known of a place beside its name."""
    detail = place_changes.find(request, site, place)
    try:
        site_operations.change_node(
            actor=request.caller.actor,
            at=request.caller.at,
            node=place,
            kind=detail.kind,
            code=detail.code,
            name=detail.name,
            facts=_facts(given),
        )
    except site_operations.FactsInvalid as error:
        raise problems.invalid(f"/body/{error.field}", str(error)) from error
    return _told(site_queries.get_node(public_id=place))


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/places/{uuid:place}/delete",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=PlaceDetail,
    by_site=True,
)
def delete_place(request: entry.Request, site: uuid.UUID, place: uuid.UUID) -> PlaceDetail:
    """This will delete a place on which nothing hangs, for ever; it is answered as it was."""
    detail = place_changes.find(request, site, place)
    site_operations.delete_node(actor=request.caller.actor, at=request.caller.at, node=place)
    return _told(detail)


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/places/{uuid:place}/photos",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=PlaceDetail,
    status=201,
    by_site=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def add_place_photo(
    request: entry.Request,
    site: uuid.UUID,
    place: uuid.UUID,
    file: Annotated[UploadedFile, File()],
    given: Annotated[PhotoForm, Form()],
) -> PlaceDetail:
    """This will keep a photo of a place, written anew without what the camera noted beside it."""
    place_changes.find(request, site, place)
    picture = attachments.require_picture(file.read(attachments.MOST_BYTES + 1))
    site_operations.add_photo(
        actor=request.caller.actor,
        at=request.caller.at,
        node=place,
        content=picture.content,
        media_type=picture.media_type,
        caption=given.caption.replace("\n", " "),
    )
    return _told(site_queries.get_node(public_id=place))


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/photos/{uuid:photo}",
    permission=permissions.VIEW_SITES,
    module=Module.CORE,
    answers=None,
    by_site=True,
)
def get_place_photo(request: entry.Request, site: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """This will return a photo of a place of a site."""
    content = _photo(request, site, photo, permissions.VIEW_SITES)
    return HttpResponse(content, content_type=attachments.JPEG, headers={"X-Content-Type-Options": "nosniff"})


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/photos/{uuid:photo}/remove",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=PlacePhoto,
    by_site=True,
)
def remove_place_photo(request: entry.Request, site: uuid.UUID, photo: uuid.UUID) -> PlacePhoto:
    """This will remove a photo."""
    _photo(request, site, photo, permissions.EDIT_SITES)
    _site_id, row, _content = site_queries.get_photo(public_id=photo)
    site_operations.remove_photo(actor=request.caller.actor, at=request.caller.at, photo=photo)
    return _told_photo(row)


def _photo(request: entry.Request, site: uuid.UUID, photo: uuid.UUID, permission: str) -> bytes:
    row = reach.site(request, site, permission)
    site_id, _row, content = site_queries.get_photo(public_id=photo)
    if site_id != row.id:
        raise problems.not_found()
    return content


def _facts(given: NewFacts) -> site_values.NodeFacts:
    figures: dict[str, Decimal | None] = {
        "area": values.read_decimal(given.area),
        "rated_capacity": values.read_decimal(given.rated_capacity),
    }
    plain: dict[str, Any] = {**given.model_dump(), **figures, "language": given.language or ""}
    return site_values.NodeFacts(**plain)


def _told(detail: site_queries.NodeDetail) -> PlaceDetail:
    facts = {
        **asdict(detail.facts),
        "area": values.maybe_decimal(detail.facts.area),
        "rated_capacity": values.maybe_decimal(detail.facts.rated_capacity),
        "custom": dict(detail.facts.custom),
    }
    return PlaceDetail(
        id=detail.public_id,
        site=detail.site,
        parent=detail.parent,
        kind=detail.kind,
        code=detail.code,
        name=detail.name,
        archived_at=values.maybe_instant(detail.archived_at),
        facts=PlaceFacts(**facts),
        photos=[_told_photo(each) for each in detail.photos],
    )


def _told_photo(row: site_queries.PhotoRow) -> PlacePhoto:
    return PlacePhoto(id=row.public_id, caption=row.caption, author=row.author, added_at=values.instant(row.added_at))
