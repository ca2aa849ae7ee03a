"""Checks of a balance sheet that start from other rows than the sheet itself: registers, books, allocation sheets."""

from __future__ import annotations

import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Sum

from meterbook.billing import models as billing_models
from meterbook.foundation import scoping
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.ledger import models as ledger_models
from meterbook.metering import queries as metering_queries
from meterbook.reporting.queries import raw_readings, site_energy


class ComparedSums(enum.StrEnum):
    """What is compared."""

    REGISTER = "REGISTER"  # a main meter's register against the sum of its intervals
    LINES = "LINES"  # the lines of all bills, with their taxes, against their totals
    BOOKS = "BOOKS"  # the totals of all bills against what was posted
    SHEET = "SHEET"  # the shares of an allocation sheet against the cost


@dataclass(frozen=True)
class Check:
    """Two numbers that must be one; `unit` is a unit or a currency. `href` names a meter point or a sheet."""

    kind: ComparedSums
    name: str
    left: Fraction
    right: Fraction
    unit: str
    href: str = ""

    @property
    def difference(self) -> Fraction:
        """Zero, or something is wrong."""
        return self.left - self.right


def of_registers(balances: Sequence[site_energy.ServiceBalance]) -> list[Check]:
    """This will compare each main meter's register with its intervals, where it was read at both ends of the days."""
    found = []
    for balance in balances:
        for main in balance.mains:
            check = _register(main)
            found += [check] if check is not None else []
    return found


def of_bills(bills: Sequence[site_energy.IssuedBill]) -> list[Check]:
    """This will compare the lines of bills with their totals, and those with the books, a currency each."""
    found = []
    for currency in dict.fromkeys(each.currency for each in bills):
        own = [each for each in bills if each.currency == currency]
        total = sum((Fraction(each.total) for each in own), Fraction(0))
        lines = sum((_lines(each) for each in own), Fraction(0))
        found += [
            Check(ComparedSums.LINES, "", lines, total, currency),
            Check(ComparedSums.BOOKS, "", total, _posted(own), currency),
        ]
    return found


def of_sheets(*, site_id: int, first_day: date, until_day: date) -> list[Check]:
    """This will compare the shares of each approved allocation sheet of the days with its cost."""
    sheets = billing_models.PoolSheet.objects.filter(
        organization_id=scoping.current().organization_id,
        site_id=site_id,
        days__overlap=(first_day, until_day),
        run__approved_at__isnull=False,
    ).exclude(digest="")
    found = []
    for each in sheets.select_related("pool").order_by("pool__stage", "pool__code", "days", "id"):
        plain = json.loads(bytes(each.content))
        rows = [Fraction(row["share"]) for part in plain["parts"] for row in part["rows"]]
        borne = [Fraction(row["amount"]) for row in plain["landlord"]]
        left = sum((*rows, *borne), Fraction(0))
        right = Fraction(plain["total"])
        found.append(Check(ComparedSums.SHEET, each.pool.name, left, right, each.currency, str(each.public_id)))
    return found


def _register(main: site_energy.Measured) -> Check | None:
    detail = metering_queries.get_meter(public_id=main.public_id)
    series = next((each for each in detail.series if each.id == main.series_id), None)
    if series is None:
        return None
    ends = [raw_readings.counting_at(series=series, at=each) for each in (main.period.start, main.period.end)]
    first, last = (
        raw_readings.register_of(detail=detail, series=series, at=at, is_ending=is_ending)
        for at, is_ending in ((main.period.start, False), (main.period.end, True))
    )
    if None in ends or first is None or first != last:
        return None  # not read at both ends, or another meter or multiplier since
    begin, end = (each.raw for each in ends if each is not None)
    if end < begin:
        return None  # past the end of the register
    factor = quantity.factor(Unit(first.unit), main.unit) * first.multiplier / 10**first.decimals
    left = (end - begin) * factor
    return Check(ComparedSums.REGISTER, main.name, left, main.quantity, main.unit.symbol, str(main.public_id))


def _lines(bill: site_energy.IssuedBill) -> Fraction:
    content = bill.content
    charges = [each for point in content["meter_points"] for each in point["charges"]]
    charged = [line["amount"] for each in charges for line in each["lines"]]
    charged += [each["amount"] for each in content.get("shared_costs", ())]
    for settled in content.get("settlements", ()):
        charged += [each["amount"] for each in settled["lines"]]
    # Taxes that prices hold are in the lines already.
    taxes = [each["amount"] for each in content["taxes"] if not each.get("trace", {}).get("inclusive")]
    return sum((Fraction(each) for each in (*charged, *taxes)), Fraction(0))


def _posted(bills: Sequence[site_energy.IssuedBill]) -> Fraction:
    """What the receivables of these bills were debited."""
    ids = [each.transaction_id for each in bills if each.transaction_id is not None]
    entries = ledger_models.LedgerEntry.objects.filter(
        organization_id=scoping.current().organization_id,
        transaction_id__in=ids,
        account__in=billing_models.Bill.objects.filter(
            organization_id=scoping.current().organization_id, transaction_id__in=ids
        ).values("account__receivable_id"),
    )
    return Fraction(entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))
