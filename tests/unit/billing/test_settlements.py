"""What a later bill settles of an estimated one: quantities, lines, taxes and postings."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from meterbook.billing.content import settlements
from meterbook.billing.content.parts import Content


def content(energy: str, quantity: int, *, fixed: str = "5.00", rate: str = "0.21") -> dict[str, Any]:
    """A bill of energy and a fixed charge, both taxed."""
    base = Decimal(energy) + Decimal(fixed)

    def line(code: str, amount: str, many: str) -> dict[str, Any]:
        return {
            "code": code,
            "component": code,
            "text": {"en": code},
            "unit": "kWh",
            "quantity": many,
            "amount": amount,
        }

    return {
        "currency": "EUR",
        "net": str(base),
        "taxes": [
            {
                "code": "vat",
                "rate": rate,
                "text": {"en": "VAT"},
                "base": str(base),
                "amount": str((base * Decimal(rate)).quantize(Decimal("0.01"))),
            }
        ],
        "meter_points": [
            {
                "public_id": "p",
                "code": "MP1",
                "name": "Shop",
                "service": "ELECTRICITY",
                "unit": "kWh",
                "decimals": 3,
                "quantity": quantity,
                "charges": [
                    {
                        "tariff": {"code": "T1"},
                        "lines": [
                            line("energy", energy, str(Decimal(quantity) / 1000)),
                            line("base", fixed, "30"),
                        ],
                    }
                ],
            }
        ],
    }


def finished(data: dict[str, Any]) -> Content:
    net = Decimal(data["net"])
    tax = Decimal(data["taxes"][0]["amount"])
    written = json.dumps({**data, "tax": str(tax), "total": str(net + tax), "inputs_digest": "i"}).encode()
    return Content(
        data=written,
        digest="d",
        inputs_digest="i",
        currency="EUR",
        net=net,
        total=net + tax,
        is_estimated=False,
        is_apportioned=False,
        is_vacancy=False,
        postings=(("INC-EUR-ELECTRICITY-base", -500), ("INC-EUR-ELECTRICITY-energy", -3354), ("TAX-EUR-vat", -809)),
        nets=(("T1", net),),
    )


class TestSettlement:
    def test_says_what_was_billed_what_was_used_and_the_difference_of_each_line(self) -> None:
        found = settlements.difference(content("36.00", 300_000), content("32.46", 270_492))

        assert found is not None
        assert [(each["billed"], each["actual"]) for each in found["meter_points"]] == [(300_000, 270_492)]
        (line,) = found["lines"]
        assert (line["component"], line["quantity"], line["amount"]) == ("energy", "-29.508", "-3.54")
        assert found["net"] == "-3.54"
        assert [(each["code"], each["base"]) for each in found["taxes"]] == [("vat", "-3.54")]

    def test_is_none_where_nothing_differs(self) -> None:
        assert settlements.difference(content("36.00", 300_000), content("36.00", 300_000)) is None

    def test_takes_each_tax_on_the_whole_base_and_posts_what_is_charged(self) -> None:
        own = finished(content("33.54", 279_508))
        section = settlements.difference(content("36.00", 300_000), content("32.46", 270_492))
        assert section is not None

        made = settlements.settle(own, [section])
        data = json.loads(made.data)

        assert (data["net"], data["taxes"][0]["base"], data["taxes"][0]["amount"]) == ("35.00", "35.00", "7.35")
        assert (data["total"], made.total) == ("42.35", Decimal("42.35"))
        assert sum(minor for _code, minor in made.postings) == -4235
        assert dict(made.postings)["INC-EUR-ELECTRICITY-energy"] == -3000
        assert dict(made.nets) == {"T1": Decimal("35.00")}
        assert settlements.settle(own, [section]).data == made.data
        assert settlements.settle(own, []) is own

    def test_of_more_than_is_due_makes_a_credit(self) -> None:
        own = finished(content("3.00", 25_000, fixed="0.00"))
        section = settlements.difference(content("36.00", 300_000), content("15.00", 125_000))
        assert section is not None

        made = settlements.settle(own, [section])

        assert made.total < 0
        assert made.net == Decimal("-18.00")
