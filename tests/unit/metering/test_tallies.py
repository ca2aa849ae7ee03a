"""Counts of intervals by what is known about them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from meterbook.kernel.quality import Quality
from meterbook.metering import tallies
from meterbook.metering.tallies import Tally


def count(codes: list[int], edges: list[int], due: list[bool] | None = None) -> list[Tally]:
    row = np.array([codes], np.uint8)
    wanted = np.ones(row.shape, np.bool_) if due is None else np.array([due], np.bool_)
    return [Tally.of(each) for each in tallies.count(row, wanted, np.array(edges, np.int64))[0]]


class TestCounting:
    def test_tells_apart_what_is_known_about_each_interval(self) -> None:
        codes = [0, 255, 13, 10, 8, 12, 9, 7, 17]

        [found] = count(codes, [0, 9])

        assert found == Tally(expected=9, missing=1, partly=1, held=1, estimated=2, apportioned=1, edited=1)
        assert found.known == 8

    def test_leaves_out_what_lies_outside_the_cells_and_what_is_not_due(self) -> None:
        missing = int(Quality.MISSING)

        first, second = count(
            [missing, 0, missing, 0, missing, missing], [1, 3, 5], [True, True, True, False, True, True]
        )

        assert (first.expected, first.missing) == (2, 1)
        assert (second.expected, second.missing) == (1, 1)

    def test_gives_a_day_that_a_place_skipped_an_empty_cell(self) -> None:
        first, skipped, third = count([0, 0, 255, 0], [0, 2, 2, 4])

        assert (first.expected, skipped.expected, third.expected) == (2, 0, 2)
        assert skipped.percent is None
        assert third.missing == 1

    @pytest.mark.parametrize(
        ("missing", "percent"), [(0, "100.0"), (1, "99.9"), (2_976, "0.0"), (2_974, "0.0"), (1_488, "50.0")]
    )
    def test_rounds_percent_down_so_that_only_what_is_complete_is_a_hundred(self, missing: int, percent: str) -> None:
        assert Tally(2_976, missing, 0, 0, 0, 0, 0).percent == Decimal(percent)


class TestRegrouping:
    def test_of_finer_intervals_holds_the_worst(self) -> None:
        codes = np.array([[0, 9, 0, 255] + [0] * 92], np.uint8)

        found = tallies.regroup(codes, 15, 30)

        assert found[0, :3].tolist() == [9, 255, 0]
        assert found.shape == (1, 48)

    def test_of_coarser_ones_the_shape_is_not_known(self) -> None:
        codes = np.array([[0, 255] + [0] * 22], np.uint8)

        found = tallies.regroup(codes, 60, 15)

        assert found[0, :8].tolist() == [9] * 4 + [255] * 4
