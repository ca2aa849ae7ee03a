"""A ring of records whose newest one moves, asked through the words of a simulated meter that goes on writing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from meterbook.acquisition import memory, remembering
from meterbook.acquisition.contract.frames import Block, Frame
from meterbook.acquisition.library import checks, documents
from meterbook_lab import meter_memory, modbus_registers
from meterbook_lab.modbus_meter import SimulatedMeter

MADRID = ZoneInfo("Europe/Madrid")
AT = datetime(2026, 3, 31, 10, 7, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
NEWEST = datetime(2026, 3, 31, 10, tzinfo=UTC)
RING = """
code: ring_meter
manufacturer: Test
name: Ring
service: ELECTRICITY
protocol: MODBUS
word_order: big
source: a test
memory:
  step: 15
  records: {records}
  function: 4
  address: 20000
  words: 5
  time: STANDARD
  ring: {ring}
  {stamp}
  registers:
    - {{code: energy_import, offset: 3}}
registers:
  - {{code: energy_import, caption: {{en: E, es: E}}, function: 4, address: 0, type: uint32, scale: "1/10", unit: KWH,
     kind: CUMULATIVE, decimals: 1}}
"""
STAMP = "stamp: {offset: 0, format: SIX_BYTES}"


def model(*, ring: str = "{pointer: 19000}", stamp: str = STAMP, records: int = 96) -> documents.MeterModel:
    return documents.validate(RING.format(ring=ring, stamp=stamp, records=records), "ring_meter.yaml")


class Line:
    """What the meter answers, while its time goes on by `pace` with each question."""

    def __init__(self, meter: SimulatedMeter, pace: timedelta = timedelta(seconds=1)) -> None:
        self.meter, self.pace, self.now, self.asked = meter, pace, AT, 0
        self.pointer: int | None = None

    async def fetch(self, block: Block) -> Frame:
        self.now += self.pace
        self.asked += 1
        words = meter_memory.words(self.meter, block, self.now, modbus_registers.encode)
        assert words is not None, block
        if self.pointer is not None and block.count == 1:
            words = [self.pointer]
        return Frame("", "", self.now, 1, tuple(words))

    def ask(self, missing: Sequence[datetime]) -> dict[datetime, int]:
        found = remembering.Conversation()
        task = remembering.Task(self.meter.model, MADRID, frozenset(missing))
        asyncio.run(remembering.converse(task, self.fetch, lambda: self.now, found))
        return {each.at: each.value for each in found.found}

    def shows(self, at: datetime) -> int:
        exact = self.meter.value(self.meter.model.register("energy_import"), at) * 10
        return exact.numerator // exact.denominator


def meter(of: documents.MeterModel, **more: object) -> SimulatedMeter:
    return SimulatedMeter(of, 7, AT - timedelta(days=9), {"energy_import": Fraction(1000)}, zone=MADRID, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("ring", ["{pointer: 19000}", "{pointer: 19000, names: NEXT, base: 1}"])
@pytest.mark.parametrize("stamp", [STAMP, ""])
def test_gives_what_is_missing_wherever_the_newest_lies(ring: str, stamp: str) -> None:
    line = Line(meter(model(ring=ring, stamp=stamp)))
    missing = [NEWEST - number * QUARTER for number in (3, 4, 5, 60, 61)]

    assert line.ask(missing) == {at: line.shows(at) for at in missing}


def test_with_stamps_is_right_about_a_meter_that_had_no_supply_for_hours() -> None:
    dark = (NEWEST - 20 * QUARTER, NEWEST - 10 * QUARTER)
    line = Line(meter(model(), dark=(dark,)))
    missing = [NEWEST - number * QUARTER for number in range(8, 24)]

    found = line.ask(missing)

    assert found == {at: line.shows(at) for at in missing if not dark[0] <= at < dark[1]}
    assert line.asked < 25


def test_without_stamps_does_not_believe_what_is_overwritten_while_it_is_read() -> None:
    line = Line(meter(model(stamp="", records=8)), pace=timedelta(minutes=4))
    missing = [NEWEST - number * QUARTER for number in range(8)]

    found = line.ask(missing)

    assert found
    assert all(line.shows(at) == value for at, value in found.items())
    assert len(found) < 8


def test_of_a_meter_that_is_new_gives_what_there_is() -> None:
    young = meter(model())
    young.since = NEWEST - 5 * QUARTER
    line = Line(young)
    missing = [NEWEST - number * QUARTER for number in range(3, 30)]

    assert sorted(line.ask(missing)) == [NEWEST - number * QUARTER for number in (5, 4, 3)]


@pytest.mark.parametrize("pointer", [96, 0xFFFF, 1234])
def test_whose_pointer_points_nowhere_is_told_so(pointer: int) -> None:
    line = Line(meter(model()))
    line.pointer = pointer

    with pytest.raises(remembering.PointerWrong):
        line.ask([NEWEST - QUARTER])


def test_places_of_a_pointer() -> None:
    kept = model(ring="{pointer: 19000, names: NEXT, base: 1}").memory
    assert kept is not None
    assert kept.ring is not None

    assert [memory.pointed(kept, kept.ring, (each,)) for each in (1, 2, 96, 97, 0)] == [95, 0, 94, 95, None]
    assert memory.ring_block(kept, 1, 3) == Block(4, 20_000 + 95 * 5, 5)


@pytest.mark.parametrize("ring", ["{}", "{pointer: 1, names: OLD}", "{pointer: 1, base: 2}", "{pointer: 1, more: 2}"])
def test_that_is_declared_wrongly_is_refused(ring: str) -> None:
    with pytest.raises(checks.DocumentInvalid):
        model(ring=ring)
