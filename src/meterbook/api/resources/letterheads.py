"""What stands at the head of bills, and how their numbers begin."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from ninja import File, Router
from ninja.files import UploadedFile
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.documents import logos as document_logos
from meterbook.documents import numbering, permissions
from meterbook.documents import operations as document_operations
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.documents.values import DocumentKind
from meterbook.foundation import scoping
from meterbook.identity.values import Module

router = Router(tags=["Bill head"])
KIND = DocumentKind.BILL
MOST_LINES = 4
MOST_UPLOAD = document_logos.MOST_BYTES + 65_536  # what a form adds around the picture
Blank = Annotated[values.Words, Field(max_length=document_values.ADDRESS_LENGTH)]


class Letterhead(values.Told):
    """What is printed beside the organization's name; `address` has one line of print a line."""

    tax_number: str
    address: str
    contact: str
    has_logo: bool


class NewLetterhead(values.Given):
    """What is printed from now on; what was issued keeps what it says. The address has four lines at most."""

    tax_number: Annotated[values.Words, Field(max_length=document_values.TAX_NUMBER_LENGTH)] = ""
    address: Blank = ""
    contact: Annotated[values.Words, Field(max_length=document_values.CONTACT_LENGTH)] = ""


class NumberSeries(values.Told):
    """The series of a site (its code) and year; `newest` is empty until a number was given."""

    site: str
    year: int
    prefix: str
    first_number: int
    issued: int
    newest: str
    following: str


class AllNumberSeries(values.Told):
    """This year's and the next year's of every site."""

    items: list[NumberSeries]


class SeriesStart(values.Given):
    """How a series begins of which no number was given yet."""

    site: values.Code
    year: Annotated[int, Field(ge=values.EARLIEST_YEAR, le=values.LATEST_YEAR)]
    prefix: Annotated[values.Words, Field(min_length=1, max_length=numbering.LONGEST_PREFIX)]
    first_number: Annotated[int, Field(ge=1, le=numbering.HIGHEST_FIRST)]


class RemovedLogo(values.Given):
    """Nothing more to say."""


@endpoint(
    router, "GET", "/letterhead", permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING, answers=Letterhead
)
def get_letterhead(request: entry.Request) -> Letterhead:
    """This will return what stands at the head of bills."""
    return _told()


@endpoint(
    router, "PUT", "/letterhead", permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING, answers=Letterhead
)
def change_letterhead(request: entry.Request, given: NewLetterhead) -> Letterhead:
    """This will change the head of bills that are calculated from now on; the logo stays."""
    lines = [each.strip() for each in given.address.splitlines() if each.strip()]
    if len(lines) > MOST_LINES:
        raise problems.invalid("/body/address", _("Write it in four lines at most."))
    known = document_queries.letterhead(organization_id=scoping.current().organization_id)
    facts = document_values.LetterheadFacts(given.tax_number, "\n".join(lines), given.contact, known.logo)
    document_operations.change_letterhead(actor=request.caller.actor, at=request.caller.at, facts=facts)
    return _told()


@endpoint(
    router,
    "POST",
    "/letterhead/logo",
    permission=permissions.EDIT_LETTERHEAD,
    module=Module.BILLING,
    answers=Letterhead,
    most_bytes=MOST_UPLOAD,
)
def set_logo(request: entry.Request, file: Annotated[UploadedFile, File()]) -> Letterhead:
    """This will take a PNG or JPEG for bills that are calculated from now on."""
    content = file.read(document_logos.MOST_BYTES + 1)
    document_logos.set_logo(actor=request.caller.actor, at=request.caller.at, content=content)
    return _told()


@endpoint(
    router,
    "POST",
    "/letterhead/logo/remove",
    permission=permissions.EDIT_LETTERHEAD,
    module=Module.BILLING,
    answers=Letterhead,
)
def remove_logo(request: entry.Request, given: RemovedLogo) -> Letterhead:
    """This will let bills go without a picture from now on; those that have one keep it."""
    document_logos.remove_logo(actor=request.caller.actor, at=request.caller.at)
    return _told()


@endpoint(
    router,
    "GET",
    "/number-series",
    permission=permissions.MANAGE_SERIES,
    module=Module.BILLING,
    answers=AllNumberSeries,
)
def list_number_series(request: entry.Request) -> AllNumberSeries:
    """This will return how the numbers of bills begin and stand, for this year and the next."""
    year = request.caller.at.year
    return AllNumberSeries(items=[_series(each) for each in _standings(request, (year, year + 1))])


@endpoint(
    router,
    "PUT",
    "/number-series",
    permission=permissions.MANAGE_SERIES,
    module=Module.BILLING,
    answers=NumberSeries,
)
def plan_number_series(request: entry.Request, given: SeriesStart) -> NumberSeries:
    """This will set prefix and first number of a series of which no number was given yet."""
    caller = request.caller
    if given.year not in (caller.at.year, caller.at.year + 1):
        raise problems.invalid("/body/year", _("Only this year and the next can be planned."))
    if given.site not in _places(request):
        raise problems.invalid("/body/site", _("There is no site of this code."))
    numbering.plan_series(
        actor=caller.actor,
        at=caller.at,
        kind=KIND,
        place=given.site,
        year=given.year,
        prefix=given.prefix,
        first_number=given.first_number,
    )
    return next(_series(each) for each in _standings(request, (given.year,)) if each.place == given.site)


def _places(request: entry.Request) -> list[str]:
    return sorted(each.code for each in reach.sites(request, permissions.MANAGE_SERIES))


def _standings(request: entry.Request, years: tuple[int, ...]) -> list[numbering.Standing]:
    return numbering.standings(kind=KIND, places=_places(request), years=years)


def _series(row: numbering.Standing) -> NumberSeries:
    return NumberSeries(
        site=row.place,
        year=row.year,
        prefix=row.start.prefix,
        first_number=row.start.first_number,
        issued=row.issued,
        newest=row.newest,
        following=row.following,
    )


def _told() -> Letterhead:
    known = document_queries.letterhead(organization_id=scoping.current().organization_id)
    return Letterhead(
        tax_number=known.tax_number, address=known.address, contact=known.contact, has_logo=bool(known.logo)
    )
