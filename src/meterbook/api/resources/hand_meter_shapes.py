"""Meters that people read, as programs see them: what a month has of each register."""

from __future__ import annotations

import uuid
from datetime import date

from meterbook.api import values
from meterbook.kernel.quantity import Unit
from meterbook.monitoring import queries as monitoring_queries


class Shown(values.Told):
    """What a display showed at an instant."""

    at: values.InstantTold
    value: values.DecimalTold


class HandRegister(values.Told):
    """Another register of a meter, by the series that it feeds, with its readings as of the meter."""

    series: str
    unit: Unit
    before: Shown | None
    entered: Shown | None


class HandMeter(values.Told):
    """A meter that a person reads. `entered` counts for the month, `before` is the reading before; null: none. They are
    those of the main counter; `registers` are the others.
    """

    meter_point: uuid.UUID
    code: str
    unit_name: str
    serial_number: str
    unit: Unit
    before: Shown | None
    entered: Shown | None
    registers: list[HandRegister]


class HandMeters(values.Told):
    """The meters of a site that people read, in the order of a walk."""

    month: date
    month_end: values.InstantTold
    missing: int
    items: list[HandMeter]


def told(row: monitoring_queries.HandRow) -> HandMeter:
    """This will tell of a meter with all its registers."""
    return HandMeter(
        meter_point=row.public_id,
        code=row.code,
        unit_name=row.unit_name,
        serial_number=row.serial_number,
        unit=row.unit,
        before=_shown(row, row.before),
        entered=_shown(row, row.entered),
        registers=[_register(each) for each in row.further],
    )


def _register(row: monitoring_queries.HandRow) -> HandRegister:
    return HandRegister(
        series=row.series_code, unit=row.unit, before=_shown(row, row.before), entered=_shown(row, row.entered)
    )


def _shown(row: monitoring_queries.HandRow, known: monitoring_queries.Known | None) -> Shown | None:
    return None if known is None else Shown(at=values.instant(known.at), value=values.decimal(row.number(known.raw)))
