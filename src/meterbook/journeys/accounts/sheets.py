"""What the sheets of a workbook of accounts hold: the columns of customers, accounts and contracts."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.customers import values as customer_values
from meterbook.journeys.building import sheets as building_sheets
from meterbook.journeys.building.sheets import Column, Holds, choice, code, text

CODE_LENGTH, ADDRESS_LENGTH = 40, 1_000
_LANGUAGES = {each: each for each in building_sheets.LANGUAGES}


class AccountSheet(building_sheets.Kind):
    """The sheets, in the order in which they build on each other."""

    CUSTOMERS = "CUSTOMERS"
    ACCOUNTS = "ACCOUNTS"
    CONTRACTS = "CONTRACTS"

    @property
    def caption(self) -> str | Promise:
        """What the sheet is called."""
        return SHEET_CAPTIONS[self]


class Holder(enum.StrEnum):
    """Whose an account is."""

    TENANT = "TENANT"
    LANDLORD = "LANDLORD"
    COST_CENTER = "COST_CENTER"


SHEET_CAPTIONS = {
    AccountSheet.CUSTOMERS: _("Customers"),
    AccountSheet.ACCOUNTS: _("Accounts"),
    AccountSheet.CONTRACTS: _("Contracts"),
}
HOLDER_CAPTIONS = {
    Holder.TENANT: _("Tenant"),
    Holder.LANDLORD: _("Landlord"),
    Holder.COST_CENTER: _("Cost center"),
}
CUSTOMER_COLUMNS = (
    code("code", _("Code"), CODE_LENGTH, _("Short and unique; rows are found by it."), is_required=True, is_key=True),
    text("name", _("Name"), customer_values.NAME_LENGTH, is_required=True, width=28),
    choice(
        "kind",
        _("Person or company"),
        customer_values.CUSTOMER_KIND_CAPTIONS,
        _("A person when it is empty."),
        width=18,
    ),
    text("legal_name", _("Legal name"), customer_values.NAME_LENGTH, _("Where it differs from the name."), width=28),
    text("tax_number", _("ID or tax number"), CODE_LENGTH),
    text("email", _("E-mail"), 254, _("Bills go there; without an address they are printed."), width=28),
    Column(
        "phones",
        _("Phones"),
        Holds.LINES,
        _("One a line."),
        most=customer_values.MOST_LINES * (customer_values.PHONE_LENGTH + 1),
    ),
    Column("address", _("Postal address"), Holds.LINES, most=ADDRESS_LENGTH, width=32),
    choice("language", _("Language of the bills"), _LANGUAGES, _("Empty: the language of the person who imports.")),
    Column("occupants", _("Occupants"), Holds.WHOLE, most=customer_values.MOST_OCCUPANTS),
)
ACCOUNT_COLUMNS = (
    code(
        "number", _("Account number"), CODE_LENGTH, _("Unique; it stands on every bill."), is_required=True, is_key=True
    ),
    code("customer", _("Customer"), CODE_LENGTH, _("Code of the customer."), is_required=True),
    code("site", _("Site"), CODE_LENGTH, _("Code of the site; may be empty when there is only one.")),
    choice(
        "holder",
        _("Whose account"),
        HOLDER_CAPTIONS,
        _("Tenant when it is empty. The landlord's account of a site takes what vacant units use."),
    ),
    code("vacancy_tariff", _("Tariff of vacant units"), CODE_LENGTH, _("Code; only of the landlord's account.")),
)
CONTRACT_COLUMNS = (
    code("point", _("Meter point"), CODE_LENGTH, _("Code of the meter point."), is_required=True, is_key=True),
    Column(
        "since",
        _("First day"),
        Holds.DAY,
        _("Who pays since then, from midnight at the meter. Rows are found by meter point and first day."),
        is_required=True,
        is_key=True,
    ),
    code("account", _("Account"), CODE_LENGTH, _("Number of the account that pays."), is_required=True),
    code("tariff", _("Tariff"), CODE_LENGTH, _("Code of the tariff."), is_required=True),
    Column("until", _("Last day"), Holds.DAY, _("Empty: the contract goes on.")),
    text(
        "reason",
        _("Why not the default tariff"),
        customer_values.REASON_LENGTH,
        _("Needed where the tariff is not the default; a second person approves it. Only of new contracts."),
        width=28,
    ),
)
COLUMNS: Mapping[AccountSheet, tuple[Column, ...]] = {
    AccountSheet.CUSTOMERS: CUSTOMER_COLUMNS,
    AccountSheet.ACCOUNTS: ACCOUNT_COLUMNS,
    AccountSheet.CONTRACTS: CONTRACT_COLUMNS,
}
