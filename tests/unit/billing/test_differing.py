"""How contents of a bill differ and why, and the deadlines and limits around them."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing.correcting import differing, limits
from meterbook.billing.correction_values import LineCause


def bill() -> dict[str, Any]:
    """250 kWh at 0.30 and a fee of 5.00."""
    line = {"component": "energy", "text": {"en": "Energy"}, "unit": "KWH", "price": "0.30", "amount": "75.00"}
    fee = {"component": "base", "text": {"en": "Base"}, "unit": "MONTH", "price": "5.00", "amount": "5.00"}
    point = {
        "public_id": "p1",
        "name": "Shop",
        "from": "2026-02-01T00:00:00+01:00",
        "until": "2026-03-01T00:00:00+01:00",
        "is_vacancy": False,
        "quantity": 250_000,
        "reference": {"digest": "a"},
        "segments": [
            {"serial": "1", "multiplier": "40", "previous": {"value": 1_000}, "present": {"value": 7_250}},
        ],
        "charges": [
            {
                "tariff": {"digest": "t"},
                "lines": [{**line, "code": "energy", "quantity": "250"}, {**fee, "code": "base", "quantity": "1"}],
            }
        ],
    }
    head = {"organization": {}, "site": {}, "account": {}, "customer": {"name": "Ana"}, "inputs_digest": "i"}
    return {**head, "engine": "2", "meter_points": [point], "net": "80.00", "tax": "0", "total": "80.00"}


def changed(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a bill
    """The bill with 200 kWh, or what else is given of its meter point."""
    now = copy.deepcopy(bill())
    point = now["meter_points"][0]
    point.update(given)
    point["charges"][0]["lines"][0] |= {"quantity": "200", "amount": "60.00"}
    now |= {"net": "65.00", "total": "65.00"}
    return now


class TestDifferences:
    @pytest.mark.parametrize(
        ("now", "cause"),
        [
            pytest.param(changed(reference={"digest": "b"}, quantity=200_000), LineCause.READING, id="reading"),
            pytest.param(
                changed(
                    reference={"digest": "b"},
                    quantity=200_000,
                    segments=[{**bill()["meter_points"][0]["segments"][0], "multiplier": "32"}],
                ),
                LineCause.MULTIPLIER,
                id="multiplier",
            ),
            pytest.param(
                changed(until="2026-02-20T00:00:00+01:00", reference={"digest": "b"}),
                LineCause.OCCUPANCY,
                id="days",
            ),
            pytest.param(changed(), LineCause.ENGINE, id="nothing of the inputs"),
        ],
    )
    def test_are_named_by_line_and_cause(self, now: dict[str, Any], cause: LineCause) -> None:
        found = differing.compare(bill(), now)

        (line,) = found.lines
        assert (line.code, str(line.difference), line.causes) == ("energy", "-15.00", (cause,))
        assert (found.net, found.total, found.is_identical) == ("-15.00", "-15.00", False)

    def test_of_a_price_are_of_the_tariff_alone(self) -> None:
        now = bill()
        point = now["meter_points"][0]
        point["reference"] = {"digest": "b"}
        point["charges"][0]["tariff"] = {"digest": "u"}
        point["charges"][0]["lines"][1] |= {"price": "6.00", "amount": "6.00"}

        (line,) = differing.compare(bill(), now).lines

        assert (line.code, line.causes) == ("base", (LineCause.TARIFF,))

    def test_of_a_block_that_the_next_bill_has_part_of_are_none_of_a_reading(self) -> None:
        now = changed(reference={"digest": "b"})
        now["meter_points"][0]["charges"][0]["tariff"] = {"digest": "u"}

        assert differing.compare(bill(), now).lines[0].causes == (LineCause.TARIFF,)
        assert differing.compare(bill(), changed(reference={"digest": "b"})).lines[0].causes == (LineCause.READING,)

    def test_of_an_amount_a_day_instead_of_one_a_month_are_two_lines_that_no_reading_moved(self) -> None:
        now = changed(quantity=200_000)
        charge = now["meter_points"][0]["charges"][0]
        charge["tariff"] = {"digest": "u"}
        charge["lines"][1] |= {"unit": "DAY", "quantity": "28", "price": "0.20", "amount": "5.60"}

        _energy, month, day = differing.compare(bill(), now).lines

        assert (month.unit, month.before, month.now, month.causes) == ("MONTH", "5.00", None, (LineCause.TARIFF,))
        assert (day.unit, day.quantity_before, day.quantity_now, day.now) == ("DAY", "", "28", "5.60")
        assert day.causes == (LineCause.TARIFF,)

    def test_of_shared_costs_are_named_by_pool(self) -> None:
        now = bill() | {"shared_costs": [{"pool": {"code": "LIFT", "name": "Lift"}, "amount": "3.00"}]}

        (line,) = differing.compare(bill(), now).lines

        assert (line.text["en"], line.before, line.now, line.causes) == (
            "Lift",
            None,
            "3.00",
            (LineCause.ALLOCATION,),
        )

    def test_of_nothing_that_is_left_is_all_of_it(self) -> None:
        found = differing.compare(bill(), None)

        assert (found.total, [each.now for each in found.lines]) == ("-80.00", [None, None])

    def test_of_the_number_of_the_calculation_alone_are_none(self) -> None:
        assert differing.compare(bill(), {**bill(), "engine": "3", "inputs_digest": "j"}).is_identical
        assert not differing.compare(bill(), {**bill(), "customer": {"name": "Eva"}}).is_identical

    def test_of_registers_that_a_bill_from_before_did_not_tell_are_none(self) -> None:
        register = {"code": "energy_import_t1", "quantity": 1, "reference": {"digest": "r"}, "segments": []}
        (point,) = bill()["meter_points"]
        now = {**bill(), "inputs_digest": "j", "meter_points": [{**point, "registers": [register]}]}
        moved = changed(registers=[{**register, "quantity": 2, "reference": {"digest": "q"}}])

        assert differing.compare(bill(), now).is_identical
        assert differing.same_inputs(bill(), now)
        assert not differing.same_inputs(now, moved)
        assert differing.compare(now, moved).lines[0].causes == (LineCause.READING,)


class TestLimits:
    def test_count_months_back_to_the_last_day_there_is(self) -> None:
        assert limits.months_before(date(2028, 2, 29), 12) == date(2027, 2, 28)
        assert limits.months_before(date(2026, 1, 31), 2) == date(2025, 11, 30)

    def test_end_with_a_working_day(self) -> None:
        zone = ZoneInfo("Europe/Madrid")
        friday_noon = datetime(2026, 11, 27, 11, tzinfo=UTC)

        assert limits.working_days_after(friday_noon, 1, zone) == datetime(2026, 12, 1, tzinfo=zone)
        assert limits.working_days_after(friday_noon, 10, zone) == datetime(2026, 12, 12, tzinfo=zone)
