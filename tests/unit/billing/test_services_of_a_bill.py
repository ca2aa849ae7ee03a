"""Taxes of a bill divided among its services: exactly, whatever is charged or credited (M-091)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.billing.content import services
from meterbook.billing.content.parts import Charge, Point
from meterbook.tariffs.rating.lines import Line, TaxLine

VAT = Decimal("0.21")


@dataclass(frozen=True)
class Rated:
    lines: list[Line]
    taxes: list[TaxLine]


@dataclass(frozen=True)
class Tariff:
    taxed: dict[str, frozenset[str]] = field(default_factory=lambda: {"vat": frozenset({"use"})})


@dataclass(frozen=True)
class Charged:
    rated: Rated
    tariff: Tariff = field(default_factory=Tariff)


@dataclass(frozen=True)
class Metered:
    service: str


def tax(base: Decimal, amount: Decimal) -> TaxLine:
    return TaxLine("vat", {"en": "VAT"}, VAT, base, amount)


def charges(amounts: dict[str, Decimal]) -> list[tuple[Point, Charge]]:
    """One line of each service, all with one tax."""
    found: list[Any] = [
        (
            Metered(service),
            Charged(
                Rated(
                    [Line("use", "use", {"en": "Use"}, "1", "KWH", amount, amount, amount, {})],
                    [tax(amount, Decimal(0))],
                )
            ),
        )
        for service, amount in amounts.items()
    ]
    return cast("list[tuple[Point, Charge]]", found)


def divided(amounts: dict[str, Decimal]) -> tuple[TaxLine, list[dict[str, Any]]]:
    base = sum(amounts.values(), Decimal(0))
    due = tax(base, (base * VAT).quantize(Decimal("0.01")))
    return due, services.section(charges(amounts), (), [due], "EUR").get("services", [])


@pytest.mark.spec("M-091/1")
class TestServices:
    def test_bear_their_part_of_a_tax(self) -> None:
        _due, found = divided({"ELECTRICITY": Decimal("10.00"), "COLD_WATER": Decimal("5.01")})
        assert [(each["service"], each["net"], each["tax"], each["total"]) for each in found] == [
            ("ELECTRICITY", "10.00", "2.10", "12.10"),
            ("COLD_WATER", "5.01", "1.05", "6.06"),
        ]

    def test_of_a_single_one_are_not_told(self) -> None:
        assert services.section(charges({"GAS": Decimal("1.00")}), (), [], "EUR") == {}

    @examples(st.lists(st.integers(-90_000, 90_000), min_size=2, max_size=5))
    def test_sum_to_the_bill(self, cents: list[int]) -> None:
        amounts = {f"S{place}": Decimal(each).scaleb(-2) for place, each in enumerate(cents)}

        due, found = divided(amounts)

        assert sum(Decimal(each["net"]) for each in found) == sum(amounts.values())
        assert sum(Decimal(each["tax"]) for each in found) == due.amount
        assert all(Decimal(each["taxes"][0]["base"]) == amounts[each["service"]] for each in found)
