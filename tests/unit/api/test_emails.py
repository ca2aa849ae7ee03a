"""Addresses that the forms refuse are refused by the API too."""

from __future__ import annotations

import pydantic
import pytest

from meterbook.api import values

EMAIL: pydantic.TypeAdapter[str] = pydantic.TypeAdapter(values.Email)
MAYBE: pydantic.TypeAdapter[str] = pydantic.TypeAdapter(values.MaybeEmail)


@pytest.mark.parametrize("given", ["x@y", "<b>@z.de", "a@b@example.com", "a b@example.com", f"{'a' * 250}@b.de"])
def test_no_address_is_refused(given: str) -> None:
    for each in (EMAIL, MAYBE):
        with pytest.raises(pydantic.ValidationError):
            each.validate_python(given)


def test_an_address_is_taken_and_nothing_only_where_it_may_be_left_out() -> None:
    assert EMAIL.validate_python("name+meter@sub.example.com") == "name+meter@sub.example.com"
    assert MAYBE.validate_python("") == ""
    with pytest.raises(pydantic.ValidationError):
        EMAIL.validate_python("")
