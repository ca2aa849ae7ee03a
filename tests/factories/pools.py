"""Pools of shared costs at a place of `billing`, and amounts for them."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing import models
from meterbook.billing.operations import pool_rebilling
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.sites import models as site_models
from meterbook.sites.values import NodeKind
from tests.factories import billing, corrections, customers, identity, sites, supplier_invoices

ACTOR = billing.ACTOR
LONG_AGO = billing.LONG_AGO


def unit(place: billing.Place, *, area: str | None = None, **more: Any) -> site_models.SiteNode:  # noqa: ANN401
    """This will make a unit of a site with its floor space; outside a scope."""
    made = sites.node(site=place.site, **more)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        made.area = None if area is None else Decimal(area)
        made.save(update_fields=["area"])
    return made


def document(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    """This will return a pool whose amount is entered and shared alike."""
    usual = {"name": "Lift of the house", "kind": "ELEVATOR", "source": {"kind": "AMOUNT"}, "parts": [{"key": "EQUAL"}]}
    return usual | given


def pool(
    place: billing.Place,
    *,
    code: str = "ELEVATOR",
    starts_day: date = date(2020, 1, 1),
    **given: Any,  # noqa: ANN401
) -> models.Pool:
    """This will make a pool; outside a scope.

    :param given: into its document
    """
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return pool_operations.create_pool(
            actor=ACTOR,
            at=LONG_AGO,
            site=place.site.public_id,
            code=code,
            starts_day=starts_day,
            document=document(**given),
        )


def amount(pool: models.Pool, value: str, *, first_day: date, until_day: date, **more: Any) -> models.PoolEntry:  # noqa: ANN401
    """This will enter an amount for local days; outside a scope."""
    with scoping.scope([pool.organization_id], actor=ACTOR):
        return pool_operations.enter_amount(
            actor=ACTOR,
            at=LONG_AGO,
            pool=pool.public_id,
            first_day=first_day,
            until_day=until_day,
            amount=Decimal(value),
            text="Mending in May",
            **more,
        )


@dataclass(frozen=True)
class Invoiced:
    """A supplier's invoice with its paper."""

    invoice: models.SupplierInvoice
    file: models.SupplierInvoiceFile


@functools.cache
def invoiced(organization: identity_models.Organization) -> Invoiced:
    """This will enter an invoice at the site of `divided`, once an organization; outside a scope."""
    made = supplier_invoices.invoice(divided(organization).place, number=uuid.uuid4().hex[:8])
    me: dict[str, Any] = {"actor": ACTOR, "at": LONG_AGO}
    with scoping.scope([organization.pk], actor=ACTOR):
        file = invoice_operations.attach_invoice_file(
            **me, invoice=made.public_id, name="may.png", content=corrections.picture()
        )
    return Invoiced(made, file)


@functools.cache
def proposed(organization: identity_models.Organization) -> models.PoolRebill:
    """This will close a sheet that an invoice corrects too late, and propose to bill all again; once each."""
    number = uuid.uuid4().hex[:6]
    raw = {**billing.document(), "code": f"T{number}"}
    place = billing.place(organization=organization, raw=raw, landlord=f"L-{number}")
    node = unit(place, area="50", kind=NodeKind.UNIT, code=f"U-{number}", name="Loft 8")
    days = billing.Days(date(2026, 5, 1), date(2026, 5, 2))
    meter = billing.metered(place, node=node)
    billing.count(meter.energy, days.starts_at, days.ends_at)
    account = customers.account(organization=organization, site=place.site, number=f"A-{number}")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=days.starts_at)
    made = pool(place, code=f"P-{number}", source={"kind": "INVOICE"})
    line = {"kind": "OTHER", "text": "Cleaning", "amount": "40.00", "pool": made.code}
    given: dict[str, Any] = {
        "first_day": "2026-05-01",
        "until_day": "2026-05-02",
        "number": number,
        "lines": [line],
        "total": "40.00",
    }
    entered = supplier_invoices.invoice(place, **given)
    approver = identity.actor(identity.user(organization=organization))
    billing.issued(place, first_day=days.first_day, until_day=days.until_day, approver=approver)
    given |= {"lines": [line | {"amount": "50.00"}], "total": "50.00"}
    me: dict[str, Any] = {"actor": ACTOR, "at": days.ends_at}
    with scoping.scope([organization.pk], actor=ACTOR):
        document = supplier_invoices.document(**given)
        invoice_operations.correct_invoice(**me, invoice=entered.public_id, document=document, reason="misprint")
        sheet = models.PoolSheet.objects.get(organization_id=organization.pk, pool=made)
        return pool_rebilling.propose_rebill(**me, sheet=sheet.public_id, reason="misprint")


@dataclass(frozen=True)
class Divided:
    """A pool that a run for review divided, with its amount and sheet."""

    place: billing.Place
    pool: models.Pool
    entry: models.PoolEntry
    sheet: models.PoolSheet
    run: models.BillRun


@functools.cache
def divided(organization: identity_models.Organization) -> Divided:
    """This will make a pool at a site of its own and let a run divide it, once an organization; outside a scope."""
    number = uuid.uuid4().hex[:6]
    raw = {**billing.document(), "code": f"T{number}"}
    place = billing.place(organization=organization, raw=raw, landlord=f"L-{number}")
    node = unit(place, area="50", kind=NodeKind.UNIT, code=f"U-{number}", name="Loft 7")
    meter = billing.metered(place, node=node)
    first_day, until_day = date(2026, 5, 1), date(2026, 5, 2)
    days = billing.Days(first_day, until_day)
    billing.count(meter.energy, days.starts_at, days.ends_at)
    made = pool(place, code=f"P-{number}", parts=[{"key": "AREA"}])
    entered = amount(made, "40.00", first_day=first_day, until_day=until_day)
    run = billing.advance(billing.plan(place, first_day=first_day, until_day=until_day))
    with scoping.scope([organization.pk], actor=ACTOR):
        sheet = models.PoolSheet.objects.get(organization_id=organization.pk, pool=made)
    return Divided(place, made, entered, sheet, run)
