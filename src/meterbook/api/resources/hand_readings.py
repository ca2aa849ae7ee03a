"""Readings that people take: what a month still lacks, many readings in one call, and what must be settled."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import hand_meter_shapes as shapes
from meterbook.api.resources import reach
from meterbook.billing import permissions as billing_permissions
from meterbook.documents import attachments, uploads
from meterbook.identity.values import Module
from meterbook.journeys import changed_inputs
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import FindingKind
from meterbook.metering.values import ReadingKind
from meterbook.monitoring import queries as monitoring_queries

router = Router(tags=["Readings"])
Outcome = Literal["STORED", "KNOWN", "CORRECTED", "WAITS", "DOUBTFUL", "REFUSED"]
Usual = dict[uuid.UUID, monitoring_queries.HandRow]
MOST = 500  # in one call
MOST_PHOTO = 6_000_000  # signs of base64; the whole call may have 10 MiB
MonthAsked = Annotated[
    values.DayGiven | None, Query(description="A day of the month; none: the month whose readings are due.")
]


class NewReading(values.Given):
    """A number as the display showed it; `reason` says why one is right that looks wrong, or corrects another.

    `client_id` is your mark of the reading: sent again under it, also in another call, it changes nothing. `photo` is a
    picture of the display (JPEG, PNG, WEBP) in base64; one that looks wrong needs it beside the reason. `series` names
    another register than the main counter.
    """

    meter_point: uuid.UUID
    at: values.InstantGiven
    value: values.DecimalGiven
    reason: values.Note | None = None
    client_id: uuid.UUID | None = None
    kind: ReadingKind = ReadingKind.PERIODIC
    photo: str | None = Field(default=None, min_length=1, max_length=MOST_PHOTO)
    series: values.Code | None = None


class NewReadings(values.Given):
    """Readings of many meters."""

    readings: list[NewReading] = Field(min_length=1, max_length=MOST)


class Taken(values.Told):
    """What became of a reading: stored, known already, corrected (or waiting for a second person, where bills
    were made); doubtful without a reason and a photo; or refused.

    Of a correction `words` say which issued bills were made with the reading before. `is_repeat`: it was sent before
    under its `client_id`, and nothing was changed; `outcome` is that of the first time.
    """

    meter_point: uuid.UUID
    series: str | None
    client_id: uuid.UUID | None
    outcome: Outcome
    is_repeat: bool
    words: str


class TakenReadings(values.Told):
    """One answer a reading, in the order in which they were sent."""

    items: list[Taken]


class Finding(values.Told):
    """Something that only a person can settle: what the register showed before and then, in `unit`."""

    kind: FindingKind
    series: str
    at: values.InstantTold
    until: values.InstantTold | None
    before: values.DecimalTold
    value: values.DecimalTold
    unit: Unit


class Findings(values.Told):
    """What waits at a meter point, the oldest first."""

    items: list[Finding]


class Settlement(values.Given):
    """RIGHT: the meter showed that; `used` was counted unseen before a counter began anew. WRONG: it was misread.

    ROLLED: the counter passed its end and went on from 0. A GLITCH can be settled where a person read it at the meter.
    """

    kind: FindingKind
    at: values.InstantGiven
    verdict: metering_operations.Verdict
    used: values.DecimalGiven | None = None
    reason: values.Note


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/hand-readings",
    permission=permissions.ENTER_READING,
    module=Module.METERING,
    answers=shapes.HandMeters,
    by_site=True,
)
def list_hand_meters(request: entry.Request, site: uuid.UUID, month: MonthAsked = None) -> shapes.HandMeters:
    """This will return the meters of a site that people read, with what a month has and lacks of them.

    Of the readings between the week before the month's end and the three weeks after it the nearest one counts. A meter
    that was put up more than a week after the month's end owes none.
    """
    row = reach.site(request, site, permissions.ENTER_READING)
    first = (month or monitoring_queries.round_of(civil.local_date(request.caller.at, row.zone))).replace(day=1)
    end = civil.month_bounds(first, row.zone).end
    found = monitoring_queries.hand_read(site_ids=[row.id], month_end=end, at=request.caller.at, with_further=True)
    return shapes.HandMeters(
        month=first,
        month_end=values.instant(end),
        missing=sum(each.is_missing for each in found),
        items=[shapes.told(each) for each in found],
    )


@endpoint(
    router,
    "POST",
    "/hand-readings",
    permission=permissions.ENTER_READING,
    module=Module.METERING,
    answers=TakenReadings,
    by_site=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def enter_readings(request: entry.Request, given: NewReadings) -> TakenReadings:
    """This will store readings that were taken at meters, each by itself: one that looks wrong holds up no other.

    What looks wrong (lower than before, three times the usual use, five times that of the other meters where nothing
    is usual yet, more than the supply can deliver) is DOUBTFUL and not stored until it is sent again with a reason and
    a photo; it is then listed for a second look. Sites may ask for a photo with each reading.
    """
    caller = request.caller
    for place, each in enumerate(given.readings):
        if each.at > caller.at:
            raise problems.invalid(f"/body/readings/{place}/at", _("This lies ahead; take a time that is over."))
    for month in {each.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) for each in given.readings}:
        metering_operations.make_room(month)
    details = [reach.point(request, each.meter_point, permissions.ENTER_READING) for each in given.readings]
    usual = _usual(caller.at, {each.site_id for each in details})
    return TakenReadings(
        items=[
            _enter(request, each, detail.code, detail.site_id, usual)
            for each, detail in zip(given.readings, details, strict=True)
        ]
    )


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/findings",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=Findings,
    by_site=True,
)
def list_findings(request: entry.Request, point: uuid.UUID) -> Findings:
    """This will return what waits for a person at a meter point: resets, impossible jumps, held readings."""
    detail = reach.point(request, point, permissions.VIEW_METER)
    return _waiting(detail.public_id)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/findings/settle",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=Findings,
    by_site=True,
)
def settle_finding(request: entry.Request, point: uuid.UUID, given: Settlement) -> Findings:
    """This will settle one finding, and return what is left; its days are derived again within seconds."""
    detail = reach.point(request, point, permissions.CORRECT_READING)
    try:
        metering_operations.settle(
            actor=request.caller.actor,
            at=request.caller.at,
            meter_point=detail.public_id,
            found_at=given.at,
            kind=given.kind,
            verdict=given.verdict,
            reason=given.reason,
            used=values.read_decimal(given.used),
        )
    except metering_operations.FindingGone as error:
        raise problems.invalid("/body/at", str(error)) from error
    except metering_operations.CorrectionIncomplete as error:
        raise problems.invalid("/body/used", str(error)) from error
    except metering_operations.TooManyReadings as error:
        raise problems.invalid("/body/verdict", str(error)) from error
    return _waiting(detail.public_id)


def _waiting(point: uuid.UUID) -> Findings:
    return Findings(
        items=[
            Finding(
                kind=each.kind,
                series=each.series_code,
                at=values.instant(each.at),
                until=values.maybe_instant(each.until),
                before=values.decimal(each.before),
                value=values.decimal(each.value),
                unit=each.unit,
            )
            for each in metering_queries.open_findings(meter_point=point)
        ]
    )


def _usual(at: datetime, site_ids: set[int]) -> Usual:
    rows = monitoring_queries.hand_read(site_ids=site_ids, month_end=at + timedelta(days=7), at=at, with_further=True)
    return {each.public_id: each for each in rows}


def _enter(
    request: entry.Request,
    given: NewReading,
    code: str,
    site_id: int,
    usual: dict[uuid.UUID, monitoring_queries.HandRow],
) -> Taken:
    caller = request.caller
    (point,) = metering_queries.points_by_code(codes=[code])
    face = metering_queries.face_of(meter_point_id=point.id, series_code=given.series or "", instant=given.at)
    if face is None:
        words = _("This meter did not hang there at that time; take a later one.")
        if given.series is not None:
            words = _("No meter with the register %(series)s hung there at that time.") % {"series": given.series}
        return _told(given, "REFUSED", words)
    main = usual.get(given.meter_point)
    row = next((each for each in (main, *main.further) if each.series_code == face.series_code), None) if main else None
    try:
        taken = metering_operations.take_reading(
            actor=caller.actor,
            at=caller.at,
            face=face,
            instant=given.at,
            value=Decimal(given.value),
            client_id=given.client_id,
            kind=given.kind,
            photo=_photo(given.photo),
            usual_a_day=row.usual_a_day if row is not None else None,
            others_a_day=monitoring_queries.others_a_day(list(usual.values()), row)
            if row is not None and row is main
            else None,
            reason=given.reason or "",
            may_correct=caller.access.allows(permissions.CORRECT_READING, site_id),
        )
    except metering_operations.ReadingDoubtful as error:
        return _told(given, "DOUBTFUL", str(error))
    except metering_operations.PhotoMissing as error:
        return _told(given, "DOUBTFUL" if error.doubts else "REFUSED", str(error))
    except (
        metering_operations.ReadingOutOfRange,
        metering_operations.CorrectionNotAllowed,
        metering_operations.ReadingIdTaken,
        uploads.UploadRefused,
    ) as error:
        return _told(given, "REFUSED", str(error))
    if taken.is_repeat:
        return _told(given, taken.outcome.value, _("It was sent before; nothing was changed."), is_repeat=True)
    words = ""
    if taken.outcome is metering_operations.EnteredAs.CORRECTED:
        may_view = caller.access.allows(billing_permissions.VIEW_BILL, site_id)
        words = changed_inputs.of_reading(meter_point_id=point.id, at=given.at, may_view=may_view)
    return _told(given, taken.outcome.value, words)


def _told(given: NewReading, outcome: Outcome, words: str, *, is_repeat: bool = False) -> Taken:
    return Taken(
        meter_point=given.meter_point,
        series=given.series,
        client_id=given.client_id,
        outcome=outcome,
        is_repeat=is_repeat,
        words=words,
    )


def _photo(sent: str | None) -> bytes | None:
    if sent is None:
        return None
    try:
        content = base64.b64decode(sent, validate=True)
    except binascii.Error as error:
        raise uploads.UploadRefused(_("The photo is not base64; send the file's bytes in base64.")) from error
    return attachments.require_picture(content).content
