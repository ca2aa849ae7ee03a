"""The statement of an account: a stretch of days of its ledger, each entry with the way to what caused it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.ledger import values as ledger_values
from meterbook.web import access, parameters, tables, typed

MOST_SHOWN = 200  # the newest; the file holds all


class DaysForm(typed.Form):
    """From which day, and up to and with which, entries are shown; either may stay empty."""

    first = parameters.DayField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    final = parameters.DayField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean(self) -> None:
        """This will refuse days that end before they begin."""
        first, final = self.cleaned_data.get("first"), self.cleaned_data.get("final")
        if first and final and final < first:
            self.add_error("final", _("Take a day that is not before the first one."))


@dataclass(frozen=True)
class Entry:
    """One entry; empty addresses where the reader may not go, or there is nowhere to go."""

    row: ledger_values.StatementRow
    source_href: str
    transaction_href: str


@dataclass(frozen=True)
class Shown:
    """What the page shows: the newest entries first, `left` older ones of the days are in the file only."""

    form: DaysForm
    statement: ledger_values.Statement
    entries: tuple[Entry, ...]
    left: int
    csv_href: str
    is_filtered: bool


def show(request: access.Request, account: customer_queries.AccountRow) -> Shown:
    """This will read the days that are asked for; what cannot be is told beside its field, and all are shown."""
    form = DaysForm(request.GET if _asked(request) else None)
    statement = _statement(account, form)
    rows = statement.rows[-MOST_SHOWN:]
    organization = request.organization.public_id
    given = {key: request.GET.get(key, "") for key in ("first", "final")} if form.is_bound and form.is_valid() else {}
    return Shown(
        form=form,
        statement=statement,
        entries=tuple(reversed(_entries(request, organization, rows))),
        left=len(statement.rows) - len(rows),
        csv_href=reverse("statement_file", args=[organization, account.public_id]) + tables.link(given),
        is_filtered=bool(given),
    )


def file(request: access.Request, account: customer_queries.AccountRow) -> HttpResponse:
    """This will give out the entries of the days that are asked for as CSV, the oldest first."""
    statement = _statement(account, DaysForm(request.GET if _asked(request) else None))
    captions = (_("Date"), _("Text"), _("Amount"), _("Balance"), _("Currency"))
    rows = (
        (each.posted_date, each.text, each.amount.amount, each.balance.amount, each.amount.currency)
        for each in statement.rows
    )
    return tables.file(tables.CSV, f"{tables.file_safe(account.number)}_statement", captions, rows)


def _asked(request: HttpRequest) -> bool:
    return bool(request.GET.get("first") or request.GET.get("final"))


def _statement(account: customer_queries.AccountRow, form: DaysForm) -> ledger_values.Statement:
    days: Mapping[str, date | None] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    final = days.get("final")
    return ledger_queries.statement(
        account.receivable_id,
        starts_on=days.get("first"),
        ends_on=final + timedelta(days=1) if final else None,
    )


def _entries(
    request: access.Request, organization: uuid.UUID, rows: tuple[ledger_values.StatementRow, ...]
) -> list[Entry]:
    may_view_bills = billing_permissions.VIEW_BILL in request.permissions
    may_view_ledger = ledger_permissions.VIEW_LEDGER in request.permissions
    sources = {each.source_id for each in rows if each.source_kind == billing_queries.BILL_SOURCE}
    bills = billing_queries.bills_by_id(public_ids=sources) if may_view_bills and sources else {}
    return [
        Entry(
            row=each,
            source_href=reverse("bill", args=[organization, each.source_id]) if each.source_id in bills else "",
            transaction_href=reverse("transaction", args=[organization, each.transaction_public_id])
            if may_view_ledger
            else "",
        )
        for each in rows
    ]
