"""The meter that comes to a point, by exchange or where none hung: what a program sends, and what is noted of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.api import entry, values
from meterbook.api.resources import asset_shapes, lines, meter_changes
from meterbook.journeys import exchange_meter, noting_assets
from meterbook.metering import assets
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values

Seals = Annotated[list[asset_shapes.Seal], Field(max_length=assets.MOST_SEALS)]


class Coming(values.Given):
    """What both ways have in common. Seals and transformers left out are not known, or stay as they are."""

    serial_number: meter_changes.Serial
    model: values.Code = metering_values.IMPORTED
    multiplier: meter_changes.Ratio = "1"
    rated_per_hour: values.DecimalGiven | None = None
    unit_id: int | None = Field(None, ge=0, le=lines.LAST_ADDRESS)
    secondary: lines.Secondary | None = None
    openings: Annotated[dict[meter_changes.Register, values.DecimalGiven], meter_changes.FEW]
    seals: Seals = Field([])
    current: asset_shapes.GivenTransformers | None = None
    voltage: asset_shapes.GivenTransformers | None = None


def new_meter(request: entry.Request, detail: metering_queries.MeterDetail, given: Coming) -> exchange_meter.NewMeter:
    """This will read the meter that comes. With an address it takes the right to manage devices.

    :raises meterbook.api.problems.Problem: 403, or 422 for an address, a register, a model or a factor that cannot be
    """
    is_asked = given.unit_id is not None or given.secondary is not None
    if is_asked:
        meter_changes.require(request, detail, acquisition_permissions.MANAGE_DEVICE)
    secondary = lines.address(given.unit_id, given.secondary, "/body")[1] if is_asked else ""
    openings = numbers(given.openings)
    meter_changes.require_openings(openings, given.model, detail)
    return exchange_meter.NewMeter(
        serial_number=given.serial_number,
        model_code=given.model,
        multiplier=meter_changes.ratio(given.multiplier),
        rated_per_hour=values.read_decimal(given.rated_per_hour),
        unit_id=given.unit_id,
        secondary=secondary,
        openings=openings,
    )


def noted(given: Coming) -> noting_assets.Noted:
    """This will read the seals of the meter that comes, and the transformers before it.

    :raises meterbook.api.problems.Problem: 422 for a ratio that is none
    """
    return noting_assets.Noted(
        seals=tuple(dict.fromkeys(given.seals)) or None,
        current=asset_shapes.transformers(given.current, "/body/current/ratio"),
        voltage=asset_shapes.transformers(given.voltage, "/body/voltage/ratio"),
    )


def finals(given: Mapping[str, meter_changes.FinalReading]) -> dict[str, exchange_meter.Final]:
    """This will read what the meter that goes showed last."""
    return {
        code: exchange_meter.Final(Decimal(each.value), is_estimated=each.is_estimated) for code, each in given.items()
    }


def numbers(given: Mapping[str, str]) -> dict[str, Decimal]:
    """This will read numbers by register."""
    return {code: Decimal(each) for code, each in given.items()}
