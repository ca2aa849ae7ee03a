"""What stands in paths and is sent to operations about shared costs, for the walks over all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.identity.models import Organization
from tests.factories import api, corrections, pools, supplier_invoices
from tests.support import routes

NAMES = ("pool", "pool_entry", "sheet", "supplier_invoice", "invoice_file", "rebill")
ARGUMENTS = {
    "pool": routes.Argument(make=lambda o: pools.divided(o).pool.public_id, is_owned=True),
    "pool_entry": routes.Argument(make=lambda o: pools.divided(o).entry.public_id, is_owned=True),
    "sheet": routes.Argument(make=lambda o: pools.divided(o).sheet.public_id, is_owned=True),
    "rebill": routes.Argument(make=lambda o: pools.proposed(o).public_id, is_owned=True),
    "supplier_invoice": routes.Argument(make=lambda o: pools.invoiced(o).invoice.public_id, is_owned=True),
    "invoice_file": routes.Argument(make=lambda o: pools.invoiced(o).file.public_id, is_owned=True),
}
BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_pool": lambda o: {
        "site": str(pools.divided(o).place.site.public_id),
        "code": uuid.uuid4().hex[:8],
        "starts_day": "2027-01-01",
        "document": pools.document(),
    },
    "enter_supplier_invoice": lambda o: {
        "site": str(pools.divided(o).place.site.public_id),
        "document": supplier_invoices.document(number=uuid.uuid4().hex[:8]),
    },
    "correct_supplier_invoice": lambda _o: {
        "document": supplier_invoices.document(number=uuid.uuid4().hex[:8]),
        "reason": "misprint",
    },
    "withdraw_supplier_invoice": lambda _o: {"reason": "twice"},
    "attach_supplier_invoice_file": lambda _o: api.MultipartBody(
        file=SimpleUploadedFile("a.png", corrections.picture())
    ),
    "import_supplier_invoices": lambda o: api.MultipartBody(
        site=str(pools.divided(o).place.site.public_id),
        file=SimpleUploadedFile("a.json", supplier_invoices.as_json(number=uuid.uuid4().hex[:8])),
    ),
    "propose_rebill": lambda _o: {"reason": "late invoice"},
    "put_pool_off": lambda _o: {"reason": "the invoice is late"},
    "reject_rebill": lambda _o: {"reason": "too small"},
    "change_pool": lambda _o: {"document": pools.document(parts=[{"key": "AREA"}], stage=2)},
    "end_pool": lambda _o: {"ended_day": None},
    "enter_pool_amount": lambda _o: {
        "first_day": "2027-01-01",
        "until_day": "2027-02-01",
        "amount": "12.50",
        "text": "Maintenance",
        "texts": {"es": "Mantenimiento"},
    },
}
