"""The page of one customer: who it is, whom to ask, its accounts and contracts, papers, consents, history."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from meterbook.audit import permissions as audit_permissions
from meterbook.audit import queries as audit_queries
from meterbook.customers import lookups, permissions, protection, values
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.money import Money
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.web import access
from meterbook.web.customer_records import forms, words
from meterbook.web.sites import choice
from meterbook.web.tables import file_safe

MOST_ENTRIES = 20


@dataclass(frozen=True)
class AccountLine:
    """An account with what it owes (None: the reader may not know) and what it pays for."""

    row: lookups.AccountOf
    href: str
    balance: Money | None
    contracts: tuple[customer_queries.ContractRow, ...]
    zone: ZoneInfo


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def customer(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will show one customer; a record that was merged leads to the one that it became part of."""
    found = find(customer)
    if found.merged_into is not None:
        return redirect("customer", request.organization.public_id, found.merged_into)
    return page(request, found)


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def paper(request: access.Request, customer: uuid.UUID, paper: uuid.UUID) -> HttpResponse:
    """This will give out a document of a customer, as a file to keep."""
    try:
        row, content = lookups.file_content(customer=customer, file=paper)
    except lookups.FileNotFound as error:
        raise Http404(str(error)) from error
    stem, _dot, extension = row.name.rpartition(".")
    headers = {
        "Content-Disposition": f'attachment; filename="{file_safe(stem)}.{file_safe(extension)}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def of_account(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will lead from an account to its customer."""
    try:
        row = customer_queries.get_account(public_id=account)
    except customer_queries.AccountNotFound as error:
        raise Http404(str(error)) from error
    found = lookups.customer_of_account(account_id=row.id)
    return redirect("customer", request.organization.public_id, found)


def find(customer: uuid.UUID) -> lookups.CustomerDetail:
    """This will return the customer, or answer "not found"."""
    try:
        return lookups.get_customer(public_id=customer)
    except lookups.CustomerNotFound as error:
        raise Http404(str(error)) from error


def page(
    request: access.Request,
    found: lookups.CustomerDetail,
    *,
    faulty: dict[str, django_forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """This will show the page; `faulty` holds forms that must be corrected: contact, consent, vulnerability, paper."""
    is_active = found.state is values.CustomerState.ACTIVE
    may_manage = permissions.MANAGE_CUSTOMER in request.permissions and is_active
    may_know = permissions.KNOW_VULNERABILITY in request.permissions
    may_audit = audit_permissions.VIEW_AUDIT in request.permissions
    noted = protection.vulnerability_of(customer_id=found.id) if may_know else None
    today = civil.local_date(request.at, choice.clock_zone(request))
    accounts = _accounts(request, found)
    organization = request.organization.public_id
    context: dict[str, Any] = {
        "customer": found,
        "facts": found.facts,
        "kind_caption": values.CUSTOMER_KIND_CAPTIONS[found.facts.kind],
        "state_caption": values.CUSTOMER_STATE_CAPTIONS[found.state],
        "is_active": is_active,
        "language": words.language(found.facts.language),
        "accounts": accounts,
        "tariff_names": words.tariff_names(each.tariff_code for line in accounts for each in line.contracts),
        "contacts": [(each, [values.CONTACT_ROLE_CAPTIONS[role] for role in each.roles]) for each in found.contacts],
        "consents": [(each, values.CONSENT_KIND_CAPTIONS[each.kind]) for each in found.consents],
        "zone": choice.clock_zone(request),
        "vulnerability": noted,
        "is_expired": noted is not None and _is_over(noted.until_date, today),
        "may_know": may_know and is_active,
        "may_manage": may_manage,
        "may_erase": permissions.ERASE_CUSTOMER in request.permissions and is_active,
        "entries": [
            (each, words.action(each.action))
            for each in audit_queries.list_entries(subject_id=found.public_id, limit=MOST_ENTRIES)
        ]
        if may_audit
        else None,
        "list_href": reverse("customers", args=[organization]),
        "contact_form": forms.ContactForm(prefix="contact"),
        "consent_form": forms.ConsentForm(prefix="consent"),
        "paper_form": forms.PaperForm(prefix="paper"),
        "vulnerability_form": forms.VulnerabilityForm(
            prefix="care",
            initial=None
            if noted is None
            else {"is_medical": noted.is_medical, "until_date": noted.until_date.isoformat(), "reason": noted.reason},
        ),
        **{f"{name}_form": form for name, form in (faulty or {}).items()},
        "faulty": set(faulty or {}),
    }
    return render(request, "customer_records/customer.html", context, status=status)


def _is_over(until: date, today: date) -> bool:
    return until < today


def _accounts(request: access.Request, found: lookups.CustomerDetail) -> list[AccountLine]:
    may_know = ledger_permissions.VIEW_LEDGER in request.permissions
    balances = ledger_queries.balances([each.receivable_id for each in found.accounts]) if may_know else {}
    return [
        AccountLine(
            row=each,
            href=reverse("account", args=[request.organization.public_id, each.public_id]),
            balance=balances.get(each.receivable_id),
            contracts=tuple(customer_queries.list_contracts(account_id=each.id)),
            zone=ZoneInfo(each.zone),
        )
        for each in found.accounts
    ]
