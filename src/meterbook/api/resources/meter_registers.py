"""Another register of a meter that people read or files bring."""

from __future__ import annotations

import uuid
from decimal import Decimal

from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import meter_changes, reach
from meterbook.api.resources import meter_shapes as shapes
from meterbook.identity.values import Module
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
