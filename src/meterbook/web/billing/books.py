"""A transaction of the ledger as a page: its entries, and the way to the bill and the account behind them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.identity.values import Module
from meterbook.kernel import currency as currencies
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.ledger import values as ledger_values
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.billing import book_words
from meterbook.web.templatetags import meterbook as tags


@dataclass(frozen=True)
class Posted:
    """One entry; one of debit and credit is empty. `href` leads to the account of a customer; `kind` is in words."""

    code: str
    name: str
    kind: str
    debit: str
    credit: str
    currency: str
    href: str


@dataclass(frozen=True)
class Source:
    """What caused a transaction; an empty address where it has no page or may not be seen."""

    caption: str
    href: str


@require_GET
@access.page(permission=ledger_permissions.VIEW_LEDGER, module=Module.BILLING, by_site=True)
def transaction(request: access.Request, transaction: uuid.UUID) -> HttpResponse:
    """This will show a transaction with all its entries."""
    try:
        row = ledger_queries.find_transaction(public_id=transaction)
    except ledger_queries.TransactionNotFound as error:
        raise Http404(_("There is no such transaction.")) from error
    # The books are the organization's; who is limited to single sites reads what was posted to their accounts.
    ids = [each.account_id for each in row.entries]
    if scoping.reach() is not None and not customer_queries.accounts_of_receivables(ledger_ids=ids):
        raise Http404(_("There is no such transaction."))
    context = {
        "row": row,
        "entries": posted(request, row.entries),
        "source": source(request, row.source_kind, row.source_id, row.text),
        "bills_href": reverse("bills", args=[request.organization.public_id]),
    }
    return render(request, "billing/transaction.html", context)


def posted(request: access.Request, entries: Sequence[ledger_values.EntryRow]) -> list[Posted]:
    """This will write entries as debit and credit, each receivable with the way to its customer's account."""
    accounts: dict[int, customer_queries.AccountRow] = {}
    if customer_permissions.VIEW_CUSTOMER in request.permissions:
        accounts = customer_queries.accounts_of_receivables(ledger_ids=[each.account_id for each in entries])
    named = {each: tariff_queries.part_names(currency=each) for each in {each.amount.currency for each in entries}}
    found = []
    for each in entries:
        shown = tags.number(abs(each.amount.amount), currencies.minor_units(each.amount.currency))
        is_debit = each.amount.amount >= 0
        account = accounts.get(each.account_id)
        href = reverse("account", args=[request.organization.public_id, account.public_id]) if account else ""
        debit, credit = (shown, "") if is_debit else ("", shown)
        name, kind = book_words.account(each.account_code, each.account_name, named[each.amount.currency])
        found.append(Posted(each.account_code, name, kind, debit, credit, each.amount.currency, href))
    return found


def source(request: access.Request, kind: str, source_id: uuid.UUID, text: str) -> Source:
    """This will return the way from a transaction to what caused it."""
    if kind == billing_queries.BILL_SOURCE and billing_permissions.VIEW_BILL in request.permissions:
        bills = billing_queries.bills_by_id(public_ids={source_id})
        if source_id in bills:
            return Source(bills[source_id].number, reverse("bill", args=[request.organization.public_id, source_id]))
    return Source(text, "")
