"""Names sort as people count and read them."""

from __future__ import annotations

import pytest

from meterbook.kernel import order


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Shop 10", "Shop 2", "shop 1"], ["shop 1", "Shop 2", "Shop 10"]),
        (["Zumo", "Óptica", "Mesa"], ["Mesa", "Óptica", "Zumo"]),
        (["G-10", "G-9", "G-2"], ["G-2", "G-9", "G-10"]),
        (["B1", "12", "A", "2", ""], ["", "2", "12", "A", "B1"]),
    ],
)
def test_names_sort_as_people_read_them(names: list[str], expected: list[str]) -> None:
    assert sorted(names, key=order.natural) == expected
