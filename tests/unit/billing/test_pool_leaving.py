"""Shares of members who left stay as they were billed, the landlord bears the rest, and the sheet alone proves it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing.pools import leaving, recompute, sheets
from tests.unit.billing import test_pool_sharing as sharing

AMOUNTS = st.integers(min_value=-(10**9), max_value=10**9)
ROWS = [sharing.row(each, value) for each, value in (("A", "3"), ("B", "7"), ("C", "11"))]
HEAD = sheets.Head({"code": "P"}, {"code": "S"}, sharing.JUNE, sharing.JULY, "EUR", 2, 99, "L-1", {})


def built(amount: int, kept: leaving.Kept | None = None, **more: str) -> sheets.Sheet:
    made = sharing.definition(leaving="LANDLORD", parts=[{"key": "AREA"}], **more)
    return sheets.build(HEAD, made, sheets.Costs([sheets.Line("AMOUNT", "June", amount)]), ROWS, kept)


@pytest.mark.spec("B-65")
@given(AMOUNTS, AMOUNTS, st.sets(st.sampled_from(["A-A", "A-B", "A-C"])), st.sampled_from(["", "50", "0.01"]))
def test_who_left_bears_what_was_billed_and_all_is_divided(was: int, now: int, gone: set[str], cap: str) -> None:
    limit = {"cap": cap} if cap else {}
    before, free = built(was, **limit), built(now, **limit)

    after = built(now, leaving.Kept(before.content, gone), **limit)

    assert recompute.differences(after.content) == []
    assert sum(each.amount for each in after.charges) == now
    rows = [sheet.content["parts"][0]["rows"] for sheet in (before, after, free)]
    for old, kept, otherwise in zip(*rows, strict=True):
        assert kept["share"] == (old if old["payer"]["account"] in gone else otherwise)["share"]
    borne = sum(each.amount for each in after.charges if each.told.get("why") == sheets.LEFT)
    assert borne == leaving.borne(after.content) * 100
    again = built(now, leaving.Kept(after.content, gone), **limit)
    assert again.content == after.content


def test_a_line_that_was_withdrawn_stays_with_the_others_of_who_left() -> None:
    made = sharing.definition(leaving="LANDLORD", division="EACH", parts=[{"key": "AREA"}])
    lines = [sheets.Line("INVOICE", "Energy", 2_100), sheets.Line("INVOICE", "Fixed", 4_200)]
    before = sheets.build(HEAD, made, sheets.Costs(lines), ROWS)

    after = sheets.build(HEAD, made, sheets.Costs(lines[:1]), ROWS, leaving.Kept(before.content, {"A-A"}))

    (part,) = after.content["parts"]
    assert [each["share"] for each in part["rows"]] == ["9.00", "7.00", "11.00"]
    assert [(each["why"], each["amount"]) for each in after.content["landlord"]] == [("LEFT", "-6.00")]
    assert recompute.differences(after.content) == []
    part["rows"][0]["share"] = "8.00"
    assert recompute.differences(after.content)
