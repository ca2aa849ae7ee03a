"""Every kind of line that a tariff can give is shown with a unit, a price and a sentence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.inputs import NONE, InvoiceLine
from meterbook.tariffs.rating.terms import Channel
from meterbook.web.billing import lines
from tests.unit.tariffs.pricing_cases import component, energy, plan, totals

GIVEN = plan(
    energy(price="0.10"),
    component("pack", "ENERGY", price="5", package="10"),
    component("steps", "ENERGY", tiers=[{"up_to": "5", "price": "1", "fixed": "3"}, {"price": "2"}]),
    component("demand", "DEMAND", price="2", demand={"ratchet": [{"percent": "80", "months": 3}], "minimum": "4"}),
    component("year", "FIXED_YEARLY", price="9"),
    component("bill", "FIXED_PERIOD", price="7"),
    component("once", "ONE_OFF", price="50", due="2026-01-02"),
    component("less", "DISCOUNT", percent="10"),
    component("least", "MINIMUM_BILL", price="900"),
    component("kvarh", "POWER_FACTOR", price="1", power_factor={"rule": "REACTIVE_ABOVE", "tan_phi": "0.1"}),
    component(
        "pf",
        "POWER_FACTOR",
        components=["energy"],
        power_factor={"rule": "STEPS", "steps": [{"below": "0.99", "percent": "1"}]},
    ),
    component(
        "delta",
        "LOW_DELTA_T",
        components=["energy"],
        delta_t={"rule": "STEPS", "steps": [{"below": "8", "percent": "2"}]},
    ),
    component("water", "LOW_DELTA_T", price="1", delta_t={"rule": "VOLUME_ABOVE", "target": "8"}),
    component("passed", "PASS_THROUGH", invoice={"code": "utility"}),
)
INPUTS = replace(NONE, invoices={"utility": {"all": InvoiceLine(Decimal(100), Decimal(20))}})


def shown() -> list[lines.Line]:
    rated = totals(
        GIVEN,
        "60",
        INPUTS,
        channels={Channel.REACTIVE_IMPORT: "30", Channel.VOLUME: "10"},
        demands={"demand": {"": "3"}},
    )
    charge: dict[str, Any] = {
        "periods": [],
        "tariff": {"name": {"en": "T"}, "code": "T", "version": 1},
        "from": "2026-01-01T00:00+00:00",
        "until": "2026-01-31T00:00+00:00",
    }
    return [
        lines.read(
            (0, 0, n),
            {**each._asdict(), "price": f"{each.price:f}", "exact": f"{each.exact:f}", "amount": str(each.amount)},
            charge,
            "lightning",
            "electricity",
            "EUR",
        )
        for n, each in enumerate(rated.lines)
    ]


def test_every_line_has_words() -> None:
    found = {each.name: each for each in shown()}

    assert all(each.words and each.sentence and each.price_unit for each in found.values())
    assert (found["demand"].quantity, found["demand"].unit) == ("4", "kW")
    assert found["demand"].sentence.endswith("At least 4\u00a0kW are billed.")
    assert (found["year"].quantity, found["year"].price_unit) == ("30\u2044365", "EUR a year")
    assert (found["less"].unit, found["pack"].words) == ("%", "packages begun")
    assert found["once"].sentence == "Charged once."
    low = found["delta (5.2 K)"]
    assert low.words == "temperature difference"
    assert low.sentence == (
        "The mean difference of the period was 5.2 K: 60\u00a0kWh / (10 m³ × 999.7 kg/m³ × 4.1954 kJ/(kg K))."
        " The percentage is on lines that come to 6."
    )
    assert found["water (5.2 K)"].sentence.endswith("Charged is the water above what this energy needs at 8 K.")
