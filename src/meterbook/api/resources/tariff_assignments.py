"""Another tariff for many contracts at once: what it would have meant, and doing it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach, tariff_overrides
from meterbook.billing import permissions as billing_permissions
from meterbook.billing.queries.reasons import Reason
from meterbook.customers import permissions
from meterbook.identity.values import Module
from meterbook.journeys import assigning_tariffs
from meterbook.metering.values import Service

router = Router(tags=["Contracts"])


class TariffAssignmentChoice(values.Given):
    """A tariff from the beginning of a local day at each meter on, for contracts of a `site`, of those who pay by
    `present_tariff`, or of accounts and meter points by number or code; at least one of these.

    `service` narrows, and is needed where meters of several services could get the tariff.
    """

    tariff: uuid.UUID
    first_day: values.DayGiven
    site: uuid.UUID | None = None
    present_tariff: uuid.UUID | None = None
    service: Service | None = None
    names: list[values.Code] = Field(default_factory=list, max_length=assigning_tariffs.MOST)


class NewTariffAssignment(TariffAssignmentChoice):
    """`digest` of the preview that was looked at: nothing else is done than what it showed.

    `reason` says why the tariff is to hold where it is not the default.
    """

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    reason: tariff_overrides.OverrideReason = ""


class AssignedContract(values.Told):
    """A contract of the choice; `fault` not empty: it stays as it is, and why.

    `default_tariff_code` not empty: another tariff is the default, so that a reason and a second person are needed.
    """

    contract: uuid.UUID
    meter_point_code: str
    present_tariff_code: str
    starts_at: values.InstantTold
    changes: bool
    has_it: bool
    fault: str
    default_tariff_code: str


class ReassignedAccount(values.Told):
    """An account with its latest bill by both tariffs; null: there is none, it cannot be priced so, or the caller may
    not see bills. `reasons` say why a bill cannot be priced.
    """

    account: uuid.UUID
    number: str
    customer_name: str
    contracts: list[AssignedContract]
    bill_number: str | None
    before: values.Money | None
    after: values.Money | None
    reasons: list[str]


class WaitingBank(values.Told):
    """What accounts keep of energy fed in by a component (`code`) of a present tariff, unused by the other."""

    tariff_code: str
    code: str


class TariffAssignmentPreview(values.Told):
    """What an assignment would do: `contracts` get the tariff; sums are over the bills that both tariffs price.

    What is in `waiting_banks` stays there, and nothing pays from it by the tariff.
    """

    digest: str
    contracts: int
    before: values.Money | None
    after: values.Money | None
    accounts: list[ReassignedAccount]
    waiting_banks: list[WaitingBank]


class TariffAssignment(values.Told):
    """How many contracts go on by the tariff, and for how many it waits for a second person."""

    contracts: int
    waiting: int


@endpoint(
    router,
    "POST",
    "/tariff-assignments/preview",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TariffAssignmentPreview,
)
def preview_tariff_assignment(request: entry.Request, given: TariffAssignmentChoice) -> TariffAssignmentPreview:
    """This will tell what a tariff for many contracts would change, with the latest bill of each account by both."""
    with _told_by_field():
        found = assigning_tariffs.preview(
            choice=_choice(request, given), tariff=given.tariff, first_day=given.first_day, now=request.caller.at
        )
    sees_bills = request.caller.access.allows_somewhere(billing_permissions.VIEW_BILL)
    return TariffAssignmentPreview(
        digest=found.digest,
        contracts=len(found.starts),
        before=values.money(found.before) if sees_bills else None,
        after=values.money(found.after) if sees_bills else None,
        accounts=[_account(each, sees_bills=sees_bills) for each in found.accounts],
        waiting_banks=[WaitingBank(tariff_code=each.tariff_code, code=each.code) for each in found.banks],
    )


@endpoint(
    router,
    "POST",
    "/tariff-assignments",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TariffAssignment,
    status=201,
)
def assign_tariff(request: entry.Request, given: NewTariffAssignment) -> TariffAssignment:
    """This will let a tariff hold for all contracts that a preview showed, or for none of them."""
    with _told_by_field():
        made = assigning_tariffs.assign(
            actor=request.caller.actor,
            at=request.caller.at,
            choice=_choice(request, given),
            tariff=given.tariff,
            first_day=given.first_day,
            digest=given.digest,
            reason=given.reason,
        )
    return TariffAssignment(contracts=made.changed, waiting=made.waiting)


def _choice(request: entry.Request, given: TariffAssignmentChoice) -> assigning_tariffs.Choice:
    if given.site is None and given.present_tariff is None and not given.names:
        raise problems.invalid("/body", "say for whom: give a site, a present_tariff or names")
    site = reach.site_id(request, given.site, permissions.MANAGE_CUSTOMER)
    allowed = request.caller.access.sites(permissions.MANAGE_CUSTOMER)
    return assigning_tariffs.Choice(
        sites=allowed if site is None else frozenset({site}),
        present=given.present_tariff,
        names=tuple(dict.fromkeys(given.names)),
        service=given.service,
    )


@contextmanager
def _told_by_field() -> Iterator[None]:
    try:
        yield
    except assigning_tariffs.AssignmentInvalid as error:
        raise problems.invalid(f"/body/{error.field}", str(error)) from error
    except assigning_tariffs.AssignmentChanged as error:
        raise problems.invalid("/body/digest", str(error)) from error


def _account(row: assigning_tariffs.AccountPreview, *, sees_bills: bool) -> ReassignedAccount:
    bill = row.bill if sees_bills else None
    return ReassignedAccount(
        account=row.public_id,
        number=row.number,
        customer_name=row.customer_name,
        contracts=[
            AssignedContract(
                contract=each.public_id,
                meter_point_code=each.point_code,
                present_tariff_code=each.tariff_code,
                starts_at=values.instant(each.starts_at),
                changes=each.changes,
                has_it=each.has_it,
                fault=each.fault,
                default_tariff_code=each.default,
            )
            for each in row.contracts
        ],
        bill_number=None if bill is None else bill.number,
        before=None if bill is None else values.money(bill.before),
        after=None if bill is None or bill.after is None else values.money(bill.after),
        reasons=[]
        if bill is None
        else [f"{each.meter_point}: {each.caption} {each.detail}".strip() for each in Reason.read(list(bill.reasons))],
    )
