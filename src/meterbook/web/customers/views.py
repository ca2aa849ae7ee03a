"""The account list, and the card of one account: what it owes, what it pays for, what was posted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel.money import Money
from meterbook.ledger import queries as ledger_queries
from meterbook.web import access, parameters
from meterbook.web.customers import opening_forms


@dataclass(frozen=True)
class Line:
    """An account with its balance."""

    row: customer_queries.AccountRow
    balance: Money
    href: str


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING)
def accounts(request: access.Request) -> HttpResponse:
    """This will show all accounts by number, with what each owes."""
    search = parameters.search(request)
    rows = customer_queries.list_accounts(search=search)
    balances = ledger_queries.balances(each.receivable_id for each in rows)
    context = {
        "lines": [
            Line(
                row=each,
                balance=balances.get(each.receivable_id, Money.zero(each.currency)),
                href=reverse("account", args=[request.organization.public_id, each.public_id]),
            )
            for each in rows
        ],
        "search": search,
        "may_manage": permissions.MANAGE_CUSTOMER in request.permissions,
        "new_href": reverse("account_new", args=[request.organization.public_id]),
    }
    return render(request, "customers/accounts.html", context)


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING)
def account(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will show one account."""
    return card(request, find(account))


def find(account: uuid.UUID) -> customer_queries.AccountRow:
    """This will return the account, or answer "not found"."""
    try:
        return customer_queries.get_account(public_id=account)
    except customer_queries.AccountNotFound as error:
        raise Http404(_("There is no such account.")) from error


def card(
    request: access.Request, row: customer_queries.AccountRow, *, form: opening_forms.ContractForm | None = None
) -> HttpResponse:
    """This will show the account's card; `form` holds what was typed into the form of a new contract."""
    may_manage = permissions.MANAGE_CUSTOMER in request.permissions
    may_view_bills = billing_permissions.VIEW_BILL in request.permissions
    contract_form = form or opening_forms.ContractForm(site_id=row.site_id, currency=row.currency, on=request.at.date())
    statement = ledger_queries.statement(row.receivable_id)
    context = {
        "account": row,
        "zone": ZoneInfo(row.zone),
        "contracts": customer_queries.list_contracts(account_id=row.id),
        "statement": statement,
        "entries": tuple(reversed(statement.rows)),
        "bills": billing_queries.account_bills(account_id=row.id) if may_view_bills else None,
        "may_manage": may_manage,
        "form": contract_form if may_manage else None,
        "list_href": reverse("accounts", args=[request.organization.public_id]),
    }
    return render(request, "customers/account.html", context, status=422 if form is not None and form.errors else 200)
