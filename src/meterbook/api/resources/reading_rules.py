"""Readings that looked wrong and were taken all the same, the second look at them, and what sites ask of readings."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity.values import Module
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import ReadingKind

router = Router(tags=["Readings"])


class FlaggedReading(values.Told):
    """A reading that looked wrong: `doubts` are LOWER, HIGHER, TOO_MUCH, UNUSUAL or SAME.

    `reason` is why it was taken.
    """

    id: uuid.UUID
    meter_point: uuid.UUID
    code: str
    at: values.InstantTold
    value: values.DecimalTold
    unit: Unit
    kind: ReadingKind
    doubts: list[str]
    reason: str
    has_photo: bool
    author: str


class FlaggedReadings(values.Told):
    """What waits for a second look, the latest first."""

    items: list[FlaggedReading]


class ReadingRules(values.Told):
    """What a site asks of readings that people take."""

    is_photo_required: bool


class NewReadingRules(values.Given):
    """What a site is to ask from now on."""

    is_photo_required: bool


@endpoint(
    router,
    "GET",
    "/flagged-readings",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=FlaggedReadings,
    by_site=True,
)
def list_flagged_readings(request: entry.Request) -> FlaggedReadings:
    """This will return at most 200 readings that looked wrong and that nobody has looked at again."""
    return _flagged(request)


@endpoint(
    router,
    "POST",
    "/flagged-readings/{uuid:taken_reading}/review",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=FlaggedReadings,
    by_site=True,
)
def review_flagged_reading(request: entry.Request, taken_reading: uuid.UUID) -> FlaggedReadings:
    """This will note that somebody looked at a reading again, and return what still waits."""
    caller = request.caller
    site_id = metering_queries.site_of_taken(public_id=taken_reading)
    if site_id is None or not caller.access.allows(permissions.CORRECT_READING, site_id):
        raise problems.not_found()
    try:
        metering_operations.review_taken(actor=caller.actor, at=caller.at, taken=taken_reading)
    except metering_operations.TakenReadingNotFound as error:
        raise problems.not_found() from error
    return _flagged(request)


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/reading-rules",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=ReadingRules,
    by_site=True,
)
def get_reading_rules(request: entry.Request, site: uuid.UUID) -> ReadingRules:
    """This will return what a site asks of readings."""
    row = reach.site(request, site, permissions.VIEW_METER)
    return ReadingRules(is_photo_required=row.id in metering_queries.sites_with_photos())


@endpoint(
    router,
    "PUT",
    "/sites/{uuid:site}/reading-rules",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=ReadingRules,
    by_site=True,
)
def set_reading_rules(request: entry.Request, site: uuid.UUID, given: NewReadingRules) -> ReadingRules:
    """This will set whether each reading of a site needs a photo of the display."""
    row = reach.site(request, site, permissions.MANAGE_METER)
    metering_operations.require_photos(
        actor=request.caller.actor, at=request.caller.at, site=row.public_id, is_required=given.is_photo_required
    )
    return ReadingRules(is_photo_required=given.is_photo_required)


def _flagged(request: entry.Request) -> FlaggedReadings:
    sites = request.caller.access.sites(permissions.CORRECT_READING)
    return FlaggedReadings(
        items=[
            FlaggedReading(
                id=each.public_id,
                meter_point=each.meter_point,
                code=each.code,
                at=values.instant(each.at),
                value=values.decimal(each.value),
                unit=each.unit,
                kind=each.kind,
                doubts=list(each.doubts),
                reason=each.reason,
                has_photo=each.photo is not None,
                author=each.author,
            )
            for each in metering_queries.list_flagged(site_ids=sites)
        ]
    )
