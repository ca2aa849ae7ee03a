"""Which meter fell: noise, loads that come and go, several at once, none; by power and by counters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.fieldwork import deciding
from meterbook.fieldwork.deciding import Measure, Reaction, Sample, SwapVerdict, Watched, Windows
from meterbook.kernel.period import Period

START = datetime(2026, 11, 26, 10, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LONG = 3 * MINUTE
WINDOWS = Windows(
    before=Period(START, START + MINUTE),
    off=Period(START + MINUTE, START + 2 * MINUTE),
    after=Period(START + 2 * MINUTE, START + LONG),
)
KILOWATTS = st.integers(min_value=500, max_value=20_000)


def power(
    key: str,
    before: Sequence[str | Decimal],
    off: Sequence[str | Decimal],
    after: Sequence[str | Decimal] = (),
    *,
    own: bool = False,
    is_sum: bool = False,
) -> Watched:
    """A meter whose power came every five seconds of each window."""
    samples = [
        Sample(START + place * MINUTE + step * 5 * SECOND, Decimal(value))
        for place, levels in enumerate((before, off, after))
        for step, value in enumerate(levels)
    ]
    return Watched(key, Measure.POWER, Decimal("0.001"), samples, WINDOWS, is_expected=own, is_sum=is_sum)


def counter(key: str, rates: Sequence[str], *, every: timedelta, own: bool = False) -> Watched:
    """A counter of 0.01 kWh, read `every` so often in windows of four hours that take these kilowatts."""
    hours = 4
    windows = Windows(
        *(Period(START + place * hours * 60 * MINUTE, START + (place + 1) * hours * 60 * MINUTE) for place in range(3))
    )
    shown, samples = Decimal(1000), []
    for place, rate in enumerate(rates):
        for step in range(hours * 60 * MINUTE // every):
            at = START + place * hours * 60 * MINUTE + step * every
            samples.append(Sample(at, shown.quantize(Decimal("0.01"))))
            shown += Decimal(rate) * Decimal(every // SECOND) / 3600
    return Watched(key, Measure.COUNTER, Decimal("0.01"), samples, windows, is_expected=own)


def verdict(*watched: Watched) -> SwapVerdict:
    return deciding.decide(watched).verdict


STEADY = ["2.0", "2.1", "2.0", "1.9"]
ON, OFF = ["3.0", "3.1", "2.9", "3.0"], ["0", "0", "0", "0"]


@pytest.mark.spec("C-08/1")
class TestDecide:
    def test_finds_the_meter_of_the_unit(self) -> None:
        found = deciding.decide([power("A", ON, OFF, ON, own=True), power("B", STEADY, STEADY, STEADY)])

        assert (found.verdict, found.fell) == (SwapVerdict.RIGHT, ("A",))
        assert [each.reaction for each in found.findings] == [Reaction.FELL, Reaction.STAYED]
        assert found.findings[0].before == 3
        assert found.findings[0].came_back

    def test_tells_that_another_meter_fell(self) -> None:
        found = deciding.decide([power("A", STEADY, STEADY, STEADY, own=True), power("B", ON, OFF, ON)])

        assert (found.verdict, found.fell) == (SwapVerdict.OTHER, ("B",))

    def test_tells_that_several_fell(self) -> None:
        assert verdict(power("A", ON, OFF, ON, own=True), power("B", ON, OFF, ON)) is SwapVerdict.SEVERAL
        assert verdict(power("A", STEADY, STEADY), power("B", ON, OFF), power("C", ON, OFF)) is SwapVerdict.SEVERAL

    def test_tells_that_none_fell(self) -> None:
        assert verdict(power("A", STEADY, STEADY, own=True), power("B", OFF, OFF)) is SwapVerdict.NONE

    def test_calls_two_meters_of_the_unit_right(self) -> None:
        assert verdict(power("A", ON, OFF, own=True), power("A2", STEADY, OFF, own=True)) is SwapVerdict.RIGHT

    def test_says_nothing_without_values(self) -> None:
        assert verdict(power("A", ["3"], [], own=True), power("B", STEADY, STEADY)) is SwapVerdict.UNSEEN

    def test_leaves_out_what_measures_the_whole(self) -> None:
        main = power("M", ["50", "50", "50"], ["47", "47", "47"], ["50", "50", "50"], is_sum=True)

        assert verdict(main, power("A", ON, OFF, ON, own=True)) is SwapVerdict.RIGHT
        assert verdict(main, power("A", STEADY, STEADY, own=True)) is SwapVerdict.NONE

    def test_leaves_out_what_comes_and_goes_anyway(self) -> None:
        compressor = power("B", ["4", "0", "4", "4"], OFF, ["4", "0", "4", "0"])

        found = deciding.decide([power("A", ON, OFF, ON, own=True), compressor])

        assert found.verdict is SwapVerdict.RIGHT
        assert found.findings[1].reaction is Reaction.VARIES

    def test_leaves_out_what_slowly_goes_down(self) -> None:
        fading = power("B", ["5", "4.6", "4.2", "3.8"], ["3.4", "3.0", "2.6", "2.2"])

        assert verdict(fading, power("A", ON, OFF, own=True)) is SwapVerdict.RIGHT

    def test_leaves_out_another_that_went_off_and_did_not_come_back(self) -> None:
        assert verdict(power("A", ON, OFF, ON, own=True), power("B", ON, OFF, OFF)) is SwapVerdict.RIGHT
        assert verdict(power("A", ON, OFF, OFF, own=True), power("B", STEADY, STEADY, STEADY)) is SwapVerdict.RIGHT

    def test_leaves_out_what_fell_by_a_part_where_another_fell_to_nothing(self) -> None:
        part = power("B", ["6", "6", "6"], ["4", "4", "4"], ["6", "6", "6"])

        assert verdict(power("A", ON, OFF, ON, own=True), part) is SwapVerdict.RIGHT
        assert verdict(power("A", STEADY, STEADY, STEADY, own=True), part) is SwapVerdict.OTHER

    def test_names_what_fell_to_nothing_though_it_did_not_come_back(self) -> None:
        found = deciding.decide([power("A", STEADY, STEADY, STEADY, own=True), power("B", ON, OFF, OFF)])

        assert (found.verdict, found.fell) == (SwapVerdict.OTHER, ("B",))

    @given(steps=st.lists(st.integers(min_value=300, max_value=990), min_size=1, max_size=90), is_off=st.booleans())
    def test_blames_nobody_of_a_crowd_that_uses_less_from_then_on(self, steps: list[int], is_off: bool) -> None:
        """At the full hour many take 1 % to 70 % less and stay there: a unit that is off is told from that."""
        ten = Decimal(10)
        lower = [ten * each / 1000 for each in steps]
        crowd = [power(str(n), [ten] * 4, [each] * 4, [each] * 4) for n, each in enumerate(lower)]
        own = power("A", ON, OFF if is_off else ON, ON, own=True)

        assert verdict(own, *crowd) is (SwapVerdict.RIGHT if is_off else SwapVerdict.NONE)

    def test_lets_one_wrong_value_decide_nothing(self) -> None:
        many = [*ON, *ON]

        assert verdict(power("A", [*many, "0"], [*OFF, *OFF, "9"], many, own=True)) is SwapVerdict.RIGHT

    def test_names_what_used_nothing(self) -> None:
        (found,) = deciding.decide([power("A", OFF, OFF, own=True)]).findings

        assert found.reaction is Reaction.IDLE

    def test_does_without_an_own_meter(self) -> None:
        assert verdict(power("B", ON, OFF, ON), power("C", STEADY, STEADY)) is SwapVerdict.OTHER
        assert verdict(power("B", STEADY, STEADY)) is SwapVerdict.NONE

    @given(
        load=KILOWATTS,
        others=st.lists(KILOWATTS, max_size=4),
        noise=st.lists(st.integers(min_value=-8, max_value=8), min_size=80, max_size=80),
        own=st.integers(min_value=0, max_value=4),
    )
    def test_finds_the_one_under_noise(self, load: int, others: list[int], noise: list[int], own: int) -> None:
        """Each value is off by up to 0.8 % of its load: the one that is switched off is found, and no other."""
        wobble = iter(noise)

        def levels(watts: int) -> list[Decimal]:
            return [Decimal(watts * (1000 + next(wobble)) // 1000).scaleb(-3) for _each in range(5)]

        zeros = [Decimal(0)] * 5
        watched = [power("X", levels(load), zeros, levels(load), own=own == 0)]
        for place, each in enumerate(others, 1):
            watched.append(power(str(place), levels(each), levels(each), levels(each), own=place == own))

        found = deciding.decide(watched)

        assert found.fell == ("X",)
        assert found.verdict is (SwapVerdict.RIGHT if own == 0 else SwapVerdict.OTHER)

    @given(levels=st.lists(st.integers(min_value=0, max_value=9_000), min_size=4, max_size=12), turn=st.integers(1, 11))
    def test_blames_none_whose_windows_hold_the_same(self, levels: list[int], turn: int) -> None:
        """However wild a load: where the second window shows the same levels in another order, nothing fell."""
        shown = [Decimal(each).scaleb(-3) for each in levels]
        turned = shown[turn % len(shown) :] + shown[: turn % len(shown)]

        assert verdict(power("A", shown, turned, own=True)) is SwapVerdict.NONE

    @given(fallen=st.sets(st.integers(0, 5), max_size=6), own=st.integers(0, 5))
    def test_names_every_one_that_fell(self, fallen: set[int], own: int) -> None:
        meters = [power(str(n), ON, OFF if n in fallen else ON, ON, own=n == own) for n in range(6)]

        found = deciding.decide(meters)

        assert {int(each) for each in found.fell} == fallen
        expected = SwapVerdict.SEVERAL if len(fallen) > 1 else SwapVerdict.OTHER
        assert found.verdict is (SwapVerdict.NONE if not fallen else SwapVerdict.RIGHT if fallen == {own} else expected)


class TestCounters:
    def test_fall_in_their_rate(self) -> None:
        quarter = 15 * MINUTE
        own = counter("A", ["2.4", "0", "2.4"], every=quarter, own=True)

        found = deciding.decide([own, counter("B", ["1.1", "1.1", "1.1"], every=quarter)])

        assert (found.verdict, found.fell) == (SwapVerdict.RIGHT, ("A",))

    def test_are_looked_at_with_the_step_that_they_show(self) -> None:
        """0.03 kW is a step in twenty minutes: less than what its values may be off by."""
        slow = counter("A", ["0.03", "0", "0.03"], every=2 * 60 * MINUTE, own=True)

        assert deciding.decide([slow]).verdict is not SwapVerdict.RIGHT

    def test_say_nothing_when_they_began_anew(self) -> None:
        samples = [Sample(START + 20 * n * SECOND, Decimal(v)) for n, v in enumerate(("9", "9.1", "0.1"))]
        reset = Watched("A", Measure.COUNTER, Decimal("0.01"), samples, WINDOWS, is_expected=True)

        assert deciding.decide([reset]).verdict is SwapVerdict.UNSEEN

    @given(before=st.integers(5, 200), off=st.integers(5, 200))
    def test_fall_only_when_less_is_used(self, before: int, off: int) -> None:
        watched = counter("A", [f"{before}e-1", f"{off}e-1", "1"], every=15 * MINUTE, own=True)

        found = deciding.look(watched)

        if found.reaction is Reaction.FELL:
            assert off < before
        if off * 5 <= before * 4:
            assert found.reaction is Reaction.FELL


class TestEnough:
    def test_waits_for_all_that_speak(self) -> None:
        window = Period(START, START + 30 * SECOND)
        ready, late, silent = power("A", ON, []), power("B", ["1", "1"], []), power("C", [], [])

        assert deciding.is_enough([ready, silent], window)
        assert not deciding.is_enough([ready, late], window)
        assert not deciding.is_enough([silent], window)
        assert not deciding.is_enough([ready], Period(START, START + 8 * SECOND))

    def test_gives_a_counter_a_minute(self) -> None:
        def spoken(seconds: int) -> Watched:
            samples = [Sample(START + n * SECOND, Decimal(n)) for n in range(0, seconds, 10)]
            return Watched("A", Measure.COUNTER, Decimal("0.01"), samples, WINDOWS)

        window = Period(START, START + 100 * SECOND)

        assert deciding.is_enough([spoken(71)], window)
        assert not deciding.is_enough([spoken(41)], window)

    def test_waits_for_the_unit_s_own_after_a_minute_alone(self) -> None:
        minute = Period(START, START + 60 * SECOND)
        ready, seldom = power("A", ON, []), power("B", ["1"], [])

        assert deciding.is_enough([ready, seldom], minute)
        assert not deciding.is_enough([ready, power("C", ["1"], [], own=True)], minute)
        assert deciding.is_enough([ready, power("C", ["1", "1"], [], own=True)], minute)
