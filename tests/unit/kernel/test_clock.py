from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from meterbook.kernel import clock, ids
from meterbook.kernel.actor import Actor, ActorUnknown

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class TestClock:
    def test_answers_aware_utc(self) -> None:
        assert clock.now().tzinfo is UTC
        assert clock.real_now().tzinfo is UTC

    def test_is_put_back_after_use(self) -> None:
        with clock.use(clock.SettableClock(NOON)) as standing:
            assert clock.now() == NOON
            assert isinstance(standing, clock.SettableClock)
            standing.advance(timedelta(minutes=5))
            assert clock.now() == NOON + timedelta(minutes=5)
            assert clock.real_now() != NOON

        assert clock.now() > NOON

    def test_accelerated_runs_from_its_anchor(self) -> None:
        machine = clock.SettableClock(NOON)
        fast = clock.AcceleratedClock(real=NOON, product=NOON - timedelta(hours=4), speed=10, source=machine)

        machine.advance(timedelta(minutes=3))

        assert fast.now() == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)

    def test_accelerated_tells_what_it_shows_at_any_real_instant(self) -> None:
        fast = clock.AcceleratedClock(real=NOON, product=NOON, speed=60)

        assert fast.at(NOON + timedelta(seconds=1)) == NOON + timedelta(minutes=1)

    @pytest.mark.parametrize("speed", [0, -1, 61])
    def test_accelerated_refuses_speeds_out_of_range(self, speed: int) -> None:
        with pytest.raises(clock.SpeedRefused):
            clock.AcceleratedClock(real=NOON, product=NOON, speed=speed)

    def test_refuses_naive_instants(self) -> None:
        naive = NOON.replace(tzinfo=None)
        with pytest.raises(clock.ClockNaive):
            clock.AcceleratedClock(real=naive, product=NOON, speed=1)
        with pytest.raises(clock.ClockNaive):
            clock.SettableClock(naive).now()

    def test_settable_answers_in_utc(self) -> None:
        east = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

        assert clock.SettableClock(east).now().tzinfo is UTC


class TestActor:
    def test_system_has_no_id(self) -> None:
        assert Actor.system("collector") == Actor(kind="SYSTEM", id=None, label="collector")

    @pytest.mark.parametrize(
        ("kind", "identity", "label"), [("USER", None, "x"), ("SYSTEM", 1, "x"), ("ROBOT", 1, "x"), ("USER", 1, "")]
    )
    def test_refuses_what_nobody_is(self, kind: str, identity: int | None, label: str) -> None:
        with pytest.raises(ActorUnknown):
            Actor(kind=kind, id=identity, label=label)


class TestIds:
    def test_never_repeat(self) -> None:
        assert len({ids.new_id() for _ in range(100)}) == 100


class TestASteadyClock:
    NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)

    def steps(self, *shown: tuple[int, int]) -> list[int]:
        """Seconds after noon that it tells where the machine's clock shows, at ticks, so many seconds after noon."""
        machine, ticks = clock.SettableClock(self.NOON), [0]
        steady = clock.SteadyClock(machine, lambda: ticks[0] * 10**9)
        steady.now()
        told = []
        for tick, seconds in shown:
            ticks[0], machine.instant = tick, self.NOON + timedelta(seconds=seconds)
            told.append(round((steady.now() - self.NOON).total_seconds()))
        return told

    def test_follows_a_clock_that_is_corrected_a_little(self) -> None:
        assert self.steps((10, 12), (20, 19), (30, 75), (31, 76)) == [12, 19, 75, 76]

    @pytest.mark.parametrize("leap", [7_200, -7_200])
    def test_does_not_follow_a_leap_that_is_over_soon(self, leap: int) -> None:
        assert self.steps((10, 10 + leap), (200, 200 + leap), (290, 290)) == [10, 200, 290]

    @pytest.mark.parametrize("leap", [7_200, -7_200, 86_400 * 400])
    def test_follows_a_leap_that_lasts(self, leap: int) -> None:
        assert self.steps((10, 10 + leap), (309, 309 + leap), (310, 310 + leap), (311, 311 + leap)) == [
            10,
            309,
            310 + leap,
            311 + leap,
        ]

    def test_begins_to_wait_anew_where_the_clock_leaps_again(self) -> None:
        assert self.steps((10, 7_210), (300, 20_000), (320, 20_020), (600, 20_300)) == [10, 300, 320, 20_300]

    def test_is_put_under_the_clock_of_a_demonstration_as_well(self) -> None:
        with clock.use(clock.AcceleratedClock(self.NOON, self.NOON, 60)):
            clock.steady()
            installed = clock._installed[0]
            assert isinstance(installed, clock.AcceleratedClock)
            assert isinstance(installed.source, clock.SteadyClock)
