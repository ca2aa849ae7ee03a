"""Heating costs: by law 30 to 50 percent by area and the rest by use, checked when a shared cost is saved (B-53)."""

from __future__ import annotations

from typing import Any

import pytest

from meterbook.billing.pools import reading, writing
from meterbook.billing.pools.definition import Fault, Rule


def document(*parts: dict[str, str], **more: str) -> dict[str, Any]:
    return {
        "name": "Heating",
        "kind": "HEATING",
        "source": {"kind": "AMOUNT"},
        "service": "HEATING",
        "rule": "HEATING_COSTS",
        "parts": list(parts),
        **more,
    }


def part(key: str, percent: str) -> dict[str, str]:
    more = {"secondary": "AREA"} if key == "USAGE" else {}
    return {"key": key, "percent": percent, **more}


@pytest.mark.spec("B-53")
class TestHeatingCosts:
    @pytest.mark.parametrize("area", ["30", "33.5", "50"])
    def test_within_the_limits_are_kept_as_they_were_written(self, area: str) -> None:
        use = {"30": "70", "33.5": "66.5", "50": "50"}[area]

        found, problems = reading.read(document(part("AREA", area), part("USAGE", use)))

        assert problems == []
        assert found is not None
        assert found.rule is Rule.HEATING_COSTS
        assert reading.read(writing.write(found)) == (found, [])

    @pytest.mark.parametrize(
        "parts",
        [
            (part("AREA", "29.9"), part("USAGE", "70.1")),
            (part("AREA", "50.1"), part("USAGE", "49.9")),
            (part("AREA", "100"),),
            (part("USAGE", "100"),),
            (part("AREA", "40"), part("USAGE", "50"), part("EQUAL", "10")),
            (part("HEADCOUNT", "40"), part("USAGE", "60")),
        ],
        ids=["too little by area", "too much by area", "area alone", "use alone", "a third key", "another key"],
    )
    def test_beyond_them_are_refused_at_their_place(self, parts: tuple[dict[str, str], ...]) -> None:
        _found, problems = reading.read(document(*parts))
        assert [(each.path, each.fault) for each in problems] == [("rule", Fault.HEATING_COSTS)]

    def test_no_law_limits_other_costs(self) -> None:
        found, problems = reading.read(document(part("AREA", "100"), rule=""))
        assert problems == []
        assert found is not None
        assert "rule" not in writing.write(found)
