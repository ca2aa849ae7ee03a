"""The account list, and the card of one account: what it owes, what it pays for, what was posted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import letting, own, permissions
from meterbook.customers import queries as customer_queries
from meterbook.customers.queries import Show, Sort
from meterbook.identity.values import Module
from meterbook.journeys import asking
from meterbook.kernel.money import Money
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, parameters, site_modules, tables
from meterbook.web.billing import shared, words
from meterbook.web.customers import first_days, opening_forms, statement
from meterbook.web.templatetags import meterbook as tags

COLUMNS = (
    tables.Column(gettext_lazy("Account"), Sort.NUMBER),
    tables.Column(gettext_lazy("Customer"), Sort.NAME),
    tables.Column(gettext_lazy("Site"), "", "hide-phone"),
    tables.Column(gettext_lazy("Bills go"), "", "hide-phone"),
    tables.Column(gettext_lazy("Owes"), Sort.BALANCE, "num", is_descending_first=True),
)
CAPTIONS = {
    Show.ALL: gettext_lazy("All"),
    Show.OWING: gettext_lazy("Owing"),
    Show.CREDIT: gettext_lazy("With credit"),
    Show.PAPER: gettext_lazy("Bills on paper"),
    Show.LANDLORD: gettext_lazy("Landlord"),
    Show.INTERNAL: gettext_lazy("Cost centers"),
}


@dataclass(frozen=True)
class Line:
    """An account with its balance."""

    row: customer_queries.AccountRow
    balance: Money
    href: str


@dataclass(frozen=True)
class FilterChip:
    """A way to narrow the list."""

    caption: str | Promise
    href: str
    count: str
    is_chosen: bool


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def accounts(request: access.Request) -> HttpResponse:
    """This will show the accounts with what each owes: `?q=`, `?site=`, `?show=owing`, `?sort=-balance`, `?page=2`."""
    narrowing, asked, sites = _read(request)
    number = parameters.page_number(request)
    found = customer_queries.list_accounts(narrowing=narrowing, offset=(number - 1) * tables.PAGE, limit=tables.PAGE)
    organization = request.organization.public_id
    context = {
        "lines": [
            Line(each, balance, reverse("account", args=[organization, each.public_id])) for each, balance in found.rows
        ],
        "chips": [
            FilterChip(
                caption,
                tables.link(asked, show="" if show is Show.ALL else show.value),
                tags.number(found.counts[show]),
                show is narrowing.show,
            )
            for show, caption in CAPTIONS.items()
            if found.counts[show] or show in (Show.ALL, narrowing.show)
        ],
        "sites": sites,
        "narrowing": narrowing,
        "asked": asked,
        "is_filtered": any(value for key, value in asked.items() if key != "sort"),
        "heads": tables.heads(COLUMNS, asked, narrowing.sort, is_descending=narrowing.is_descending),
        "pages": tables.pages(asked, number, found.counts[narrowing.show]),
        "may_manage": permissions.MANAGE_CUSTOMER in request.permissions,
        "may_import": permissions.MANAGE_CUSTOMER in request.access.everywhere,
        "new_href": reverse("account_new", args=[organization]),
        "has_journal": found.counts[Show.INTERNAL] and ledger_permissions.VIEW_LEDGER in request.permissions,
    }
    return render(request, "customers/accounts.html", context)


def _read(
    request: access.Request,
) -> tuple[customer_queries.Narrowing, dict[str, str], list[site_queries.SiteRow]]:
    """What the list is asked for, the query that asks so, and the sites; what is unknown is left out."""
    sites = list(site_queries.reached_sites())
    site = next((each for each in sites if str(each.public_id) == request.GET.get("site", "")), None)
    show = request.GET.get("show", "")
    code, is_descending = tables.sorting(request.GET.get("sort", ""))
    narrowing = customer_queries.Narrowing(
        show=Show(show) if show in set(Show) else Show.ALL,
        search=parameters.search(request),
        site_id=site.id if site else None,
        sort=Sort(code) if code in set(Sort) else Sort.NUMBER,
        is_descending=is_descending and code in set(Sort),
        without_sites=site_modules.sites_without(request, Module.BILLING),
    )
    asked = {
        "q": narrowing.search,
        "site": str(site.public_id) if site else "",
        "show": "" if narrowing.show is Show.ALL else narrowing.show.value,
        "sort": request.GET["sort"] if code in set(Sort) else "",
    }
    return narrowing, asked, sites


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def account(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will show one account."""
    return card(request, find(account))


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def statement_file(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will give out the statement as CSV: `?first=2026-01-01&final=2026-03-31`."""
    return statement.file(request, find(account))


def find(account: uuid.UUID) -> customer_queries.AccountRow:
    """This will return the account, or answer "not found"."""
    try:
        return customer_queries.get_account(public_id=account)
    except customer_queries.AccountNotFound as error:
        raise Http404(_("There is no such account.")) from error


def zone_of(row: customer_queries.AccountRow, point: str) -> ZoneInfo:
    """This will return the zone of a meter point, else that of the account's site: contracts begin at its midnight."""
    found = metering_queries.find_zone(public_id=uuid.UUID(point))
    return ZoneInfo(row.zone) if found is None else found.zone


def contract_form(request: access.Request, row: customer_queries.AccountRow) -> opening_forms.ContractForm:
    """This will return the form of a new contract of the account, with what was sent."""
    given = request.POST if request.method == "POST" else None
    form = opening_forms.ContractForm(
        given, site_id=row.site_id, currency=row.currency, zone=ZoneInfo(row.zone), at=request.at
    )
    offered = form.fields["meter_point"].choices[:1]  # type: ignore[attr-defined]  # those that nobody pays for
    listed = letting.places(at=request.at, site_id=row.site_id) if given is None and offered else []
    points = [each for place in listed for each in place.points if str(each.public_id) == offered[0][0]]
    if points:
        proposal = first_days.propose(points=points, zone=points[0].zone, at=request.at)
        form.initial["first_day"] = proposal.day.isoformat()
        form.fields["first_day"].help_text = _("For %(point)s: %(why)s Midnight at the meter.") % {
            "point": points[0].code,
            "why": proposal.words,
        }
    return form


def card(
    request: access.Request, row: customer_queries.AccountRow, *, form: opening_forms.ContractForm | None = None
) -> HttpResponse:
    """This will show the account's card; `form` holds what was typed into the form of a new contract."""
    may_manage = permissions.MANAGE_CUSTOMER in request.permissions
    may_view_bills = billing_permissions.VIEW_BILL in request.permissions
    shown = statement.show(request, row)
    contracts = customer_queries.list_contracts(account_id=row.id)
    context = {
        "account": row,
        "zone": ZoneInfo(row.zone),
        "has_moved_out": row.moved_out_at is not None and row.moved_out_at <= request.at,
        "contracts": contracts,
        "tariff_names": {
            code: words.said(each.names)
            for code, each in tariff_queries.names_of(codes={each.tariff_code for each in contracts}).items()
        },
        "balance": ledger_queries.balance(row.receivable_id),
        "asked": asking.of_account(row, at=request.at) if may_view_bills else None,
        "shown": shown,
        "bills": billing_queries.account_bills(account_id=row.id) if may_view_bills else None,
        "borne": shared.borne([row.id]) if may_view_bills else (),
        "may_manage": may_manage,
        "sign_ins": [(each, each.is_waiting(request.at)) for each in own.sign_ins_of(account_id=row.id, at=request.at)],
        "form": (form or contract_form(request, row)) if may_manage else None,
        "may_view_tariffs": tariff_permissions.VIEW_TARIFF in request.permissions,
        "may_view_meters": metering_permissions.VIEW_METER in request.permissions,
        "list_href": reverse("accounts", args=[request.organization.public_id]),
        "has_journal": row.is_internal and ledger_permissions.VIEW_LEDGER in request.permissions,
    }
    return render(request, "customers/account.html", context, status=422 if form is not None and form.errors else 200)
