"""Sleeping follows the product's clock, however fast it runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.collector import pacing
from meterbook.kernel import clock

NOON = datetime(2026, 6, 16, 12, 0, tzinfo=UTC)


def after_a_look(pacer: pacing.Pacer) -> None:
    """The speed is known once the clock was looked at twice with some time between."""
    began = clock.real_now()
    while clock.real_now() - began < timedelta(seconds=2 * pacing.ENOUGH):
        pass
    pacer.real_seconds_until(None)


class TestPacer:
    def test_divides_by_the_speed_of_a_demo(self) -> None:
        with clock.use(clock.AcceleratedClock(clock.real_now(), NOON, 60)):
            pacer = pacing.Pacer()
            after_a_look(pacer)

            seconds = pacer.real_seconds_until(clock.now() + timedelta(seconds=30))

        assert seconds == pytest.approx(0.5, rel=0.1)

    def test_never_sleeps_longer_than_a_second(self) -> None:
        pacer = pacing.Pacer()

        assert pacer.real_seconds_until(clock.now() + timedelta(hours=1)) == pacing.LONGEST
        assert pacer.real_seconds_until(None) == pacing.LONGEST

    def test_looks_often_at_a_clock_that_stands(self) -> None:
        with clock.use(clock.SettableClock(NOON)):
            pacer = pacing.Pacer()
            after_a_look(pacer)

            assert pacer.real_seconds_until(NOON + timedelta(minutes=15)) == pacing.STANDING
