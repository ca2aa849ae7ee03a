"""The number that follows the newest ones."""

from __future__ import annotations

import itertools

import pytest

from meterbook.customers import numbering


@pytest.mark.parametrize(
    ("newest", "following"),
    [
        ([], ["A-000001", "A-000002"]),
        (["Bakery"], ["A-000001", "A-000002"]),
        (["A-000041", "A-000040"], ["A-000042", "A-000043"]),
        (["A-0099"], ["A-0100", "A-0101"]),
        (["A-99"], ["A-100", "A-101"]),
        (["1003", "1002"], ["1004", "1005"]),
        (["A-7", "A-12"], ["A-8", "A-9"]),
        (["A-0007", "A-0012"], ["A-0013", "A-0014"]),
        (["2026-0002", "2026-0001", "2025-0100"], ["2026-0003", "2026-0004"]),
        (["C-12/2026", "C-11/2026"], ["C-13/2026", "C-14/2026"]),
        (["Tower 3 B", "A-0001"], ["Tower 4 B", "Tower 5 B"]),
        (["Bakery", "A-0001", "B-9"], ["A-0002", "A-0003"]),
        (["A-12345678901234567890", "A-5"], ["A-6", "A-7"]),
        (["A-0012", "A-12345678901234567890"], ["A-0013", "A-0014"]),
        (["A-0099", "1027", "1026", "1025"], ["1028", "1029"]),  # one odd among the newest
        (["A-0099", "A-000124", "A-000123"], ["A-000125", "A-000126"]),
        (["A-0099", "1027"], ["A-0100", "A-0101"]),
        (["B-3", "B-2", "B-1", "1027", "1026"], ["B-4", "B-5"]),  # they are written otherwise by now
        (["100", "99", "98"], ["101", "102"]),
    ],
)
def test_number_follows_the_newest_as_most_are_written(newest: list[str], following: list[str]) -> None:
    assert list(itertools.islice(numbering.following(newest), 2)) == following
