"""Reads of bills and drafts."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from meterbook.billing import content, models
from meterbook.billing.queries.amounts import money
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.money import Money


@dataclass(frozen=True)
class BillRow:
    """A bill in a list."""

    public_id: uuid.UUID
    run_public_id: uuid.UUID
    number: str
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    site_name: str
    first_day: date
    until_day: date
    bill_date: date
    due_date: date
    issued_at: datetime
    total: Money
    is_estimated: bool
    is_vacancy: bool


@dataclass(frozen=True)
class BillDetail:
    """A bill, or a draft that may become one: then number, dates, digest and code are None.

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

    @property
    def is_issued(self) -> bool:
        """Whether it has a number."""
        return self.number is not None


@dataclass(frozen=True)
class BillPage:
    """A page of bills; `sums` are over all that were found, one a currency."""

    rows: tuple[BillRow, ...]
    count: int
    sums: tuple[Money, ...]


class BillNotFound(LookupError):
    """There is no such bill in this organization."""


def get_bill(*, public_id: uuid.UUID) -> BillDetail:
    """This will return a bill, or a draft, with its content.

    :raises BillNotFound: when it is not there or belongs to another organization
    """
    drafts = models.BillDraft.objects.filter(
        organization_id__in=scoping.current().organizations, public_id=public_id
    )
    draft = drafts.select_related("run", "account", "bill").first()
    if draft is None:
        raise BillNotFound(_("There is no such bill."))
    bill = getattr(draft, "bill", None)
    return BillDetail(
        public_id=draft.public_id,
        run_public_id=draft.run.public_id,
        account_public_id=draft.account.public_id,
        content=json.loads(bytes(draft.content)),
        content_digest=draft.digest,
        number=bill.number if bill else None,
        bill_date=bill.bill_date if bill else None,
        due_date=bill.due_date if bill else None,
        issued_at=bill.issued_at if bill else None,
        digest=bill.digest if bill else None,
        code=content.verification_code(bill.digest) if bill else None,
        transaction_id=bill.transaction_id if bill else None,
        total=money(draft.total, draft.currency),
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


def list_bills(*, search: str = "", month: date | None = None, offset: int = 0, limit: int = 50) -> BillPage:
    """This will return a page of bills, the newest first, in two queries.

    :param search: a part of a bill's number, an account's number or a customer's name
    :param month: only bills dated in the month that holds this day
    """
    bills = models.Bill.objects.filter(organization_id__in=scoping.current().organizations)
    if search:
        bills = bills.filter(
            Q(number__icontains=search)
            | Q(account__number__icontains=search)
            | Q(account__customer__name__icontains=search)
        )
    if month is not None:
        first = month.replace(day=1)
        bills = bills.filter(bill_date__gte=first, bill_date__lt=civil.next_month(first))
    by_currency = bills.order_by("draft__currency").values_list("draft__currency")
    found = list(by_currency.annotate(total=Sum("draft__total"), count=Count("id")))
    rows = _with_names(bills).order_by("-bill_date", "-id")[offset : offset + limit]
    return BillPage(
        rows=tuple(_bill_row(each) for each in rows),
        count=sum(count for _currency, _total, count in found),
        sums=tuple(money(total, currency) for currency, total, _count in found),
    )


def bill_months() -> list[date]:
    """This will return the first days of the months in which bills were dated, the newest first."""
    bills = models.Bill.objects.filter(organization_id__in=scoping.current().organizations)
    months = bills.annotate(month=TruncMonth("bill_date")).order_by("-month").values_list("month", flat=True)
    return list(months.distinct())


def account_bills(*, account_id: int, limit: int = 100) -> list[BillRow]:
    """This will return the bills of an account, the newest first."""
    bills = _bills().filter(account_id=account_id).order_by("-bill_date", "-id")
    return [_bill_row(each) for each in bills[:limit]]


def issued_bills(*, run_public_id: uuid.UUID, after: int, through: int) -> list[BillRow]:
    """This will return the bills of a run whose positions are in (after, through]: those of a BillsIssued event."""
    bills = _bills().filter(
        run__public_id=run_public_id, draft__position__gt=after, draft__position__lte=through
    )
    return [_bill_row(each) for each in bills.order_by("sequence")]


def _bills() -> QuerySet[models.Bill]:
    return _with_names(models.Bill.objects.filter(organization_id__in=scoping.current().organizations))


def _with_names(bills: QuerySet[models.Bill]) -> QuerySet[models.Bill]:
    return bills.select_related("draft", "run__site", "account__customer").defer("draft__content", "draft__postings")


def _bill_row(bill: models.Bill) -> BillRow:
    return BillRow(
        public_id=bill.public_id,
        run_public_id=bill.run.public_id,
        number=bill.number,
        account_public_id=bill.account.public_id,
        account_number=bill.account.number,
        customer_name=bill.account.customer.name,
        site_name=bill.run.site.name,
        first_day=bill.run.days.lower,
        until_day=bill.run.days.upper,
        bill_date=bill.bill_date,
        due_date=bill.due_date,
        issued_at=bill.issued_at,
        total=money(bill.draft.total, bill.draft.currency),
        is_estimated=bill.draft.is_estimated,
        is_vacancy=bill.draft.is_vacancy,
    )
