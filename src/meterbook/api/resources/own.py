"""What is a tenant's own: accounts, contracts, meters with their use, bills, and who looked at it.

Everything is cut to the time of the own contracts, by the queries that the tenant's pages ask.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.http import HttpResponse
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import bills
from meterbook.billing import queries as billing_queries
from meterbook.customers import granularity, own, own_use, permissions
from meterbook.customers import queries as customer_queries
from meterbook.customers.values import LookWay
from meterbook.identity.values import Module
from meterbook.journeys import asking
from meterbook.kernel import civil
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Service

router = Router(tags=["Own"])
SEE = permissions.SEE_OWN_ACCOUNT
MOST_BILLS = 100


class OwnContract(values.Told):
    """What an account pays for, by which tariff, in [starts_at, ends_at)."""

    id: uuid.UUID
    meter_point_code: str
    meter_point_name: str
    tariff_code: str
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None


class OwnAccount(values.Told):
    """An account of the person who asks; `balance` above zero is owed.

    `disputed` of it is not asked for until it is decided; `asked` stays due.
    """

    id: uuid.UUID
    number: str
    site_name: str
    balance: values.Money
    disputed: values.Money
    asked: values.Money
    contracts: list[OwnContract]


class OwnAccounts(values.Told):
    """By number."""

    items: list[OwnAccount]


class OwnStay(values.Told):
    """[starts_at, ends_at) of a contract; `ends_at` null while no end was agreed."""

    starts_at: values.InstantTold
    ends_at: values.InstantTold | None


class OwnMeter(values.Told):
    """A meter point that is or was paid for, and when: use of other times is not shown."""

    id: uuid.UUID
    code: str
    name: str
    place: str
    service: Service
    stays: list[OwnStay]


class OwnMeters(values.Told):
    """As people order them."""

    items: list[OwnMeter]


class OwnBar(values.Told):
    """What was used in [starts_at, ends_at); `value` null where nothing is known, `estimated` what nobody measured."""

    starts_at: values.InstantTold
    ends_at: values.InstantTold
    value: values.DecimalTold | None
    estimated: values.DecimalTold
    state: metering_queries.SlotState


class OwnUse(values.Told):
    """The use of a local day, week, month or year, cut to the own time; its sum is `total`."""

    unit: str
    time_zone: str
    starts_at: values.InstantTold
    ends_at: values.InstantTold
    total: values.DecimalTold
    bars: list[OwnBar]


class OwnBills(values.Told):
    """The newest first; at most 100 of each account."""

    items: list[bills.ListedBill]


class OwnLook(values.Told):
    """That somebody of the landlord's looked at use in detail on a day."""

    viewer: str
    day: date
    way: LookWay
    meter_point_name: str
    looked_at: values.InstantTold


class OwnLooks(values.Told):
    """The latest first; at most 100."""

    items: list[OwnLook]


@endpoint(router, "GET", "/own/accounts", permission=SEE, module=Module.BILLING, by_site=True, answers=OwnAccounts)
def list_own_accounts(request: entry.Request) -> OwnAccounts:
    """This will return the accounts that are linked to whoever asks, with what they owe and pay for."""
    return OwnAccounts(items=[_account(each, request.caller.at) for each in _accounts(request)])


def _account(row: customer_queries.AccountRow, at: datetime) -> OwnAccount:
    asked = asking.of_account(row, at=at)
    return OwnAccount(
        id=row.public_id,
        number=row.number,
        site_name=row.site_name,
        balance=values.money(ledger_queries.balance(row.receivable_id)),
        disputed=values.money(asked.withheld),
        asked=values.money(asked.asked),
        contracts=[_contract(each) for each in customer_queries.list_contracts(account_id=row.id)],
    )


@endpoint(router, "GET", "/own/meters", permission=SEE, module=Module.BILLING, by_site=True, answers=OwnMeters)
def list_own_meters(request: entry.Request) -> OwnMeters:
    """This will return the meter points of the own accounts, and when they were paid for."""
    return OwnMeters(
        items=[
            OwnMeter(
                id=each.public_id,
                code=each.code,
                name=each.name,
                place=each.place,
                service=each.service,
                stays=[
                    OwnStay(starts_at=values.instant(stay.start), ends_at=values.maybe_instant(stay.end))
                    for stay in each.stays
                ],
            )
            for each in points_of(request)
        ]
    )


@endpoint(
    router,
    "GET",
    "/own/meters/{uuid:own_meter}/use",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=OwnUse,
)
def get_own_use(
    request: entry.Request,
    own_meter: uuid.UUID,
    view: metering_queries.View = metering_queries.View.MONTH,
    day: values.DayGiven | None = None,
) -> OwnUse:
    """This will return what an own meter used in the local day, week, month or year (`view`) that holds a day."""
    point = next((each for each in points_of(request) if each.public_id == own_meter), None)
    if point is None or view is metering_queries.View.RANGE:
        raise problems.not_found()
    detail = metering_queries.get_meter(public_id=own_meter)
    series = detail.main_series
    if series is None:
        raise problems.not_found()
    asked = day or civil.local_date(request.caller.at, detail.zone)
    span = metering_queries.span(view, asked, detail.zone, series.step)
    found = own_use.usage_within(series=series, point=point, detail=detail, span=span, at=request.caller.at)
    if found is None:
        raise problems.not_found()
    return OwnUse(
        unit=series.unit.value,
        time_zone=detail.zone.key,
        starts_at=values.instant(found.period.start),
        ends_at=values.instant(found.period.end),
        total=values.scaled(found.total, found.decimals),
        bars=[
            OwnBar(
                starts_at=values.instant(each.start),
                ends_at=values.instant(each.end),
                value=None if each.value is None else values.scaled(each.value, found.decimals),
                estimated=values.scaled(each.estimated, found.decimals),
                state=each.state,
            )
            for each in found.slots
        ],
    )


@endpoint(router, "GET", "/own/bills", permission=SEE, module=Module.BILLING, by_site=True, answers=OwnBills)
def list_own_bills(request: entry.Request) -> OwnBills:
    """This will return the issued bills of the own accounts."""
    found = [
        row
        for each in _accounts(request)
        for row in billing_queries.account_bills(account_id=each.id, limit=MOST_BILLS)
    ]
    newest_first = sorted(found, key=lambda each: (each.bill_date, each.number), reverse=True)
    return OwnBills(items=[bills.listed(each) for each in newest_first])


@endpoint(
    router,
    "GET",
    "/own/bills/{uuid:own_bill}/pdf",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_own_bill_pdf(request: entry.Request, own_bill: uuid.UUID) -> HttpResponse:
    """This will return the PDF of an own bill, the same bytes ever after."""
    require_bill(request, own_bill)
    return bills.pdf(request, own_bill)


@endpoint(router, "GET", "/own/looks", permission=SEE, module=Module.BILLING, by_site=True, answers=OwnLooks)
def list_own_looks(request: entry.Request) -> OwnLooks:
    """This will return who looked at the own use in detail."""
    return OwnLooks(
        items=[
            OwnLook(
                viewer=each.viewer,
                day=each.day,
                way=each.way,
                meter_point_name=each.point_name,
                looked_at=values.instant(each.looked_at),
            )
            for each in granularity.looks_at(account_ids=[each.id for each in _accounts(request)])
        ]
    )


def require_bill(request: entry.Request, public_id: uuid.UUID) -> None:
    """This will let through who asks for an issued bill of an own account.

    :raises problems.Problem: for any other bill
    """
    row = billing_queries.bills_by_id(public_ids={public_id}).get(public_id)
    if row is None or row.account_public_id not in {each.public_id for each in _accounts(request)}:
        raise problems.not_found()


def _accounts(request: entry.Request) -> list[customer_queries.AccountRow]:
    """Those linked to the person who asks, or who answers for the key."""
    caller = request.caller
    linked = own.accounts_of_user(user_id=caller.user_id, at=caller.at)
    return [each for each in linked if caller.access.allows(SEE, each.site_id)]


def points_of(request: entry.Request) -> tuple[own.OwnPoint, ...]:
    """This will return the meter points of the accounts that are linked to whoever asks, with the own time."""
    return own.points_of(account_ids=[each.id for each in _accounts(request)])


def _contract(row: customer_queries.ContractRow) -> OwnContract:
    return OwnContract(
        id=row.public_id,
        meter_point_code=row.meter_point_code,
        meter_point_name=row.meter_point_name,
        tariff_code=row.tariff_code,
        starts_at=values.instant(row.start),
        ends_at=values.maybe_instant(row.end),
    )
