"""A SunSpec meter on a real socket is walked and described; what it says is read back through its description."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.acquisition.drivers.sunspec import discovery, walk
from meterbook.acquisition.library import decode, documents
from meterbook.acquisition.polling import blocks, reading
from meterbook.cli import main as cli
from tests.unit.acquisition.drivers.test_sunspec import COMMON, METER, content

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Device:
    """Answers function 3 from registers that begin at a base, and refuses all others as devices do."""

    def __init__(self, base: int, registers: Sequence[int]) -> None:
        self.base, self.registers, self.port = base, list(registers), 0

    async def __aenter__(self) -> Device:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(12):
            start, count = int.from_bytes(head[8:10], "big") - self.base, int.from_bytes(head[10:12], "big")
            if start >= 0 and start + count <= len(self.registers):
                words = self.registers[start : start + count]
                body = bytes([3, 2 * count]) + b"".join(word.to_bytes(2, "big") for word in words)
            else:
                body = bytes([0x83, 2])
            writer.write(head[:4] + (len(body) + 1).to_bytes(2, "big") + head[6:7] + body)
        writer.close()


def chain(*models: tuple[int, Sequence[int]]) -> list[int]:
    return [*walk.MARK, *(word for number, held in models for word in (number, len(held), *held)), 0xFFFF, 0]


METER_MAP = chain((1, COMMON), (203, METER))


async def found(device: Device) -> discovery.Discovered:
    async with ModbusTcpBus("127.0.0.1", device.port, clock=lambda: NOW) as bus:
        return await discovery.discover(bus, 1, timeout=2)


class TestAMeter:
    @pytest.mark.parametrize("base", walk.BASES)
    def test_is_described_so_that_it_can_be_read(self, base: int) -> None:
        async def run() -> tuple[discovery.Discovered, dict[str, tuple[int, int, str]]]:
            async with Device(base, METER_MAP) as device:
                told = await found(device)
                model = documents.validate(told.document, "sunspec.yaml")
                async with ModbusTcpBus("127.0.0.1", device.port, clock=lambda: NOW) as bus:
                    read = await reading.read(bus, 1, blocks.plan_model(model).everything, timeout=2)
                samples = [sample for each in read for sample in each.samples]
                return told, {each.code: (each.value, each.decimals, each.unit.symbol) for each in samples}

        told, shown = asyncio.run(run())

        assert (told.maker, told.name, told.serial_number, told.models) == ("Acme", "M1", "S-77", (1, 203))
        assert shown["energy_import"] == (123_456, 1, "kWh")
        assert shown["power"] == (-1_234, 2, "kW")
        assert shown["voltage_l1"] == (2_301, 1, "V")
        assert shown["frequency"] == (4_998, 2, "Hz")
        model = documents.validate(told.document, "sunspec.yaml")
        assert model.register("energy_import").wrap == 1 << 32
        assert model.code == "sunspec_acme_m1"

    def test_that_loses_a_phase_has_no_value_there(self) -> None:
        header = walk.Header(203, 40_070, len(METER))
        model = documents.validate(discovery.describe(header, METER, {"Mn": "Acme", "Md": "M1"}), "sunspec.yaml")

        decoded = decode.decode_block(
            [model.register("power")], blocks.plan_model(model).instant[0].block, (0x8000,) * 90
        )

        assert decoded.samples == decoded.refused == ()

    def test_of_floats_is_described_too(self) -> None:
        registers = content(213, TotWhImp=0x4997_B400, W=0x461C_4000, Hz=0x4247_EB85)  # 1 242 752 Wh, 10 000 W, 49.98
        document = discovery.describe(walk.Header(213, 40_070, len(registers)), registers, {})
        model = documents.validate(document, "sunspec.yaml")

        assert decode.decode(model.register("energy_import"), (0x4997, 0xB400)).value == 1_242_752
        assert decode.decode(model.register("power"), (0x461C, 0x4000)).value == 10_000

    @pytest.mark.parametrize(
        ("registers", "words"),
        [
            ([1, 2, 3, 4], "none of the usual registers"),
            (chain((1, COMMON), (103, [0] * 50)), "no SunSpec model of a meter; it has 1, 103"),
            ([*walk.MARK, 1, 60_000], "leads nowhere"),
            (chain((203, content(203))), "holds no values"),
        ],
        ids=["no_mark", "inverter", "broken", "empty"],
    )
    def test_that_is_none_is_told(self, registers: list[int], words: str) -> None:
        async def run() -> None:
            async with Device(40_000, registers) as device:
                await found(device)

        with pytest.raises(discovery.NoSunSpec, match=words):
            asyncio.run(run())


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> tuple[int, int]:
        async with Device(50_000, METER_MAP) as device, Device(40_000, [0]) as other:
            asked = ["read", "--discover", "--json", "--host", "127.0.0.1", "--unit", "1"]
            return (
                await asyncio.to_thread(cli.main, [*asked, "--port", str(device.port)]),
                await asyncio.to_thread(cli.main, [*asked, "--port", str(other.port)]),
            )

    codes = asyncio.run(run())

    said = capsys.readouterr()
    assert codes == (0, 2)
    assert json.loads(said.out)["manufacturer"] == "Acme"
    assert "NO_SUNSPEC" in said.err
