"""A closed sheet that would come out differently: what either way costs, and billing all members again."""

from __future__ import annotations

import uuid
from decimal import Decimal

from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import permissions
from meterbook.billing.operations import pool_rebilling, pool_swapping
from meterbook.billing.queries import pool_rebills
from meterbook.billing.queries import pools as pool_queries
from meterbook.identity.values import Module

router = Router(tags=["Shared costs"])
VIEW, MANAGE, APPROVE = permissions.VIEW_BILL, permissions.MANAGE_POOL, permissions.APPROVE_RUN


class CarriedShare(values.Told):
    """What an account would bear of a carried difference, if members and keys stay the same."""

    account: str
    amount: values.DecimalTold


class RebilledMember(values.Told):
    """A bill before and after; `trouble` says why it cannot be made again."""

    account: str
    name: str
    bill: str
    before: values.DecimalTold | None
    now: values.DecimalTold | None
    trouble: str


class SheetWays(values.Told):
    """What either way costs each member; `is_possible`: all can be billed again."""

    difference: values.Money
    carried: list[CarriedShare]
    members: list[RebilledMember]
    is_possible: bool
    trouble: str


class NewRebill(values.Given):
    """Why all members are billed again."""

    reason: values.Note


class RebillRejection(values.Given):
    """Why they are not."""

    reason: values.Note


class RebillTold(values.Told):
    """A proposal to bill all members of a sheet again; another person approves it."""

    id: uuid.UUID
    sheet: uuid.UUID
    state: str
    reason: str
    members: list[RebilledMember]
    proposed_by: str
    decided_by: str
    further_sheet: uuid.UUID | None


@endpoint(
    router,
    "GET",
    "/sheets/{uuid:sheet}/ways",
    permission=VIEW,
    module=Module.BILLING,
    answers=SheetWays,
    by_site=True,
)
def get_sheet_ways(request: entry.Request, sheet: uuid.UUID) -> SheetWays:
    """This will say what carrying the difference and billing all again would cost; nothing changes."""
    row = _sheet(request, sheet, VIEW)
    found = pool_swapping.look(sheet=sheet, at=request.caller.at)
    return SheetWays(
        difference=values.Money(amount=f"{found.difference:f}", currency=row.currency),
        carried=[CarriedShare(account=account, amount=f"{amount:f}") for account, amount in found.carried],
        members=[
            RebilledMember(
                account=each.account,
                name=each.name,
                bill=each.bill,
                before=_written(each.before),
                now=_written(each.now),
                trouble=each.trouble,
            )
            for each in found.members
        ],
        is_possible=found.is_possible,
        trouble=found.trouble,
    )


@endpoint(
    router,
    "POST",
    "/sheets/{uuid:sheet}/rebill",
    permission=MANAGE,
    module=Module.BILLING,
    answers=RebillTold,
    status=201,
    by_site=True,
)
def propose_rebill(request: entry.Request, sheet: uuid.UUID, given: NewRebill) -> RebillTold:
    """This will propose to bill all members of a closed sheet again."""
    _sheet(request, sheet, MANAGE)
    made = pool_rebilling.propose_rebill(
        actor=request.caller.actor, at=request.caller.at, sheet=sheet, reason=given.reason
    )
    return _told(pool_rebills.get_rebill(public_id=made.public_id))


@endpoint(
    router,
    "GET",
    "/rebills/{uuid:rebill}",
    permission=VIEW,
    module=Module.BILLING,
    answers=RebillTold,
    by_site=True,
)
def get_rebill(request: entry.Request, rebill: uuid.UUID) -> RebillTold:
    """This will return a proposal."""
    return _told(_find(request, rebill, VIEW))


@endpoint(
    router,
    "POST",
    "/rebills/{uuid:rebill}/approve",
    permission=APPROVE,
    module=Module.BILLING,
    answers=RebillTold,
    by_site=True,
)
def approve_rebill(request: entry.Request, rebill: uuid.UUID) -> RebillTold:
    """This will credit the bills that change and issue new ones, all or none."""
    _find(request, rebill, APPROVE)
    pool_rebilling.approve_rebill(actor=request.caller.actor, at=request.caller.at, rebill=rebill)
    return _told(pool_rebills.get_rebill(public_id=rebill))


@endpoint(
    router,
    "POST",
    "/rebills/{uuid:rebill}/reject",
    permission=APPROVE,
    module=Module.BILLING,
    answers=RebillTold,
    by_site=True,
)
def reject_rebill(request: entry.Request, rebill: uuid.UUID, given: RebillRejection) -> RebillTold:
    """This will leave the sheet and its bills as they are."""
    _find(request, rebill, APPROVE)
    pool_rebilling.reject_rebill(actor=request.caller.actor, at=request.caller.at, rebill=rebill, reason=given.reason)
    return _told(pool_rebills.get_rebill(public_id=rebill))


def _sheet(request: entry.Request, sheet: uuid.UUID, permission: str) -> pool_queries.SheetRow:
    row, pool, _content = pool_queries.get_sheet(public_id=sheet)
    if not request.caller.access.allows(permission, pool.site_id):
        raise problems.not_found()
    return row


def _find(request: entry.Request, rebill: uuid.UUID, permission: str) -> pool_rebills.RebillRow:
    found = pool_rebills.get_rebill(public_id=rebill)
    if not request.caller.access.allows(permission, found.site_id):
        raise problems.not_found()
    return found


def _told(row: pool_rebills.RebillRow) -> RebillTold:
    names = ("account", "name", "bill", "before", "now", "trouble")
    return RebillTold(
        id=row.public_id,
        sheet=row.sheet,
        state=row.state,
        reason=row.reason,
        members=[RebilledMember(**{name: each[name] for name in names}) for each in row.plan],
        proposed_by=row.proposed_by,
        decided_by=row.decided_by,
        further_sheet=pool_rebills.standing_of(sheet=row.sheet)[1],
    )


def _written(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
