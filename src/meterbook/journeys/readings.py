"""Readings of meters at the instant of a move: what is proposed, what was typed, and what is kept of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from meterbook.customers import values as customer_values
from meterbook.journeys import operations, values
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries

Given = Mapping[str, object]


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
    """This will refuse a number that the meter cannot have shown.

    :raises operations.JourneyRefused: naming the meter point
    """
    try:
        metering_operations.require_fit(face, instant, value)
    except metering_operations.ReadingOutOfRange as error:
        raise operations.JourneyRefused(values.Step.READINGS, str(error), face.meter_point_public_id) from error


def keep(
    *, actor: Actor, at: datetime, face: metering_queries.Face | None, instant: datetime, given: Given | None
) -> customer_values.SeenReading | None:
    """This will store what a person typed, or take what the meter tells now; None where neither is known.

    :param given: the answer of the step for one meter point
    :raises operations.JourneyRefused: when the number does not fit the readings around it any more
    """
    if face is None:
        return None
    typed = typed_value(given, face.meter_point_public_id)
    if typed is None:
        return proposed(face, instant)
    check(face, instant, typed)
    metering_operations.note_reading(actor=actor, at=at, face=face, instant=instant, value=typed)
    return customer_values.SeenReading(typed, face.unit.value, customer_values.ReadingOrigin.PERSON)


def typed_value(given: Given | None, about: uuid.UUID) -> Decimal | None:
    """This will return the number that a person has typed for a meter point, or None.

    :raises operations.JourneyRefused: when it is no number
    """
    if given is None or given.get("origin") != customer_values.ReadingOrigin.PERSON.value:
        return None
    try:
        return Decimal(str(given.get("value", "")))
    except InvalidOperation as error:
        raise operations.JourneyRefused(
            values.Step.READINGS, _("Write the number that the display shows."), about
        ) from error


def was_typed(answers: Mapping[str, object]) -> bool:
    """This will tell whether any reading of the step was typed by a person."""
    return any(
        isinstance(each, Mapping) and each.get("origin") == customer_values.ReadingOrigin.PERSON.value
        for each in answers.values()
    )
