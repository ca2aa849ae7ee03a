"""The workbook of accounts to fill in, and the present ones in the same form: what is exported imports unchanged."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.customers import values as customer_values
from meterbook.journeys.accounts import present, sheets
from meterbook.journeys.accounts.sheets import AccountSheet
from meterbook.journeys.building import exporting
from meterbook.journeys.building.present import Values
from meterbook.kernel import order


def template() -> bytes:
    """This will return an empty workbook (XLSX) in the active language: columns, notes, and choices to pick from."""
    return _workbook({each: [] for each in AccountSheet})


def export(*, at: datetime) -> bytes:
    """This will return the customers, open accounts and their contracts of the scope's organization as a workbook."""
    known = present.load(at)
    is_open = {number for number, each in known.accounts.items() if each.state != customer_values.AccountState.CLOSED}
    return _workbook(
        {
            AccountSheet.CUSTOMERS: [known.values_of_customers[code] for code in _ordered(known.values_of_customers)],
            # A merged or erased customer has no row that an account could name.
            AccountSheet.ACCOUNTS: [
                values
                for number in _ordered(known.values_of_accounts)
                if number in is_open
                and (values := known.values_of_accounts[number])["customer"] in known.values_of_customers
            ],
            AccountSheet.CONTRACTS: [
                values
                for key in _ordered(known.values_of_contracts)
                if (values := known.values_of_contracts[key])["account"] in is_open
            ],
        }
    )


def _ordered(codes: object) -> list[str]:
    return sorted(codes, key=order.natural)  # type: ignore[call-overload,no-any-return]


def _workbook(rows: dict[AccountSheet, list[Values]]) -> bytes:
    lines = [
        _("How to fill in this workbook"),
        _("Customers are found by their code, accounts by their number, contracts by meter point and first day."),
        _("What is there already is changed where it may change; the others are made."),
        _("A column that you remove changes nothing; an empty cell empties what it is for."),
        _("Rows that are not in the workbook stay as they are. Nothing is ever deleted by it."),
        _("An account keeps customer and site; a contract keeps account and tariff: end it, and add a new row."),
        _("Columns with * are needed. Formulas are refused: paste values only."),
    ]
    return exporting.written(exporting.compose(rows, sheets.COLUMNS, lines))
