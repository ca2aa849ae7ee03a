"""Credit notes, and documents as they are registered."""

from __future__ import annotations

import json
import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing.correcting import credit_notes
from meterbook.documents import registering
from meterbook.documents.values import DocumentKind
from tests.factories import documents


def credit_note_content(*, site_id: str = "s") -> documents.Plain:
    """This will return a credit note that takes the bill of this factory back."""
    content = documents.bill_content()
    content["site"]["public_id"] = site_id
    credited = credit_notes.Credited(
        plain=content,
        public_id="b",
        number="HR-2026-004127",
        digest="a" * 64,
        bill_date=date(2026, 11, 3),
        due_date=date(2026, 11, 17),
        reason="The transformer is 200/5, not 400/5.",
    )
    return dict(json.loads(credit_notes.build(credited)))


def new_document(source_id: uuid.UUID, **changes: Any) -> registering.NewDocument:  # noqa: ANN401 - fields of a row
    """This will return a credit note as it is registered."""
    return registering.NewDocument(
        **{
            "kind": DocumentKind.CREDIT_NOTE,
            "source_id": source_id,
            "account_id": None,
            "number": "HR-CN-2026-000001",
            "document_date": date(2026, 11, 20),
            "due_date": None,
            "currency": "USD",
            "total": Decimal("-776.12"),
            "digest": "c" * 64,
            **changes,
        }
    )
