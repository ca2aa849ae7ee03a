"""Tariffs and their versions: documents that are drafted, checked and published."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Any

from ninja import Router

from meterbook.api import entry, paging, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import permissions, sources
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import reading
from meterbook.tariffs.values import VersionState

router = Router(tags=["Tariffs"])


class Tariff(values.Told):
    """A tariff: the number of the version in force today and of the draft, where there are such."""

    id: uuid.UUID
    code: str
    name: str
    currency: str
    current_version: int | None
    draft_version: int | None


class Version(values.Told):
    """A version with its document (docs/reference/tariff-document.md), in force on the days [first_day, until_day)."""

    id: uuid.UUID
    number: int
    state: VersionState
    first_day: date | None
    until_day: date | None
    author: str
    publisher: str
    published_at: values.InstantTold | None
    sha256: str
    document: dict[str, Any]


class PublishedVersion(Version):
    """A version that was published now, and how many bills and drafts have days from its first one on."""

    issued_bills: int
    drafts: int


class Document(values.Given):
    """A tariff document; its numbers are texts."""

    document: dict[str, Any]


class Publication(values.Given):
    """From which day on the draft is in force."""

    first_day: values.DayGiven


@endpoint(
    router,
    "GET",
    "/tariffs",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[Tariff],
)
def list_tariffs(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[Tariff]:
    """This will return the tariffs."""
    rows = tariff_queries.list_tariffs(on=request.caller.at.date())
    return paging.cut(request, rows, key=lambda each: each.id, cursor=cursor, limit=limit, tell=_tariff)


@endpoint(
    router,
    "POST",
    "/tariffs",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=Tariff,
    status=201,
)
def create_tariff(request: entry.Request, given: Document) -> Tariff:
    """This will add a tariff with its first draft; code, name and currency are those of the document."""
    caller = request.caller
    made = tariff_operations.create_tariff(actor=caller.actor, at=caller.at, document=_checked(given))
    return _tariff(tariff_queries.get_tariff(public_id=made.public_id, on=caller.at.date()))


@endpoint(
    router,
    "GET",
    "/tariffs/{uuid:tariff}",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    by_site=True,
    answers=Tariff,
)
def get_tariff(request: entry.Request, tariff: uuid.UUID) -> Tariff:
    """This will return one tariff."""
    return _tariff(tariff_queries.get_tariff(public_id=tariff, on=request.caller.at.date()))


@endpoint(
    router,
    "GET",
    "/tariffs/{uuid:tariff}/versions",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[Version],
)
def list_tariff_versions(
    request: entry.Request, tariff: uuid.UUID, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[Version]:
    """This will return the versions of a tariff with their documents."""
    row = tariff_queries.get_tariff(public_id=tariff, on=request.caller.at.date())
    rows = tariff_queries.list_versions(tariff_id=row.id)
    return paging.cut(request, rows, key=lambda each: each.number, cursor=cursor, limit=limit, tell=_version)


@endpoint(
    router,
    "PUT",
    "/tariffs/{uuid:tariff}/draft",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=Version,
)
def save_tariff_draft(request: entry.Request, tariff: uuid.UUID, given: Document) -> Version:
    """This will keep a document as the draft of a tariff; a draft that was there is replaced."""
    caller = request.caller
    saved = tariff_operations.save_draft(actor=caller.actor, at=caller.at, tariff=tariff, document=_checked(given))
    return _version(tariff_queries.versions_by_id(ids=[saved.pk])[saved.pk])


@endpoint(
    router,
    "POST",
    "/tariffs/{uuid:tariff}/publication",
    permission=permissions.PUBLISH_TARIFF,
    module=Module.BILLING,
    answers=PublishedVersion,
)
def publish_tariff(request: entry.Request, tariff: uuid.UUID, given: Publication) -> PublishedVersion:
    """This will put the draft in force from a day on; the version before it ends the day before.

    Issued bills with days from then on are not changed; drafts of open runs must be calculated anew.
    """
    caller = request.caller
    published = tariff_operations.publish_version(
        actor=caller.actor, at=caller.at, tariff=tariff, first_day=given.first_day
    )
    billed = billing_queries.billed_by_tariff(tariff_id=published.tariff_id, first_day=given.first_day)
    told = _version(tariff_queries.versions_by_id(ids=[published.pk])[published.pk])
    return PublishedVersion(**dict(told), issued_bills=billed.issued, drafts=billed.drafts)


def _checked(given: Document) -> dict[str, Any]:
    """The document as the page of tariffs reads it: from text, with its bounds and its problems."""
    text = json.dumps(given.document)
    reading.read_text(text, sources.calendars())
    return given.document


def _tariff(row: tariff_queries.TariffRow) -> Tariff:
    return Tariff(
        id=row.public_id,
        code=row.code,
        name=row.name,
        currency=row.currency,
        current_version=row.current.number if row.current else None,
        draft_version=row.draft.number if row.draft else None,
    )


def _version(row: tariff_queries.VersionRow) -> Version:
    return Version(
        id=row.public_id,
        number=row.number,
        state=row.state,
        first_day=row.first_day,
        until_day=row.until_day,
        author=row.author,
        publisher=row.publisher,
        published_at=values.maybe_instant(row.published_at),
        sha256=row.digest,
        document=row.raw,
    )
