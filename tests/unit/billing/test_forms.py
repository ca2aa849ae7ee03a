"""Bills written into the form of one of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing.content import forms
from meterbook.billing.content.digests import canonical

texts = st.text(max_size=20)


def bill(name: str, amount: str, used: int) -> bytes:
    return canonical({"name": name, "lines": [{"amount": amount, "unit": "KWH"}], "used": used, "é": '"\\'})


class TestForm:
    @given(texts, texts, st.integers(-(10**12), 10**12))
    def test_gives_the_bytes_that_a_bill_built_by_itself_has(self, name: str, amount: str, used: int) -> None:
        form = forms.Form(bill("Shop 1", "1.00", 5), [("name",), ("lines", 0, "amount"), ("used",)])
        assert form.written([forms.text(name), forms.text(amount), str(used)]) == bill(name, amount, used)

    @pytest.mark.parametrize("place", [("names",), ("lines", 1, "amount"), ("lines", 0, "price")])
    def test_refuses_a_place_that_a_bill_does_not_have(self, place: forms.Place) -> None:
        with pytest.raises(LookupError):
            forms.Form(bill("Shop 1", "1.00", 5), [place])

    def test_refuses_a_name_that_looks_like_a_gap(self) -> None:
        with pytest.raises(LookupError):
            forms.Form(bill("\x1a0\x1a", "1.00", 5), [("used",)])


@given(st.lists(st.integers(-(10**15), 10**15)), st.integers(0, forms.MOST_DECIMALS))
def test_amounts_are_written_as_decimals_are(numbers: list[int], places: int) -> None:
    assert forms.amounts(numbers, places) == [f'"{Decimal(each).scaleb(-places)}"' for each in numbers]
