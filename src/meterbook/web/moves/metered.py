"""What the meters show when somebody moves: proposed from their own readings, typed where those are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.utils.functional import Promise

from meterbook.customers import values as customer_values
from meterbook.documents import uploads
from meterbook.journeys import moving_out, operations, readings
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access, parameters
from meterbook.web.moves import asked, forms, places


@dataclass(frozen=True)
class Register:
    """A register of the readings step: what it tells itself, the field to correct that, and the picture of it."""

    face: metering_queries.Face
    caption: str | Promise
    proposed: customer_values.SeenReading | None
    before: Any
    after: Any
    reading: django_forms.BoundField
    photo: django_forms.BoundField
    picture: str


@dataclass(frozen=True)
class Meter:
    """A meter of the readings step: its main register, and the further ones that people read."""

    main: Register
    further: tuple[Register, ...]
    factor: str

    @property
    def registers(self) -> tuple[Register, ...]:
        """The registers in the order in which they are asked for."""
        return (self.main, *self.further)


def registers(request: access.Request, row: JourneyRow, instant: datetime) -> list[readings.Faces]:
    """This will return the registers to read by meter, as `readings.faces_at` gives them, in the order of the page."""
    if Step.ACCOUNT in row.facts:
        leaving = moving_out.leaving(
            account_id=asked.account_of(row).id, contracts=asked.contracts_of(row), ends_at=None
        )
        ids = [each.point_id for each in leaving]
    else:
        unit = places.chosen(row, at=request.at)
        ids = [each.id for each in unit.points] if unit else []
    found = readings.faces_at(meter_point_ids=ids, instant=instant, at=request.at)
    return [found[each] for each in ids if each in found]


def _typed(row: JourneyRow) -> dict[str, str]:
    answered = row.facts.get(Step.READINGS, {})
    return {key: str(given.get("value", "")) for key, given in answered.items() if readings.is_typed(given)}


def show_readings(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    instant = asked.moment(row)
    faces = registers(request, row, instant)
    shown = form or forms.ReadingsForm(faces=_flat(faces), typed=_typed(row))
    return {
        "form": shown,
        "meters": [_meter(row, own, instant, shown) for own in faces],
        "instant": instant,
        "zone": asked.zone_of(request, row),
        "is_future": instant > request.at,
    }


def _flat(faces: Sequence[readings.Faces]) -> list[metering_queries.Face]:
    return [each for own in faces for each in own]


def _meter(row: JourneyRow, faces: readings.Faces, instant: datetime, shown: django_forms.Form) -> Meter:
    main, *further = (_register(row, each, instant, shown) for each in faces)
    face = main.face
    return Meter(
        main=main,
        further=tuple(further),
        factor="" if face.multiplier == 1 else f"{face.multiplier}",
    )


def _register(row: JourneyRow, face: metering_queries.Face, instant: datetime, shown: django_forms.Form) -> Register:
    return Register(
        face=face,
        caption=metering_values.series_type(face.series_code).caption,
        proposed=readings.proposed(face, instant),
        before=None if face.before is None else (face.number(face.before.raw), face.before.at),
        after=None if face.after is None else (face.number(face.after.raw), face.after.at),
        reading=shown[forms.reading_field(face)],
        photo=shown[forms.photo_field(face)],
        picture=row.pictures.get((face.meter_point_public_id, _code(face)), ""),
    )


def _code(face: metering_queries.Face) -> str:
    return "" if face.is_main else face.series_code


def take_readings(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    instant = asked.moment(row)
    faces = _flat(registers(request, row, instant))
    form = forms.ReadingsForm(request.POST, request.FILES, faces=faces, typed={})
    form.is_valid()
    given: asked.Given = {}
    for face in faces:
        key, name = readings.key_of_face(face), forms.reading_field(face)
        value = form.cleaned_data.get(name)
        if value is not None:
            try:
                readings.check(face, instant, value)
            except operations.JourneyRefused as error:
                form.add_error(name, str(error))
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
    name = forms.photo_field(face)
    sent = form.cleaned_data.get(name)
    if sent is None:
        return
    try:
        operations.keep_picture(
            actor=request.actor,
            at=request.at,
            journey=row.public_id,
            about=face.meter_point_public_id,
            register=_code(face),
            name=parameters.written(sent.name or "", 150),
            content=sent.read(uploads.MOST_BYTES),
        )
    except uploads.UploadRefused as error:
        form.add_error(name, str(error))
