"""What meters remember: which instants, at which true time, and what their documents may declare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from meterbook.acquisition import memory
from meterbook.acquisition.contract.frames import Block, Record
from meterbook.acquisition.library import checks, documents, memories, writing
from meterbook_lab import modbus_registers
from meterbook_lab.modbus_meter import SimulatedMeter

MADRID = ZoneInfo("Europe/Madrid")
KOLKATA = ZoneInfo("Asia/Kolkata")
AT = datetime(2026, 3, 31, 10, 7, 30, tzinfo=UTC)
PROFILE = """
code: profile_meter
manufacturer: Test
name: Profile
service: ELECTRICITY
protocol: MODBUS
word_order: big
source: a test
memory:
  step: 15
  records: 96
  function: 4
  address: 20000
  words: 5
  stride: -5
  time: STANDARD
  clock: {address: 100, format: SIX_WORDS}
  stamp: {offset: 0, format: SIX_BYTES}
  registers:
    - {code: energy_import, offset: 3}
registers:
  - {code: energy_import, caption: {en: E, es: E}, function: 4, address: 0, type: uint32, scale: "1/10", unit: KWH,
     kind: CUMULATIVE, decimals: 1}
  - {code: power, caption: {en: P, es: P}, function: 4, address: 2, type: uint32, unit: W, kind: INSTANT, decimals: 0}
"""


def profile() -> documents.MeterModel:
    return documents.validate(PROFILE, "profile_meter.yaml")


class TestTheInstantsOfADailyFreeze:
    def test_are_the_midnights_of_the_meters_zone_also_across_a_clock_change(self) -> None:
        kept = documents.load("pilot_spm93").memory
        assert kept is not None

        found = memory.moments(kept, AT, MADRID)

        assert len(found) == 31
        assert found[:4] == (
            datetime(2026, 3, 30, 22, tzinfo=UTC),
            datetime(2026, 3, 29, 22, tzinfo=UTC),
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            datetime(2026, 3, 27, 23, tzinfo=UTC),
        )

    def test_are_asked_for_as_whole_blocks_up_to_register_41622(self) -> None:
        kept = documents.load("pilot_spm93").memory
        assert kept is not None

        assert memory.block(kept, 1) == Block(3, 1201, 14)
        assert memory.block(kept, 31) == Block(3, 41_622 - 40_001, 14)


class TestTheInstantsOfAProfile:
    def test_lie_on_the_steps_of_the_meters_clock(self) -> None:
        kept = profile().memory
        assert kept is not None

        assert memory.moments(kept, AT, KOLKATA)[:2] == (
            datetime(2026, 3, 31, 10, 0, tzinfo=UTC),
            datetime(2026, 3, 31, 9, 45, tzinfo=UTC),
        )
        assert memory.clock_zone(kept, MADRID, AT).utcoffset(AT) == timedelta(hours=1)

    @pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=7), timedelta(minutes=-11)])
    def test_are_told_at_their_true_time_whatever_the_meters_clock_shows(self, ahead: timedelta) -> None:
        model = profile()
        kept = model.memory
        assert kept is not None
        assert kept.clock is not None
        meter = SimulatedMeter(
            model, 1, AT - timedelta(days=2), {"energy_import": Fraction(700)}, zone=MADRID, ahead=ahead
        )
        shown = memory.clock_zone(kept, MADRID, AT)
        clock = memory.clock_block(kept)
        assert clock is not None
        words = modbus_registers.read(meter, clock.function, clock.address, clock.count, AT)
        wall = memory.wall_time(words, kept.clock)
        assert wall is not None
        found_ahead = memory.difference(wall, at=AT, shown=shown)
        moments = memory.moments(kept, AT + found_ahead, MADRID)
        asked = memory.block(kept, 3)
        record = modbus_registers.read(meter, asked.function, asked.address, asked.count, AT)

        [found] = memory.from_words(model, kept, tuple(record), at=moments[2], ahead=found_ahead, shown=shown)

        assert found_ahead == ahead
        assert found.at == moments[2] - ahead
        exact = meter.value(model.register("energy_import"), found.at) * 10
        assert found.value == exact.numerator // exact.denominator

    def test_of_records_that_were_never_written_are_left_out(self) -> None:
        model = profile()
        kept = model.memory
        assert kept is not None

        for empty in (0, 0xFFFF):
            assert memory.from_words(model, kept, (empty,) * 5, at=AT, ahead=timedelta(0), shown=UTC) == []


class TestAMetersClock:
    def test_that_is_a_few_seconds_away_is_right(self) -> None:
        wall = datetime(2026, 3, 31, 12, 7, 34)  # noqa: DTZ001 - as meters show it
        assert memory.difference(wall, at=AT, shown=MADRID) == timedelta(0)

    def test_that_is_hours_away_places_nothing_in_time(self) -> None:
        wall = datetime(2026, 3, 31, 14, 0)  # noqa: DTZ001
        with pytest.raises(memory.ClockWrong):
            memory.difference(wall, at=AT, shown=MADRID)

    @pytest.mark.parametrize(
        ("format_", "words"),
        [("SIX_WORDS", (2026, 3, 15, 7, 30, 5)), ("SIX_BYTES", (0x1A03, 0x0F07, 0x1E05)), ("UNIX", (0x69B6, 0x6165))],
    )
    def test_is_read_in_each_way_of_writing(self, format_: str, words: tuple[int, ...]) -> None:
        place = memories.Place(0, format_)
        assert memory.wall_time(words, place) == datetime(2026, 3, 15, 7, 30 if format_ != "UNIX" else 36, 5)  # noqa: DTZ001

    def test_that_shows_no_date_is_none(self) -> None:
        assert memory.wall_time((0, 0, 0), memories.Place(0, "SIX_BYTES")) is None


def record(name: str, number: str | None, text: str = "") -> Record:
    return Record(name, None if number is None else Decimal(number), "Wh" if number else "", text, "00")


class TestStoragesOfAnMbusMeter:
    def test_are_read_with_the_date_that_each_has_and_without_one_a_month_earlier(self) -> None:
        model = documents.load("kamstrup_multical_601")
        kept = memories.Memory("MONTH", 3, (memories.MemoryRegister("heat"),), is_end=True)
        told = [
            record("energy", "5000"),
            record("energy.storage1", "4000"),
            record("energy.storage2", "3000"),
            record("time-point-date.storage1", None, "2026-02-28"),
        ]

        found = memory.from_records(model, kept, told, ahead=timedelta(0), shown=MADRID)

        assert [(each.at, each.value) for each in found] == [
            (datetime(2026, 2, 28, 23, tzinfo=UTC), 4000),
            (datetime(2026, 1, 31, 23, tzinfo=UTC), 3000),
        ]

    def test_have_names_with_the_storage_behind_the_quantity(self) -> None:
        assert memory.stored_name("energy.tariff1", 2) == "energy.storage2.tariff1"


class TestADocumentWithAMemory:
    def test_is_the_same_after_it_was_written(self) -> None:
        content = checks.parse(PROFILE, "profile_meter.yaml").content

        again = documents.validate(writing.write(content), "again.yaml")

        assert again.memory == profile().memory

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("code: energy_import, offset: 3", "code: power, offset: 3", "is no counter"),
            ("code: energy_import, offset: 3", "code: energy_import, offset: 4", "ends behind the record"),
            ("address: 20000", "address: 400", "lies outside"),
            ("step: 15", "step: 7", "memory"),
            ("offset: 0, format: SIX_BYTES", "offset: 3, format: SIX_BYTES", "ends behind the record"),
            ("protocol: MODBUS\nword_order: big", "protocol: SML", "memory"),
        ],
    )
    def test_is_refused_with_words_where_it_cannot_be(self, old: str, new: str, words: str) -> None:
        with pytest.raises(checks.DocumentInvalid) as refused:
            documents.validate(PROFILE.replace(old, new), "profile_meter.yaml")

        assert words in str(refused.value)
