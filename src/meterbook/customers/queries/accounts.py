"""Accounts with their customers, and their contracts. Each read needs a running scope."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, Func, OrderBy, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from meterbook.customers import models, values
from meterbook.foundation import many, scoping
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel.money import Money


class AccountRow(NamedTuple):
    """An account with its customer, as screens and bills see it."""

    id: int
    public_id: uuid.UUID
    number: str
    customer_name: str
    customer_code: str
    email: str
    language: str
    tax_number: str
    address: str
    site_id: int
    site_name: str
    zone: str
    mode: values.AccountMode
    state: values.AccountState
    currency: str
    is_landlord: bool
    receivable_id: int
    vacancy_tariff_id: int | None
    moved_out_at: datetime | None

    @property
    def is_internal(self) -> bool:
        """Whether it is a cost center, which nobody asks for money."""
        return self.mode is values.AccountMode.INTERNAL


class Show(enum.StrEnum):
    """Which accounts are listed."""

    ALL = "all"
    OWING = "owing"
    CREDIT = "credit"  # we owe them
    PAPER = "paper"  # no e-mail address: bills are printed
    LANDLORD = "landlord"
    INTERNAL = "internal"  # cost centers


class Sort(enum.StrEnum):
    """By what accounts are listed."""

    NUMBER = "number"
    NAME = "name"
    BALANCE = "balance"


@dataclass(frozen=True)
class Narrowing:
    """Which accounts are listed, and how; `search` is a part of a number, a name or a unit."""

    show: Show = Show.ALL
    search: str = ""
    site_id: int | None = None
    sort: Sort = Sort.NUMBER
    is_descending: bool = False
    without_sites: frozenset[int] = frozenset()


@dataclass(frozen=True)
class AccountPage:
    """A page of accounts with what each owes, and how many each filter finds of those that match the rest."""

    rows: tuple[tuple[AccountRow, Money], ...]
    counts: Mapping[Show, int]


@dataclass(frozen=True)
class ContractRow:
    """A contract of an account: `end` None while it runs; `zone` is that of its meter point."""

    id: int
    public_id: uuid.UUID
    meter_point_public_id: uuid.UUID
    meter_point_code: str
    meter_point_name: str
    tariff_public_id: uuid.UUID
    tariff_code: str
    start: datetime
    end: datetime | None
    zone: ZoneInfo


# In the order of `AccountRow`.
_COLUMNS = (
    "pk",
    "public_id",
    "number",
    "customer__name",
    "customer__code",
    "customer__email",
    "customer__language",
    "customer__tax_number",
    "customer__address",
    "site_id",
    "site__name",
    "site__time_zone",
    "mode",
    "state",
    "currency",
    "is_landlord",
    "receivable_id",
    "vacancy_tariff_id",
    "moved_out_at",
)
_MODE, _STATE = _COLUMNS.index("mode"), _COLUMNS.index("state")
_MODES = {each.value: each for each in values.AccountMode}
_STATES = {each.value: each for each in values.AccountState}
_IS_INTERNAL = Q(mode=values.AccountMode.INTERNAL.value)
SHOWN = {
    Show.ALL: Q(),
    Show.OWING: Q(owed__gt=0) & ~_IS_INTERNAL,
    Show.CREDIT: Q(owed__lt=0) & ~_IS_INTERNAL,
    Show.PAPER: Q(customer__email="", is_landlord=False) & ~_IS_INTERNAL,
    Show.LANDLORD: Q(is_landlord=True),
    Show.INTERNAL: _IS_INTERNAL,
}
SORTED: dict[Sort, F | Func] = {Sort.NUMBER: F("number"), Sort.NAME: Lower("customer__name"), Sort.BALANCE: F("owed")}


class AccountNotFound(LookupError):
    """There is no such account in this organization."""


def list_accounts(*, narrowing: Narrowing, offset: int = 0, limit: int = 50) -> AccountPage:
    """This will return a page of accounts, in two queries whatever their number."""
    # What a customer owes lies in one row: only control accounts of the ledger have several.
    accounts = _matching(narrowing).annotate(owed=F("receivable__balances__amount"))
    counts = accounts.aggregate(**{each.value: Count("pk", filter=SHOWN[each]) for each in Show})
    by = OrderBy(SORTED[narrowing.sort], descending=narrowing.is_descending)
    shown = accounts.filter(SHOWN[narrowing.show]).order_by(by, "id")
    return AccountPage(
        rows=tuple((row_of(each), _money(each)) for each in shown[offset : offset + limit]),
        counts={each: counts[each.value] for each in Show},
    )


def accounts_after(*, narrowing: Narrowing, after_id: int, limit: int) -> list[tuple[AccountRow, Money]]:
    """This will return accounts with what each owes, in the order in which they were opened; for programs."""
    accounts = _matching(narrowing).annotate(owed=F("receivable__balances__amount")).filter(SHOWN[narrowing.show])
    return [(row_of(each), _money(each)) for each in accounts.filter(pk__gt=after_id).order_by("pk")[:limit]]


def landlord_of(*, site_id: int) -> AccountRow | None:
    """This will return the landlord's account of a site, or None."""
    found = accounts_of_scope().filter(site_id=site_id, is_landlord=True).order_by("id").first()
    return None if found is None else row_of(found)


def cost_centers(*, site_id: int | None = None, without_sites: frozenset[int] = frozenset()) -> list[AccountRow]:
    """This will return the cost centers of the scope, or of one site, by number."""
    found = accounts_of_scope().filter(_IS_INTERNAL)
    if site_id is not None:
        found = found.filter(site_id=site_id)
    return [row_of(each) for each in found.exclude(site_id__in=without_sites).order_by("number", "id")]


def accounts_of_receivables(*, ledger_ids: Iterable[int]) -> dict[int, AccountRow]:
    """This will return accounts by the ledger account that holds what they owe; others are left out."""
    found = accounts_of_scope().filter(receivable_id__in=list(ledger_ids))
    return {each.receivable_id: row_of(each) for each in found.order_by("id")}


def sites_with_accounts() -> set[int]:
    """This will return the internal ids of the sites that have an account of a tenant."""
    accounts = models.Account.objects.filter(organization_id=scoping.current().organization_id, is_landlord=False)
    return set(accounts.order_by("site_id").values_list("site_id", flat=True).distinct())


def contracts_by_tariff(*, at: datetime) -> dict[int, int]:
    """This will count the contracts that run at an instant, by the internal id of their tariff."""
    contracts = models.Contract.objects.filter(organization_id=scoping.current().organization_id, during__contains=at)
    counted = contracts.order_by("tariff_id").values_list("tariff_id")
    return dict(counted.annotate(count=Count("id")))


def has_accounts() -> bool:
    """This will tell whether there is any account."""
    return accounts_of_scope().exists()


def get_account(*, public_id: uuid.UUID) -> AccountRow:
    """This will return one account.

    :raises AccountNotFound: when it is not there or belongs to another organization
    """
    found = accounts_of_scope().filter(public_id=public_id).first()
    if found is None:
        raise AccountNotFound(_("There is no such account."))
    return row_of(found)


def accounts_by_id(*, ids: Iterable[int]) -> dict[int, AccountRow]:
    """This will return accounts by their internal ids."""
    found = accounts_of_scope().filter(many.among("pk", ids)).order_by("id").values_list(*_COLUMNS)
    return {each[0]: _row(each) for each in many.rows(found)}


def _row(found: tuple[Any, ...]) -> AccountRow:
    own = list(found)
    own[_MODE], own[_STATE] = _MODES[own[_MODE]], _STATES[own[_STATE]]
    return AccountRow._make(own)


def account_ids(*, numbers: Iterable[str]) -> dict[str, int]:
    """This will return the ids of the scope's accounts that have one of these numbers, by number."""
    found = accounts_of_scope().filter(number__in=list(numbers))
    return dict(found.values_list("number", "pk"))


def accounts_by_public_id(*, public_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, AccountRow]:
    """This will return accounts by their public ids."""
    return {
        each.public_id: row_of(each)
        for each in accounts_of_scope().filter(public_id__in=list(public_ids)).order_by("id")
    }


def staying(*, account_ids: Iterable[int], at: datetime) -> set[int]:
    """This will return which of these accounts have a contract that ends after a moment, or not at all."""
    contracts = models.Contract.objects.filter(
        organization_id__in=scoping.current().organizations, account_id__in=list(account_ids)
    )
    lasting = contracts.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=at))
    return set(lasting.values_list("account_id", flat=True))


def list_contracts(*, account_id: int) -> list[ContractRow]:
    """This will return the contracts of an account, the newest first."""
    contracts = models.Contract.objects.filter(
        organization_id__in=scoping.current().organizations, account_id=account_id
    ).select_related("meter_point__site", "tariff")
    return [
        ContractRow(
            id=each.pk,
            public_id=each.public_id,
            meter_point_public_id=each.meter_point.public_id,
            meter_point_code=each.meter_point.code,
            meter_point_name=each.meter_point.name,
            tariff_public_id=each.tariff.public_id,
            tariff_code=each.tariff.code,
            start=each.during.lower,
            end=each.during.upper,
            zone=each.meter_point.zone,
        )
        for each in contracts.order_by("-during", "-id")
    ]


def _matching(narrowing: Narrowing) -> QuerySet[models.Account]:
    accounts = accounts_of_scope()
    if narrowing.site_id is not None:
        accounts = accounts.filter(site_id=narrowing.site_id)
    if narrowing.without_sites:
        accounts = accounts.exclude(site_id__in=narrowing.without_sites)
    if not narrowing.search:
        return accounts
    contracts = models.Contract.objects.filter(
        Q(meter_point__node__code__icontains=narrowing.search)
        | Q(meter_point__node__name__icontains=narrowing.search)
        | Q(meter_point__code__icontains=narrowing.search),
        organization_id=scoping.current().organization_id,
        account_id=OuterRef("pk"),
    )
    return accounts.filter(
        Q(number__icontains=narrowing.search) | Q(customer__name__icontains=narrowing.search) | Q(Exists(contracts))
    )


def _money(account: models.Account) -> Money:
    """Columns have four decimals; the balance gets those of its currency back, and nothing may be lost."""
    owed: Decimal = account.owed  # type: ignore[attr-defined]  # annotated
    places = currencies.minor_units(account.currency)
    return Money(owed.quantize(Decimal(1).scaleb(-places), context=rounding.EXACT), account.currency)


def accounts_of_scope() -> QuerySet[models.Account]:
    """This will return all accounts of the running scope with their customers and sites."""
    accounts = models.Account.objects.filter(organization_id__in=scoping.current().organizations)
    return accounts.select_related("customer", "site")


def row_of(account: models.Account) -> AccountRow:
    """This will return an account as screens see it."""
    customer, site = account.customer, account.site
    return AccountRow(
        id=account.pk,
        public_id=account.public_id,
        number=account.number,
        customer_name=customer.name,
        customer_code=customer.code,
        email=customer.email,
        language=customer.language,
        tax_number=customer.tax_number,
        address=customer.address,
        site_id=site.pk,
        site_name=site.name,
        zone=site.time_zone,
        mode=values.AccountMode(account.mode),
        state=values.AccountState(account.state),
        currency=account.currency,
        is_landlord=account.is_landlord,
        receivable_id=account.receivable_id,
        vacancy_tariff_id=account.vacancy_tariff_id,
        moved_out_at=account.moved_out_at,
    )
