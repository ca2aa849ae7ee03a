"""Where the object of an audit entry is shown, for those who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from meterbook.audit import queries as audit_queries
from meterbook.billing import permissions as billing_permissions
from meterbook.customers import permissions as customer_permissions
from meterbook.documents import permissions as document_permissions
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.ledger import permissions as ledger_permissions
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.web import access


@dataclass(frozen=True)
class Page:
    """The page of a kind of object. `has_id`: the object's id stands in its path."""

    route: str
    permission: str
    module: Module
    has_id: bool = True


PAGES = {
    "billing.billrun": Page("run", billing_permissions.VIEW_BILL, Module.BILLING),
    "billing.pool": Page("pool", billing_permissions.VIEW_BILL, Module.BILLING),
    "billing.supplierinvoice": Page("supplier_invoice", billing_permissions.VIEW_BILL, Module.BILLING),
    "customers.account": Page("account", customer_permissions.VIEW_CUSTOMER, Module.BILLING),
    "documents.letterhead": Page("letterhead", document_permissions.EDIT_LETTERHEAD, Module.BILLING, has_id=False),
    "identity.role": Page("roles", identity_permissions.VIEW_USERS, Module.CORE, has_id=False),
    "identity.user": Page("person", identity_permissions.VIEW_USERS, Module.CORE),
    "ledger.ledgertransaction": Page("transaction", ledger_permissions.VIEW_LEDGER, Module.BILLING),
    "metering.importfile": Page("imports", metering_permissions.IMPORT_READINGS, Module.METERING, has_id=False),
    "metering.meterpoint": Page("meter", metering_permissions.VIEW_METER, Module.METERING),
    "sites.site": Page("site_tree", site_permissions.VIEW_SITES, Module.CORE),
    "tariffs.tariff": Page("tariff", tariff_permissions.VIEW_TARIFF, Module.BILLING),
}


def href(request: access.Request, entry: audit_queries.EntryRow) -> str:
    """This will return the address of the object's page; empty when it has none, or the reader may not open it."""
    page = PAGES.get(entry.subject_kind)
    if page is None or page.permission not in request.permissions or not request.organization.has_module(page.module):
        return ""
    if not page.has_id:
        return reverse(page.route, args=[request.organization.public_id])
    if entry.subject_id is None:
        return ""
    return reverse(page.route, args=[request.organization.public_id, entry.subject_id])
