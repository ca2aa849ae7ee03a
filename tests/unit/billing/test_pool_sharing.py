"""Shared costs divided: exact, the same for any sign, and worked out again from the sheet alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing.pools import reading, recompute, sharing, sheets
from meterbook.billing.pools.definition import Definition, Fault, Key
from meterbook.kernel import allocation

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
WEIGHTS = st.dictionaries(
    st.sampled_from("ABCDEFGH"), st.fractions(min_value=0, max_value=10**6, max_denominator=1_000), min_size=1
)


def definition(**given: Any) -> Definition:  # noqa: ANN401
    document = {"name": "Elevator", "source": {"kind": "AMOUNT"}, "parts": [{"key": "EQUAL"}], **given}
    made, problems = reading.read(document)
    assert made is not None, problems
    return made


def row(key: str, value: str, *, days: tuple[date, date] = (JUNE, JULY), **more: Any) -> sheets.Row:  # noqa: ANN401
    spans = {each: (sheets.Span(*days, Fraction(value)),) for each in Key}
    spans |= more.pop("spans", {})
    facts: dict[str, Any] = {"account_id": 1, "account": f"A-{key}", "pool": "", "is_vacancy": False, **more}
    return sheets.Row(key=key, member=key, name=key, first_day=days[0], until_day=days[1], spans=spans, **facts)


def sheet_of(made: Definition, amount: int, rows: Sequence[sheets.Row], **more: Any) -> sheets.Sheet:  # noqa: ANN401
    head = sheets.Head({"code": "P"}, {"code": "S"}, JUNE, JULY, "EUR", 2, 99, "L-1", {Key.AREA: "m²"})
    return sheets.build(head, made, sheets.Costs([sheets.Line("AMOUNT", "June", amount)], **more), rows)


def shares(sheet: sheets.Sheet, name: str = "share") -> list[str]:
    return [each[name] for each in sheet.content["parts"][0]["rows"]]


class TestDivide:
    @pytest.mark.spec("M-061/1")
    def test_gives_the_cent_left_over_to_the_first_of_three(self) -> None:
        found = sharing.divide(10_000, dict.fromkeys("ABC", Fraction(1)))

        assert found.shares == {"A": 3_334, "B": 3_333, "C": 3_333}
        assert found.extra == {"A": 1}

    @pytest.mark.spec("M-061/1")
    def test_divides_by_areas(self) -> None:
        areas = {"1": "120.5", "2": "80.25", "3": "45", "4": "300"}

        found = sharing.divide(123_457, {key: Fraction(area) for key, area in areas.items()})

        assert list(found.shares.values()) == [27_259, 18_154, 10_180, 67_864]

    @given(st.integers(-(10**9), 10**9), WEIGHTS)
    def test_sums_exactly_within_one_unit_and_mirrors(self, amount: int, weights: dict[str, Fraction]) -> None:
        if not any(weights.values()):
            with pytest.raises(allocation.WeightsUnusable):
                sharing.divide(amount, weights)
            return

        found, mirrored = sharing.divide(amount, weights), sharing.divide(-amount, weights)
        kept = sharing.divide(amount, weights, is_residual_kept=True)

        assert sum(found.shares.values()) == amount
        assert all(abs(found.shares[key] - found.ideals[key]) < 1 for key in weights)
        assert all(found.shares[key] == 0 for key, weight in weights.items() if not weight)
        assert mirrored.shares == {key: -share for key, share in found.shares.items()}
        assert sum(kept.shares.values()) + kept.kept == amount
        assert abs(kept.kept) < len(weights)


class TestSheet:
    @pytest.mark.spec("M-061/3")
    @pytest.mark.spec("B-33")
    def test_a_tenant_of_ten_days_pays_ten_days_and_the_landlord_the_rest(self) -> None:
        tenth = date(2026, 6, 11)
        rows = [
            row("A/1", "1", days=(JUNE, tenth)),
            row("A/2", "1", days=(tenth, JULY), is_vacancy=True, account_id=99, account="L-1"),
            row("B", "1"),
            row("C", "1"),
        ]

        found = sheet_of(definition(), 30_000, rows)
        redistributed = sheet_of(definition(vacancy="REDISTRIBUTED"), 30_000, rows)

        assert shares(found) == ["33.33", "66.67", "100.00", "100.00"]
        assert shares(redistributed) == ["42.86", "0.00", "128.57", "128.57"]
        assert [recompute.differences(each.content) for each in (found, redistributed)] == [[], []]

    def test_divides_energy_in_its_own_resolution(self) -> None:
        rows = [row(key, "1", spans={Key.USAGE: (sheets.Span(JUNE, JULY, Fraction(used)),)}) for key, used in USED]
        parts = [{"key": "USAGE", "secondary": "EQUAL"}]

        found = sheet_of(definition(parts=parts), 8_000, rows, quantity=400_000, decimals=3, unit="KWH")

        assert shares(found, "quantity") == ["125.000", "104.167", "170.833"]
        assert recompute.differences(found.content) == []

    def test_falls_back_to_the_secondary_key_where_nobody_used_anything(self) -> None:
        nothing = {Key.USAGE: (sheets.Span(JUNE, JULY, Fraction(0)),)}
        rows = [row("A", "30", spans=nothing), row("B", "10", spans=nothing)]

        found = sheet_of(definition(parts=[{"key": "USAGE", "secondary": "AREA"}]), 4_000, rows)

        assert shares(found) == ["30.00", "10.00"]
        assert found.content["flags"] == ["SECONDARY_KEY"]
        assert found.content["parts"][0]["used"] == "AREA"

    def test_refuses_to_divide_by_nothing(self) -> None:
        with pytest.raises(sheets.NothingToShareBy):
            sheet_of(definition(parts=[{"key": "AREA"}]), 4_000, [row("A", "0")])

    def test_combines_a_fixed_part_by_area_with_a_part_by_use(self) -> None:
        rows = [
            row("A", "60", spans={Key.USAGE: (sheets.Span(JUNE, JULY, Fraction(1)),)}),
            row("B", "40", spans={Key.USAGE: (sheets.Span(JUNE, JULY, Fraction(3)),)}),
        ]
        parts = [
            {"percent": "30", "key": "AREA"},
            {"percent": "70", "key": "USAGE", "secondary": "AREA"},
        ]

        found = sheet_of(definition(parts=parts), 100_000, rows)

        assert [part["amount"] for part in found.content["parts"]] == ["300.00", "700.00"]
        assert [[each["share"] for each in part["rows"]] for part in found.content["parts"]] == [
            ["180.00", "120.00"],
            ["175.00", "525.00"],
        ]
        assert sum(each.amount for each in found.charges) == 100_000

    def test_the_landlord_bears_what_is_above_a_cap_and_what_rounding_leaves(self) -> None:
        rows = [row("A", "1"), row("B", "1"), row("C", "1")]

        found = sheet_of(definition(cap="20", rounding="LANDLORD"), 10_000, rows)

        assert shares(found) == ["20.00", "20.00", "20.00"]
        assert {each["why"] for each in found.content["landlord"]} == {"CAP", "RESIDUAL"}
        assert sum(each.amount for each in found.charges) == 10_000
        assert sum(each.amount for each in found.charges if each.account_id == 99) == 4_000
        assert recompute.differences(found.content) == []

    @given(st.integers(-(10**7), 10**7), st.lists(st.integers(0, 10**5), min_size=1, max_size=9), st.booleans())
    def test_can_always_be_worked_out_again(self, amount: int, areas: list[int], is_kept: bool) -> None:
        if not any(areas):
            return
        rows = [row(f"U{place}", str(area)) for place, area in enumerate(areas)]
        made = definition(parts=[{"key": "AREA"}], rounding="LANDLORD" if is_kept else "LARGEST_REMAINDER")

        found = sheet_of(made, amount, rows)

        assert recompute.differences(found.content) == []
        assert sum(each.amount for each in found.charges) == amount

    @pytest.mark.spec("M-064/1")
    def test_the_script_alone_finds_a_changed_digit(self, tmp_path: Path) -> None:
        found = sheet_of(definition(parts=[{"key": "AREA"}]), 123_457, [row("A", "120.5"), row("B", "80.25")])
        right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
        told = json.dumps(found.content)
        right.write_text(told)
        wrong.write_text(told.replace('"share": "741.05"', '"share": "741.06"'))

        good, bad = (
            subprocess.run([sys.executable, "-I", recompute.__file__, file], capture_output=True, text=True)
            for file in (right, wrong)
        )

        assert (good.returncode, "equal, 2 shares" in good.stdout) == (0, True)
        assert (bad.returncode, "UNEQUAL" in bad.stdout, "741.06" in bad.stdout) == (1, True, True)


class TestRead:
    @pytest.mark.spec("M-061/2")
    def test_refuses_percents_that_are_not_a_hundred(self) -> None:
        unit = "6f1c6d0a-7f0e-4b3d-9d53-3f9f0a3b1c5"
        members = [{"unit": f"{unit}{place}", "value": "33"} for place in range(3)]

        made, problems = reading.read(
            {"name": "Pumps", "source": {"kind": "AMOUNT"}, "parts": [{"key": "PERCENT"}], "members": members}
        )

        assert made is None
        assert [(each.path, each.fault, dict(each.data)) for each in problems] == [
            ("members", Fault.PERCENT_SUM, {"sum": "99"})
        ]

    def test_names_every_place_that_is_wrong(self) -> None:
        made, problems = reading.read(
            {
                "name": " ",
                "stage": "two",
                "source": {"kind": "LOSS", "policy": "CAPPED"},
                "parts": [{"key": "USAGE", "percent": "50"}],
                "members": [{"unit": "x"}, {"unit": None, "until_day": "soon", "value": "-1"}],
                "tax": {"rate": "0.21"},
            }
        )

        assert made is None
        assert {each.path for each in problems} >= {
            "name",
            "stage",
            "source/meter_point",
            "source/price",
            "source/meters",
            "source/cap",
            "parts",
            "parts/0/secondary",
            "members/0/unit",
            "members/1/until_day",
            "members/1/value",
            "tax",
        }


USED = (("1", "3000"), ("2", "2500"), ("3", "4100"))
