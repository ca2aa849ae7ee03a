"""Reads of suppliers' invoices: lists, one with its versions, files and what follows, and figures of a time."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing.pools.definition import LineKind
from meterbook.foundation import scoping

Plain = dict[str, Any]


class InvoiceNotFound(LookupError):
    """There is no such supplier's invoice, or no such file of one, in this organization."""


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice as its newest version says; days are [first_day, until_day)."""

    id: int
    public_id: uuid.UUID
    site_id: int
    site_public_id: uuid.UUID
    site_name: str
    supplier: str
    number: str
    code: str
    service: str
    first_day: date
    until_day: date
    charged_first: date
    charged_until: date
    currency: str
    total: Decimal
    quantity: Decimal | None
    unit: str
    version: int
    is_withdrawn: bool


@dataclass(frozen=True)
class VersionRow:
    """What an invoice said, since when and by whom."""

    number: int
    document: Plain
    digest: str
    is_withdrawn: bool
    reason: str
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True)
class FileRow:
    """A file of an invoice, without its bytes."""

    public_id: uuid.UUID
    name: str
    media_type: str
    size: int
    digest: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True)
class InvoiceFigure:
    """What an invoice that touches some days says of quantity and money; `shared_days` of its `days` are among them.

    `quantity` in `unit` (None: the invoice tells none); `energy` is the sum of its lines for energy or volume.
    """

    public_id: uuid.UUID
    supplier: str
    number: str
    service: str
    first_day: date
    until_day: date
    currency: str
    quantity: Decimal | None
    unit: str
    total: Decimal
    energy: Decimal
    days: int
    shared_days: int


def list_invoices(*, site_ids: Collection[int] | None = None, limit: int = 200) -> list[InvoiceRow]:
    """This will return invoices, the latest days first; None: of all sites."""
    rows = _invoices()
    if site_ids is not None:
        rows = rows.filter(site_id__in=site_ids)
    return [_row(each) for each in rows.order_by("-days", "-id")[:limit]]


def invoices_after(*, site_ids: Collection[int] | None, after_id: int, limit: int) -> list[InvoiceRow]:
    """This will return invoices in the order of their making; for programs."""
    rows = _invoices().filter(pk__gt=after_id)
    if site_ids is not None:
        rows = rows.filter(site_id__in=site_ids)
    return [_row(each) for each in rows.order_by("id")[:limit]]


def get_invoice(*, public_id: uuid.UUID) -> InvoiceRow:
    """This will return one invoice.

    :raises InvoiceNotFound: when it is not there or belongs to another organization
    """
    found = _invoices().filter(public_id=public_id).first()
    if found is None:
        raise InvoiceNotFound(_("There is no such supplier's invoice."))
    return _row(found)


def versions_of(*, invoice_id: int) -> list[VersionRow]:
    """This will return what an invoice said, the newest first."""
    rows = models.SupplierInvoiceVersion.objects.filter(
        organization_id=scoping.current().organization_id, invoice_id=invoice_id
    )
    return [
        VersionRow(
            each.number, each.document, each.digest, each.is_withdrawn, each.reason, each.saved_at, each.saved_by
        )
        for each in rows.order_by("-number")
    ]


def files_of(*, invoice_id: int) -> list[FileRow]:
    """This will return the files of an invoice, the newest first."""
    rows = models.SupplierInvoiceFile.objects.filter(
        organization_id=scoping.current().organization_id, invoice_id=invoice_id
    )
    return [_file(each) for each in rows.defer("content").order_by("-id")]


def get_file(*, public_id: uuid.UUID) -> tuple[FileRow, int, bytes]:
    """This will return a file with the site of its invoice, and its bytes.

    :raises InvoiceNotFound: when it is not there or belongs to another organization
    """
    found = models.SupplierInvoiceFile.objects.filter(
        organization_id=scoping.current().organization_id, public_id=public_id
    ).first()
    if found is None:
        raise InvoiceNotFound(_("There is no such file."))
    return _file(found), found.site_id, bytes(found.content)


def invoices_between(*, site_id: int, first_day: date, until_day: date, service: str = "") -> list[InvoiceFigure]:
    """This will return what the invoices of a site say that touch local days [first_day, until_day), whole.

    Nothing is prorated: `shared_days` tells how much of an invoice lies in the days. By first day, supplier, number.

    :param service: of one service only
    """
    rows = models.SupplierInvoiceVersion.objects.filter(
        organization_id=scoping.current().organization_id,
        invoice__site_id=site_id,
        invoice__days__overlap=(first_day, until_day),
        invoice__is_withdrawn=False,
        number=F("invoice__version"),
    )
    if service:
        rows = rows.filter(invoice__service=service)
    found = []
    for each in rows.select_related("invoice").order_by("invoice__days", "invoice__supplier", "invoice__number", "id"):
        own = each.invoice
        energy = [Decimal(line["amount"]) for line in each.document["lines"] if line["kind"] == LineKind.ENERGY]
        shared = min(own.days.upper, until_day) - max(own.days.lower, first_day)
        found.append(
            InvoiceFigure(
                public_id=own.public_id,
                supplier=own.supplier,
                number=own.number,
                service=own.service,
                first_day=own.days.lower,
                until_day=own.days.upper,
                currency=own.currency,
                quantity=own.quantity,
                unit=own.unit,
                total=own.total,
                energy=sum(energy, Decimal(0)),
                days=(own.days.upper - own.days.lower).days,
                shared_days=shared.days,
            )
        )
    return found


def _invoices() -> QuerySet[models.SupplierInvoice]:
    rows = models.SupplierInvoice.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("site")


def _row(each: models.SupplierInvoice) -> InvoiceRow:
    return InvoiceRow(
        id=each.pk,
        public_id=each.public_id,
        site_id=each.site_id,
        site_public_id=each.site.public_id,
        site_name=each.site.name,
        supplier=each.supplier,
        number=each.number,
        code=each.code,
        service=each.service,
        first_day=each.days.lower,
        until_day=each.days.upper,
        charged_first=each.charged_days.lower,
        charged_until=each.charged_days.upper,
        currency=each.currency,
        total=each.total,
        quantity=each.quantity,
        unit=each.unit,
        version=each.version,
        is_withdrawn=each.is_withdrawn,
    )


def _file(each: models.SupplierInvoiceFile) -> FileRow:
    return FileRow(each.public_id, each.name, each.media_type, each.size, each.digest, each.added_at, each.added_by)
