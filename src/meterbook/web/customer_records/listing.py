"""The list of customers, and the list as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from meterbook.customers import lookups, permissions, values
from meterbook.customers.lookups import Show, Sort
from meterbook.identity.values import Module
from meterbook.web import access, parameters, tables
from meterbook.web.templatetags import meterbook as tags

COLUMNS = (
    tables.Column(gettext_lazy("Customer"), Sort.NAME),
    tables.Column(gettext_lazy("Code"), Sort.CODE, "hide-phone"),
    tables.Column(gettext_lazy("E-mail"), "", "hide-phone"),
    tables.Column(gettext_lazy("Phone")),
    tables.Column(gettext_lazy("Accounts"), "", "num"),
)
CAPTIONS: dict[Show, str | Promise] = {
    Show.ALL: pgettext_lazy("customers", "All"),
    Show.PEOPLE: gettext_lazy("Persons"),
    Show.COMPANIES: gettext_lazy("Companies"),
    Show.CURRENT: pgettext_lazy("customers", "Current"),
    Show.FORMER: pgettext_lazy("customers", "Without a contract"),
    Show.MERGED: pgettext_lazy("customers", "Merged"),
    Show.ERASED: pgettext_lazy("customers", "Erased"),
}
ALWAYS = (Show.ALL, Show.CURRENT)


@dataclass(frozen=True)
class Chip:
    """A way to narrow the list."""

    caption: str | Promise
    href: str
    count: str
    is_chosen: bool


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def customers(request: access.Request) -> HttpResponse:
    """This will show the customers: `?q=`, `?show=former`, `?sort=-name`, `?page=2`; `?format=csv` gives a file."""
    narrowing, asked = _read(request)
    kind = request.GET.get("format", "")
    if kind in (tables.CSV, tables.XLSX):
        return _file(request, kind, narrowing)
    number = parameters.page_number(request)
    found = lookups.list_customers(
        narrowing=narrowing, at=request.at, offset=(number - 1) * tables.PAGE, limit=tables.PAGE
    )
    organization = request.organization.public_id
    context = {
        "lines": [(each, reverse("customer", args=[organization, each.public_id])) for each in found.rows],
        "chips": [
            Chip(
                caption,
                tables.link(asked, show="" if show is Show.ALL else show.value),
                tags.number(found.counts[show]),
                show is narrowing.show,
            )
            for show, caption in CAPTIONS.items()
            if found.counts[show] or show in (*ALWAYS, narrowing.show)
        ],
        "narrowing": narrowing,
        "asked": asked,
        "is_filtered": any(value for key, value in asked.items() if key != "sort"),
        "heads": tables.heads(COLUMNS, asked, narrowing.sort, is_descending=narrowing.is_descending),
        "pages": tables.pages(asked, number, found.counts[narrowing.show]),
        "csv_href": tables.link(asked, format=tables.CSV),
        "xlsx_href": tables.link(asked, format=tables.XLSX),
        "may_manage": permissions.MANAGE_CUSTOMER in request.access.everywhere,
        "new_href": reverse("customer_new", args=[organization]),
        "duplicates_href": reverse("duplicates", args=[organization]),
        "contracts_href": reverse("contracts", args=[organization]),
        "kinds": values.CUSTOMER_KIND_CAPTIONS,
    }
    return render(request, "customer_records/customers.html", context)


def _read(request: access.Request) -> tuple[lookups.Narrowing, dict[str, str]]:
    """What the list is asked for, and the query that asks so; what is unknown is left out."""
    show = request.GET.get("show", "")
    code, is_descending = tables.sorting(request.GET.get("sort", ""))
    is_sorted = code in set(Sort)
    narrowing = lookups.Narrowing(
        show=Show(show) if show in set(Show) else Show.ALL,
        search=parameters.search(request),
        sort=Sort(code) if is_sorted else Sort.NAME,
        is_descending=is_descending and is_sorted,
    )
    asked = {
        "q": narrowing.search,
        "show": "" if narrowing.show is Show.ALL else narrowing.show.value,
        "sort": request.GET["sort"] if is_sorted else "",
    }
    return narrowing, asked


def _file(request: access.Request, kind: str, narrowing: lookups.Narrowing) -> HttpResponse:
    found = lookups.list_customers(narrowing=narrowing, at=request.at, limit=None)
    captions = (
        gettext_lazy("Code"),
        gettext_lazy("Customer"),
        gettext_lazy("Person or company"),
        gettext_lazy("ID or tax number"),
        gettext_lazy("E-mail"),
        gettext_lazy("Phone"),
        gettext_lazy("Accounts"),
    )
    return tables.file(kind, "customers", captions, _rows(found))


def _rows(found: lookups.CustomerPage) -> Iterator[tuple[str | int, ...]]:
    for each in found.rows:
        caption = str(values.CUSTOMER_KIND_CAPTIONS[each.kind])
        yield (each.code, each.name, caption, each.tax_number, each.email, each.phone, each.accounts)
