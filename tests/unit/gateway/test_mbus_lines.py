"""A field gateway reads M-Bus meters with the drivers of the collector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from meterbook.acquisition import values
from meterbook.acquisition.library import documents
from meterbook.acquisition.push import configuration
from meterbook.gateway import lines, store
from meterbook_lab.mbus_server import SimulatedMbus

pytestmark = pytest.mark.anyio


async def test_keeps_heat_and_volume_of_a_meter_named_by_its_number() -> None:
    kept: list[store.Row] = []
    notes: list[Mapping[str, Any]] = []
    outlets = lines.Outlets(
        keep=kept.extend,
        show=lambda rows: None,
        note=lambda _device, note: notes.append(note),
        answer=lambda _asked, _answer: None,
        offset_ms=lambda: 0,
    )
    async with SimulatedMbus({7: "kamstrup_multical_601"}) as meters:
        device = configuration.Device(
            id="d",
            meter="K1",
            unit_id=values.bus_address(253, "06855817FFFFFFFF"),
            model=documents.load("kamstrup_multical_601"),
            byte_order=None,
            live_seconds=900,
            registers={"heat": 15, "volume": 15},
        )
        bus = configuration.Bus("b", "MBUS_TCP", meters.host, meters.port, 500, 0, 38_400, "E", 1, 0, devices=(device,))
        runner = lines.BusRunner(bus, outlets)
        await runner.read_due()
        await runner.close()

    assert {(row.register, row.value) for row in kept} == {("heat", 37_351_000), ("volume", 561_080)}
    assert notes[0]["response"].startswith("e568f7f7")
