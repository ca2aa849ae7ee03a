"""Ten thousand bills made of nothing but numbers, the same each time: what an engine makes of them is kept (I-03).

Tariffs of the demonstration, rates of OpenEI's URDB and documents with further shapes; months with both changes of
clocks, a leap day and half an hour of summer time; loads from a generator with a fixed seed.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.billing import content
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import fold, reading
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.urdb import converting, record
from tests.factories import tariffs

KEPT = Path(__file__).parents[1] / "golden" / "replay.jsonl.gz"
STEP = timedelta(minutes=15)
DECIMALS = 3
ACCOUNTS = 145  # of each tariff in each month
OF_DEMONSTRATION = ("tariff_retail", "tariff_landlord", "tariff_smud_ci_tod3_2018", "tariff_gas", "tariff_water")
OF_URDB = ("1_steel15_smud_ci_tod3", "5_steel15_fpl_gsld1_min", "6_steel15_reopt_multitier", "7_home60_pge_e1")
MONTHS = (
    ("Europe/Madrid", date(2026, 3, 1), date(2026, 4, 1)),
    ("Europe/Madrid", date(2026, 10, 1), date(2026, 11, 1)),
    ("America/New_York", date(2024, 2, 1), date(2024, 3, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 1), date(2026, 5, 1)),
    ("Asia/Kathmandu", date(2026, 7, 10), date(2026, 8, 10)),
)
SERVICES = {Unit.M3: "COLD_WATER"}


@dataclass(frozen=True)
class Bill:
    """What is kept of a bill: enough to see that it changed, and by how much."""

    name: str
    digest: str
    total: str

    @classmethod
    def of(cls, name: str, made: content.Content) -> Bill:
        """This will keep what tells a bill apart: half of its digest's hexadecimal figures are more than enough."""
        return cls(name, made.digest[:16], f"{made.total} {made.currency}")


def kept() -> list[Bill]:
    """This will return the bills as they were adopted."""
    return [Bill(*json.loads(line)) for line in gzip.decompress(KEPT.read_bytes()).decode().splitlines()]


def keep(bills: list[Bill]) -> None:
    """This will adopt bills."""
    text = "".join(json.dumps([each.name, each.digest, each.total]) + "\n" for each in bills)
    KEPT.write_bytes(gzip.compress(text.encode(), mtime=0))


def made(code: str) -> Iterator[Bill]:
    """This will make the bills of a tariff."""
    document = reading.read(documents()[code])
    for place, (zone, first, until) in enumerate(MONTHS):
        yield from _month(code, document, zone, (first, until), seed=place)


def documents() -> dict[str, dict[str, Any]]:
    """This will return the tariffs by what they are called here."""
    data, golden = resources.files("meterbook_lab") / "data", KEPT.parent / "urdb"
    found = {name: json.loads((data / f"{name}.json").read_text(encoding="utf-8")) for name in OF_DEMONSTRATION}
    for name in OF_URDB:
        rate = json.loads((golden / f"{name}.json").read_text(encoding="utf-8"))["urdb"]
        found[name] = converting.convert(record.read_text(json.dumps(rate))).document
    return found | _further()


def _further() -> dict[str, dict[str, Any]]:
    day = {"code": "day", "name": "Day", "charge": "FIXED_DAILY", "price": "0.5537"}
    month = {"code": "month", "name": "Month", "charge": "FIXED_MONTHLY", "price": "12.50"}
    steps = [{"up_to": "100", "price": "0.1000"}, {"up_to": "300", "price": "0.1525"}, {"price": "0.2033"}]
    energy = {"code": "energy", "name": "Energy", "charge": "ENERGY", "tiers": steps}
    demand = {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "4.31", "demand": {"interval": 30}}
    vat = {"code": "vat", "name": "VAT", "rate": "0.21"}
    return {
        "steps by period": tariffs.document(components=[{**energy, "tier_reference": "BILLING_PERIOD"}, day]),
        "steps by month": tariffs.document(components=[{**energy, "tier_reference": "CALENDAR_MONTH"}, month]),
        "steps by days": tariffs.document(components=[{**energy, "tier_reference": {"days": 30}}, day]),
        "slabs": tariffs.document(
            components=[{**energy, "tier_mode": "SLAB", "tier_boundary": "UPPER", "tier_reference": "BILLING_PERIOD"}]
        ),
        "peak": tariffs.peak_document(taxes=[{**vat, "components": ["energy"]}], currency="EUR"),
        "demand": tariffs.document(components=[{**energy, "tier_reference": "BILLING_PERIOD"}, demand], taxes=[vat]),
    }


def _month(code: str, document: TariffDocument, zone: str, days: tuple[date, date], *, seed: int) -> Iterator[Bill]:
    place = ZoneInfo(zone)
    period = Period(civil.start_of_day(days[0], place), civil.start_of_day(days[1], place))
    plan = Plan(document, place, period, Scale(document.unit, DECIMALS))
    chance = np.random.Generator(np.random.PCG64([seed, *code.encode()]))
    most = chance.integers(1, 2_500, (ACCOUNTS, 1))
    values = chance.integers(0, most, (ACCOUNTS, period.duration // STEP), dtype=np.int64)
    heading = _heading(plan, document, days)
    for number, rated in enumerate(fold.rate_matrix(plan, values, STEP)):
        point = _point(plan, document, values[number], rated, number)
        yield Bill.of(f"{code} {days[0]} {number}", content.build(heading, [point]))


def _heading(plan: Plan, document: TariffDocument, days: tuple[date, date]) -> content.Heading:
    return content.Heading(
        organization={"public_id": "0", "name": "Harbor Properties", "language": "en"},
        site={"public_id": "1", "code": "HARBOR", "name": "Harbor Mall", "zone": plan.zone.key},
        account={"public_id": "2", "number": "A-000001", "is_landlord": False},
        customer={"code": "C-1", "name": "Tidal Gym", "tax_number": "", "address": "", "language": "es"},
        currency=document.currency,
        period=plan.period,
        days=(days[1] - days[0]).days,
        zone=plan.zone,
        language="es",
    )


def _point(plan: Plan, document: TariffDocument, row: Any, rated: Rated, number: int) -> content.Point:  # noqa: ANN401 - numpy
    total, opening = int(row.sum()), 1_000_000 + 37 * number
    first, until = (civil.local_date(each, plan.zone) for each in (plan.period.start, plan.period.end))
    shown = [(plan.period.start, opening), (plan.period.end, opening + total)]
    edges = [content.Register(at, value, Quality.VALID, "METER") for at, value in shown]
    unit = document.unit.value
    segment = content.Segment(
        serial="BB000001",
        model="eastron_sdm630",
        register="energy_import",
        unit=unit,
        decimals=DECIMALS,
        previous=edges[0],
        present=edges[1],
        difference=total,
        multiplier=Fraction(1),
        quantity=total,
    )
    tariff = content.TariffFacts(document.code, document.name, 1, "0" * 64, document.mode)
    return content.Point(
        public_id="3",
        code="MP-101",
        name="Unit 1.01",
        unit_name="Unit 1.01",
        service=SERVICES.get(document.unit, "ELECTRICITY"),
        unit=unit,
        decimals=DECIMALS,
        period=plan.period,
        days=(until - first).days,
        is_vacancy=False,
        segments=[segment],
        quantity=total,
        counts=content.Counts(len(row), number % 3, 0, 0),
        history=[content.Month(first.replace(day=1), (until - first).days, total, bool(number % 3))],
        reference=content.Reference("4", first, until, (until - first).days, 0, "0" * 64),
        charges=[content.Charge(plan.period, (until - first).days, tariff, total, rated)],
    )
