"""Customers: list, read, add, change, make one of two, give out everything, forget."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import customer_shapes as shapes
from meterbook.customers import duplicates, likeness, lookups, merging, permissions, records
from meterbook.identity.values import Module
from meterbook.journeys import privacy

router = Router(tags=["Customers"])


class LikelyPair(values.Told):
    """Two records that are probably of one customer, and why."""

    first: shapes.ListedCustomer
    second: shapes.ListedCustomer
    why: likeness.Why


class LikelyPairs(values.Told):
    """The surest first; at most 200."""

    items: list[LikelyPair]


class Merge(values.Given):
    """The record that is closed; its accounts, contacts, consents and papers go to the one of the address."""

    merged: uuid.UUID


class Erasure(values.Given):
    """The name of who is to be forgotten, as it is known."""

    name: values.Name


MOST_PAIRS = 200


@endpoint(
    router,
    "GET",
    "/customers",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[shapes.ListedCustomer],
)
def list_customers(
    request: entry.Request,
    search: values.Search = "",
    show: lookups.Show = lookups.Show.ALL,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.ListedCustomer]:
    """This will return customers; `search` is a part of a name, code, e-mail, phone or tax number."""
    rows = lookups.customers_after(
        narrowing=lookups.Narrowing(show=show, search=search),
        at=request.caller.at,
        after_id=paging.after(request, cursor),
        limit=limit + 1,
    )
    return paging.page(request, rows, limit, shapes.listed)


@endpoint(
    router,
    "POST",
    "/customers",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=shapes.CustomerRecord,
    status=201,
)
def create_customer(request: entry.Request, given: shapes.NewCustomer) -> shapes.CustomerRecord:
    """This will add a customer; accounts are opened apart."""
    caller = request.caller
    code = f"C-{uuid.uuid4().hex[:8].upper()}"
    made = records.create_record(
        actor=caller.actor, at=caller.at, code=code, facts=records.Facts(**shapes.plain(given))
    )
    return shapes.read(request, made.public_id)


@endpoint(
    router,
    "GET",
    "/customers/duplicates",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=LikelyPairs,
)
def list_likely_duplicates(request: entry.Request) -> LikelyPairs:
    """This will return pairs of records that are probably of one customer."""
    return LikelyPairs(
        items=[
            LikelyPair(first=shapes.listed(each.first), second=shapes.listed(each.second), why=each.why)
            for each in duplicates.likely_duplicates()[:MOST_PAIRS]
        ]
    )


@endpoint(
    router,
    "GET",
    "/customers/{uuid:customer}",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
)
def get_customer(request: entry.Request, customer: uuid.UUID) -> shapes.CustomerRecord:
    """This will return all that is known of a customer; why somebody is protected is asked for apart."""
    return shapes.read(request, customer)


@endpoint(
    router,
    "PATCH",
    "/customers/{uuid:customer}",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
)
def change_customer_record(
    request: entry.Request, customer: uuid.UUID, given: shapes.ChangedRecord
) -> shapes.CustomerRecord:
    """This will change what is known of a customer; issued bills keep what they say."""
    caller, found = request.caller, lookups.get_customer(public_id=customer)
    facts = replace(found.facts, **shapes.plain(given))
    records.change_record(actor=caller.actor, at=caller.at, customer=customer, facts=facts)
    return shapes.read(request, customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/merge",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=shapes.CustomerRecord,
)
def merge_customers(request: entry.Request, customer: uuid.UUID, given: Merge) -> shapes.CustomerRecord:
    """This will make one record of two, for ever; accounts keep their numbers, books and bills."""
    caller = request.caller
    lookups.get_customer(public_id=customer)
    merging.merge_customers(actor=caller.actor, at=caller.at, survivor=customer, merged=given.merged)
    return shapes.read(request, customer)


@endpoint(
    router,
    "GET",
    "/customers/{uuid:customer}/export",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def export_customer(request: entry.Request, customer: uuid.UUID) -> HttpResponse:
    """This will return a ZIP of everything that is kept about a customer, and note who took it.

    It asks for no Idempotency-Key, so that no copy of it is kept.
    """
    caller, found = request.caller, lookups.get_customer(public_id=customer)
    content = privacy.export_customer(
        actor=caller.actor,
        at=caller.at,
        customer=customer,
        with_vulnerability=caller.access.allows(permissions.KNOW_VULNERABILITY),
    )
    headers = {"Content-Disposition": f'attachment; filename="customer-{found.public_id}.zip"'}
    return HttpResponse(content, content_type="application/zip", headers=headers)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/erase",
    permission=permissions.ERASE_CUSTOMER,
    module=Module.BILLING,
    answers=shapes.CustomerRecord,
)
def erase_customer(request: entry.Request, customer: uuid.UUID, given: Erasure) -> shapes.CustomerRecord:
    """This will forget who a customer was, for ever; accounts, books and bills stay as they are."""
    caller, found = request.caller, lookups.get_customer(public_id=customer)
    if given.name != found.facts.name.strip():
        raise problems.invalid("/body/name", _("Write the name as it is known."))
    privacy.erase_customer(actor=caller.actor, at=caller.at, customer=customer)
    return shapes.read(request, customer)
