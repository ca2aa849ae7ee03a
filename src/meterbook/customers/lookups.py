"""Reads of customers' records, contracts and the units that can be let. Each needs a running scope."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Exists, F, Func, OrderBy, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from meterbook.customers import models, records, values
from meterbook.foundation import scoping


@dataclass(frozen=True)
class CustomerRow:
    """A customer as a list shows it."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    kind: values.CustomerKind
    state: values.CustomerState
    email: str
    phone: str
    tax_number: str
    accounts: int


class Show(enum.StrEnum):
    """Which customers are listed."""

    ALL = "all"
    PEOPLE = "people"
    COMPANIES = "companies"
    CURRENT = "current"  # a contract runs
    FORMER = "former"
    MERGED = "merged"
    ERASED = "erased"


class Sort(enum.StrEnum):
    """By what customers are listed."""

    CODE = "code"
    NAME = "name"


@dataclass(frozen=True)
class Narrowing:
    """Which customers are listed, and how; `search` is a part of a name, code, e-mail, phone or tax number."""

    show: Show = Show.ALL
    search: str = ""
    sort: Sort = Sort.NAME
    is_descending: bool = False


@dataclass(frozen=True)
class CustomerPage:
    """A page of customers, and how many each filter finds of those that match the search."""

    rows: tuple[CustomerRow, ...]
    counts: Mapping[Show, int]


@dataclass(frozen=True)
class ContactRow:
    """Somebody to ask about a customer."""

    public_id: uuid.UUID
    name: str
    roles: tuple[values.ContactRole, ...]
    email: str
    phone: str
    messaging: str


@dataclass(frozen=True)
class ConsentRow:
    """What a customer agreed to; `withdrawn_at` None while it holds."""

    public_id: uuid.UUID
    kind: values.ConsentKind
    text_version: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class FileRow:
    """A document of a customer, without its bytes."""

    public_id: uuid.UUID
    name: str
    media_type: str
    size: int
    author: str
    added_at: datetime


@dataclass(frozen=True)
class DepositRow:
    """A deposit that was agreed."""

    account_id: int
    amount: Decimal
    currency: str
    agreed_date: date


@dataclass(frozen=True)
class AccountOf:
    """An account of a customer."""

    id: int
    public_id: uuid.UUID
    number: str
    site_id: int
    site_name: str
    zone: str
    currency: str
    is_landlord: bool
    moved_out_at: datetime | None
    receivable_id: int


@dataclass(frozen=True)
class CustomerDetail:
    """All that is known of a customer but its vulnerability, which is asked for apart."""

    id: int
    public_id: uuid.UUID
    code: str
    facts: records.Facts
    state: values.CustomerState
    merged_into: uuid.UUID | None
    closed_at: datetime | None
    accounts: tuple[AccountOf, ...]
    contacts: tuple[ContactRow, ...]
    consents: tuple[ConsentRow, ...]
    files: tuple[FileRow, ...]
    deposits: tuple[DepositRow, ...]


class CustomerNotFound(LookupError):
    """There is no such customer in this organization."""


class FileNotFound(LookupError):
    """There is no such document of this customer."""


_ACTIVE = Q(state=values.CustomerState.ACTIVE.value)
SHOWN = {
    Show.ALL: _ACTIVE,
    Show.PEOPLE: _ACTIVE & Q(kind=values.CustomerKind.PERSON.value),
    Show.COMPANIES: _ACTIVE & Q(kind=values.CustomerKind.COMPANY.value),
    Show.CURRENT: _ACTIVE & Q(is_current=True),
    Show.FORMER: _ACTIVE & Q(is_current=False),
    Show.MERGED: Q(state=values.CustomerState.MERGED.value),
    Show.ERASED: Q(state=values.CustomerState.ERASED.value),
}
SORTED: dict[Sort, F | Func] = {Sort.CODE: F("code"), Sort.NAME: Lower("name")}
FOUND_AT_ONCE = 20


def list_customers(*, narrowing: Narrowing, at: datetime, offset: int = 0, limit: int | None = 50) -> CustomerPage:
    """This will return a page of customers, in two queries whatever their number.

    :param limit: None: all of them
    """
    found = _matching(narrowing.search, at)
    counts = found.aggregate(**{each.value: Count("pk", filter=SHOWN[each]) for each in Show})
    by = OrderBy(SORTED[narrowing.sort], descending=narrowing.is_descending)
    shown = _counted(found.filter(SHOWN[narrowing.show])).order_by(by, "id")
    rows = shown[offset:] if limit is None else shown[offset : offset + limit]
    return CustomerPage(tuple(_row(each) for each in rows), {each: counts[each.value] for each in Show})


def customers_after(*, narrowing: Narrowing, at: datetime, after_id: int, limit: int) -> list[tuple[int, CustomerRow]]:
    """This will return customers with their ids in the order in which they were added, behind an id; for programs."""
    found = _counted(_matching(narrowing.search, at).filter(SHOWN[narrowing.show], pk__gt=after_id))
    return [(each.pk, _row(each)) for each in found.order_by("pk")[:limit]]


def find_customers(*, search: str, at: datetime) -> tuple[CustomerRow, ...]:
    """This will return the first twenty customers in use that match a part of name, code, e-mail, phone or number."""
    found = _counted(_matching(search, at).filter(_ACTIVE)).order_by(Lower("name"), "id")
    return tuple(_row(each) for each in found[:FOUND_AT_ONCE])


def has_customers() -> bool:
    """This will tell whether there is any customer."""
    return models.Customer.objects.filter(organization_id=scoping.current().organization_id).exists()


def get_customer(*, public_id: uuid.UUID) -> CustomerDetail:
    """This will return one customer, in a fixed number of queries.

    :raises CustomerNotFound: when it is not there or belongs to another organization
    """
    organization_id = scoping.current().organization_id
    found = (
        models.Customer.objects.filter(organization_id=organization_id, public_id=public_id)
        .select_related("merged_into")
        .first()
    )
    if found is None:
        raise CustomerNotFound(_("There is no such customer."))
    return CustomerDetail(
        id=found.pk,
        public_id=found.public_id,
        code=found.code,
        facts=records.facts_of(found),
        state=values.CustomerState(found.state),
        merged_into=found.merged_into.public_id if found.merged_into else None,
        closed_at=found.closed_at,
        accounts=tuple(accounts_of(customer_id=found.pk)),
        contacts=tuple(
            ContactRow(
                each.public_id,
                each.name,
                tuple(values.ContactRole(role) for role in each.roles),
                each.email,
                each.phone,
                each.messaging,
            )
            for each in models.Contact.objects.filter(organization_id=organization_id, customer=found).order_by(
                "name", "id"
            )
        ),
        consents=tuple(
            ConsentRow(
                each.public_id, values.ConsentKind(each.kind), each.text_version, each.given_at, each.withdrawn_at
            )
            for each in models.Consent.objects.filter(organization_id=organization_id, customer=found).order_by(
                "-given_at", "-id"
            )
        ),
        files=tuple(
            _file(each)
            for each in models.CustomerFile.objects.filter(organization_id=organization_id, customer=found)
            .defer("content")
            .order_by("-id")
        ),
        deposits=tuple(
            DepositRow(each.account_id, each.amount, each.currency, each.agreed_date)
            for each in models.Deposit.objects.filter(
                organization_id=organization_id, account__customer=found
            ).order_by("-agreed_date", "-id")
        ),
    )


def accounts_of(*, customer_id: int) -> list[AccountOf]:
    """This will return the accounts of a customer by number."""
    accounts = models.Account.objects.filter(
        organization_id=scoping.current().organization_id, customer_id=customer_id
    ).select_related("site")
    return [
        AccountOf(
            each.pk,
            each.public_id,
            each.number,
            each.site_id,
            each.site.name,
            each.site.time_zone,
            each.currency,
            each.is_landlord,
            each.moved_out_at,
            each.receivable_id,
        )
        for each in accounts.order_by("number", "id")
    ]


def customer_of_account(*, account_id: int) -> uuid.UUID:
    """This will return the public id of the customer of an account, by the account's internal id.

    :raises CustomerNotFound: when there is no such account
    """
    found = models.Account.objects.filter(organization_id=scoping.current().organization_id, pk=account_id).values_list(
        "customer__public_id", flat=True
    )
    first = found.first()
    if first is None:
        raise CustomerNotFound(_("There is no such customer."))
    return first


def file_content(*, customer: uuid.UUID, file: uuid.UUID) -> tuple[FileRow, bytes]:
    """This will return a document of a customer with its bytes.

    :raises FileNotFound: when the customer has none of that id
    """
    found = models.CustomerFile.objects.filter(
        organization_id=scoping.current().organization_id, customer__public_id=customer, public_id=file
    ).first()
    if found is None:
        raise FileNotFound(_("There is no such document."))
    return _file(found), bytes(found.content)


def customers_by_id(*, ids: Iterable[int]) -> dict[int, CustomerRow]:
    """This will return customers by their internal ids."""
    found = models.Customer.objects.filter(organization_id=scoping.current().organization_id, pk__in=list(ids))
    return {each.pk: _row(each) for each in _counted(found).order_by("id")}


def _matching(search: str, at: datetime) -> QuerySet[models.Customer]:
    organization_id = scoping.current().organization_id
    running = models.Contract.objects.filter(
        organization_id=organization_id, account__customer_id=OuterRef("pk"), during__contains=at
    )
    found = models.Customer.objects.filter(organization_id=organization_id).annotate(is_current=Exists(running))
    if not search:
        return found
    return found.filter(
        Q(name__icontains=search)
        | Q(legal_name__icontains=search)
        | Q(code__icontains=search)
        | Q(email__icontains=search)
        | Q(tax_number__icontains=search)
        | Q(emails__icontains=search)
        | Q(phones__icontains=search)
        | Exists(
            models.Account.objects.filter(
                organization_id=organization_id, customer_id=OuterRef("pk"), number__icontains=search
            )
        )
    )


def _counted(customers: QuerySet[models.Customer]) -> QuerySet[models.Customer]:
    return customers.annotate(accounts_count=Count("account"))


def _row(customer: models.Customer) -> CustomerRow:
    return CustomerRow(
        id=customer.pk,
        public_id=customer.public_id,
        code=customer.code,
        name=customer.name,
        kind=values.CustomerKind(customer.kind),
        state=values.CustomerState(customer.state),
        email=customer.email,
        phone=customer.phones[0] if customer.phones else "",
        tax_number=customer.tax_number,
        accounts=customer.accounts_count,  # type: ignore[attr-defined]  # annotated
    )


def _file(file: models.CustomerFile) -> FileRow:
    return FileRow(file.public_id, file.name, file.media_type, file.size, file.author, file.added_at)
