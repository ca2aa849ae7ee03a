"""The clock of a demonstration goes on from where it was, at whatever speed, and never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.cli import demo_clock
from meterbook.kernel import clock

NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def kept(**anchor: object) -> dict[str, object]:
    return {demo_clock.KEY: anchor}


class TestAClock:
    def test_begins_with_the_machines(self) -> None:
        assert demo_clock.reached({}, real_at=NOON) == NOON
        assert demo_clock.go_on({}, real_at=NOON, speed=60) == {
            "real": NOON.isoformat(),
            "product": NOON.isoformat(),
            "speed": 60,
        }

    def test_keeps_what_was_reached_when_its_speed_changes(self) -> None:
        content = {demo_clock.KEY: demo_clock.go_on({}, real_at=NOON, speed=60)}

        slower = {demo_clock.KEY: demo_clock.go_on(content, real_at=NOON + MINUTE, speed=1)}

        assert demo_clock.reached(slower, real_at=NOON + MINUTE) == NOON + HOUR
        assert demo_clock.reached(slower, real_at=NOON + 2 * MINUTE) == NOON + HOUR + MINUTE

    def test_stands_where_it_was_moved_to(self) -> None:
        content = {demo_clock.KEY: demo_clock.stand(NOON + 24 * HOUR, real_at=NOON)}

        assert demo_clock.reached(content, real_at=NOON + MINUTE) == NOON + 24 * HOUR + MINUTE

    def test_that_is_behind_catches_up(self) -> None:
        content = kept(real=NOON.isoformat(), product=(NOON - HOUR).isoformat(), speed=1)

        assert demo_clock.go_on(content, real_at=NOON + MINUTE)["product"] == (NOON + MINUTE).isoformat()

    def test_refuses_an_impossible_speed(self) -> None:
        with pytest.raises(clock.SpeedRefused):
            demo_clock.go_on({}, real_at=NOON, speed=61)
