"""Take a meter away without another one, and hang one at a point that has none."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import asset_shapes, lines, meter_changes, reach
from meterbook.api.resources import meter_shapes as shapes
from meterbook.identity.values import Module
from meterbook.journeys import exchange_meter, hanging_meters, noting_assets
from meterbook.metering import assets, permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values

router = Router(tags=["Meters"])
Seals = Annotated[list[asset_shapes.Seal], Field(max_length=assets.MOST_SEALS)]


class Removal(values.Given):
    """The meter that is taken away, and what every register that counts showed last, by series, before multipliers."""

    meter: uuid.UUID
    removed_at: values.InstantGiven
    finals: Annotated[dict[meter_changes.Register, meter_changes.FinalReading], meter_changes.FEW]
    reason: meter_changes.Reason


class Hanging(values.Given):
    """The meter that comes to a point without one, and what every register of its model that counts showed first.

    One of that model and number that hangs nowhere hangs again. `unit_id` or `secondary` is its address on the line of
    the meter that hung there before; without them nothing asks it.
    """

    installed_at: values.InstantGiven
    serial_number: meter_changes.Serial
    model: values.Code = metering_values.IMPORTED
    multiplier: meter_changes.Ratio = "1"
    rated_per_hour: values.DecimalGiven | None = None
    unit_id: int | None = Field(None, ge=0, le=lines.LAST_ADDRESS)
    secondary: lines.Secondary | None = None
    openings: Annotated[dict[meter_changes.Register, values.DecimalGiven], meter_changes.FEW]
    seals: Seals = Field([])
    reason: meter_changes.Reason


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/remove",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def remove_meter_of_point(request: entry.Request, point: uuid.UUID, given: Removal) -> shapes.MeterPoint:
    """This will take the meter of a point away with its last readings; the point stays without a meter."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    meter_changes.require_past("removed_at", given.removed_at, caller.at)
    finals = {code: Decimal(each.value) for code, each in given.finals.items()}
    meter_changes.require_shown("finals", finals, detail, given.removed_at)
    hanging_meters.remove(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        meter_id=given.meter,
        removed_at=given.removed_at,
        finals={
            code: exchange_meter.Final(value, is_estimated=given.finals[code].is_estimated)
            for code, value in finals.items()
        },
        reason=given.reason,
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/install",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def install_meter_at_point(request: entry.Request, point: uuid.UUID, given: Hanging) -> shapes.MeterPoint:
    """This will hang a meter at a point that has none, with its first readings; the series of the point go on."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    is_asked = given.unit_id is not None or given.secondary is not None
    if is_asked:
        meter_changes.require(request, detail, acquisition_permissions.MANAGE_DEVICE)
    secondary = lines.address(given.unit_id, given.secondary, "/body")[1] if is_asked else ""
    meter_changes.require_past("installed_at", given.installed_at, caller.at)
    openings = {code: Decimal(each) for code, each in given.openings.items()}
    meter_changes.require_openings(openings, given.model, detail.service)
    hanging_meters.install(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        installed_at=given.installed_at,
        new=exchange_meter.NewMeter(
            serial_number=given.serial_number,
            model_code=given.model,
            multiplier=meter_changes.ratio(given.multiplier),
            rated_per_hour=values.read_decimal(given.rated_per_hour),
            unit_id=given.unit_id,
            secondary=secondary,
            openings=openings,
        ),
        reason=given.reason,
        noted=noting_assets.Noted(seals=tuple(dict.fromkeys(given.seals)) or None),
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))
