"""How customers are written: what is known of them, whom to ask, what they agreed to, which papers there are."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.resources import reach
from meterbook.customers import lookups, permissions, protection
from meterbook.customers import values as customer_values

Phone = Annotated[values.Words, Field(min_length=1, max_length=customer_values.PHONE_LENGTH)]
Messaging = Annotated[values.Words, Field(min_length=1, max_length=customer_values.MESSAGING_LENGTH)]
MaybeName = Annotated[values.Words, Field(max_length=customer_values.NAME_LENGTH)]
MaybePhone = Annotated[values.Words, Field(max_length=customer_values.PHONE_LENGTH)]
MaybeMessaging = Annotated[values.Words, Field(max_length=customer_values.MESSAGING_LENGTH)]
TaxNumber = Annotated[values.Words, Field(max_length=40)]
Address = Annotated[values.Words, Field(max_length=1_000)]
Notes = Annotated[values.Words, Field(max_length=customer_values.NOTES_LENGTH)]
Occupants = Annotated[int, Field(ge=0, le=customer_values.MOST_OCCUPANTS)]
FieldName = Annotated[values.Words, Field(min_length=1, max_length=100)]
LISTED = Field(max_length=customer_values.MOST_LINES)
Emails = Annotated[list[values.Email], LISTED]
Phones = Annotated[list[Phone], LISTED]
MessagingLines = Annotated[list[Messaging], LISTED]
OwnFields = Annotated[dict[FieldName, values.Name], LISTED]


class ListedCustomer(values.Told):
    """A customer as a list tells it; `accounts` is how many there are."""

    id: uuid.UUID
    code: str
    name: str
    kind: customer_values.CustomerKind
    state: customer_values.CustomerState
    email: str
    phone: str
    tax_number: str
    accounts: int


class CustomerAccount(values.Told):
    """An account of a customer."""

    id: uuid.UUID
    number: str
    site_name: str
    time_zone: str
    currency: str
    is_landlord: bool
    moved_out_at: values.InstantTold | None


class CustomerContact(values.Told):
    """Somebody to ask about a customer."""

    id: uuid.UUID
    name: str
    roles: list[customer_values.ContactRole]
    email: str
    phone: str
    messaging: str


class CustomerConsent(values.Told):
    """What a customer agreed to, in which version of the words; `withdrawn_at` null while it holds."""

    id: uuid.UUID
    kind: customer_values.ConsentKind
    text_version: str
    given_at: values.InstantTold
    withdrawn_at: values.InstantTold | None


class CustomerPaper(values.Told):
    """A document of a customer; `size` in bytes."""

    id: uuid.UUID
    name: str
    media_type: str
    size: int
    author: str
    added_at: values.InstantTold


class CustomerDeposit(values.Told):
    """A deposit that was agreed."""

    account: uuid.UUID
    amount: values.Money
    agreed_date: date


class CustomerRecord(values.Told):
    """All that is known of a customer; `merged_into` is the record that goes on."""

    id: uuid.UUID
    code: str
    state: customer_values.CustomerState
    merged_into: uuid.UUID | None
    closed_at: values.InstantTold | None
    name: str
    kind: customer_values.CustomerKind
    legal_name: str
    tax_number: str
    email: str
    emails: list[str]
    phones: list[str]
    messaging: list[str]
    address: str
    language: str
    occupants: int | None
    notes: str
    custom: dict[str, str]
    accounts: list[CustomerAccount]
    contacts: list[CustomerContact]
    consents: list[CustomerConsent]
    papers: list[CustomerPaper]
    deposits: list[CustomerDeposit]


class Protection(values.Told):
    """Whether a customer must not be without supply, through the day `until_date`, and why."""

    is_protected: bool
    is_medical: bool
    until_date: date | None
    reason: str
    noted_by: str
    noted_at: values.InstantTold | None


class NewCustomer(values.Given):
    """What is known of a new customer; only the name must be."""

    name: values.Name
    kind: customer_values.CustomerKind = customer_values.CustomerKind.PERSON
    legal_name: MaybeName = ""
    tax_number: TaxNumber = ""
    email: values.MaybeEmail = ""
    emails: Emails = Field([])
    phones: Phones = Field([])
    messaging: MessagingLines = Field([])
    address: Address = ""
    language: values.Language = "en"
    occupants: Occupants | None = None
    notes: Notes = ""
    custom: OwnFields = Field({})


class ChangedRecord(values.Given):
    """What changes of a customer; what is left out stays. `occupants` null: not known."""

    name: values.Name | None = None
    kind: customer_values.CustomerKind | None = None
    legal_name: MaybeName | None = None
    tax_number: TaxNumber | None = None
    email: values.MaybeEmail | None = None
    emails: Emails | None = None
    phones: Phones | None = None
    messaging: MessagingLines | None = None
    address: Address | None = None
    language: values.Language | None = None
    occupants: Occupants | None = None
    notes: Notes | None = None
    custom: OwnFields | None = None


def plain(given: NewCustomer | ChangedRecord) -> dict[str, Any]:
    """This will return what was sent as `customers.records.Facts` takes it, without what was left out of a change."""
    known = given.model_dump(exclude_none=True)
    if "occupants" in given.model_fields_set:
        known["occupants"] = given.occupants
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}


def listed(row: lookups.CustomerRow) -> ListedCustomer:
    """This will tell a customer of a list."""
    return ListedCustomer(
        id=row.public_id,
        code=row.code,
        name=row.name,
        kind=row.kind,
        state=row.state,
        email=row.email,
        phone=row.phone,
        tax_number=row.tax_number,
        accounts=row.accounts,
    )


def read(request: entry.Request, public_id: uuid.UUID) -> CustomerRecord:
    """This will tell all that is known of a customer, without accounts at sites where billing is off.

    :raises lookups.CustomerNotFound: when there is none in the organization
    """
    found = lookups.get_customer(public_id=public_id)
    without = reach.without(request, permissions.VIEW_CUSTOMER)
    accounts = {each.id: each for each in found.accounts if each.site_id not in without}
    return CustomerRecord(
        **found.facts.plain(),  # type: ignore[arg-type]  # of the names above, checked when it is made
        id=found.public_id,
        code=found.code,
        state=found.state,
        merged_into=found.merged_into,
        closed_at=values.maybe_instant(found.closed_at),
        accounts=[_account(each) for each in accounts.values()],
        contacts=[_contact(each) for each in found.contacts],
        consents=[_consent(each) for each in found.consents],
        papers=[_paper(each) for each in found.files],
        deposits=[
            CustomerDeposit(
                account=accounts[each.account_id].public_id,
                amount=values.Money(amount=values.decimal(each.amount), currency=each.currency),
                agreed_date=each.agreed_date,
            )
            for each in found.deposits
            if each.account_id in accounts
        ],
    )


def protected(row: protection.VulnerabilityRow | None) -> Protection:
    """This will tell whether and why a customer is protected."""
    if row is None:
        return Protection(is_protected=False, is_medical=False, until_date=None, reason="", noted_by="", noted_at=None)
    return Protection(
        is_protected=True,
        is_medical=row.is_medical,
        until_date=row.until_date,
        reason=row.reason,
        noted_by=row.noted_by,
        noted_at=values.instant(row.noted_at),
    )


def _account(row: lookups.AccountOf) -> CustomerAccount:
    return CustomerAccount(
        id=row.public_id,
        number=row.number,
        site_name=row.site_name,
        time_zone=row.zone,
        currency=row.currency,
        is_landlord=row.is_landlord,
        moved_out_at=values.maybe_instant(row.moved_out_at),
    )


def _contact(row: lookups.ContactRow) -> CustomerContact:
    return CustomerContact(
        id=row.public_id,
        name=row.name,
        roles=list(row.roles),
        email=row.email,
        phone=row.phone,
        messaging=row.messaging,
    )


def _consent(row: lookups.ConsentRow) -> CustomerConsent:
    return CustomerConsent(
        id=row.public_id,
        kind=row.kind,
        text_version=row.text_version,
        given_at=values.instant(row.given_at),
        withdrawn_at=values.maybe_instant(row.withdrawn_at),
    )


def _paper(row: lookups.FileRow) -> CustomerPaper:
    return CustomerPaper(
        id=row.public_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        author=row.author,
        added_at=values.instant(row.added_at),
    )
