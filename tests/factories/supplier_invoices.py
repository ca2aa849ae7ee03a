"""Invoices of suppliers at a place of `billing`."""

from __future__ import annotations

import json
from typing import Any

from meterbook.billing import models
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.foundation import scoping
from tests.factories import billing

ACTOR, LONG_AGO = billing.ACTOR, billing.LONG_AGO


def document(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    """This will return an invoice of May 2026: 1000 kWh, energy 150.00, standing charge 15.50, tax 34.76, in euros."""
    usual: dict[str, Any] = {
        "format": "meterbook-supplier-invoice/1",
        "supplier": "Harbor Power",
        "number": "2026-0513",
        "service": "ELECTRICITY",
        "first_day": "2026-05-01",
        "until_day": "2026-06-01",
        "currency": "EUR",
        "quantity": "1000",
        "unit": "kWh",
        "lines": [
            {
                "kind": "ENERGY",
                "text": "Energy",
                "quantity": "1000",
                "unit": "kWh",
                "price": "0.15",
                "amount": "150.00",
            },
            {"kind": "FIXED", "text": "Standing charge", "quantity": "31", "price": "0.50", "amount": "15.50"},
            {"kind": "TAX", "text": "VAT 21 %", "amount": "34.76"},
        ],
        "total": "200.26",
    }
    return usual | given


def as_json(**given: Any) -> bytes:  # noqa: ANN401
    """This will return the file of an invoice."""
    return json.dumps(document(**given)).encode()


def invoice(place: billing.Place, **given: Any) -> models.SupplierInvoice:  # noqa: ANN401
    """This will enter an invoice at a place; outside a scope.

    :param given: into its document
    """
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return invoice_operations.enter_invoice(
            actor=ACTOR, at=LONG_AGO, site=place.site.public_id, document=document(**given)
        )
