"""What is read from a bill to make it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from meterbook.billing import content
from meterbook.billing.correcting import captured
from meterbook.kernel.period import Period
from tests.factories import counters
from tests.factories.counters import BEGIN, END

READ = replace(counters.READ, register="t1")
T1 = replace(counters.T1, segments=[READ], counts=content.Counts(2_688, 0, 2_688, 0))


def point(**given: Any) -> captured.Point:  # noqa: ANN401 - parts of a bill
    return captured.Point("p", Period(BEGIN, END), (), given)


def end(at: datetime, value: int) -> dict[str, Any]:
    return {"at": at.isoformat(), "value": value, "quality": "VALID", "source": "FIELD"}


class TestCaptured:
    def test_registers_of_a_bill_are_those_that_it_tells(self) -> None:
        shown = {"serial": "7", "model": "imported", "register": "t1", "unit": "KWH", "decimals": 3, "multiplier": "1"}
        told = {
            "code": "energy_import_t1",
            "unit": "KWH",
            "decimals": 3,
            "segments": [
                {
                    **shown,
                    "previous": end(BEGIN, 700_000),
                    "present": end(END, 1_040_000),
                    "difference": 340_000,
                    "quantity": 340_000,
                }
            ],
        }

        (found,) = captured.registers(point(registers=[told]), [T1, replace(T1, code="energy_import_t2")])

        assert found.code == "energy_import_t1"
        assert (found.segments[0].present.value, found.quantity) == (1_040_000, 350_000)

    def test_a_bill_from_before_tells_none(self) -> None:
        assert captured.registers(point(), [T1]) == ()

    def test_what_was_spread_is_no_estimate(self) -> None:
        told = {"from": BEGIN.isoformat(), "until": END.isoformat(), "method": "PROFILE", "quantity": 5, "intervals": 2}

        found = captured.estimates({"estimates": [{**told, "method": "MINIMUM"}], "apportioned": [told]})

        assert [(each.method, each.is_spread) for each in found] == [("MINIMUM", False), ("PROFILE", True)]
