"""What a cubic meter of gas holds: supply areas and their values."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from ninja import Router
from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import gas_values
from meterbook.billing.operations import gas as gas_operations
from meterbook.billing.queries import gas as gas_queries
from meterbook.identity.values import Module
from meterbook.kernel.quantity import Unit
from meterbook.tariffs import permissions

router = Router(tags=["Tariffs"])
NumberGiven = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?$", max_length=16)]


class GasAreaTerms(values.Given):
    """What a supply area says: the sites that get the same gas.

    `factor` is the conversion factor of all days; null: it is entered for days. ESTIMATE bills days without a value by
    the newest one before, marks the bill, and settles it with a later one.
    """

    name: values.Name
    factor: NumberGiven | None = None
    on_missing: gas_values.OnMissingValue = gas_values.OnMissingValue.HOLD
    sites: Annotated[list[uuid.UUID], Field(max_length=1_000, default_factory=list)]


class NewGasArea(GasAreaTerms):
    """A supply area with its code."""

    code: values.Code


class GasArea(values.Told):
    """A supply area; `known_until` is the first day without a calorific value after the newest one."""

    id: uuid.UUID
    code: str
    name: str
    factor: values.DecimalTold | None
    on_missing: gas_values.OnMissingValue
    sites: list[uuid.UUID]
    known_until: date | None


class GasAreas(values.Told):
    """Supply areas, by code."""

    items: list[GasArea]


class GasValueGiven(values.Given):
    """A value for the local days [first_day, until_day).

    CALORIFIC: energy of a normal cubic meter in `unit`; FACTOR: normal cubic meters in one as measured, without unit.
    """

    kind: gas_values.GasKind
    first_day: values.DayGiven
    until_day: values.DayGiven
    value: NumberGiven
    unit: Literal["KWH", "MJ"] | None = None


class GasValuesGiven(values.Given):
    """Values of an area; all are kept or none."""

    values: Annotated[list[GasValueGiven], Field(min_length=1, max_length=gas_operations.MOST_VALUES)]


class GasValueTold(values.Told):
    """A value with its version; `is_newest`: no later one covers all of its days."""

    kind: gas_values.GasKind
    first_day: date
    until_day: date
    value: values.DecimalTold
    unit: str | None
    version: int
    origin: gas_values.GasOrigin
    author: str
    entered_at: values.InstantTold
    is_newest: bool


class GasValues(values.Told):
    """The values of an area, those of the newest days first."""

    items: list[GasValueTold]


@endpoint(router, "GET", "/gas-areas", permission=permissions.VIEW_TARIFF, module=Module.BILLING, answers=GasAreas)
def list_gas_areas(request: entry.Request) -> GasAreas:
    """This will return the supply areas."""
    return GasAreas(items=[_area(each) for each in gas_queries.list_areas()])


@endpoint(
    router,
    "POST",
    "/gas-areas",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=GasArea,
    status=201,
)
def create_gas_area(request: entry.Request, given: NewGasArea) -> GasArea:
    """This will make a supply area."""
    caller = request.caller
    made = gas_operations.create_area(actor=caller.actor, at=caller.at, code=given.code, terms=_terms(given))
    return _area(gas_queries.get_area(public_id=made.public_id))


@endpoint(
    router,
    "POST",
    "/gas-areas/{uuid:gas_area}",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=GasArea,
)
def change_gas_area(request: entry.Request, gas_area: uuid.UUID, given: GasAreaTerms) -> GasArea:
    """This will change what a supply area says."""
    caller = request.caller
    gas_operations.change_area(actor=caller.actor, at=caller.at, area=gas_area, terms=_terms(given))
    return _area(gas_queries.get_area(public_id=gas_area))


@endpoint(
    router,
    "GET",
    "/gas-areas/{uuid:gas_area}/values",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    answers=GasValues,
)
def list_gas_values(request: entry.Request, gas_area: uuid.UUID) -> GasValues:
    """This will return the values of a supply area with their versions."""
    return _values(gas_area)


@endpoint(
    router,
    "POST",
    "/gas-areas/{uuid:gas_area}/values",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=GasValues,
)
def enter_gas_values(request: entry.Request, gas_area: uuid.UUID, given: GasValuesGiven) -> GasValues:
    """This will keep values, each as a new version for its days; those that are there already are passed over."""
    caller = request.caller
    gas_operations.enter_values(
        actor=caller.actor,
        at=caller.at,
        area=gas_area,
        values=[_value(each) for each in given.values],
        origin=gas_values.GasOrigin.API,
    )
    return _values(gas_area)


def _terms(given: GasAreaTerms) -> gas_operations.AreaTerms:
    factor = None if given.factor is None else Decimal(given.factor)
    return gas_operations.AreaTerms(given.name, factor, given.on_missing, given.sites)


def _value(given: GasValueGiven) -> gas_operations.NewValue:
    unit = Unit.ONE if given.unit is None else Unit(given.unit)
    return gas_operations.NewValue(given.kind, given.first_day, given.until_day, Decimal(given.value), unit)


def _area(row: gas_queries.GasAreaRow) -> GasArea:
    return GasArea(
        id=row.public_id,
        code=row.code,
        name=row.name,
        factor=None if row.factor is None else str(row.factor),
        on_missing=row.on_missing,
        sites=[public_id for public_id, _name in row.sites],
        known_until=row.known_until,
    )


def _values(public_id: uuid.UUID) -> GasValues:
    area = gas_queries.get_area(public_id=public_id)
    return GasValues(
        items=[
            GasValueTold(
                kind=each.kind,
                first_day=each.first_day,
                until_day=each.last_day + timedelta(days=1),
                value=str(each.value),
                unit=None if each.unit is Unit.ONE else each.unit.value,
                version=each.number,
                origin=each.origin,
                author=each.author,
                entered_at=values.instant(each.entered_at),
                is_newest=each.is_newest,
            )
            for each in gas_queries.list_values(area_id=area.id)
        ]
    )
