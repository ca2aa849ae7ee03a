"""What is used at the mall's meters: the same whenever asked, in whole steps, with rhythm, seasons and moves."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook_lab.harbor import loads, shapes
from meterbook_lab.harbor.loads import Leak, Span, Total, Weekly

FIRST = (date(2026, 6, 1) - date(1970, 1, 1)).days  # a Monday
CHANGE = (date(2026, 3, 29) - date(1970, 1, 1)).days  # summer time begins at 01:00 UTC
NIGHT = (date(2026, 10, 25) - date(1970, 1, 1)).days  # and ends
SUNDAY = 6 * 24
GOLDEN = [990, 910, 950, 1010, 890, 1030, 920, 610, 450, 240, 200, 390]  # from 10:00 UTC
SHOP = Weekly("shop", "shop", mean=2_000, step=10)


class TestWeekly:
    @given(day=st.integers(18_000, 24_000), place=st.integers(0, 95))
    def test_gives_one_slot_as_it_gives_all_days(self, day: int, place: int) -> None:
        assert SHOP.used(day * 96 + place) == SHOP.days(day - 1, 3)[1, place]

    @pytest.mark.parametrize("step", [1, 10, 100, 1_000])
    def test_counts_in_steps_of_the_display_and_loses_less_than_one_a_day(self, step: int) -> None:
        exact = Weekly("shop", "shop", mean=2_000, step=1).days(FIRST, 28).sum(axis=1)
        used = Weekly("shop", "shop", mean=2_000, step=step).days(FIRST, 28)

        assert not (used % step).any()
        assert (used >= 0).all()
        assert ((exact - used.sum(axis=1) >= 0) & (exact - used.sum(axis=1) < step)).all()

    def test_has_the_mean_that_was_asked_for(self) -> None:
        hours = 52 * 7 * 24

        assert SHOP.days(FIRST, 52 * 7).sum() / hours == pytest.approx(2_000, rel=0.02)

    def test_never_changes(self) -> None:
        assert SHOP.days(FIRST, 1)[0, 40:52].tolist() == GOLDEN

    def test_differs_by_name_only_in_its_spread(self) -> None:
        other = Weekly("another shop", "shop", mean=2_000, step=10).days(FIRST, 28)

        assert (other != SHOP.days(FIRST, 28)).any()
        assert other.sum() / SHOP.days(FIRST, 28).sum() == pytest.approx(1, rel=0.05)

    def test_follows_the_seasons(self) -> None:
        summer = Weekly("shop", "shop", 2_000, 10, season=(500,) * 6 + (1_500,) * 6)

        before, after = summer.days(FIRST + 28, 2).sum(axis=1), summer.days(FIRST + 30, 2).sum(axis=1)

        assert 2 * before.sum() < after.sum()

    def test_goes_on_standby_while_nobody_is_there(self) -> None:
        span = Span(FIRST * 96 + 40, FIRST * 96 + 60)

        vacant = Weekly("shop", "shop", 2_000, 1, empty=(span,)).days(FIRST, 1)[0]

        let = Weekly("shop", "shop", 2_000, 1).days(FIRST, 1)[0]
        assert vacant[40:60].sum() == pytest.approx(let[40:60].sum() * loads.STANDBY / 1_000, abs=20)
        assert vacant[:40].tolist() == let[:40].tolist()

    def test_leaks(self) -> None:
        leak = Leak(Span(FIRST * 96 + 10, FIRST * 96 + 12), each=70)

        more = Weekly("shop", "shop", 2_000, 10, leak=leak).days(FIRST, 1) - SHOP.days(FIRST, 1)

        assert np.flatnonzero(more[0]).tolist() == [10, 11]
        assert more.sum() == 140


class TestTotal:
    def test_is_the_sum_of_its_parts_in_every_quarter_of_an_hour(self) -> None:
        parts = (SHOP, Weekly("night", "night", 700, 100))

        total = Total(parts)

        assert (total.days(FIRST, 9) == parts[0].days(FIRST, 9) + parts[1].days(FIRST, 9)).all()
        assert total.used(FIRST * 96 + 50) == sum(part.used(FIRST * 96 + 50) for part in parts)


class TestShapes:
    @pytest.mark.parametrize("name", shapes.PROFILES)
    def test_have_a_mean_of_a_thousand(self, name: str) -> None:
        assert shapes.quarters(name).shape == (672,)
        assert (shapes.quarters(name) >= 0).all()
        assert shapes.quarters(name).mean() == pytest.approx(1_000, abs=3)

    @pytest.mark.parametrize(("day", "midnight", "hours"), [(CHANGE, 23, [0, 1, 3, 4]), (NIGHT, 22, [0, 1, 2, 2, 3])])
    def test_keep_the_clock_of_the_place_when_it_changes(self, day: int, midnight: int, hours: list[int]) -> None:
        """`midnight` is the hour of the UTC day before at which the local Sunday begins."""
        quarters = shapes.week_quarters(day - 1, 2).reshape(-1)[4 * midnight :: 4]

        assert (quarters[: len(hours)] // 4 - SUNDAY).tolist() == hours

    def test_light_burns_at_night(self) -> None:
        week = shapes.quarters("night")

        assert week[4 * 3] > week[4 * 20]

    def test_the_month_is_that_of_the_day(self) -> None:
        assert shapes.months(FIRST + 29, 2).tolist() == [5, 6]


class TestSlots:
    def test_begin_every_quarter_of_an_hour(self) -> None:
        at = datetime(2026, 6, 1, 10, 29, 59, tzinfo=UTC)

        slot = loads.slot_of(at)

        assert loads.instant_of(slot) == datetime(2026, 6, 1, 10, 15, tzinfo=UTC)
