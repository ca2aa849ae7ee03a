"""The meters of the demonstration: what they are, what they have shown since it began, and the gateway before them.

Everything follows from the instant at which the demonstration begins, so that the gateway of a later start goes on
where the stored history ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from meterbook.acquisition.library import decode, documents
from meterbook_lab import modbus_registers
from meterbook_lab.gateway_sim import LOOPBACK, SimulatedGateway
from meterbook_lab.modbus_meter import SimulatedMeter

EXCHANGED_AFTER = timedelta(days=23, hours=9, minutes=20)
GAP = (timedelta(days=26, hours=2), timedelta(days=26, hours=9))
NIGHT_AND_DAY = (
    *(2600, 2500, 2400, 2400, 2500, 2900, 3600, 4200, 4600, 4800, 4900, 5000),
    *(5100, 5100, 5000, 4900, 5000, 5400, 6100, 6400, 5900, 4700, 3500, 2900),
)


@dataclass(frozen=True)
class Hanging:
    """A meter at a meter point of the demonstration. `gap` is when nothing was read of it."""

    unit: int
    model_code: str
    serial_number: str
    point_code: str
    point_name: str
    since: datetime
    until: datetime | None = None
    start: dict[str, Fraction] = field(default_factory=dict)
    curve: tuple[int, ...] | None = None
    gap: tuple[datetime, datetime] | None = None

    def simulated(self) -> SimulatedMeter:
        """This will return the meter as the simulator knows it."""
        meter = SimulatedMeter(documents.load(self.model_code), self.unit, self.since, self.start)
        if self.curve is not None:
            meter.curve = self.curve
        return meter


def hanging(since: datetime) -> tuple[Hanging, ...]:
    """This will return all meters of a demonstration that begins at `since`, in the order in which they came."""
    exchanged_at = since + EXCHANGED_AFTER
    bakery = ("MP-101", "Bakery, unit 1.01")
    return (
        Hanging(
            1, "eastron_sdm630", "20184412", *bakery, since, exchanged_at, {"energy_import": Fraction(48_211)}
        ),
        Hanging(
            2,
            "eastron_sdm630",
            "23110937",
            "MP-102",
            "Pharmacy, unit 1.02",
            since,
            start={"energy_import": Fraction(9_844), "energy_reactive_import": Fraction(2_730)},
            gap=(since + GAP[0], since + GAP[1]),
        ),
        Hanging(
            3,
            "carlo_gavazzi_em24",
            "BZ2260041",
            "MP-001",
            "Common areas",
            since,
            start={"energy_import": Fraction(131_977), "energy_export": Fraction(0)},
            curve=NIGHT_AND_DAY,
        ),
        Hanging(1, "eastron_sdm630", "25070126", *bakery, exchanged_at),
    )


def readings(
    meter: Hanging, register: documents.Register, *, begins_at: datetime, until: datetime, step: timedelta
) -> Iterator[tuple[datetime, int]]:
    """This will yield what a collector would have read: instants of the step's grid and stored register values."""
    simulated = meter.simulated()
    end = until if meter.until is None else min(until, meter.until)
    slot = max(begins_at, _next(meter.since, begins_at, step))
    while slot <= end:
        if meter.gap is None or not meter.gap[0] <= slot < meter.gap[1]:
            yield slot, shown(simulated, register, slot)
        slot += step


def shown(meter: SimulatedMeter, register: documents.Register, at: datetime) -> int:
    """This will return what a read over Modbus would store, through the very words on the wire."""
    words = modbus_registers.encode(register, meter.value(register, at))
    return decode.decode(register, tuple(words)).value


def _next(since: datetime, grid: datetime, step: timedelta) -> datetime:
    """The first instant of the grid that is not before `since`."""
    return grid + -((grid - since) // step) * step if since > grid else grid


def serve_gateway(*, since: datetime, port: int) -> None:
    """This will be the gateway of the demonstration until the process ends."""
    asyncio.run(_serve(since, port))


async def _serve(since: datetime, port: int) -> None:
    present = {meter.unit: meter for meter in hanging(since) if meter.until is None}
    gateway = SimulatedGateway({unit: meter.model_code for unit, meter in present.items()}, host=LOOPBACK, port=port)
    gateway.meters.update({unit: meter.simulated() for unit, meter in present.items()})
    async with gateway:
        await asyncio.Event().wait()
