"""The journal of charge-backs: what each cost center bears by service, and the entries as a file for the books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel.money import Money
from meterbook.ledger import permissions
from meterbook.web import access, parameters, site_modules, tables, typed
from meterbook.web.billing import book_words
from meterbook.web.sites import choice

DECEMBER, ITS_LAST = 12, 31


class DaysForm(typed.Form):
    """The first day and the final one, both of them among the days."""

    first = parameters.DayField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    final = parameters.DayField(label=gettext_lazy("Until"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> None:
        """This will refuse days that end before they begin."""
        first, final = self.cleaned_data.get("first"), self.cleaned_data.get("final")
        if first and final and final < first:
            self.add_error("final", _("Take a day that is not before the first one."))


@dataclass(frozen=True)
class Line:
    """What a cost center bears for a service; the address leads to its account."""

    number: str
    name: str
    service: str
    amount: Money
    href: str


@require_GET
@access.page(permission=permissions.VIEW_LEDGER, module=Module.BILLING, by_site=True)
def charge_backs(request: access.Request) -> HttpResponse:
    """This will show what cost centers bear: `?first=2026-03-01&final=2026-03-31`, this year by itself."""
    form, journal = _read(request)
    organization = request.organization.public_id
    context: dict[str, Any] = {
        "form": form,
        "journal": journal,
        "has_centers": bool(_counted(request)),
        "new_href": reverse("account_new", args=[organization]) + "?internal=1",
        "accounts_href": reverse("accounts", args=[organization]),
    }
    if journal is not None:
        query = {
            "first": journal.starts_on.isoformat(),
            "final": (journal.ends_on - timedelta(days=1)).isoformat(),
        }
        files = reverse("charge_backs_file", args=[organization])
        context |= {
            "lines": [
                Line(
                    number=each.cost_center.number,
                    name=each.cost_center.customer_name,
                    service=book_words.service_of(each.service),
                    amount=each.amount,
                    href=reverse("account", args=[organization, each.cost_center.public_id]),
                )
                for each in billing_queries.recovered(journal.lines)
            ],
            "csv_href": files + tables.link(query, kind=tables.CSV),
            "xlsx_href": files + tables.link(query, kind=tables.XLSX),
        }
    return render(request, "billing/charge_backs.html", context, status=422 if journal is None else 200)


@require_GET
@access.page(permission=permissions.VIEW_LEDGER, module=Module.BILLING, by_site=True)
def file(request: access.Request) -> HttpResponse:
    """This will give out the journal, an entry a row, for the general ledger: `?kind=csv` or `?kind=xlsx`."""
    form, journal = _read(request)
    if journal is None:
        return render(request, "billing/charge_backs.html", {"form": form, "journal": None}, status=422)
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    captions = (
        _("Date"), _("Reference"), _("Cost center"), _("Name"), _("Site"), _("Ledger account"), _("Service"),
        _("Debit"), _("Credit"), _("Amount"), _("Currency"),
    )  # fmt: skip
    name = f"charge-backs-{journal.starts_on}"
    return tables.file(kind, name, captions, _cells(journal))


def _cells(journal: billing_queries.Journal) -> Iterator[Sequence[tables.Cell]]:
    for each in journal.lines:
        amount = each.amount.amount
        yield (
            each.posted_date,
            each.number,
            each.cost_center.number,
            each.cost_center.customer_name,
            each.cost_center.site_name,
            each.account_code,
            str(book_words.service_of(each.service)) if each.service else "",
            amount if amount > 0 else None,
            -amount if amount < 0 else None,
            amount,
            each.amount.currency,
        )


def _read(request: access.Request) -> tuple[DaysForm, billing_queries.Journal | None]:
    """The days that are asked for, and the journal of them; None where they cannot be."""
    site = choice.chosen_site(request)
    first, final = _usual(request)
    asked = request.GET if "first" in request.GET or "final" in request.GET else None
    form = DaysForm(asked, initial={"first": first.isoformat(), "final": final.isoformat()})
    if form.is_bound:
        if not form.is_valid():
            return form, None
        first, final = form.cleaned_data["first"], form.cleaned_data["final"]
    journal = billing_queries.journal_of_charge_backs(
        starts_on=first,
        ends_on=final + timedelta(days=1),
        site_id=None if site is None else site.id,
        without_sites=site_modules.sites_without(request, Module.BILLING),
    )
    return form, journal


def _usual(request: access.Request) -> tuple[date, date]:
    today = request.at.date()
    return today.replace(month=1, day=1), today.replace(month=DECEMBER, day=ITS_LAST)


def _counted(request: access.Request) -> int:
    narrowing = customer_queries.Narrowing(
        show=customer_queries.Show.INTERNAL, without_sites=site_modules.sites_without(request, Module.BILLING)
    )
    return customer_queries.list_accounts(narrowing=narrowing, limit=1).counts[customer_queries.Show.INTERNAL]
