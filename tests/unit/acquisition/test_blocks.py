"""Joining registers to few requests."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.library import documents
from meterbook.acquisition.polling import blocks

ANY = documents.load("eastron_sdm630").registers[0]


@st.composite
def register_sets(draw: st.DrawFn) -> list[documents.Register]:
    """Registers of one device that do not overlap, in any order, under both functions."""
    found = []
    for function in (3, 4):
        address = draw(st.integers(0, 50))
        for _ in range(draw(st.integers(0, 25))):
            words = draw(st.sampled_from([1, 2, 4]))
            code = f"f{function}_{address}"
            found.append(replace(ANY, code=code, function=function, address=address, words=words))
            address += words + draw(st.one_of(st.integers(0, 12), st.integers(0, 300)))
    return draw(st.permutations(found))


class TestPlan:
    @given(register_sets(), st.integers(4, 125), st.integers(0, 40))
    def test_covers_each_register_once_and_within_one_block(
        self, registers: list[documents.Register], max_words: int, max_gap: int
    ) -> None:
        planned = blocks.plan(registers, max_words=max_words, max_gap=max_gap)

        codes = [register.code for each in planned for register in each.registers]
        assert sorted(codes) == sorted(register.code for register in registers)
        for each in planned:
            for register in each.registers:
                assert register.function == each.block.function
                assert each.block.address <= register.address
                assert register.end <= each.block.end

    @given(register_sets(), st.integers(4, 125), st.integers(0, 40))
    def test_keeps_words_and_gaps_within_their_limits(
        self, registers: list[documents.Register], max_words: int, max_gap: int
    ) -> None:
        for each in blocks.plan(registers, max_words=max_words, max_gap=max_gap):
            assert 1 <= each.block.count <= max_words
            covered = each.block.address
            for register in each.registers:
                assert register.address - covered <= max_gap
                covered = max(covered, register.end)
            assert covered == each.block.end

    @given(register_sets(), st.integers(4, 125), st.integers(0, 40))
    def test_splits_only_where_a_limit_asks_for_it(
        self, registers: list[documents.Register], max_words: int, max_gap: int
    ) -> None:
        planned = blocks.plan(registers, max_words=max_words, max_gap=max_gap)

        for before, after in itertools.pairwise(planned):
            nearest = after.registers[0]
            assert (
                before.block.function != after.block.function
                or nearest.address - before.block.end > max_gap
                or nearest.end - before.block.address > max_words
            )

    def test_joins_across_a_small_gap_and_splits_at_a_large_one(self) -> None:
        registers = [replace(ANY, code=f"r{address}", address=address) for address in (20, 0, 4)]

        planned = blocks.plan(registers, max_words=125, max_gap=2)

        assert [(each.block.address, each.block.count) for each in planned] == [(0, 6), (20, 2)]

    def test_refuses_a_register_wider_than_a_request(self) -> None:
        with pytest.raises(blocks.RegisterTooWide):
            blocks.plan([ANY], max_words=1, max_gap=0)


class TestPlanModel:
    def test_fetches_the_counters_of_the_sdm630_with_one_request(self) -> None:
        model = documents.load("eastron_sdm630")
        plan = blocks.plan_model(model, [each.code for each in model.registers if each.address < 80])

        assert [(each.block.address, each.block.count) for each in plan.energy] == [(72, 8)]
        assert len(plan.instant) == 2
        assert plan.everything[0] is plan.energy[0]

    def test_goes_without_the_words_between_registers_where_a_device_refuses_them(self) -> None:
        plan = blocks.plan_model(documents.load("siemens_pac2200"), ["energy_import", "energy_export"])
        runs = plan.in_runs()

        assert [(each.block.address, each.block.count, each.has_gaps) for each in plan.energy] == [(801, 12, True)]
        assert [(each.block.address, each.block.count, each.has_gaps) for each in runs.energy] == [
            (801, 4, False),
            (809, 4, False),
        ]

    def test_plans_only_the_registers_that_are_wanted(self) -> None:
        plan = blocks.plan_model(documents.load("eastron_sdm630"), ["power"])

        assert plan.energy == ()
        assert [register.code for each in plan.instant for register in each.registers] == ["power"]
