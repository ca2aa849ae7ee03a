"""Meter types that an organization made itself: listed, shown with their document, published in versions."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field, StringConstraints

from meterbook.acquisition import catalogue, meter_types, operations, permissions, type_texts
from meterbook.acquisition.library import checks
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering.values import Service

router = Router(tags=["Meter types"])
# As it stands in a file: its lines and spaces mean something.
Document = Annotated[
    str, StringConstraints(min_length=1, max_length=operations.LONGEST_DOCUMENT, strip_whitespace=False)
]
Note = Annotated[values.Words, Field(max_length=500)]


class MeterType(values.Told):
    """The newest version of a type; `is_offered`: new meters may be of it."""

    code: str
    manufacturer: str
    name: str
    service: Service
    protocol: str
    version: int
    is_offered: bool
    registers: int


class MeterTypes(values.Told):
    """The types of the organization, by code."""

    items: list[MeterType]


class TypeVersion(values.Told):
    """One version of a type. `document` is the YAML text of the register map, as the pages export it."""

    code: str
    version: int
    is_offered: bool
    note: str
    author: str
    published_at: values.InstantTold
    document: str


class TypeVersions(values.Told):
    """All versions of a type, the newest first."""

    items: list[TypeVersion]


class AffectedMeter(values.Told):
    """A meter that hangs and is of the type, by its meter point."""

    meter_point: str
    serial_number: str
    is_read: bool


class ShownType(values.Told):
    """A type with the document of its newest version, and the meters that the caller sees of it."""

    code: str
    version: int
    is_offered: bool
    document: str
    meters: list[AffectedMeter]


class NewVersion(values.Given):
    """A version to publish. `base` is the version it was made from: 0 for a new type."""

    document: Document
    base: int = Field(0, ge=0, le=10**6)
    note: Note = ""


class Offer(values.Given):
    """Whether new meters may be of the type."""

    is_offered: bool


@endpoint(
    router,
    "GET",
    "/meter-types",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=MeterTypes,
    by_site=True,
)
def list_meter_types(request: entry.Request) -> MeterTypes:
    """This will return the meter types that the organization made; those of the library are in `/meter-models`."""
    own = catalogue.current().own
    return MeterTypes(items=[_type(own[code]) for code in sorted(own)])


@endpoint(
    router,
    "POST",
    "/meter-types",
    permission=permissions.EDIT_TYPE,
    module=Module.METERING,
    answers=ShownType,
    status=201,
)
def publish_meter_type(request: entry.Request, given: NewVersion) -> ShownType:
    """This will publish a version of a meter type; meters of it are read by it with their next reading.

    What would change the meaning of stored readings is refused (409), register by register.
    """
    try:
        made = operations.publish_type(
            actor=request.caller.actor,
            at=request.caller.at,
            text=given.document,
            base=given.base,
            note=given.note,
            name="document",
        )
    except checks.DocumentInvalid as error:
        places = [(_pointer(each), f"{type_texts.what(each)}; {type_texts.remedy(each)}") for each in error.faults]
        raise problems.Problem(422, "invalid", _("The document is faulty."), errors=places) from error
    except operations.TypeRefused as error:
        raise problems.invalid("/body/note" if error.field == "note" else "/body/document", str(error)) from error
    except operations.TypeChanged as error:
        raise problems.Problem(409, "changed", str(error), errors=[("/body/base", str(error))]) from error
    except operations.TypeInUse as error:
        told = [("/body/document", type_texts.conflict(each)) for each in error.conflicts]
        raise problems.Problem(409, "in_use", str(error), errors=told) from error
    return _shown(request, made.code)


@endpoint(
    router,
    "GET",
    "/meter-types/{slug:own_type}",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=ShownType,
    by_site=True,
)
def get_meter_type(request: entry.Request, own_type: str) -> ShownType:
    """This will return a meter type with its document, and the meters that are of it."""
    return _shown(request, own_type)


@endpoint(
    router,
    "GET",
    "/meter-types/{slug:own_type}/versions",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=TypeVersions,
    by_site=True,
)
def list_meter_type_versions(request: entry.Request, own_type: str) -> TypeVersions:
    """This will return all versions of a meter type with their documents."""
    return TypeVersions(items=[_version(each) for each in _versions(own_type)])


@endpoint(
    router,
    "PUT",
    "/meter-types/{slug:own_type}/offer",
    permission=permissions.EDIT_TYPE,
    module=Module.METERING,
    answers=ShownType,
)
def offer_meter_type(request: entry.Request, own_type: str, given: Offer) -> ShownType:
    """This will offer a meter type for new meters, or no longer; meters of it are read as before."""
    _versions(own_type)
    operations.offer_type(actor=request.caller.actor, at=request.caller.at, code=own_type, is_offered=given.is_offered)
    return _shown(request, own_type)


def _type(own: catalogue.OwnType) -> MeterType:
    return MeterType(
        code=own.model.code,
        manufacturer=own.model.manufacturer,
        name=own.model.name,
        service=Service(own.model.service),
        protocol=own.model.protocol,
        version=own.version,
        is_offered=own.is_offered,
        registers=len(own.model.registers),
    )


def _shown(request: entry.Request, code: str) -> ShownType:
    newest = _versions(code)[0]
    sites = request.caller.access.sites(metering_permissions.VIEW_METER)
    return ShownType(
        code=code,
        version=newest.version,
        is_offered=newest.is_offered,
        document=newest.document,
        meters=[
            AffectedMeter(meter_point=str(each.point_id), serial_number=each.serial_number, is_read=each.is_read)
            for each in meter_types.list_affected(code, sites=sites)
        ],
    )


def _versions(code: str) -> list[meter_types.VersionRow]:
    try:
        return meter_types.list_versions(code)
    except meter_types.TypeNotFound as error:
        raise problems.not_found() from error


def _version(row: meter_types.VersionRow) -> TypeVersion:
    return TypeVersion(
        code=row.code,
        version=row.version,
        is_offered=row.is_offered,
        note=row.note,
        author=row.author,
        published_at=values.instant(row.made_at),
        document=row.document,
    )


def _pointer(fault: checks.Fault) -> str:
    """The place in the document, below the field that holds it, counted from 0 as JSON pointers do."""
    return "/".join(("/body/document", *(str(each) for each in fault.path)))
