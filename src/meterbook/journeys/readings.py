"""Readings of meters at the instant of a move: what is proposed, what was typed, and what is kept of it.

A meter that people read may have further registers beside its main one: tariff registers, reactive energy, energy
returned, volume. They are billed between readings too, so that each is asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeGuard

from django.utils.translation import gettext as _

from meterbook.acquisition import models as acquisition_models
from meterbook.customers import values as customer_values
from meterbook.foundation import scoping
from meterbook.journeys import operations, values
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries

Given = Mapping[str, object]
Faces = tuple[metering_queries.Face, ...]


def key_of(meter_point: uuid.UUID, series_code: str = "") -> str:
    """This will return under which key the step keeps a register's reading: that of the meter point, or `id/code`."""
    return f"{meter_point}/{series_code}" if series_code else str(meter_point)


def key_of_face(face: metering_queries.Face) -> str:
    """This will return the key of a register: its main one by the meter point alone."""
    return key_of(face.meter_point_public_id, "" if face.is_main else face.series_code)


def faces_at(*, meter_point_ids: Collection[int], instant: datetime, at: datetime) -> dict[int, Faces]:
    """This will return, by meter point, the registers to read at an instant, the main one first; none of one to come.

    Further registers are those of meters that people read: a device tells all of its own by itself.
    """
    if instant > at:
        return {}
    mains = metering_queries.faces_at(meter_point_ids=meter_point_ids, instant=instant, at=at)
    by_hand = set(mains) - _asked(mains, instant)
    further = metering_queries.further_faces_at(meter_point_ids=by_hand, instant=instant) if by_hand else {}
    return {point_id: (main, *further.get(point_id, ())) for point_id, main in mains.items()}


def _asked(meter_point_ids: Collection[int], instant: datetime) -> set[int]:
    """Meter points at which a meter with a device hangs."""
    organization_id = scoping.current().organization_id
    devices = acquisition_models.Device.objects.filter(organization_id=organization_id, is_enabled=True)
    found = metering_models.Installation.objects.filter(
        organization_id=organization_id,
        meter_point_id__in=list(meter_point_ids),
        during__contains=instant,
        meter_id__in=devices.values("meter_id"),
    )
    return set(found.values_list("meter_point_id", flat=True))


def require_read(*, faces: Iterable[Faces], given: Given) -> None:
    """This will refuse what was typed for a register that does not hang there.

    :param faces: of all meter points of the move
    :param given: the answer of the step
    :raises operations.JourneyRefused: naming the meter point, and the register where it is a further one
    """
    there = {key_of_face(face) for each in faces for face in each}
    for key in sorted(key for key, each in given.items() if is_typed(each) and key not in there):
        point, _slash, register = key.partition("/")
        words = _("No such register of a meter that people read hung there then: leave its reading out.")
        raise operations.JourneyRefused(values.Step.READINGS, words, uuid.UUID(point), register)


def proposed(face: metering_queries.Face, instant: datetime) -> customer_values.SeenReading | None:
    """This will return what the meter itself tells of an instant, or None."""
    found = face.proposed(instant)
    if found is None:
        return None
    raw, is_between = found
    return customer_values.SeenReading(
        face.number(raw), face.unit.value, customer_values.ReadingOrigin.METER, is_between
    )


def check(face: metering_queries.Face, instant: datetime, value: Decimal) -> None:
    """This will refuse a number that the register cannot have shown.

    :raises operations.JourneyRefused: naming the meter point, and the register where it is a further one
    """
    try:
        metering_operations.require_fit(face, instant, value)
    except metering_operations.ReadingOutOfRange as error:
        raise _refused(face, str(error)) from error


def keep(
    *, actor: Actor, at: datetime, faces: Sequence[metering_queries.Face], instant: datetime, given: Given
) -> customer_values.SeenMeter:
    """This will store what a person typed for the registers of a meter, or take what the meter tells now.

    :param faces: of one meter point, as `faces_at` gives them
    :param given: the answer of the step
    :raises operations.JourneyRefused: when a number does not fit the readings around it any more
    """
    main, further = None, {}
    for face in faces:
        seen = _keep(actor, at, face, instant, given)
        if seen is None:
            continue
        if face.is_main:
            main = seen
        else:
            further[face.series_code] = seen
    return customer_values.SeenMeter(main, further)


def _keep(
    actor: Actor, at: datetime, face: metering_queries.Face, instant: datetime, given: Given
) -> customer_values.SeenReading | None:
    typed = _typed(face, given.get(key_of_face(face)))
    if typed is None:
        return proposed(face, instant)
    check(face, instant, typed)
    metering_operations.note_reading(actor=actor, at=at, face=face, instant=instant, value=typed)
    return customer_values.SeenReading(typed, face.unit.value, customer_values.ReadingOrigin.PERSON)


def _typed(face: metering_queries.Face, given: object) -> Decimal | None:
    if not is_typed(given):
        return None
    try:
        return Decimal(str(given["value"]))
    except (KeyError, InvalidOperation) as error:
        raise _refused(face, _("Write the number that the display shows.")) from error


def _refused(face: metering_queries.Face, words: str) -> operations.JourneyRefused:
    register = "" if face.is_main else face.series_code
    return operations.JourneyRefused(values.Step.READINGS, words, face.meter_point_public_id, register)


def is_typed(given: object) -> TypeGuard[Given]:
    """This will tell whether a reading of the step was typed by a person."""
    return isinstance(given, Mapping) and given.get("origin") == customer_values.ReadingOrigin.PERSON.value


def was_typed(answers: Given) -> bool:
    """This will tell whether any reading of the step was typed by a person."""
    return any(map(is_typed, answers.values()))
