"""The whole balance sheet of a site and some days: quantities, money, and the checks of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterbook.billing.queries import supplier_invoices
from meterbook.reporting.queries import balance_checks, site_energy, site_money


@dataclass(frozen=True)
class SiteSheet:
    """Everything of [first_day, until_day); `bill_count` bills touch the days."""

    services: tuple[site_energy.ServiceBalance, ...]
    figures: tuple[supplier_invoices.InvoiceFigure, ...]
    invoiced: tuple[site_money.Invoiced, ...]
    moneys: tuple[site_money.MoneyBalance, ...]
    checks: tuple[balance_checks.Check, ...]
    bill_count: int


def sheet_of(*, site_id: int, first_day: date, until_day: date) -> SiteSheet:
    """This will put the balance sheet of a site together from its meters, bills, invoices, shared costs and books."""
    bills = list(site_energy.issued(site_id=site_id, first_day=first_day, until_day=until_day))
    services = site_energy.balances(site_id=site_id, first_day=first_day, until_day=until_day, bills=bills)
    figures, invoiced = site_money.invoiced(site_id=site_id, first_day=first_day, until_day=until_day)
    moneys = site_money.balances(
        site_id=site_id, first_day=first_day, until_day=until_day, bills=bills, figures=figures
    )
    checks = [
        *balance_checks.of_registers(services),
        *balance_checks.of_bills(bills),
        *balance_checks.of_sheets(site_id=site_id, first_day=first_day, until_day=until_day),
    ]
    return SiteSheet(tuple(services), tuple(figures), tuple(invoiced), tuple(moneys), tuple(checks), len(bills))
