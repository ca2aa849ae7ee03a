"""Meters of chilled water: one of flow and temperatures, and one that counts its energy itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, values
from meterbook.sites import models as site_models
from tests.factories import metering

QUARTER = timedelta(minutes=15)
VOLUME = operations.RegisterPlan("volume", "volume", Unit.M3, 3)
HEAT = operations.RegisterPlan("heat", "heat", Unit.KWH, 3)
FLOW = operations.RegisterPlan("temperature_flow", "temperature_flow", Unit.CELSIUS, 2)
RETURN = operations.RegisterPlan("temperature_return", "temperature_return", Unit.CELSIUS, 2)


def meter(
    organization: identity_models.Organization,
    site: site_models.Site,
    *,
    code: str,
    registers: tuple[operations.RegisterPlan, ...] = (VOLUME, FLOW, RETURN),
) -> metering.Installed:
    """This will hang a meter of chilled water; outside a scope."""
    return metering.installed_meter(
        organization=organization,
        site=site,
        code=code,
        name=code.capitalize(),
        service=values.Service.COOLING,
        registers=registers,
    )


def count(made: metering.Installed, start: datetime, end: datetime, **rises: int) -> None:
    """This will store a reading of counters every quarter, from start to end, both included."""
    quarters = (end - start) // QUARTER
    for code, rise in rises.items():
        readings = [(start + place * QUARTER, 1_000 + place * rise) for place in range(quarters + 1)]
        metering.record(made.series[code], readings)


def measure(made: metering.Installed, start: datetime, end: datetime, *, flow: int, returned: int) -> None:
    """This will store both temperatures, in hundredths of a degree Celsius, every quarter of [start, end)."""
    quarters = (end - start) // QUARTER
    for code, value in (("temperature_flow", flow), ("temperature_return", returned)):
        metering.record(made.series[code], [(start + place * QUARTER, value) for place in range(quarters)])


def computed(
    water: metering.Installed,
    *,
    code: str = "COLD",
    starts_on: date = metering.FIRST_DAY,
    density: Decimal | None = None,
    temperatures: metering.Installed | None = None,
    factor: Fraction = Fraction(1),
) -> models.VirtualMeter:
    """This will make a virtual meter of the cold that water carried; outside a scope."""
    usual = operations.HeatOfWater()
    side = None if temperatures is None else temperatures.point.public_id
    heat = operations.HeatOfWater(side, side, density or usual.density, usual.specific_heat)
    with scoping.scope([water.organization_id], actor=metering.ACTOR):
        return operations.create_virtual_meter(
            actor=metering.ACTOR,
            at=metering.LONG_AGO,
            site=water.point.site,
            code=code,
            name=code.capitalize(),
            service=values.Service.COOLING,
            purpose=values.VirtualPurpose.SYSTEM,
            starts_on=starts_on,
            rows=[operations.FormulaRow(factor, water.point.public_id, heat=heat)],
        )
