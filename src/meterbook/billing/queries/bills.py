"""Reads of bills and drafts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, Func, JSONField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from meterbook.billing import content, models
from meterbook.billing.queries import listing
from meterbook.billing.queries.amounts import money
from meterbook.billing.queries.listing import BillRow
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping
from meterbook.kernel.money import Money


@dataclass(frozen=True)
class BillDetail:
    """A bill, or a draft that may become one: then number, dates, digest and code are None.

    A charge-back statement, for a cost center (`is_internal`), has no due date.

    `content` is the parsed "meterbook-bill/1", `content_digest` the SHA-256 of its bytes.
    """

    public_id: uuid.UUID
    run_public_id: uuid.UUID
    account_public_id: uuid.UUID
    content: dict[str, Any]
    content_digest: str
    number: str | None
    bill_date: date | None
    due_date: date | None
    issued_at: datetime | None
    digest: str | None
    code: str | None
    transaction_id: int | None
    total: Money
    approved_at: datetime | None = None  # until then readings that came counted for it
    is_internal: bool = False

    @property
    def is_issued(self) -> bool:
        """Whether it has a number."""
        return self.number is not None


class BillNotFound(LookupError):
    """There is no such bill in this organization."""


def get_bill(*, public_id: uuid.UUID) -> BillDetail:
    """This will return a bill, or a draft, with its content.

    :raises BillNotFound: when it is not there or belongs to another organization
    """
    drafts = models.BillDraft.objects.filter(organization_id__in=scoping.current().organizations, public_id=public_id)
    draft = drafts.select_related("run", "account", "bill").first()
    if draft is None:
        raise BillNotFound(_("There is no such bill."))
    bill, is_internal = getattr(draft, "bill", None), draft.account.mode == AccountMode.INTERNAL
    return BillDetail(
        public_id=draft.public_id,
        run_public_id=draft.run.public_id,
        account_public_id=draft.account.public_id,
        content=json.loads(bytes(draft.content)),
        content_digest=draft.digest,
        number=bill.number if bill else None,
        bill_date=bill.bill_date if bill else None,
        due_date=bill.due_date if bill and not is_internal else None,
        issued_at=bill.issued_at if bill else None,
        digest=bill.digest if bill else None,
        code=content.verification_code(bill.digest) if bill else None,
        transaction_id=bill.transaction_id if bill else None,
        total=money(draft.total, draft.currency),
        approved_at=draft.run.approved_at,
        is_internal=is_internal,
    )


def bill_bytes(*, public_id: uuid.UUID) -> bytes:
    """This will return the canonical JSON of a bill or draft, byte for byte.

    :raises BillNotFound: see `get_bill`
    """
    found = models.BillDraft.objects.filter(
        organization_id__in=scoping.current().organizations, public_id=public_id
    ).values_list("content", flat=True)
    data = found.first()
    if data is None:
        raise BillNotFound(_("There is no such bill."))
    return bytes(data)


def languages_of(*, public_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """This will return the languages of bills that are not in their customer's, because of their meter points."""
    bills = models.Bill.objects.filter(
        organization_id__in=scoping.current().organizations, public_id__in=list(public_ids)
    )
    content = Cast(Func(F("draft__content"), Value("UTF8"), function="convert_from"), JSONField())
    said = bills.annotate(language=KeyTextTransform("language", content)).filter(language__isnull=False)
    return dict(said.order_by("id").values_list("public_id", "language"))


def issued_bills(*, run_public_id: uuid.UUID, after: int, through: int) -> list[BillRow]:
    """This will return the bills of a run whose positions are in (after, through]: those of a BillsIssued event."""
    bills = listing.issued().filter(
        run__public_id=run_public_id, draft__position__gt=after, draft__position__lte=through
    )
    return [listing.bill_row(each) for each in bills.order_by("sequence")]
