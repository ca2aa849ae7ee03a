"""Which records are taken for one customer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.customers import likeness
from meterbook.customers.likeness import Pair, Record, Why


def record(number: int, name: str, tax_number: str = "", *emails: str) -> Record:
    return Record(number, name, tax_number, emails)


class TestPairs:
    def test_finds_one_tax_number_however_it_is_written(self) -> None:
        found = likeness.pairs([record(1, "Ana", "ES-B 123"), record(2, "Zoe", "esb123")])

        assert found == [Pair(1, 2, Why.TAX_NUMBER)]

    def test_finds_one_address_in_any_place(self) -> None:
        found = likeness.pairs(
            [record(1, "Ana", "", "x@a.example", "HOME@a.example"), record(2, "Zoe", "", "home@a.example")]
        )

        assert found == [Pair(1, 2, Why.EMAIL)]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("García López, Ana", "Ana Garcia Lopez"),
            ("Calder & Sons Bakery Ltd.", "Calder and Sons Bakery"),
            ("Calder Bakery", "Calder Bakkery"),
        ],
    )
    def test_finds_names_that_are_nearly_the_same(self, one: str, other: str) -> None:
        assert likeness.pairs([record(1, one), record(2, other)]) == [Pair(1, 2, Why.NAME)]

    @pytest.mark.parametrize(
        ("one", "other"), [("Shop 1", "Shop 2"), ("Ana", "Anb"), ("Calder Bakery", "Calder Books")]
    )
    def test_leaves_names_that_differ(self, one: str, other: str) -> None:
        assert likeness.pairs([record(1, one), record(2, other)]) == []

    def test_says_the_surest_reason_once(self) -> None:
        found = likeness.pairs([record(1, "Ana Ruiz", "B1", "a@b.example"), record(2, "Ana Ruiz", "B1", "a@b.example")])

        assert found == [Pair(1, 2, Why.TAX_NUMBER)]

    def test_takes_a_number_of_zeros_for_none(self) -> None:
        assert likeness.pairs([record(1, "Ana Ruiz", "00-0"), record(2, "Zoe Berg", "0000")]) == []


class TestNameKey:
    @given(st.text(max_size=40))
    def test_is_its_own_key(self, name: str) -> None:
        key = likeness.name_key(name)

        assert likeness.name_key(key) == key
