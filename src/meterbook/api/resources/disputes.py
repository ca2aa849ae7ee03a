"""Disputes about bills: of the operator's people, and a tenant's own."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import dispute_values, permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.dispute_values import DisputeReason, DisputeState
from meterbook.billing.operations import disputing
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.customers import own
from meterbook.customers import permissions as customer_permissions
from meterbook.identity.values import Module

router = Router(tags=["Disputes"])
SEE = customer_permissions.SEE_OWN_ACCOUNT
Long = Annotated[str, Field(max_length=dispute_values.WORDS)]
Places = Annotated[list[Annotated[str, Field(max_length=24)]], Field(max_length=1_000)]


class NewDispute(values.Given):
    """What is wrong with a bill, in words; `lines` are places in its content, "point/charge/line" or "shared/number",
    none: all of it.
    """

    reason: DisputeReason
    words: Annotated[Long, Field(min_length=1)]
    lines: Places = Field(default_factory=list)


class DisputeStep(values.Given):
    """The next step; `is_upheld` goes with PROPOSED: whether the customer is right."""

    state: DisputeState
    words: Long = ""
    is_upheld: bool = False


class DisputeWords(values.Given):
    """A message; `internal`: for the operator's people alone."""

    words: Annotated[Long, Field(min_length=1)]
    internal: bool = False


class OwnWords(values.Given):
    """A message."""

    words: Annotated[Long, Field(min_length=1)]


class OwnAnswer(values.Given):
    """Whether what is proposed is accepted; not accepting needs words."""

    answer: Literal["ACCEPT", "REJECT"]
    words: Long = ""


class DisputeEntry(values.Told):
    """A step, or words of either side; files are fetched from the pages."""

    at: values.InstantTold
    author: str
    is_by_tenant: bool
    is_internal: bool
    state: DisputeState | None
    words: str
    files: list[str]


class Dispute(values.Told):
    """A dispute; `is_protected`: its amount is not asked for until it is decided."""

    id: uuid.UUID
    bill: uuid.UUID
    bill_number: str
    account: uuid.UUID
    reason: DisputeReason
    words: str
    lines: list[str]
    amount: values.Money
    is_protected: bool
    state: DisputeState
    opened_at: values.InstantTold
    acknowledge_by: values.InstantTold
    decide_by: values.InstantTold
    is_upheld: bool | None
    proposal: str
    entries: list[DisputeEntry]


class Disputes(values.Told):
    """Open ones by deadline, then those that are closed; without their entries."""

    items: list[Dispute]


@endpoint(router, "GET", "/disputes", permission=permissions.VIEW_BILL, module=Module.BILLING, answers=Disputes)
def list_disputes(request: entry.Request) -> Disputes:
    """This will return disputes, two hundred at most."""
    return Disputes(items=[_told(each, [], request.caller.at) for each in dispute_queries.list_disputes()])


@endpoint(
    router,
    "GET",
    "/disputes/{uuid:dispute}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
)
def get_dispute(request: entry.Request, dispute: uuid.UUID) -> Dispute:
    """This will return a dispute with its story."""
    return _read(dispute, request.caller.at)


@endpoint(
    router,
    "POST",
    "/bills/{uuid:bill}/dispute",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
    status=201,
)
def open_dispute(request: entry.Request, bill: uuid.UUID, given: NewDispute) -> Dispute:
    """This will open a dispute for a customer."""
    return _open(request, bill, given, is_by_tenant=False)


@endpoint(
    router,
    "POST",
    "/disputes/{uuid:dispute}/step",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
)
def move_dispute(request: entry.Request, dispute: uuid.UUID, given: DisputeStep) -> Dispute:
    """This will take a dispute to its next step."""
    disputing.move_dispute(
        actor=request.caller.actor,
        at=request.caller.at,
        dispute=dispute,
        state=given.state,
        words=given.words,
        is_upheld=given.is_upheld,
    )
    return _read(dispute, request.caller.at)


@endpoint(
    router,
    "POST",
    "/disputes/{uuid:dispute}/words",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
)
def write_in_dispute(request: entry.Request, dispute: uuid.UUID, given: DisputeWords) -> Dispute:
    """This will add a message to a dispute."""
    disputing.write_in_dispute(
        actor=request.caller.actor,
        at=request.caller.at,
        dispute=dispute,
        words=given.words,
        is_shared=not given.internal,
    )
    return _read(dispute, request.caller.at)


@endpoint(router, "GET", "/own/disputes", permission=SEE, module=Module.BILLING, by_site=True, answers=Disputes)
def list_own_disputes(request: entry.Request) -> Disputes:
    """This will return the disputes about one's own bills, with their stories."""
    found = dispute_queries.list_disputes(account_ids=_accounts(request))
    return Disputes(items=[_told(each, _entries(each, is_tenant=True), request.caller.at) for each in found])


@endpoint(
    router,
    "POST",
    "/own/bills/{uuid:own_bill}/dispute",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
    status=201,
)
def open_own_dispute(request: entry.Request, own_bill: uuid.UUID, given: NewDispute) -> Dispute:
    """This will open a dispute about an own bill."""
    row = billing_queries.bills_by_id(public_ids={own_bill}).get(own_bill)
    linked = own.accounts_of_user(user_id=request.caller.actor.id or 0, at=request.caller.at)
    if row is None or row.account_public_id not in {each.public_id for each in linked}:
        raise problems.not_found(_("There is no such bill."))
    return _open(request, own_bill, given, is_by_tenant=True)


@endpoint(
    router,
    "POST",
    "/own/disputes/{uuid:dispute}/answer",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
)
def answer_own_dispute(request: entry.Request, dispute: uuid.UUID, given: OwnAnswer) -> Dispute:
    """This will accept or not accept what is proposed."""
    _require_own(request, dispute)
    disputing.move_dispute(
        actor=request.caller.actor,
        at=request.caller.at,
        dispute=dispute,
        state=DisputeState.ACCEPTED if given.answer == "ACCEPT" else DisputeState.REJECTED,
        words=given.words,
        is_by_tenant=True,
    )
    return _read(dispute, request.caller.at, is_tenant=True)


@endpoint(
    router,
    "POST",
    "/own/disputes/{uuid:dispute}/words",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=Dispute,
)
def write_in_own_dispute(request: entry.Request, dispute: uuid.UUID, given: OwnWords) -> Dispute:
    """This will add a message to an own dispute."""
    _require_own(request, dispute)
    disputing.write_in_dispute(
        actor=request.caller.actor, at=request.caller.at, dispute=dispute, words=given.words, is_by_tenant=True
    )
    return _read(dispute, request.caller.at, is_tenant=True)


def _open(request: entry.Request, bill: uuid.UUID, given: NewDispute, *, is_by_tenant: bool) -> Dispute:
    made = disputing.open_dispute(
        actor=request.caller.actor,
        at=request.caller.at,
        bill=bill,
        reason=given.reason,
        words=given.words,
        lines=given.lines,
        is_by_tenant=is_by_tenant,
    )
    return _read(made.public_id, request.caller.at, is_tenant=is_by_tenant)


def _accounts(request: entry.Request) -> list[int]:
    linked = own.accounts_of_user(user_id=request.caller.actor.id or 0, at=request.caller.at)
    return [each.id for each in linked]


def _require_own(request: entry.Request, dispute: uuid.UUID) -> None:
    if dispute_queries.get_dispute(public_id=dispute).account_id not in _accounts(request):
        raise problems.not_found(_("There is no such dispute."))


def _read(public_id: uuid.UUID, at: datetime, *, is_tenant: bool = False) -> Dispute:
    row = dispute_queries.get_dispute(public_id=public_id)
    return _told(row, _entries(row, is_tenant=is_tenant), at)


def _entries(row: dispute_queries.DisputeRow, *, is_tenant: bool) -> list[DisputeEntry]:
    return [
        DisputeEntry(
            at=values.instant(each.at),
            author=each.author,
            is_by_tenant=each.is_by_tenant,
            is_internal=not each.is_shared,
            state=each.state,
            words=each.words,
            files=[file.name for file in each.files],
        )
        for each in dispute_queries.entries_of(dispute_id=row.id, is_tenant=is_tenant)
    ]


def _told(row: dispute_queries.DisputeRow, entries: list[DisputeEntry], at: datetime) -> Dispute:
    return Dispute(
        id=row.public_id,
        bill=row.bill_public_id,
        bill_number=row.bill_number,
        account=row.account_public_id,
        reason=row.reason,
        words=row.words,
        lines=list(row.lines),
        amount=values.money(row.amount),
        is_protected=row.is_protected_at(at),
        state=row.state,
        opened_at=values.instant(row.opened_at),
        acknowledge_by=values.instant(row.acknowledge_by),
        decide_by=values.instant(row.decide_by),
        is_upheld=row.is_upheld,
        proposal=row.proposal,
        entries=entries,
    )
