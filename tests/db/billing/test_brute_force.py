"""Bills of a run against sums that share no code with it: register differences times prices, in plain loops."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing import queries, values
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, customers, metering

ACTOR = Actor.system("test")
QUARTER = timedelta(minutes=15)
CENT = Decimal("0.01")
OLD = {"peak": Decimal("0.30"), "off": Decimal("0.10")}
NEW = {"peak": Decimal("0.4137"), "off": Decimal("-0.0211")}


@dataclass
class Point:
    """A meter point with what it used: 0.001 kWh by the start of the quarter; and who pays from when to when."""

    meter: metering.Installed
    used: dict[datetime, int] = field(default_factory=dict)
    payers: list[tuple[datetime, datetime, str]] = field(default_factory=list)


@dataclass
class Month:
    """The month that is billed, in a zone, with another tariff version from a day on."""

    zone: ZoneInfo
    first: date
    until: date
    changes_on: date

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), tzinfo=self.zone).astimezone(UTC)

    @property
    def start(self) -> datetime:
        return self.midnight(self.first)

    @property
    def end(self) -> datetime:
        return self.midnight(self.until)


def meter_of(place: billing.Place, month: Month, dice: random.Random, *, event: str) -> Point:
    """A meter whose register rises at random; at an odd instant its transformers or the meter itself change."""
    found = Point(billing.metered(place, multiplier=Fraction(20) if event == "transformers" else Fraction(1)))
    quarters = (month.end - month.start) // QUARTER
    changed = dice.randrange(100, quarters - 100)
    value, multiplier = dice.randrange(10_000, 90_000), 20 if event == "transformers" else 1
    readings = [(month.start, value)]
    for place_of in range(quarters):
        at = month.start + place_of * QUARTER
        before, after = dice.randrange(60), dice.randrange(60)
        if place_of == changed and event == "transformers":
            _change_transformers(found, at + timedelta(minutes=7), value + before)
            found.used[at] = (before * 20 + after * 40) * 10
            value, multiplier = value + before + after, 40
        elif place_of == changed and event == "exchange":
            metering.record(found.meter.energy, readings)
            _exchange(found, at + timedelta(minutes=7), value + before)
            found.used[at] = (before + after) * 10
            value, readings = 30 + after, []
        else:
            found.used[at] = before * multiplier * 10
            value += before
        readings.append((at + QUARTER, value))
    metering.record(found.meter.energy, readings)
    return found


def _change_transformers(point: Point, at: datetime, shown: int) -> None:
    with scoping.scope([point.meter.organization_id], actor=ACTOR):
        metering_operations.change_multiplier(
            actor=ACTOR,
            at=at,
            installation=point.meter.installation,
            starts_at=at,
            multiplier=Fraction(40),
            registers={"energy_import": shown},
            reason="larger transformers",
        )


def _exchange(point: Point, at: datetime, shown: int) -> None:
    fresh = metering.meter(organization_id=point.meter.organization_id)
    plan = metering_operations.RegisterPlan("energy_import", "energy_import", metering.ENERGY.unit, 2, opening=30)
    with scoping.scope([point.meter.organization_id], actor=ACTOR):
        metering_operations.exchange_meter(
            actor=ACTOR,
            at=at,
            installation=point.meter.installation,
            exchanged_at=at,
            closings={"energy_import": metering_operations.Closing(shown)},
            meter=fresh,
            registers=[plan],
            reason="worn",
        )


def let(place: billing.Place, month: Month, point: Point, dice: random.Random) -> None:
    """One tenant, nobody, another tenant; or one for the whole month, or none. Moves happen at odd minutes."""
    minutes = sorted(dice.sample(range(3 * 1440, 26 * 1440), 2))
    out, back = (month.start + timedelta(minutes=each) for each in minutes)
    if back - out < timedelta(days=3):  # from nobody at all to an hour within one day
        back = out + timedelta(minutes=dice.choice([0, 4, 61, 1_500]))
    kind = dice.choice(["moves", "moves", "whole", "vacant"])
    landlord = place.landlord.number
    spans = {
        "moves": [(month.start, out, ""), (out, back, landlord), (back, month.end, "")],
        "whole": [(month.start, month.end, "")],
        "vacant": [(month.start, month.end, landlord)],
    }[kind]
    if kind == "vacant":  # what never had a contract is no vacancy
        contract(place, point, month.start - timedelta(days=90), month.start - timedelta(days=9))
    for start, end, number in spans:
        if start < end:
            payer = number or contract(place, point, start, None if end == month.end else end)
            point.payers.append((start, end, payer))


def contract(place: billing.Place, point: Point, start: datetime, end: datetime | None) -> str:
    """A new account that pays for a point, by its number."""
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=point.meter.point, tariff=place.tariff, starts_at=start, ends_at=end)
    return account.number


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def expected(month: Month, points: list[Point]) -> tuple[dict[str, int], dict[str, Decimal]]:
    """Quantity (0.001 kWh) and total by account, straight from what was used."""
    quantities: dict[str, int] = defaultdict(int)
    nets: dict[str, Decimal] = defaultdict(lambda: Decimal(0))
    change = month.midnight(month.changes_on)
    for point in points:
        for start, end, payer in point.payers:
            for low, high, prices in ((start, min(end, change), OLD), (max(start, change), end, NEW)):
                if low >= high:
                    continue
                sums = {"peak": 0, "off": 0}
                if not any(low <= at < high for at in point.used):
                    continue
                for at, used in point.used.items():
                    if low <= at < high:
                        sums["peak" if 8 <= at.astimezone(month.zone).hour < 22 else "off"] += used
                days = [
                    day
                    for offset in range((month.until - month.first).days)
                    if low <= month.midnight(day := month.first + timedelta(days=offset)) < high
                ]
                quantities[payer] += sum(sums.values())
                nets[payer] += sum(rounded(Decimal(sums[code]) / 1000 * prices[code]) for code in sums)
                nets[payer] += rounded(Decimal("0.55") * len(days))
    return dict(quantities), {payer: net + rounded(net * Decimal("0.21")) for payer, net in nets.items()}


def billed(place: billing.Place, month: Month) -> dict[str, dict[str, Any]]:
    run = billing.advance(billing.plan(place, first_day=month.first, until_day=month.until))
    assert run.state == values.RunState.REVIEW
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        assert [each.reasons for each in rows if each.reasons] == []
        return {each.account_number: billing.bill_of(each).content for each in rows}


@pytest.mark.parametrize(
    ("seed", "zone", "first", "until"),
    [
        (1, "Europe/Madrid", date(2026, 10, 1), date(2026, 11, 1)),
        (2, "Australia/Lord_Howe", date(2026, 4, 1), date(2026, 5, 1)),
        (3, "America/Santiago", date(2026, 9, 1), date(2026, 10, 1)),
        (209, "America/Santiago", date(2026, 4, 1), date(2026, 5, 1)),  # a meter exchanged in a vacancy
        (102, "Asia/Beirut", date(2026, 10, 1), date(2026, 11, 1)),  # a move on the eve of another version
        (312, "Europe/Madrid", date(2026, 3, 1), date(2026, 4, 1)),  # nobody for four minutes
        (4, "Asia/Kolkata", date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_every_bill_is_register_differences_times_prices(seed: int, zone: str, first: date, until: date) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same dice each time
    month = Month(ZoneInfo(zone), first, until, first + timedelta(days=dice.randrange(5, 25)))
    place = billing.place(time_zone=zone)
    raw = billing.document()
    raw["components"][0]["prices"] = {code: str(price) for code, price in NEW.items()}
    with scoping.scope([place.organization.pk], actor=ACTOR):
        tariff_operations.save_draft(actor=ACTOR, at=month.start, tariff=place.tariff, document=raw)
        tariff_operations.publish_version(actor=ACTOR, at=month.start, tariff=place.tariff, first_day=month.changes_on)
    points = [meter_of(place, month, dice, event=event) for event in ("none", "none", "transformers", "exchange")]
    for point in points:
        let(place, month, point, dice)
    billing.derive(place.organization.pk)

    bills = billed(place, month)

    quantities, totals = expected(month, points)
    assert {
        number: sum(each["quantity"] for each in bill["meter_points"]) for number, bill in bills.items()
    } == quantities
    assert {number: Decimal(bill["total"]) for number, bill in bills.items()} == totals
    for bill in bills.values():
        for each in bill["meter_points"]:
            assert sum(segment["quantity"] for segment in each["segments"]) + each["adjustment"] == each["quantity"]
