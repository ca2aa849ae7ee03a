"""A field gateway hears telegrams of DSMR and SML with the drivers of the collector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from meterbook.acquisition.library import documents
from meterbook.acquisition.push import configuration
from meterbook.gateway import lines, store
from meterbook_lab.telegram_meter import TelegramMeter
from tests.unit.acquisition.test_telegram_lines import SML, V5

pytestmark = pytest.mark.anyio


@pytest.mark.spec("M-018/6")
@pytest.mark.parametrize(
    ("protocol", "model", "telegram", "registers", "expected"),
    [
        ("DSMR_TCP", "dsmr_electricity", V5, ("energy_import", "energy_export"), {6_825, 2_444}),
        ("SML_TCP", "sml_electricity", SML, ("energy_import",), {12_345_679}),
    ],
)
async def test_are_kept_as_readings(
    protocol: str, model: str, telegram: bytes, registers: tuple[str, ...], expected: set[int]
) -> None:
    kept: list[store.Row] = []
    notes: list[Mapping[str, Any]] = []
    outlets = lines.Outlets(
        keep=kept.extend,
        show=lambda rows: None,
        note=lambda _device, note: notes.append(note),
        answer=lambda _asked, _answer: None,
        offset_ms=lambda: 0,
    )
    async with TelegramMeter(lambda: telegram) as meter:
        device = configuration.Device("d", "P1", 0, documents.load(model), None, 10, dict.fromkeys(registers, 15))
        bus = configuration.Bus("b", protocol, "127.0.0.1", meter.port, 5_000, 0, 115_200, "N", 1, 0, devices=(device,))
        runner = lines.BusRunner(bus, outlets)
        await runner.read_due()
        await runner.close()
        meter.faults.hangs_up = True

    assert {row.register for row in kept} == set(registers), notes
    assert {row.value for row in kept} == expected
