"""Day blocks and month rows survive their encoding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, values

CODES = [int(each) for each in Quality]
BIG = 2**63 - 1


@st.composite
def days(draw: st.DrawFn) -> tuple[blocks.Integers, blocks.Codes, int]:
    step = draw(st.sampled_from([15, 30, 60]))
    slots = 1_440 // step
    limit = draw(st.sampled_from([100, 2**15 - 1, 2**15, 2**31 - 1, 2**31, BIG]))
    numbers = draw(st.lists(st.integers(-limit - 1, limit), min_size=slots, max_size=slots))
    codes = draw(st.lists(st.sampled_from(draw(st.sampled_from([[0], CODES]))), min_size=slots, max_size=slots))
    return np.array(numbers, np.int64), np.array(codes, np.uint8), step


class TestBlock:
    @given(day=days())
    def test_comes_back_as_it_was(self, day: tuple[blocks.Integers, blocks.Codes, int]) -> None:
        numbers, codes, step = day

        block = blocks.encode(numbers, codes, step)
        found, found_codes = blocks.decode(block.values, block.quality, step)

        assert found.tolist() == numbers.tolist()
        assert found_codes.tolist() == codes.tolist()
        assert (block.quality is None) == (not codes.any())

    @pytest.mark.parametrize(
        ("top", "width"), [(2**15 - 1, 2), (2**15, 4), (-(2**15), 2), (2**31 - 1, 4), (-(2**31) - 1, 8), (BIG, 8)]
    )
    def test_takes_the_smallest_width_that_holds_the_day(self, top: int, width: int) -> None:
        numbers = np.zeros(96, np.int64)
        numbers[50] = top

        assert len(blocks.encode(numbers, np.zeros(96, np.uint8), 15).values) == 96 * width

    @given(day=days(), data=st.data())
    def test_has_another_digest_when_anything_differs(
        self, day: tuple[blocks.Integers, blocks.Codes, int], data: st.DataObject
    ) -> None:
        numbers, codes, step = day
        slot = data.draw(st.integers(0, len(numbers) - 1))
        changed = numbers.copy()
        changed[slot] = data.draw(st.integers(-BIG, BIG).filter(lambda value: value != numbers[slot]))

        digest = blocks.encode(numbers, codes, step).digest

        assert len(digest) == 16
        assert digest == blocks.encode(numbers.copy(), codes.copy(), step).digest
        assert digest != blocks.encode(changed, codes, step).digest

    @pytest.mark.parametrize("step", values.STEPS)
    def test_of_every_step_says_its_width(self, step: int) -> None:
        slots = 1_440 // step

        block = blocks.encode(np.arange(slots), np.zeros(slots, np.uint8), step)

        assert blocks.decode(block.values, None, step)[0].tolist() == list(range(slots))

    def test_has_another_digest_when_only_the_top_byte_of_the_final_interval_differs(self) -> None:
        numbers, codes = np.zeros(96, np.int64), np.zeros(96, np.uint8)
        digest = blocks.encode(numbers, codes, 15).digest
        numbers[95] = 256

        assert blocks.encode(numbers, codes, 15).digest != digest

    def test_that_was_cut_is_refused(self) -> None:
        block = blocks.encode(np.arange(96), np.zeros(96, np.uint8), 15)

        with pytest.raises(blocks.BlockDamaged):
            blocks.decode(block.values[:-1], None, 15)
        with pytest.raises(blocks.BlockDamaged):
            blocks.decode(block.values + b"\x00", None, 15)
        with pytest.raises(blocks.BlockDamaged):
            blocks.decode(block.values, b"\x00", 15)


class TestMonth:
    @given(day=days(), ordinal=st.integers(0, 40_000))
    def test_figures_are_those_of_the_intervals_that_are_there(
        self, day: tuple[blocks.Integers, blocks.Codes, int], ordinal: int
    ) -> None:
        numbers, codes, step = day
        numbers //= 2**16  # totals of a day stay inside 64 bits
        there = [(int(n), i) for i, (n, code) in enumerate(zip(numbers, codes, strict=True)) if code != 255]

        (found,) = blocks.figures(numbers[None, :], codes[None, :], np.array([ordinal])).tolist()

        assert found[blocks.MISSING] == len(numbers) - len(there)
        assert found[blocks.TOTAL] == sum(n for n, _ in there)
        if there:
            low, high = min(there), max(there, key=lambda each: (each[0], -each[1]))
            begin = ordinal * blocks.DAY
            assert found[blocks.MIN] == low[0]
            assert found[blocks.MAX] == high[0]
            assert found[blocks.MIN_AT] == begin + low[1] * step * blocks.MINUTE
            assert found[blocks.MAX_AT] == begin + high[1] * step * blocks.MINUTE
        else:
            assert found[:5] == [0, 0, 0, 0, 0]

    @given(numbers=st.lists(st.integers(-BIG - 1, BIG), min_size=186, max_size=186))
    def test_comes_back_as_it_was(self, numbers: list[int]) -> None:
        month = np.array(numbers, np.int64).reshape(31, 6)

        data = blocks.encode_month(month)

        assert len(data) == 31 * 48
        assert (blocks.decode_month(data) == month).all()

    def test_without_days_says_so(self) -> None:
        assert (blocks.empty_months(2)[:, :, blocks.MISSING] == blocks.NOT_DERIVED).all()

    def test_that_was_cut_is_refused(self) -> None:
        with pytest.raises(blocks.BlockDamaged):
            blocks.decode_month(b"\x00" * 47)
