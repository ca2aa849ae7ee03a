"""The rules of the sheets: who a customer is, whose an account is, who pays for what since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.core import validators
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from meterbook.customers import values as customer_values
from meterbook.journeys.accounts import agreed, sheets
from meterbook.journeys.accounts.planner import Planner, laid_over, require
from meterbook.journeys.accounts.present import Present
from meterbook.journeys.accounts.sheets import AccountSheet, Holder
from meterbook.journeys.building.book import Book
from meterbook.journeys.building.cells import Value
from meterbook.journeys.building.planning import Entry, Plan
from meterbook.journeys.building.present import Values

FIXED = ("customer", "site", "holder", "vacancy_tariff")  # of an account that is there


def plan(book: Book, present: Present, language: str) -> Plan:
    """This will compare a workbook with what is there; the plan may be written when it has no problems.

    :param language: of the bills of new customers whose row says none
    """
    planner = Planner(book, sheets.COLUMNS, present, language, plan=Plan(sheets=tuple(AccountSheet)))
    _plan_customers(planner)
    _plan_accounts(planner)
    agreed.plan_contracts(planner)
    return planner.finish()


def _plan_customers(planner: Planner) -> None:
    sheet, present = AccountSheet.CUSTOMERS, planner.present
    defaults: Mapping[str, Value] = {
        "kind": customer_values.CustomerKind.PERSON.value,
        "language": planner.language,
    }
    for found in planner.accept(sheet, present.values_of_customers, defaults):
        code = str(found.values["code"])
        known = present.values_of_customers.get(code)
        if known is None and code in present.customers:
            planner.blame(
                sheet,
                found.line,
                "code",
                _("This customer was merged into another one, or erased."),
                _("Take another code."),
            )
        entry = _with_lines(planner, laid_over(found, known, ("kind", "language")))
        planner.seen[sheet][code] = entry
        _check_email(planner, entry)
        planner.keep(sheet, entry, known)


def _with_lines(planner: Planner, entry: Entry) -> Entry:
    phones = entry.values.get("phones")
    if phones is None:
        return entry
    lines = list(dict.fromkeys(line.strip() for line in str(phones).splitlines() if line.strip()))
    if len(lines) > customer_values.MOST_LINES or any(len(line) > customer_values.PHONE_LENGTH for line in lines):
        planner.blame(
            AccountSheet.CUSTOMERS,
            entry.line,
            "phones",
            _("There are too many lines, or one is too long."),
            _("At most %(most)s lines of %(length)s characters are kept.")
            % {"most": customer_values.MOST_LINES, "length": customer_values.PHONE_LENGTH},
        )
    return replace(entry, values={**entry.values, "phones": "\n".join(lines)})


def _check_email(planner: Planner, entry: Entry) -> None:
    email = entry.values.get("email")
    if email is None:
        return
    try:
        validators.validate_email(str(email))
    except ValidationError:
        planner.blame(
            AccountSheet.CUSTOMERS,
            entry.line,
            "email",
            _("“%(text)s” is no e-mail address.") % {"text": str(email)[:60]},
            _("Write it as name@example.com."),
        )


def _plan_accounts(planner: Planner) -> None:
    sheet, present = AccountSheet.ACCOUNTS, planner.present
    landlords: dict[str, object] = {
        each.site.code: each.number for each in present.accounts.values() if each.is_landlord
    }
    for found in planner.accept(sheet, present.values_of_accounts, {"holder": Holder.TENANT.value}):
        number = str(found.values["number"])
        known = present.values_of_accounts.get(number)
        entry = laid_over(found, known, FIXED)
        if known is not None:
            _check_fixed(planner, entry, known)
        else:
            entry = _with_site(planner, entry)
            _check_account(planner, entry, landlords)
        planner.seen[sheet][number] = entry
        planner.keep(sheet, entry, known)


def _check_fixed(planner: Planner, entry: Entry, known: Values) -> None:
    for key in FIXED:
        if entry.values.get(key) != known[key]:
            planner.blame(
                AccountSheet.ACCOUNTS,
                entry.line,
                key,
                _("It is “%(before)s” already.")
                % {"before": planner.shown(AccountSheet.ACCOUNTS, key, known) or _("empty")},
                _("An account keeps its customer, its site and whose it is; open another one under a new number."),
            )


def _with_site(planner: Planner, entry: Entry) -> Entry:
    """An account without a site belongs to the only one there is."""
    given, codes = entry.values.get("site"), planner.present.sites
    if given is None and len(codes) == 1:
        given = next(iter(codes))
    if given is None:
        planner.blame(AccountSheet.ACCOUNTS, entry.line, "site", _("The cell is empty."), _("Give the code of a site."))
    require(planner, AccountSheet.ACCOUNTS, entry.line, "site", given, codes)
    return replace(entry, values={**entry.values, "site": given})


def _check_account(planner: Planner, entry: Entry, landlords: dict[str, object]) -> None:
    sheet, line, present = AccountSheet.ACCOUNTS, entry.line, planner.present
    require(
        planner,
        sheet,
        line,
        "customer",
        entry.values.get("customer"),
        {**present.values_of_customers, **planner.seen[AccountSheet.CUSTOMERS]},
    )
    tariff, site = entry.values.get("vacancy_tariff"), str(entry.values.get("site"))
    require(planner, sheet, line, "vacancy_tariff", tariff, present.tariffs)
    if entry.values.get("holder") != Holder.LANDLORD:
        if tariff is not None:
            planner.blame(sheet, line, "vacancy_tariff", _("This is no landlord's account."), _("Empty the cell."))
        return
    if site in landlords:
        planner.blame(
            sheet,
            line,
            "holder",
            _("Account “%(number)s” is the landlord's account of this site.") % {"number": landlords[site]},
            _("A site has one."),
        )
    landlords.setdefault(site, entry.values["number"])
    found = present.sites.get(site)
    if tariff in present.tariffs and found is not None and present.tariffs[str(tariff)].currency != found.currency:
        planner.blame(
            sheet,
            line,
            "vacancy_tariff",
            _("This tariff is not in %(currency)s.") % {"currency": found.currency},
            _("Take a tariff in the currency of the site."),
        )
