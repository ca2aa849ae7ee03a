"""Meters that send telegrams by themselves, through real sockets: cut, garbled, silent, hung up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
import yaml

from meterbook.acquisition import opening
from meterbook.acquisition.contract import errors, octets, telegram_lines
from meterbook.acquisition.contract.frames import RECORDS, Block, Frame
from meterbook.acquisition.drivers import dsmr, sml
from meterbook.acquisition.drivers.dsmr.bus import parts
from meterbook.acquisition.drivers.sml.bus import records
from meterbook.acquisition.library import decode, documents
from meterbook_lab.telegram_meter import TelegramMeter
from tests.unit.acquisition.drivers import test_sml

FRAMES = json.loads((Path(__file__).parent / "drivers" / "frames.json").read_text())
TEXTS = {frame["id"]: frame["text"].encode() for frame in FRAMES if frame["protocol"] == "dsmr"}
V5 = TEXTS["dsmr-telegram_v5"]
SML = test_sml.telegram(
    test_sml.listed(
        test_sml.entry(
            "0100010800ff",
            test_sml.number(123_456_789, 5),
            unit=test_sml.number(30, 1),
            scaler=test_sml.number(-1, 1, signed=True),
        ),
        test_sml.POWER,
        test_sml.MAKER,
    )
)
NOW = datetime(2017, 1, 2, 18, 20, 5, tzinfo=UTC)


async def until_lost(line: telegram_lines.TelegramLine) -> None:
    """Read until the connection ends; one or two telegrams may be on their way still."""
    for _ in range(3):
        await line.read(0, timeout=5)


def told(frame: Frame, model: str) -> dict[str, tuple[int, str]]:
    """What the registers of a model hold in a frame."""
    decoded = decode.decode_frame(documents.load(model).registers, RECORDS, frame)
    return {each.code: (each.value, each.unit.symbol) for each in decoded.samples}


def hear(
    telegram: bytes,
    protocol: str,
    work: Callable[[TelegramMeter, telegram_lines.TelegramLine], Awaitable[None]],
) -> None:
    """Have a meter send a telegram again and again, and do something with a line to it."""

    async def run() -> None:
        async with TelegramMeter(lambda: telegram) as meter:
            spec = opening.LineSpec(protocol, "127.0.0.1", meter.port, 9600, "N", 1, 0)
            line = opening.open_line(spec, clock=lambda: NOW)
            assert isinstance(line, telegram_lines.TelegramLine)
            async with line:
                await work(meter, line)
            meter.faults.hangs_up = True

    asyncio.run(run())


@pytest.mark.spec("M-016/5")
class TestALine:
    def test_tells_electricity_and_gas_of_one_telegram(self) -> None:
        async def work(meter: TelegramMeter, line: telegram_lines.TelegramLine) -> None:
            meter.faults.noise = b"\x00\xff!\r\n/half"
            own = await line.read(0, timeout=5)
            gas = await line.read(1, timeout=5)
            with pytest.raises(telegram_lines.PartMissing):
                await line.read(2, timeout=5)

            shown = told(own, "dsmr_electricity")
            assert (shown["energy_import"], shown["energy_import_tariff_1"]) == ((6825, "kWh"), (4426, "kWh"))
            assert (shown["power"], shown["voltage_l3"], own.at) == ((244, "kW"), (2290, "V"), NOW)
            assert told(gas, "dsmr_gas") == {"volume": (107, "m³")}
            assert gas.at == datetime(2017, 1, 2, 15, 10, 5, tzinfo=UTC)
            assert own.response == gas.response
            assert meter.connections == 1

        hear(V5, "DSMR_TCP", work)

    def test_of_sml_tells_energy_and_power(self) -> None:
        async def work(meter: TelegramMeter, line: telegram_lines.TelegramLine) -> None:
            shown = told(await line.read(0, timeout=5), "sml_electricity")

            assert shown == {"energy_import": (12_345_679, "kWh"), "power": (-14, "kW")}

        hear(SML, "SML_TCP", work)

    @pytest.mark.parametrize(("protocol", "telegram"), [("DSMR_TCP", V5), ("SML_TCP", SML)], ids=["dsmr", "sml"])
    def test_takes_nothing_of_what_is_damaged_and_goes_on_when_it_is_whole(
        self, protocol: str, telegram: bytes
    ) -> None:
        async def work(meter: TelegramMeter, line: telegram_lines.TelegramLine) -> None:
            for fault in ("is_garbled", "is_cut"):
                setattr(meter.faults, fault, True)
                with pytest.raises(telegram_lines.TelegramDamaged):
                    await line.read(0, timeout=0.4)
                setattr(meter.faults, fault, False)
                assert (await line.read(0, timeout=5)).records
            meter.faults.is_silent = True
            with pytest.raises(telegram_lines.NoTelegram):
                await line.read(0, timeout=0.3)
            meter.faults.is_silent = False
            meter.faults.hangs_up = True
            with pytest.raises(errors.ConnectionLost):
                await until_lost(line)
            meter.faults.hangs_up = False
            assert (await line.read(0, timeout=5)).records

        hear(telegram, protocol, work)

    def test_waits_for_what_is_sent_after_it_was_asked(self) -> None:
        """What lay in a buffer while nobody asked is old."""
        count = iter(range(1, 1000))

        async def run() -> None:
            def telegram() -> bytes:
                body = f"/XMX5T\r\n\r\n1-0:1.8.0({next(count):06d}.000*kWh)\r\n!".encode()
                return body + f"{octets.crc16_arc(body):04X}\r\n".encode()

            async with TelegramMeter(telegram, every=0.01) as meter:
                spec = opening.LineSpec("DSMR_TCP", "127.0.0.1", meter.port, 9600, "N", 1, 0)
                line = opening.open_line(spec, clock=lambda: NOW)
                first = told(await line.read(0, timeout=5), "dsmr_electricity")["energy_import"][0]
                await asyncio.sleep(0.3)
                second = told(await line.read(0, timeout=5), "dsmr_electricity")["energy_import"][0]
                await line.close()
                meter.faults.hangs_up = True
            assert second - first > 5_000

        asyncio.run(run())

    def test_knows_no_words_and_says_when_nobody_is_there(self) -> None:
        async def work(meter: TelegramMeter, line: telegram_lines.TelegramLine) -> None:
            with pytest.raises(telegram_lines.RequestRefused):
                await line.read(0, Block(3, 0, 2), timeout=1)

        hear(V5, "DSMR_TCP", work)
        spec = opening.LineSpec("SML_SERIAL", "/dev/nothing-there", 0, 9600, "N", 1, 0)
        with pytest.raises(errors.ConnectionRefused):
            asyncio.run(opening.open_line(spec, clock=lambda: NOW).read(0, RECORDS, timeout=1))


class TestATelegram:
    def test_of_every_recorded_kind_is_understood(self) -> None:
        found = {name: parts(raw, datetime(2006, 1, 1, tzinfo=UTC)) for name, raw in TEXTS.items()}
        energy = {
            name: next((each.number for each in of[0].records if each.name == "1.8.0"), None)
            for name, of in found.items()
        }

        assert energy == {
            "dsmr-telegram_fluvius_v171": Decimal("15.792"),
            "dsmr-telegram_v4_2": Decimal("3016.829"),
            "dsmr-telegram_v5": Decimal("6.825"),
            "dsmr-2.2": Decimal("2.002"),
            "dsmr-sagemcom": Decimal(6_545_766),
            "iec-easymeter": Decimal("32549.5061662"),
            "dsmr-3": Decimal("12345.678"),
        }
        assert {channel for of in found.values() for channel in of} >= {0, 1, 2}

    def test_that_tells_what_was_long_ago_is_no_news_of_its_gas_meter(self) -> None:
        assert set(parts(V5, NOW)) == {0, 1}
        assert set(parts(V5, NOW + timedelta(days=3))) == {0}

    def test_of_sml_names_values_by_their_obis_code(self) -> None:
        assert [(each.name, each.number, each.unit) for each in records(SML)] == [
            ("1.8.0", Decimal("12345678.9"), "WH"),
            ("16.7.0", Decimal("-13.7"), "W"),
        ]


def test_manifests_are_kept_in_step() -> None:
    told_of = {
        package: yaml.safe_load((resources.files(package) / "manifest.yaml").read_text()) for package in (dsmr, sml)
    }

    assert told_of[dsmr]["quality"]["published_frames"] == len(TEXTS)
    assert told_of[sml]["protocol"] == "sml"
