"""Bills that utilities printed, with demand, power factors, proration factors and conversions, to the cent.

Facts of the cases US-DOVER-PF, PF-90PCT-KVA, MY-SYABAS-OLD-33D-40 and US-GAS-THERM-37; their sources stand at each.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import fold, inputs_reading, reading, usage
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan
from tests.factories import tariffs

ZONE = ZoneInfo("UTC")


def rate(raw: dict[str, Any], given: dict[str, Any], first: date, until: date) -> Rated:
    document = reading.read(raw)
    state, scale = usage.from_determinants(given, document)
    period = Period(civil.start_of_day(first, ZONE), civil.start_of_day(until, ZONE))
    return fold.close(Plan(document, ZONE, period, scale), state, inputs_reading.read(given))


def month(raw: dict[str, Any], given: dict[str, Any]) -> Rated:
    return rate(raw, given, date(2026, 6, 1), date(2026, 7, 1))


def by_component(rated: Rated) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in rated.lines:
        found[line.component] = found.get(line.component, Decimal(0)) + line.amount
    return found | {each.code: each.amount for each in rated.taxes}


def test_demand_is_raised_by_a_low_power_factor() -> None:
    """City of Dover: 50 kW x 0.95 / 0.65 = 73.08 kW are billed; the utility tax is on what stands before it."""
    charges = [
        {"code": "customer", "name": "Customer", "charge": "FIXED_MONTHLY", "price": "22.50"},
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.06770"},
        {
            "code": "demand",
            "name": "Demand",
            "charge": "DEMAND",
            "price": "13.90",
            "demand": {"decimals": 2, "power_factor": {"target": "0.95", "decimals": 2}},
        },
        {"code": "gef", "name": "Green energy fund", "charge": "ENERGY", "price": "0.000178"},
    ]
    taxed = ["customer", "energy", "demand"]
    tax = {"code": "utility", "name": "Utility tax", "rate": "0.0425", "components": taxed}
    # 5,000 kWh and 5,845.6 kvarh are a power factor of 0.65.
    given = {"total": "5000", "demand": {"demand": "50"}, "channels": {"REACTIVE_IMPORT": {"total": "5845.6"}}}

    rated = month(tariffs.document(components=charges, taxes=[tax]), given)

    wanted = {"customer": "22.50", "energy": "338.50", "demand": "1015.81", "gef": "0.89", "utility": "58.51"}
    assert by_component(rated) == {code: Decimal(amount) for code, amount in wanted.items()}
    assert rated.total == Decimal("1436.21")


def test_ninety_percent_of_apparent_power_is_billed() -> None:
    """800 kW at 1,000 kVA: 900 kW are billed, 100 more than were used."""
    charge = {
        "code": "demand",
        "name": "Demand",
        "charge": "DEMAND",
        "price": "10",
        "demand": {"power_factor": {"target": "0.90", "decimals": 2}},
    }
    given = {"total": "8000", "demand": {"demand": "800"}, "channels": {"REACTIVE_IMPORT": {"total": "6000"}}}

    rated = month(tariffs.document(components=[charge]), given)

    assert rated.net - Decimal(8000) == Decimal("1000.00")


def test_blocks_grow_by_a_factor_of_two_decimals() -> None:
    """Syabas: 33 of 31 days are 1.06, and the ends of the blocks are 21.20 and 37.10 m3."""
    charge = {
        "code": "water",
        "name": "Water",
        "charge": "ENERGY",
        "tiers": [{"up_to": "20", "price": "0.57"}, {"up_to": "35", "price": "1.03"}, {"price": "2.00"}],
        "tier_reference": {"days": 31},
        "tier_factor_decimals": 2,
    }
    raw = tariffs.document(components=[charge], currency="MYR", unit="M3")

    rated = rate(raw, {"unit": "M3", "total": "40"}, date(2026, 5, 1), date(2026, 6, 3))

    assert [(Decimal(line.quantity), line.amount) for line in rated.lines] == [
        (Decimal("21.20"), Decimal("12.08")),
        (Decimal("15.90"), Decimal("16.38")),
        (Decimal("2.90"), Decimal("5.80")),
    ]
    assert rated.total == Decimal("34.26")


def test_gas_is_billed_in_whole_therms() -> None:
    """37 Ccf with a billing factor of 1.085 are 40.145 therms, and 40 are billed."""
    charge = {
        "code": "gas",
        "name": "Gas",
        "charge": "ENERGY",
        "price": "1",
        "loss": {"factor": "1.085"},
        "quantity_rounding": {"to": "1"},
    }
    raw = tariffs.document(components=[charge], unit="CCF")

    (line,) = month(raw, {"unit": "CCF", "total": "37"}).lines

    assert (Decimal(line.trace["measured"]), Decimal(line.quantity), line.amount) == (
        Decimal("40.145"),
        Decimal(40),
        Decimal("40.00"),
    )
