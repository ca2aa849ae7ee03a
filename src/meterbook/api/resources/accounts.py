"""Customers with their accounts, contracts, and what they owe."""

from __future__ import annotations

import uuid
from typing import Annotated
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import books, reach, tariff_overrides
from meterbook.customers import numbering, permissions
from meterbook.customers import operations as customer_operations
from meterbook.customers import queries as customer_queries
from meterbook.customers import values as customer_values
from meterbook.identity.values import Module
from meterbook.journeys import ending_contracts
from meterbook.kernel import civil
from meterbook.kernel import money as kernel_money
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import queries as metering_queries
from meterbook.sites import permissions as site_permissions

router = Router(tags=["Accounts"])
TaxNumber = Annotated[values.Words, Field(max_length=40)]
Address = Annotated[values.Words, Field(max_length=500)]


class Customer(values.Told):
    """Who pays."""

    name: str
    email: str
    language: str
    tax_number: str
    address: str


class Account(values.Told):
    """What a customer owes and pays at a site; `balance` above zero is owed to the landlord.

    Of a cost center (`mode` INTERNAL) nothing is owed: there it is what was charged to it in all.
    """

    id: uuid.UUID
    number: str
    customer: Customer
    site_name: str
    time_zone: str
    currency: str
    mode: customer_values.AccountMode
    state: customer_values.AccountState
    is_landlord: bool
    balance: values.Money


class NewAccount(values.Given):
    """An account and its customer. `vacancy_tariff` is by which the landlord's account pays for vacant meter points.

    `is_internal` opens a cost center of the organization: statements without tax and number, and nothing to pay.
    Without a number it gets the next one, written as the newest ones are.
    """

    site: uuid.UUID
    number: values.Code | None = None
    name: values.Name
    email: values.MaybeEmail = ""
    language: values.Language = "en"
    tax_number: TaxNumber = ""
    address: Address = ""
    is_landlord: bool = False
    vacancy_tariff: uuid.UUID | None = None
    is_internal: bool = False


class ChangedCustomer(values.Given):
    """What changes of a customer; what is left out stays."""

    name: values.Name | None = None
    email: values.MaybeEmail | None = None
    language: values.Language | None = None
    tax_number: TaxNumber | None = None
    address: Address | None = None


class Contract(values.Told):
    """That an account pays for a meter point by a tariff in [starts_at, ends_at); `ends_at` null while it runs."""

    id: uuid.UUID
    meter_point: uuid.UUID
    meter_point_code: str
    tariff: uuid.UUID
    tariff_code: str
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None
    time_zone: str


class NewContract(values.Given):
    """A contract from the beginning of a local day of the site on; `reason`: why the tariff is not the default.

    It begins by the default where the other tariff waits for a second person.
    """

    meter_point: uuid.UUID
    tariff: uuid.UUID
    first_day: values.DayGiven
    reason: tariff_overrides.OverrideReason = ""


class End(values.Given):
    """The first local day, at the meter, that no longer belongs to the contract.

    `confirm_bills` says that it is known which issued bills reach beyond that day: they stay as they are.
    """

    until_day: values.DayGiven
    confirm_bills: bool = False


@endpoint(
    router,
    "GET",
    "/accounts",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[Account],
)
def list_accounts(
    request: entry.Request,
    search: values.Search = "",
    show: customer_queries.Show = customer_queries.Show.ALL,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[Account]:
    """This will return accounts with what each owes; `search` is a part of a number, a name or a unit."""
    site_id = reach.site_id(request, site, site_permissions.VIEW_SITES)
    narrowing = customer_queries.Narrowing(
        show=show,
        search=search,
        site_id=site_id,
        without_sites=reach.without(request, permissions.VIEW_CUSTOMER),
    )
    found = customer_queries.accounts_after(
        narrowing=narrowing, after_id=paging.after(request, cursor), limit=limit + 1
    )
    return paging.page(request, [(each[0].id, each) for each in found], limit, lambda each: _account(each[0], each[1]))


@endpoint(
    router,
    "POST",
    "/accounts",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Account,
    status=201,
)
def open_account(request: entry.Request, given: NewAccount) -> Account:
    """This will add a customer and open an account at a site."""
    caller = request.caller
    site = reach.site(request, given.site, permissions.MANAGE_CUSTOMER)
    number = given.number or numbering.next_numbers(site_id=site.id)[0]
    told = {**given.model_dump(), "number": number}
    made = customer_operations.open_account_with_customer(actor=caller.actor, at=caller.at, **told)
    return _read(made.public_id)


@endpoint(
    router,
    "GET",
    "/accounts/{uuid:account}",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Account,
)
def get_account(request: entry.Request, account: uuid.UUID) -> Account:
    """This will return one account."""
    return _read(account)


@endpoint(
    router,
    "PATCH",
    "/accounts/{uuid:account}/customer",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Account,
)
def change_customer(request: entry.Request, account: uuid.UUID, given: ChangedCustomer) -> Account:
    """This will change what is known of the customer of an account; issued bills keep what they say."""
    caller, row = request.caller, customer_queries.get_account(public_id=account)
    changed = given.model_dump(exclude_none=True)
    known = {
        "name": row.customer_name,
        "email": row.email,
        "language": row.language,
        "tax_number": row.tax_number,
        "address": row.address,
    }
    customer_operations.change_customer(actor=caller.actor, at=caller.at, account=row.public_id, **{**known, **changed})
    return _read(account)


@endpoint(
    router,
    "GET",
    "/accounts/{uuid:account}/contracts",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[Contract],
)
def list_contracts(
    request: entry.Request, account: uuid.UUID, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[Contract]:
    """This will return the contracts of an account."""
    row = customer_queries.get_account(public_id=account)
    return paging.cut(
        request,
        customer_queries.list_contracts(account_id=row.id),
        key=lambda each: each.id,
        cursor=cursor,
        limit=limit,
        tell=lambda each: _contract(each),
    )


@endpoint(
    router,
    "POST",
    "/accounts/{uuid:account}/contracts",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Contract,
    status=201,
)
def start_contract(request: entry.Request, account: uuid.UUID, given: NewContract) -> Contract:
    """This will let an account pay for a meter point of its site from a day on."""
    caller, row = request.caller, customer_queries.get_account(public_id=account)
    made = customer_operations.start_contract(
        actor=caller.actor,
        at=caller.at,
        account=row.public_id,
        meter_point=given.meter_point,
        tariff=given.tariff,
        starts_at=civil.start_of_day(given.first_day, _zone(row, given.meter_point)),
        reason=given.reason,
    )
    return _find_contract(row, made.public_id)


@endpoint(
    router,
    "POST",
    "/accounts/{uuid:account}/contracts/{uuid:contract}/end",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Contract,
)
def end_contract(request: entry.Request, account: uuid.UUID, contract: uuid.UUID, given: End) -> Contract:
    """This will end a contract; from that day on the meter point is vacant."""
    caller, row = request.caller, customer_queries.get_account(public_id=account)
    ending = _contract_row(row, contract)
    try:
        ending_contracts.end_contract(
            actor=caller.actor,
            at=caller.at,
            contract=contract,
            ends_at=civil.start_of_day(given.until_day, ending.zone),
            is_confirmed=given.confirm_bills,
        )
    except ending_contracts.BillsReachBeyond as error:
        words = _("Bill %(number)s charges until %(until)s.")
        errors = [
            ("/body/until_day", words % {"number": each.number, "until": each.until.astimezone(each.zone).isoformat()})
            for each in error.bills
        ]
        raise problems.Problem(409, "billed", str(error), errors=errors) from error
    return _find_contract(row, contract)


@endpoint(
    router,
    "GET",
    "/accounts/{uuid:account}/statement",
    permission=ledger_permissions.VIEW_LEDGER,
    module=Module.BILLING,
    by_site=True,
    answers=books.Statement,
)
def get_statement(
    request: entry.Request, account: uuid.UUID, since: books.FirstDay = None, until: books.UntilDay = None
) -> books.Statement:
    """This will return what was charged and paid on the days [from, until), each with the balance after it."""
    row = customer_queries.get_account(public_id=account)
    return books.told_statement(row.receivable_id, since, until)


def _read(public_id: uuid.UUID) -> Account:
    row = customer_queries.get_account(public_id=public_id)
    return _account(row, ledger_queries.balance(row.receivable_id))


def _account(row: customer_queries.AccountRow, balance: kernel_money.Money) -> Account:
    return Account(
        id=row.public_id,
        number=row.number,
        customer=Customer(
            name=row.customer_name,
            email=row.email,
            language=row.language,
            tax_number=row.tax_number,
            address=row.address,
        ),
        site_name=row.site_name,
        time_zone=row.zone,
        currency=row.currency,
        mode=row.mode,
        state=row.state,
        is_landlord=row.is_landlord,
        balance=values.money(balance),
    )


def _zone(row: customer_queries.AccountRow, point: uuid.UUID) -> ZoneInfo:
    """Days begin where the meter is; one that is not there is refused later."""
    found = metering_queries.find_zone(public_id=point)
    return ZoneInfo(row.zone) if found is None else found.zone


def _find_contract(row: customer_queries.AccountRow, public_id: uuid.UUID) -> Contract:
    return _contract(_contract_row(row, public_id))


def _contract_row(row: customer_queries.AccountRow, public_id: uuid.UUID) -> customer_queries.ContractRow:
    contracts = customer_queries.list_contracts(account_id=row.id)
    found = next((each for each in contracts if each.public_id == public_id), None)
    if found is None:
        raise problems.not_found()
    return found


def _contract(row: customer_queries.ContractRow) -> Contract:
    return Contract(
        id=row.public_id,
        meter_point=row.meter_point_public_id,
        meter_point_code=row.meter_point_code,
        tariff=row.tariff_public_id,
        tariff_code=row.tariff_code,
        starts_at=values.instant(row.start),
        ends_at=values.maybe_instant(row.end),
        time_zone=row.zone.key,
    )
