"""What programs send and are told about suppliers' invoices."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field

from meterbook.api import values

InvoiceDocument = Annotated[
    dict[str, Any],
    Field(description='A document of the format "meterbook-supplier-invoice/1": see docs/reference/invoice-format.md.'),
]


class NewSupplierInvoice(values.Given):
    """What a utility charged a site; lines that name a shared cost are divided by it."""

    site: uuid.UUID
    document: InvoiceDocument


class NewInvoiceVersion(values.Given):
    """What an invoice says after a correction; the version before stays."""

    document: InvoiceDocument
    reason: values.Note


class InvoiceWithdrawal(values.Given):
    """Why an invoice counts no more."""

    reason: values.Note


class InvoiceImport(values.Given):
    """How the file of an import is read; all its invoices are entered, or none."""

    site: uuid.UUID
    decimal_mark: Literal[".", ","] = "."


class SupplierInvoiceListed(values.Told):
    """An invoice for local days [first_day, until_day)."""

    id: uuid.UUID
    site: uuid.UUID
    supplier: str
    number: str
    service: str
    first_day: str
    until_day: str
    total: values.Money
    quantity: values.DecimalTold | None
    unit: str
    version: int
    is_withdrawn: bool


class InvoiceVersionTold(values.Told):
    """What an invoice said, since when and why."""

    number: int
    digest: str
    is_withdrawn: bool
    reason: str
    saved_at: values.InstantTold
    saved_by: str


class InvoiceLineTold(values.Told):
    """Who bears a line: `tenants`, `landlord` and `waiting` (not divided yet) are together the amount, exactly."""

    kind: str
    text: str
    amount: values.DecimalTold
    pool: str
    tenants: values.DecimalTold
    landlord: values.DecimalTold
    waiting: values.DecimalTold
    sheet: uuid.UUID | None


class InvoiceFileTold(values.Told):
    """The paper of an invoice."""

    id: uuid.UUID
    name: str
    media_type: str
    size: int
    sha256: str


class SupplierInvoiceTold(SupplierInvoiceListed):
    """An invoice with its document, what follows from it, and what was recovered of it."""

    document: dict[str, Any]
    energy_price: values.DecimalTold | None
    overall_price: values.DecimalTold | None
    lines: list[InvoiceLineTold]
    recovered: values.Money
    by_tariff: values.Money
    versions: list[InvoiceVersionTold]
    files: list[InvoiceFileTold]


class InvoicesEntered(values.Told):
    """The invoices of a file."""

    items: list[SupplierInvoiceListed]
