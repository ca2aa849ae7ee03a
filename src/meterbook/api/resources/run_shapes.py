"""How runs, their accounts and their print files are told."""

from __future__ import annotations

import uuid
from datetime import date

from meterbook.api import values
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.metering.values import Service


class Counts(values.Told):
    """How many accounts of a run stand where."""

    collected: int
    held: int
    excluded: int
    drafted: int
    issued: int


class Run(values.Told):
    """A bill run over the local days [first_day, until_day) of a site.

    `services` are those that it is for, of accounts that get a bill for each; empty: all.
    """

    id: uuid.UUID
    site: uuid.UUID
    site_name: str
    time_zone: str
    currency: str
    first_day: date
    until_day: date
    state: billing_values.RunState
    accounts: Counts
    started_at: values.InstantTold
    started_by: str
    approved_at: values.InstantTold | None
    approved_by: str
    is_approved_alone: bool
    bill_date: date | None
    due_date: date | None
    closed_at: values.InstantTold | None
    services: list[Service]


class PastCalibration(values.Told):
    """A meter that counted in a run without a calibration that holds, since a day at the meter: a warning only."""

    account: uuid.UUID
    meter_point: uuid.UUID
    meter_point_code: str
    serial_number: str
    since: date
    is_failed: bool


class PlannedSince(values.Told):
    """What checking again would change, by account numbers: who comes in, who goes, who pays for something else.

    `obstacle` says why nothing can be planned as contracts are now.
    """

    came: list[str]
    gone: list[str]
    changed: list[str]
    obstacle: str


class RunWithSums(Run):
    """A run with the sums of its drafts; `stale` are accounts whose drafts must be calculated anew before approval.

    Of a run with more than 2,000 drafts `stale` is empty, and so is `planned_since` with more accounts: both are
    compared when it is approved. `past_calibration` warns, and holds nothing up.
    """

    net: values.Money
    total: values.Money
    estimated: int
    vacancies: int
    stale: list[uuid.UUID]
    planned_since: PlannedSince
    past_calibration: list[PastCalibration]


class Hold(values.Told):
    """Why an account is held, where, and what to do.

    TOO_MUCH and UNUSUAL stand with a draft: they hold nothing, and ask to look at its use before it is approved.
    """

    code: billing_values.HoldReason
    meter_point: str
    caption: str
    detail: str
    remedy: str


class Member(values.Told):
    """An account in a run; `bill` and the amounts are null without a draft, `number` without a bill."""

    account: uuid.UUID
    account_number: str
    customer_name: str
    position: int
    state: billing_values.MemberState
    holds: list[Hold]
    decided_by: str
    bill: uuid.UUID | None
    number: str | None
    net: values.Money | None
    total: values.Money | None
    is_estimated: bool
    is_apportioned: bool
    is_vacancy: bool
    is_internal: bool


class PrintFile(values.Told):
    """A file for the printer, part `part` of `parts`; `done` of its bills and credit notes are set."""

    id: uuid.UUID
    run: uuid.UUID
    is_everything: bool
    requested_at: values.InstantTold
    requested_by: str
    part: int
    parts: int
    bills: int
    credit_notes: int
    done: int
    is_ready: bool


class PrintFiles(values.Told):
    """Files for the printer."""

    items: list[PrintFile]


def run(row: billing_queries.RunRow) -> Run:
    """This will tell a run."""
    return Run(
        id=row.public_id,
        site=row.site_public_id,
        site_name=row.site_name,
        time_zone=row.zone,
        currency=row.currency,
        first_day=row.first_day,
        until_day=row.until_day,
        state=row.state,
        accounts=Counts(
            collected=row.counts.collected,
            held=row.counts.held,
            excluded=row.counts.excluded,
            drafted=row.counts.drafted,
            issued=row.counts.issued,
        ),
        started_at=values.instant(row.started_at),
        started_by=row.started_by,
        approved_at=values.maybe_instant(row.approved_at),
        approved_by=row.approved_by,
        is_approved_alone=row.is_approved_alone,
        bill_date=row.bill_date,
        due_date=row.due_date,
        closed_at=values.maybe_instant(row.closed_at),
        services=list(row.services),
    )


def with_sums(detail: billing_queries.RunDetail) -> RunWithSums:
    """This will tell a run with the sums of its drafts."""
    since = billing_operations.planned_since(run=detail.run.public_id, most=billing_queries.MOST_COMPARED)
    return RunWithSums(
        **dict(run(detail.run)),
        net=values.money(detail.net),
        total=values.money(detail.total),
        estimated=detail.estimated,
        vacancies=detail.vacancies,
        stale=[
            each.account_public_id
            for each in billing_queries.stale_members(
                run_public_id=detail.run.public_id, most=billing_queries.MOST_COMPARED
            )
        ],
        planned_since=PlannedSince(
            came=list(since.came), gone=list(since.gone), changed=list(since.changed), obstacle=since.obstacle
        ),
        past_calibration=[
            PastCalibration(
                account=each.account_public_id,
                meter_point=each.point_public_id,
                meter_point_code=each.point_code,
                serial_number=each.serial_number,
                since=each.first,
                is_failed=each.is_failed,
            )
            for each in billing_queries.uncalibrated_of_run(run_public_id=detail.run.public_id)
        ],
    )


def member(row: billing_queries.MemberRow) -> Member:
    """This will tell where an account stands in a run."""
    return Member(
        account=row.account_public_id,
        account_number=row.account_number,
        customer_name=row.customer_name,
        position=row.position,
        state=row.state,
        holds=[
            Hold(
                code=each.code,
                meter_point=each.meter_point,
                caption=each.caption,
                detail=each.detail,
                remedy=each.remedy,
            )
            for each in row.reasons
        ],
        decided_by=row.decided_by,
        bill=row.bill_public_id,
        number=row.number,
        net=values.maybe_money(row.net),
        total=values.maybe_money(row.total),
        is_estimated=row.is_estimated,
        is_apportioned=row.is_apportioned,
        is_vacancy=row.is_vacancy,
        is_internal=row.is_internal,
    )


def print_file(row: billing_queries.PrintRow) -> PrintFile:
    """This will tell a file for the printer."""
    return PrintFile(
        id=row.public_id,
        run=row.run_public_id,
        is_everything=row.is_everything,
        requested_at=values.instant(row.requested_at),
        requested_by=row.requested_by,
        part=row.part,
        parts=row.parts,
        bills=row.bills,
        credit_notes=row.notes,
        done=row.done,
        is_ready=row.is_ready,
    )
