"""Another register of a meter that people read or files bring."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import meter_changes, reach
from meterbook.api.resources import meter_shapes as shapes
from meterbook.identity.values import Module
from meterbook.journeys import hung_registers
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries

router = Router(tags=["Meters"])


class NewRegister(values.Given):
    """What a meter counts besides, since when, and what the register showed then, in the unit of `series`.

    `series` is the code of a quantity, such as energy_export, energy_reactive_import, energy_apparent,
    energy_import_t1 to energy_import_t4, power_maximum, power_apparent_maximum, or volume of a heat meter.
    """

    series: values.Code
    since: values.InstantGiven
    shown: values.DecimalGiven


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/registers",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def add_register(request: entry.Request, point: uuid.UUID, given: NewRegister) -> shapes.MeterPoint:
    """This will add a register to a meter that is read by hand or from files; what it counted before stays unknown."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    meter_changes.require_past("since", given.since, caller.at)
    metering_operations.make_room(given.since)
    try:
        metering_operations.add_register(
            actor=caller.actor,
            at=caller.at,
            meter_point=detail.public_id,
            series_code=given.series,
            since=given.since,
            shown=Decimal(given.shown),
        )
    except metering_operations.RegisterRefused as error:
        raise problems.invalid(f"/body/{error.field}", str(error)) from error
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


class ModelRegister(values.Told):
    """A register of the model of a meter that feeds no series of it."""

    series: str
    unit: str


class ModelRegisters(values.Told):
    """What the model of a meter has, and the meter does not keep; none of a meter that people read."""

    items: list[ModelRegister]


class NewModelRegisters(values.Given):
    """Series of the model that are kept from the next reading on, of the meter that hangs there."""

    meter: uuid.UUID
    series: Annotated[list[values.Code], Field(min_length=1, max_length=60)]


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/model-registers",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=ModelRegisters,
    by_site=True,
    by_single=True,
)
def list_model_registers(request: entry.Request, point: uuid.UUID) -> ModelRegisters:
    """This will return the registers of a meter's model that it does not keep, such as temperatures of a heat meter."""
    detail = reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True)
    found = hung_registers.missing(detail)
    return ModelRegisters(items=[ModelRegister(series=each.series_code, unit=each.unit.value) for each in found])


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/model-registers",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def add_model_registers(request: entry.Request, point: uuid.UUID, given: NewModelRegisters) -> shapes.MeterPoint:
    """This will have a meter keep further registers of its model; what it showed before stays unknown."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    offered = {each.series_code: each for each in hung_registers.missing(detail)}
    for place, code in enumerate(given.series):
        if code not in offered:
            words = _("The model of the meter has no such register, or the meter keeps it already.")
            raise problems.invalid(f"/body/series/{place}", words)
    try:
        metering_operations.add_model_registers(
            actor=caller.actor,
            at=caller.at,
            meter_point=detail.public_id,
            meter=given.meter,
            plans=[offered[code] for code in dict.fromkeys(given.series)],
        )
    except metering_operations.RegisterRefused as error:
        raise problems.invalid("/body/meter", str(error)) from error
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))
