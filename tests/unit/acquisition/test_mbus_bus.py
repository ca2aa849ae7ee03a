"""The M-Bus driver against simulated meters on real sockets and pseudo terminals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import RECORDS, Block
from meterbook.acquisition.contract.serial_lines import Parity, SerialPort
from meterbook.acquisition.drivers.mbus import codec, framing, telegrams
from meterbook.acquisition.drivers.mbus.bus import MbusLine, MbusSerialBus, MbusTcpBus
from meterbook.acquisition.library import decode, documents
from meterbook.acquisition.polling import blocks, reading
from meterbook_lab.mbus_meter import MbusMeter, recorded
from meterbook_lab.mbus_server import SimulatedMbus
from tests.factories import lab

pytestmark = pytest.mark.anyio

FAST = 38_400  # the standard's wait is 59 ms then
MODELS = tuple(each.code for each in documents.all_models() if each.is_mbus)
HEAT, WATER = "kamstrup_multical_601", "siemens_wfh21"


@asynccontextmanager
async def line(meters: SimulatedMbus, kind: str = "tcp") -> AsyncIterator[MbusLine]:
    """A driver on the simulated bus."""
    clock = lab.settable_clock().now
    async with meters:
        bus: MbusLine = MbusTcpBus(meters.host, meters.port, clock=clock, baud=FAST)
        if kind == "serial":
            bus = MbusSerialBus(SerialPort(meters.serial.path, FAST), clock=clock)
        async with bus:
            yield bus


def number(frame_records: object, name: str) -> Decimal | None:
    """What a record says."""
    return {each.name: each.number for each in frame_records}[name]  # type: ignore[attr-defined]


@pytest.mark.spec("M-016/3")
class TestReadout:
    @pytest.mark.parametrize("kind", ["tcp", "serial"])
    async def test_brings_all_records_by_their_names(self, kind: str) -> None:
        async with line(SimulatedMbus({5: HEAT, 6: WATER}), kind) as bus:
            heat = await bus.read(5, timeout=0.2)
            water = await bus.read(6, timeout=0.2)

        assert number(heat.records, "energy") == Decimal(37_351_000)
        assert number(heat.records, "energy.storage1") == Decimal(33_361_000)
        assert heat.kin == ("KAM", "06855817", 8, 4)
        assert heat.request == (codec.reset_link(5) + codec.request_data(5, frame_count=True)).hex()
        assert heat.response.startswith("e568f7f768")
        assert number(water.records, "volume") == 0

    @pytest.mark.spec("M-015/1")
    @pytest.mark.parametrize("code", MODELS)
    async def test_of_each_model_shows_what_the_meter_has(self, code: str) -> None:
        """Every record that a register of the model names is set, sent, and decoded to the same."""
        model = documents.load(code)
        meters = SimulatedMbus({9: code})
        shown = {}
        for place, register in enumerate(model.registers, 1):
            value = Decimal(1000 * place)  # in the unit of the standard: 1 kWh, 1 kW, 1000 m³
            if register.unit.name in ("CELSIUS", "V", "A", "M3", "M3_H"):
                value = Decimal(place)
            meters.meters[9].set(register.record, value)
            shown[register.code] = value

        async with line(meters) as bus:
            found = await reading.read(bus, 9, blocks.plan_model(model).everything, timeout=0.5)

        samples = {each.code: each for part in found for each in part.samples}
        assert len(found) == 1  # one readout, not one for counters and one for the rest
        assert not found[0].refused
        for register in model.registers:
            expected = shown[register.code] / (1000 if register.unit.symbol.startswith("k") else 1)
            assert samples[register.code].quantity.number == expected

    async def test_asks_for_further_telegrams_with_the_bit_turned(self) -> None:
        meter = MbusMeter((_more(recorded(HEAT)[0]), recorded(WATER)[0]), 5)
        meters = SimulatedMbus([meter])
        async with line(meters) as bus:
            frame = await bus.read(5, timeout=0.2)
            again = await bus.read(5, timeout=0.2)

        assert number(frame.records, "energy") == Decimal(37_351_000)
        assert number(frame.records, "volume#2") == 0  # of the second telegram: the count of equals runs on
        asked = [each[1] for each in meters.server.heard[:3]]
        assert asked == [codec.SND_NKE, codec.REQ_UD2 | codec.FCB, codec.REQ_UD2]
        assert again.records == frame.records

    async def test_a_lost_answer_is_asked_for_with_the_same_bit(self) -> None:
        meters = SimulatedMbus({5: HEAT}, seed=3)
        meters.faults.change(5, drop_percent=40)
        async with line(meters) as bus:
            frames = [await bus.read(5, timeout=0.06, retries=12) for _ in range(3)]

        assert {number(each.records, "energy") for each in frames} == {Decimal(37_351_000)}
        assert max(each.attempts for each in frames) > 1


class TestSecondaryAddress:
    async def test_selects_the_meter_of_that_number(self) -> None:
        one, two = (MbusMeter(recorded(HEAT), 0, number=each) for each in ("00000011", "00000012"))
        two.set("energy", Decimal(7_000))
        async with line(SimulatedMbus([one, two])) as bus:
            found = await bus.read(int("000000122D2C0804", 16), timeout=0.2)
            other = await bus.read(int("F0000011FFFFFFFF", 16), timeout=0.2)

        assert number(found.records, "energy") == 7_000
        assert found.kin == ("KAM", "00000012", 8, 4)
        assert other.kin == ("KAM", "00000011", 8, 4)

    async def test_of_nobody_is_a_time_out_that_names_it(self) -> None:
        async with line(SimulatedMbus({1: HEAT})) as bus:
            with pytest.raises(errors.Timeout, match="meter 99999999FFFFFFFF"):
                await bus.read(int("99999999FFFFFFFF", 16), timeout=0.06)

    async def test_two_meters_of_one_primary_address_are_told_as_damage(self) -> None:
        one, two = (MbusMeter(recorded(HEAT), 0, number=each) for each in ("00000011", "00000022"))
        async with line(SimulatedMbus([one, two])) as bus:
            with pytest.raises(errors.FrameMismatch, match="two meters answered at once"):
                await bus.read(0, timeout=0.2)


class TestFaults:
    async def test_a_late_answer_is_never_taken_for_the_next_meters(self) -> None:
        meters = SimulatedMbus({5: HEAT, 6: HEAT})
        meters.meters[6].set("energy", Decimal(6_000))
        meters.faults.change(5, late_seconds=0.15)
        async with line(meters) as bus:
            with pytest.raises(errors.Timeout):
                await bus.read(5, timeout=0.06)
            meters.faults.change(6, late_seconds=0.12)
            frame = await bus.read(6, timeout=1.0)

        assert number(frame.records, "energy") == 6_000

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ({"is_silent": True}, errors.Timeout),
            ({"is_cut": True}, errors.Timeout),
            ({"is_garbled": True}, errors.Timeout),
            ({"has_wrong_unit": True}, errors.Timeout),
            ({"is_short": True}, errors.FrameMismatch),
            ({"exception": 8}, telegrams.MeterRefused),
        ],
        ids=["silent", "cut", "garbled", "of_another", "damaged", "busy"],
    )
    async def test_is_told_and_the_next_readout_is_right(
        self, fault: dict[str, int], error: type[errors.DeviceError]
    ) -> None:
        meters = SimulatedMbus({5: HEAT, 6: WATER})
        meters.faults.change(5, **fault)
        async with line(meters) as bus:
            with pytest.raises(error):
                await bus.read(5, timeout=0.06)
            meters.faults.clear()
            frame = await bus.read(5, timeout=0.2)
            other = await bus.read(6, timeout=0.2)

        assert number(frame.records, "energy") == Decimal(37_351_000)
        assert other.kin is not None
        assert other.kin[0] == "LSE"

    async def test_digits_that_are_none_are_no_value(self) -> None:
        meters = SimulatedMbus({6: WATER})
        meters.faults.change(6, is_nonsense=True)
        async with line(meters) as bus:
            frame = await bus.read(6, timeout=0.2)

        decoded = decode.decode_records(documents.load(WATER).registers, frame.records)
        assert [register.code for register, _ in decoded.refused] == ["volume"]

    async def test_a_converter_may_echo(self) -> None:
        meters = SimulatedMbus({5: HEAT})
        meters.server.echoes = True
        async with line(meters, "serial") as bus:
            frame = await bus.read(5, timeout=0.2)

        assert frame.kin is not None

    async def test_a_gateway_that_restarts_is_found_again(self) -> None:
        meters = SimulatedMbus({5: HEAT})
        async with line(meters) as bus:
            await bus.read(5, timeout=0.2)
            meters.server.disconnect()
            with pytest.raises(errors.ConnectionLost):
                await bus.read(5, timeout=0.2)
            frame = await bus.read(5, timeout=0.2)

        assert frame.kin is not None

    async def test_a_port_that_cannot_be_set_so_is_told(self) -> None:
        async with SimulatedMbus({5: HEAT}) as meters:  # a pseudo terminal knows no parity
            bus = MbusSerialBus(SerialPort(meters.serial.path, FAST, Parity.EVEN), clock=lab.settable_clock().now)
            with pytest.raises(errors.ConnectionRefused, match="no serial port"):
                await bus.read(5, timeout=0.2)

    async def test_nobody_listens(self) -> None:
        bus = MbusTcpBus("127.0.0.1", 1, clock=lab.settable_clock().now)
        with pytest.raises(errors.ConnectionRefused):
            await bus.read(1, timeout=0.1)
        with pytest.raises(codec.RequestRefused, match="no words"):
            await bus.read(1, Block(4, 0, 2), timeout=0.1)
        with pytest.raises(codec.RequestRefused, match="0 to 250"):
            await bus.read(251, RECORDS, timeout=0.1)

    async def test_conversations_do_not_overlap(self) -> None:
        meters = SimulatedMbus(dict.fromkeys(range(1, 5), HEAT))
        async with line(meters) as bus:
            frames = await asyncio.gather(*(bus.read(each, timeout=0.5) for each in range(1, 5)))

        assert len(frames) == 4
        heard = [(each[1] & ~codec.FCB, each[2]) for each in meters.server.heard]
        assert heard == [pair for each in range(1, 5) for pair in ((codec.SND_NKE, each), (codec.REQ_UD2, each))]


class TestFraming:
    @given(noise=st.binary(max_size=20), cut_at=st.integers(0, 300))
    def test_a_frame_is_found_behind_noise_however_it_arrives(self, noise: bytes, cut_at: int) -> None:
        frame = recorded(WATER)[0]
        clean = bytes(each for each in noise if each not in framing.STARTS)
        taken = bytearray((clean + frame)[:cut_at])
        early = framing.cut(taken)
        taken += (clean + frame)[cut_at:]

        assert frame in (early, framing.cut(taken))

    @given(octets=st.binary(max_size=300))
    def test_any_octets_are_a_frame_or_refused(self, octets: bytes) -> None:
        taken = bytearray(octets)
        try:
            while (found := framing.cut(taken)) is not None:
                framing.is_answer_of(5, found)
                framing.is_answer_of(int("12345678FFFFFFFF", 16), found)
        except errors.FrameMismatch:
            return

    @given(unit=st.integers(0x100, 2**64 - 1))
    def test_a_secondary_address_is_written_as_it_is_read(self, unit: int) -> None:
        assert int(codec.digits(unit), 16) == unit
        assert len(codec.octets(unit)) == codec.ADDRESS_SIZE


def _more(frame: bytes) -> bytes:
    """The telegram, saying that another one follows: what is the maker's own behind its records becomes DIF 1F."""
    body = bytearray(frame)
    at = frame.rindex(b"\x0f\x00\x00\x00\x00\xe7")
    body[at] = 0x1F
    body[-2] = sum(body[4:-2]) & 0xFF
    return bytes(body)
