"""What a later bill settles of an estimated one: quantities, lines, taxes and postings."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given as examples
from hypothesis import strategies as st

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

    def test_asks_nobody_for_a_tax_that_they_are_exempt_from(self) -> None:
        for kind in ("exempt", "reverse_charge"):
            contents = [content(*each) for each in (("36.00", 300_000), ("32.46", 270_492), ("33.54", 279_508))]
            for each in contents:
                each["taxes"][0] |= {"amount": "0.00", "trace": {kind: True}}
            section = settlements.difference(contents[0], contents[1])
            assert section is not None

            data = json.loads(settlements.settle(finished(contents[2]), [section]).data)

            assert (data["net"], data["tax"], data["total"]) == ("35.00", "0.00", "35.00")
            assert (data["taxes"][0]["base"], data["taxes"][0]["amount"]) == ("35.00", "0.00")

    def test_takes_a_tax_that_prices_hold_out_of_what_they_come_to(self) -> None:
        """38.54 of 2 holds 6.69, 35.00 hold 6.07: 28.93 and 6.07 are 35.00, and not 35.00 with 7.35 on top."""
        contents = [content(*each) for each in (("36.00", 300_000), ("32.46", 270_492), ("33.54", 279_508))]
        for each in contents:
            gross = Decimal(each["net"])
            tax = gross - (gross / Decimal("1.21")).quantize(Decimal("0.01"))
            each["net"] = str(gross - tax)
            each["taxes"][0] |= {"amount": str(tax), "trace": {"inclusive": True, "components": ["base", "energy"]}}
        section = settlements.difference(contents[0], contents[1])
        assert section is not None
        own = finished(contents[2])
        own = own._replace(postings=(("INC-EUR-ELECTRICITY-energy", -3185), ("TAX-EUR-vat", -669)))

        made = settlements.settle(own, [section])
        data = json.loads(made.data)

        assert (data["net"], data["tax"], data["total"]) == ("28.93", "6.07", "35.00")
        assert (data["taxes"][0]["base"], data["taxes"][0]["amount"]) == ("35.00", "6.07")
        assert dict(made.postings) == {"INC-EUR-ELECTRICITY-energy": -2893, "TAX-EUR-vat": -607}
        assert dict(made.nets) == {"T1": Decimal("28.93")}

    def test_takes_a_tax_on_a_tax_on_what_that_comes_to(self) -> None:
        """0.05 on 38.54 and on -3.54: 1.93 and -0.18 would be 1.75 as well, so the levy is one of 35.00, 1.75."""
        contents = [content(*each) for each in (("36.00", 300_000), ("32.46", 270_492), ("33.54", 279_508))]
        for each in contents:
            net = Decimal(each["net"])
            levy = (net * Decimal("0.05")).quantize(Decimal("0.01"), ROUND_HALF_UP)
            base, text = net + levy, {"en": "Levy"}
            each["taxes"][0] |= {"base": str(base), "amount": str((base * Decimal("0.21")).quantize(Decimal("0.01")))}
            each["taxes"][0]["trace"] = {"taxes": ["levy"], "own": str(net)}
            row = {"code": "levy", "rate": "0.05", "text": text, "base": str(net), "amount": str(levy)}
            each["taxes"].insert(0, row)
        section = settlements.difference(contents[0], contents[1])
        assert section is not None
        own = finished(contents[2])

        for each in (section, settlements.netted(section, contents[2])):
            data = json.loads(settlements.settle(own, [each]).data)

            levy, vat = ({"base": Decimal(each["base"]), "amount": Decimal(each["amount"])} for each in data["taxes"])
            assert levy["base"] == Decimal(data["net"])
            assert levy["amount"] == (levy["base"] * Decimal("0.05")).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert vat["base"] == levy["base"] + levy["amount"]
            assert vat["amount"] == (vat["base"] * Decimal("0.21")).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def test_of_somebody_who_is_exempt_now_takes_back_the_tax_of_before(self) -> None:
        """June was taxed and is less by 3.54, so 0.74 of its tax; July is exempt and has none."""
        july = content("33.54", 279_508)
        july["taxes"][0] |= {"amount": "0.00", "trace": {"exempt": {"certificate": "A-1"}}}
        section = settlements.difference(content("36.00", 300_000), content("32.46", 270_492))
        assert section is not None

        data = json.loads(settlements.settle(finished(july), [section]).data)

        assert [(each["base"], each["amount"]) for each in data["taxes"]] == [("-3.54", "-0.74"), ("38.54", "0.00")]
        assert data["total"] == "34.26"

    @examples(*[st.integers(1, 900_000)] * 5)
    def test_netting_is_the_same_where_the_earlier_bill_is_priced_anew(
        self, guessed: int, used: int, rate: int, price: int, later: int
    ) -> None:
        """Prices may differ by bill as much as they like: what was due for both bills stays due."""
        june, again, july = (
            content(str((Decimal(many) * cost / 10**8).quantize(Decimal("0.01"))), many)
            for many, cost in ((guessed, rate), (used, price), (later, rate))
        )
        found = settlements.difference(june, again)
        if found is None:
            return
        netted = settlements.netted(found, july)
        left = settlements.residue(netted, found)

        whole = (Decimal(june["net"]) + Decimal(july["net"]) + Decimal(netted["net"])).quantize(Decimal("0.01"))
        assert Decimal(again["net"]) + Decimal(july["net"]) + Decimal(left["net"]) == whole

    def test_of_more_than_is_due_makes_a_credit(self) -> None:
        own = finished(content("3.00", 25_000, fixed="0.00"))
        section = settlements.difference(content("36.00", 300_000), content("15.00", 125_000))
        assert section is not None

        made = settlements.settle(own, [section])

        assert made.total < 0
        assert made.net == Decimal("-18.00")
