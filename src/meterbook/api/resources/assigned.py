"""What single meters and accounts are assigned to whoever asks, with their bills (M-003)."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import bills
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Service

router = Router(tags=["Assigned"])
MOST_BILLS = 24


class AssignedMeter(values.Told):
    """A meter point with the bills that charged it, the newest first; at most 24."""

    id: uuid.UUID
    code: str
    name: str
    service: Service
    site_name: str
    bills: list[bills.ListedBill]


class AssignedAccount(values.Told):
    """An account with its bills, the newest first; at most 24."""

    id: uuid.UUID
    number: str
    site_name: str
    bills: list[bills.ListedBill]


class AssignedThings(values.Told):
    """Everything that is assigned; meters and accounts of whole sites are in the other lists."""

    meter_points: list[AssignedMeter]
    accounts: list[AssignedAccount]


@endpoint(
    router,
    "GET",
    "/assigned",
    permission=metering_permissions.VIEW_METER,
    module=Module.METERING,
    by_site=True,
    by_single=True,
    single_permission=permissions.VIEW_BILL,
    answers=AssignedThings,
)
def list_assigned(request: entry.Request) -> AssignedThings:
    """This will return the single meters and accounts that are assigned to the person who asks, or named by the key.

    `billing:view_bill` for them is enough; without `metering:view_meter` nothing else of a meter is told anywhere.
    """
    caller = request.caller
    has_bills = caller.organization.has_module(Module.BILLING)
    billed = caller.access.meters(permissions.VIEW_BILL) if has_bills else frozenset()
    points = metering_queries.points_by_id(ids=caller.access.meters(metering_permissions.VIEW_METER) | billed)
    accounts = customer_queries.accounts_by_id(ids=caller.access.accounts(permissions.VIEW_BILL)) if has_bills else {}
    return AssignedThings(
        meter_points=[
            AssignedMeter(
                id=each.public_id,
                code=each.code,
                name=each.name,
                service=each.service,
                site_name=each.site_name,
                bills=_of_point(each.id) if each.id in billed else [],
            )
            for each in points
        ],
        accounts=[
            AssignedAccount(id=each.public_id, number=each.number, site_name=each.site_name, bills=_of_account(key))
            for key, each in sorted(accounts.items(), key=lambda found: found[1].number)
        ],
    )


@endpoint(
    router,
    "GET",
    "/assigned/bills/{uuid:assigned_bill}/pdf",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_single=True,
    answers=None,
)
def get_assigned_bill_pdf(request: entry.Request, assigned_bill: uuid.UUID) -> HttpResponse:
    """This will return the PDF of a bill of what is assigned; who may see all bills gets any."""
    access = request.caller.access
    if not access.allows(permissions.VIEW_BILL):
        listed = [
            *(row for each in access.meters(permissions.VIEW_BILL) for row in _of_point(each)),
            *(row for each in access.accounts(permissions.VIEW_BILL) for row in _of_account(each)),
        ]
        if assigned_bill not in {each.id for each in listed}:
            raise problems.not_found()
    return bills.pdf(request, assigned_bill)


def _of_point(meter_point_id: int) -> list[bills.ListedBill]:
    return [bills.listed(each) for each in billing_queries.point_bills(meter_point_id=meter_point_id, limit=MOST_BILLS)]


def _of_account(account_id: int) -> list[bills.ListedBill]:
    return [bills.listed(each) for each in billing_queries.account_bills(account_id=account_id, limit=MOST_BILLS)]
