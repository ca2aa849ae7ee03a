"""Canonical JSON is written by a fast library, byte for byte as the standard library does."""

from __future__ import annotations

import enum
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing import content

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.one_of(
    st.integers(), st.integers(-(2**63), 2**63), st.sampled_from([2**63, 2**64 - 1, 2**64, -(2**63) - 1])
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(TEXTS, inner), st.lists(inner).map(tuple), st.dictionaries(NUMBERS, inner)
    ),
    max_leaves=20,
)


class Color(enum.StrEnum):
    RED = "rojo"


def plain(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.spec("B-72/1")
@given(VALUES)
def test_any_content_has_the_bytes_of_the_standard_library(value: Any) -> None:  # noqa: ANN401 - JSON
    assert content.canonical(value) == plain(value)


@pytest.mark.parametrize(
    "value",
    [
        {"\u0000\u001f\u007f\u0080\u2028": '\b\f\n\r\t"\\/'},
        {"z": 1, "Z": 2, "ñ": 3, "\U0001f600": 4, "\uffff": 5},
        {"color": Color.RED, Color.RED: [Color.RED]},
        [[[[]]], {}, {"": {}}],
    ],
    ids=["control characters", "order of keys", "words of a list", "nothing"],
)
def test_what_is_unusual(value: object) -> None:
    assert content.canonical(value) == plain(value)


@pytest.mark.parametrize("value", [{"a": object()}, {"a": {1, 2}}, "\ud800"], ids=["object", "set", "half a pair"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises((TypeError, UnicodeEncodeError)):
        content.canonical(value)
