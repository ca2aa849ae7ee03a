"""What the meters show when somebody moves: proposed from their own readings, typed where those are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms as django_forms

from meterbook.customers import values as customer_values
from meterbook.documents import uploads
from meterbook.journeys import moving_out, operations, readings
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.metering import queries as metering_queries
from meterbook.web import access, parameters
from meterbook.web.moves import asked, forms, places


@dataclass(frozen=True)
class Meter:
    """A meter of the readings step: what it tells itself, and the fields to correct that."""

    face: metering_queries.Face
    proposed: customer_values.SeenReading | None
    before: Any
    after: Any
    reading: django_forms.BoundField
    photo: django_forms.BoundField
    picture: str
    factor: str


def _faces(request: access.Request, row: JourneyRow, instant: datetime) -> list[metering_queries.Face]:
    if instant > request.at:
        return []
    if Step.ACCOUNT in row.facts:
        leaving = moving_out.leaving(
            account_id=asked.account_of(row).id, contracts=asked.contracts_of(row), ends_at=None
        )
        ids = [each.point_id for each in leaving]
    else:
        unit = places.chosen(row, at=request.at)
        ids = [each.id for each in unit.points] if unit else []
    found = metering_queries.faces_at(meter_point_ids=ids, instant=instant, at=request.at)
    return [found[each] for each in ids if each in found]


def _typed(row: JourneyRow) -> dict[str, str]:
    found = {}
    for key, given in row.facts.get(Step.READINGS, {}).items():
        if isinstance(given, Mapping) and given.get("origin") == customer_values.ReadingOrigin.PERSON.value:
            found[key] = str(given.get("value", ""))
    return found


def show_readings(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    instant = asked.moment(row)
    faces = _faces(request, row, instant)
    shown = form or forms.ReadingsForm(faces=faces, typed=_typed(row))
    meters = []
    for face in faces:
        key = str(face.meter_point_public_id)
        factor = face.multiplier
        meters.append(
            Meter(
                face=face,
                proposed=readings.proposed(face, instant),
                before=None if face.before is None else (face.number(face.before.raw), face.before.at),
                after=None if face.after is None else (face.number(face.after.raw), face.after.at),
                reading=shown[f"reading_{key}"],
                photo=shown[f"photo_{key}"],
                picture=row.pictures.get(face.meter_point_public_id, ""),
                factor="" if factor == 1 else f"{factor}",
            )
        )
    return {
        "form": shown,
        "meters": meters,
        "instant": instant,
        "zone": asked.zone_of(request, row),
        "is_future": instant > request.at,
    }


def take_readings(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    instant = asked.moment(row)
    faces = _faces(request, row, instant)
    form = forms.ReadingsForm(request.POST, request.FILES, faces=faces, typed={})
    form.is_valid()
    given: asked.Given = {}
    for face in faces:
        key = str(face.meter_point_public_id)
        value = form.cleaned_data.get(f"reading_{key}")
        if value is not None:
            try:
                readings.check(face, instant, value)
            except operations.JourneyRefused as error:
                form.add_error(f"reading_{key}", str(error))
            seen = customer_values.SeenReading(value, face.unit.value, customer_values.ReadingOrigin.PERSON)
            given[key] = seen.plain()
        elif (proposed := readings.proposed(face, instant)) is not None:
            given[key] = proposed.plain()
        _keep_picture(request, row, face, form)
    if form.errors:
        raise asked.Unanswered(form)
    return asked.Answer(given)


def _keep_picture(
    request: access.Request, row: JourneyRow, face: metering_queries.Face, form: forms.ReadingsForm
) -> None:
    name = f"photo_{face.meter_point_public_id}"
    sent = form.cleaned_data.get(name)
    if sent is None:
        return
    try:
        operations.keep_picture(
            actor=request.actor,
            at=request.at,
            journey=row.public_id,
            about=face.meter_point_public_id,
            name=parameters.written(sent.name or "", 150),
            content=sent.read(uploads.MOST_BYTES),
        )
    except uploads.UploadRefused as error:
        form.add_error(name, str(error))
