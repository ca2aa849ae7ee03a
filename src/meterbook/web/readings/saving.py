"""Save what was typed: each meter by itself, so that one that looks wrong holds up no other, and nothing is lost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from meterbook.billing import permissions as billing_permissions
from meterbook.documents import attachments, uploads
from meterbook.journeys import changed_inputs
from meterbook.kernel import rounding
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions, values
from meterbook.metering import queries as metering_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access
from meterbook.web.readings import forms, rounds
from meterbook.web.templatetags import meterbook as tags

DAY = timedelta(days=1)
AHEAD = timedelta(minutes=10)  # so much the clock of a phone may run ahead


@dataclass(frozen=True)
class Outcome:
    """What became of one row. `problem` are words beside the field, `doubts` what must be confirmed with a reason;
    `told` says what was saved; `is_photo_missing`: a photo of the display belongs to it.
    """

    is_saved: bool
    problem: str = ""
    doubts: tuple[str, ...] = ()
    told: str = ""
    is_correction: bool = False
    is_repeat: bool = False
    is_photo_missing: bool = False


def make_room(request: access.Request) -> str:
    """This will make room for the times in what was sent, before any reading is looked at; else it says why not."""
    months = set()
    for name, text in request.POST.items():
        if name == "at" or name.endswith(("-at", "-taken_at")):
            try:
                local = datetime.fromisoformat(str(text).strip()).replace(tzinfo=UTC)
            except ValueError:
                continue  # the form says so beside the field
            months |= {near.replace(day=1, hour=0, minute=0) for near in _around(local) if near <= request.at + DAY}
    try:
        for each in months:
            metering_operations.make_room(each)
    except metering_operations.StoreBusy as error:
        return str(error)
    return ""


def _around(local: datetime) -> list[datetime]:
    """Whatever the zone, the instant lies within these."""
    return [local - DAY, local + DAY] if 1990 < local.year < 2100 else []


def at_meter(when: datetime, shown: ZoneInfo, zone: ZoneInfo) -> datetime:
    """This will return the instant at which the clock at a meter shows what was typed for all meters."""
    if shown is zone:
        return when
    return when.astimezone(shown).replace(tzinfo=zone).astimezone(UTC)


def typed_numbers(
    found: rounds.Round, rows: Mapping[str, forms.RowForm], when: datetime
) -> dict[int, monitoring_queries.Known]:
    """This will return what was typed by meter point, so that first readings can be held against each other."""
    numbers = {}
    for row in found.rows:
        form = rows[str(row.public_id)]
        if form.is_valid() and (value := form.cleaned_data["value"]) is not None:
            raw = value.scaleb(row.decimals, context=rounding.EXACT)
            if raw == raw.to_integral_value():
                instant = _instant(form, found, row, when)
                numbers[row.point_id] = monitoring_queries.Known(instant, int(raw))
    return numbers


def save(
    request: access.Request,
    found: rounds.Round,
    form: forms.RowForm,
    row: monitoring_queries.HandRow,
    when: datetime,
    typed: Mapping[int, monitoring_queries.Known],
) -> Outcome | None:
    """This will save one row; None where nothing was typed.

    :param typed: as `typed_numbers` gives it
    """
    if not form.is_valid():
        unseen = [str(words) for name in ("client_id", "taken_at") for words in form.errors.get(name, [])]
        return Outcome(is_saved=False, problem=" ".join(unseen))
    given = form.cleaned_data
    parts = [(row, given["value"]), *((each, given[forms.register_field(each.series_code)]) for each in row.further)]
    if all(value is None for _register, value in parts):
        return None
    instant = _exactly(row, _instant(form, found, row, when))
    if request.at < instant <= request.at + AHEAD and given["taken_at"]:
        instant = request.at.replace(second=0, microsecond=0)
    if instant > request.at:
        return Outcome(is_saved=False, problem=_("This lies ahead at the meter; take a time that is over there."))
    if given["is_sure"] and not given["reason"].strip():
        return Outcome(is_saved=False, doubts=(_("Say why it is right."),))
    visit = _Visit(request, found, given, instant, typed)
    outcomes = [_register(visit, row, each, value) for each, value in parts if value is not None]
    saved = outcomes[0] if len(outcomes) == 1 else _together(outcomes)
    if not saved.is_correction or not saved.is_saved:
        return saved
    may_view = request.access.allows(billing_permissions.VIEW_BILL, row.site_id)
    billed = changed_inputs.of_reading(meter_point_id=row.point_id, at=instant, may_view=may_view)
    return replace(saved, told=f"{saved.told} {billed}".strip())


@dataclass(frozen=True)
class _Visit:
    """What was typed at one meter at one time."""

    request: access.Request
    found: rounds.Round
    given: dict[str, Any]
    instant: datetime
    typed: Mapping[int, monitoring_queries.Known]


def _register(
    visit: _Visit, main: monitoring_queries.HandRow, row: monitoring_queries.HandRow, value: Decimal
) -> Outcome:
    """One register of the meter; words about another than the main one say which."""
    instant = visit.instant if row is main else _exactly(row, visit.instant)
    face = metering_queries.face_of(meter_point_id=row.point_id, series_code=row.series_code, instant=instant)
    if face is None:
        return Outcome(is_saved=False, problem=_("This meter did not hang there at that time; take a later one."))
    if row is main:
        return _take(visit, row, face, value, visit.given["client_id"])
    sent = visit.given["client_id"]
    mark = uuid.uuid5(sent, row.series_code) if sent is not None else None
    saved = _take(visit, row, face, value, mark)
    caption = str(values.series_type(row.series_code).caption)
    return replace(
        saved,
        problem=f"{caption}: {saved.problem}" if saved.problem else "",
        doubts=tuple(f"{caption}: {each}" for each in saved.doubts),
        told=f"{caption}: {saved.told}" if saved.told else "",
    )


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """What became of a meter whose registers were typed: each is stored by itself, and all must be."""
    refused = [each for each in outcomes if not each.is_saved]
    return Outcome(
        is_saved=not refused,
        problem=" ".join(each.problem for each in refused if each.problem),
        doubts=tuple(words for each in refused for words in each.doubts),
        told=" ".join(each.told for each in outcomes if each.told),
        is_correction=any(each.is_correction for each in outcomes),
        is_repeat=all(each.is_repeat for each in outcomes),
        is_photo_missing=any(each.is_photo_missing for each in refused),
    )


def _take(
    visit: _Visit,
    row: monitoring_queries.HandRow,
    face: metering_queries.Face,
    value: Decimal,
    mark: uuid.UUID | None,
) -> Outcome:
    request, given = visit.request, visit.given
    try:
        picture = _picture(given["photo"])
        taken = metering_operations.take_reading(
            actor=request.actor,
            at=request.at,
            face=face,
            instant=_exactly(row, visit.instant),
            value=value,
            client_id=mark,
            kind=values.ReadingKind(given["kind"] or values.ReadingKind.PERIODIC),
            photo=picture.content if picture is not None else None,
            usual_a_day=row.usual_a_day,
            others_a_day=_others_a_day(visit, row),
            reason=given["reason"] if given["is_sure"] else "",
            may_correct=request.access.allows(permissions.CORRECT_READING, row.site_id),
        )
    except (
        uploads.UploadRefused,
        metering_operations.ReadingOutOfRange,
        metering_operations.CorrectionNotAllowed,
        metering_operations.ReadingIdTaken,
    ) as error:
        return Outcome(is_saved=False, problem=str(error))
    except metering_operations.ReadingDoubtful as error:
        doubts = tuple(each.words for each in error.doubts)
        is_odd = metering_operations.needs_photo(error.doubts)
        return Outcome(is_saved=False, doubts=doubts, is_photo_missing=is_odd and picture is None)
    except metering_operations.PhotoMissing as error:
        doubts = tuple(each.words for each in error.doubts)
        return Outcome(is_saved=False, problem=str(error), doubts=doubts, is_photo_missing=True)
    if taken.is_repeat:
        told = _("%(code)s was sent before: nothing was changed.") % {"code": row.code}
        return Outcome(is_saved=True, told=told, is_repeat=True)
    return _saved(row, value, taken.outcome)


def _others_a_day(visit: _Visit, row: monitoring_queries.HandRow) -> Fraction | None:
    """What other meters use is known of their main counters."""
    if any(each is row for each in visit.found.rows):
        return monitoring_queries.others_a_day(visit.found.rows, row, typed=visit.typed)
    return None


def _instant(form: forms.RowForm, found: rounds.Round, row: monitoring_queries.HandRow, when: datetime) -> datetime:
    """When a meter was read: as its row says, as the phone noted without network, else the time of all meters."""
    given = form.cleaned_data
    instant: datetime = given["at"] or given["taken_at"] or at_meter(when, found.zone, row.zone)
    return instant


def _exactly(row: monitoring_queries.HandRow, instant: datetime) -> datetime:
    """The instant of the reading that is there, where what was typed is its minute: that is a correction of it."""
    known = row.entered
    is_its = known is not None and known.at.replace(second=0, microsecond=0) == instant
    return known.at if known is not None and is_its else instant


def _saved(row: monitoring_queries.HandRow, value: Decimal, entered: metering_operations.EnteredAs) -> Outcome:
    number = f"{tags.number(value, row.decimals)}\u00a0{row.unit.symbol}"
    is_correction = entered is metering_operations.EnteredAs.CORRECTED
    if is_correction:
        told = _("%(code)s is corrected: %(value)s counts from now on.") % {"code": row.code, "value": number}
    elif entered is metering_operations.EnteredAs.WAITS:
        told = _("%(code)s: %(value)s waits for a second person, as bills were made with what stands there.") % {
            "code": row.code,
            "value": number,
        }
    elif entered is metering_operations.EnteredAs.KNOWN:
        told = _("%(code)s: %(value)s stood there already.") % {"code": row.code, "value": number}
    else:
        told = _("%(code)s: %(value)s is saved.") % {"code": row.code, "value": number}
    return Outcome(is_saved=True, told=told, is_correction=is_correction)


def _picture(sent: UploadedFile[bytes] | None) -> attachments.Attachment | None:
    """The photo, written anew without what the camera noted beside it."""
    return None if sent is None else attachments.require_picture(sent.read(attachments.MOST_BYTES + 1))
