"""Lists of issued bills: searched, narrowed and sorted by the database."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, F, Func, OrderBy, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower, TruncMonth

from meterbook.billing import models
from meterbook.billing.queries.amounts import money
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.money import Money


@dataclass(frozen=True)
class BillRow:
    """A bill in a list, or the charge-back statement of a cost center, which has no due date."""

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
    due_date: date | None
    issued_at: datetime
    net: Money
    total: Money
    is_estimated: bool
    is_vacancy: bool
    is_internal: bool


class Mark(enum.StrEnum):
    """What is special about a bill."""

    ESTIMATED = "estimated"
    VACANCY = "vacancy"
    CREDIT = "credit"  # its total is below zero
    INTERNAL = "internal"  # of a cost center


class BillSort(enum.StrEnum):
    """By what bills are listed."""

    DATE = "date"
    NUMBER = "number"
    NAME = "name"
    DUE = "due"
    TOTAL = "total"


@dataclass(frozen=True)
class BillNarrowing:
    """Which bills are listed, and how.

    `search` is a part of a bill's or account's number, a customer's name or a unit; `month` any day of the month that
    bills are dated in.
    """

    search: str = ""
    month: date | None = None
    site_id: int | None = None
    mark: Mark | None = None
    sort: BillSort = BillSort.DATE
    is_descending: bool = True
    without_sites: frozenset[int] = frozenset()


@dataclass(frozen=True)
class BillPage:
    """A page of bills; `sums` are over all that were found, one a currency."""

    rows: tuple[BillRow, ...]
    count: int
    sums: tuple[Money, ...]


UNREAD = ("draft__content", "draft__postings", "draft__nets")  # large, and not for lists
BILL_SOURCE = "billing.bill"  # the kind of source of a bill's transaction in the ledger
SORTED: dict[BillSort, F | Func] = {
    BillSort.DATE: F("bill_date"),
    BillSort.NUMBER: F("number"),
    BillSort.NAME: Lower("account__customer__name"),
    BillSort.DUE: F("due_date"),
    BillSort.TOTAL: F("draft__total"),
}
MARKED = {
    Mark.ESTIMATED: Q(draft__is_estimated=True),
    Mark.VACANCY: Q(draft__is_vacancy=True),
    Mark.CREDIT: Q(draft__total__lt=0),
    Mark.INTERNAL: Q(account__mode=AccountMode.INTERNAL.value),
}
EVERYTHING = BillNarrowing()


def list_bills(*, narrowing: BillNarrowing = EVERYTHING, offset: int = 0, limit: int = 50) -> BillPage:
    """This will return a page of bills in three queries."""
    bills = _narrowed(narrowing)
    by_currency = bills.order_by("draft__currency").values_list("draft__currency")
    found = list(by_currency.annotate(total=Sum("draft__total"), count=Count("id")))
    # Rows of drafts are wide: they are sorted by their ids alone, and read for the page.
    ids = list(_narrowed(narrowing).order_by(*_order(narrowing)).values_list("pk", flat=True)[offset : offset + limit])
    rows = {each.pk: bill_row(each) for each in issued().filter(pk__in=ids)}
    return BillPage(
        rows=tuple(rows[each] for each in ids),
        count=sum(count for _currency, _total, count in found),
        sums=tuple(money(total, currency) for currency, total, _count in found),
    )


def bill_rows(*, narrowing: BillNarrowing, limit: int) -> Iterator[BillRow]:
    """This will return the bills that match one by one, for files."""
    bills = _narrowed(narrowing).select_related("draft", "run__site", "account__customer")
    sorted_bills = bills.defer(*UNREAD).order_by(*_order(narrowing))[:limit]
    return (bill_row(each) for each in sorted_bills.iterator(chunk_size=2_000))


def bills_after(
    *, narrowing: BillNarrowing, after_id: int, limit: int, account: uuid.UUID | None = None
) -> list[tuple[int, BillRow]]:
    """This will return bills that match with their ids, in the order in which they were issued; for programs.

    :param account: only those of the account with this public id
    """
    bills = _narrowed(narrowing)
    if account is not None:
        bills = bills.filter(account__public_id=account)
    ids = list(bills.filter(pk__gt=after_id).order_by("pk").values_list("pk", flat=True)[:limit])
    rows = {each.pk: bill_row(each) for each in issued().filter(pk__in=ids)}
    return [(each, rows[each]) for each in ids]


def bill_months() -> list[date]:
    """This will return the first days of the months in which bills were dated, the newest first."""
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id)
    months = bills.annotate(month=TruncMonth("bill_date")).order_by("-month").values_list("month", flat=True)
    return list(months.distinct())


def account_bills(*, account_id: int, limit: int = 100) -> list[BillRow]:
    """This will return the bills of an account, the newest first."""
    bills = issued().filter(account_id=account_id).order_by("-bill_date", "-id")
    return [bill_row(each) for each in bills[:limit]]


def point_bills(*, meter_point_id: int, limit: int = 12) -> list[BillRow]:
    """This will return the bills that charged the use of a meter point, the newest first."""
    shares = models.RunShare.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id=meter_point_id
    )
    pairs = set(shares.order_by("-id").values_list("run_id", "account_id")[: 4 * limit])
    bills = issued().filter(run_id__in={run for run, _account in pairs}, account_id__in={each for _run, each in pairs})
    found = [each for each in bills.order_by("-bill_date", "-id") if (each.run_id, each.account_id) in pairs]
    return [bill_row(each) for each in found[:limit]]


def bills_by_id(*, public_ids: set[uuid.UUID]) -> dict[uuid.UUID, BillRow]:
    """This will return issued bills by their public ids; what is no bill is left out."""
    return {each.public_id: bill_row(each) for each in issued().filter(public_id__in=public_ids)}


def issued() -> QuerySet[models.Bill]:
    """This will return the bills with what `bill_row` reads of them."""
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id)
    return bills.select_related("draft", "run__site", "account__customer").defer(*UNREAD)


def bill_row(bill: models.Bill) -> BillRow:
    """This will return a bill as lists show it."""
    is_internal = bill.account.mode == AccountMode.INTERNAL
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
        due_date=None if is_internal else bill.due_date,
        issued_at=bill.issued_at,
        net=money(bill.draft.net, bill.draft.currency),
        total=money(bill.draft.total, bill.draft.currency),
        is_estimated=bill.draft.is_estimated,
        is_vacancy=bill.draft.is_vacancy,
        is_internal=is_internal,
    )


def _order(narrowing: BillNarrowing) -> tuple[OrderBy, str]:
    return OrderBy(SORTED[narrowing.sort], descending=narrowing.is_descending), "-id"


def _narrowed(narrowing: BillNarrowing) -> QuerySet[models.Bill]:
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id)
    if narrowing.site_id is not None:
        bills = bills.filter(run__site_id=narrowing.site_id)
    if narrowing.without_sites:
        bills = bills.exclude(run__site_id__in=narrowing.without_sites)
    if narrowing.month is not None:
        first = narrowing.month.replace(day=1)
        bills = bills.filter(bill_date__gte=first, bill_date__lt=civil.next_month(first))
    if narrowing.mark is not None:
        bills = bills.filter(MARKED[narrowing.mark])
    if narrowing.search:
        bills = bills.filter(_matches(narrowing.search))
    return bills


def _matches(search: str) -> Q:
    shares = models.RunShare.objects.filter(
        organization_id=scoping.current().organization_id, run_id=OuterRef("run_id"), account_id=OuterRef("account_id")
    )
    of_unit = shares.filter(
        Q(meter_point__node__code__icontains=search)
        | Q(meter_point__node__name__icontains=search)
        | Q(meter_point__code__icontains=search)
    )
    return (
        Q(number__icontains=search)
        | Q(account__number__icontains=search)
        | Q(account__customer__name__icontains=search)
        | Q(Exists(of_unit))
    )
