"""The audit trail: one entry, and the check of its chain."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import people
from meterbook.audit import checks as audit_checks
from meterbook.audit import permissions
from meterbook.audit import queries as audit_queries
from meterbook.audit import values as audit_values
from meterbook.identity.values import Module

router = Router(tags=["Audit trail"])


class AuditFinding(values.Told):
    """What does not fit; `sequence` is the place in the chain, null where it has none."""

    fault: audit_values.Fault
    sequence: int | None
    message: str


class AuditCheck(values.Told):
    """A check of the chain; `ended_at` null while it waits or runs. `waiting` entries are not sealed yet."""

    id: uuid.UUID
    asked_by: str
    asked_at: values.InstantTold
    ended_at: values.InstantTold | None
    is_sound: bool
    sealed: int
    waiting: int
    head: str
    findings: list[AuditFinding]
    notes: list[str]


class LatestCheck(values.Told):
    """The newest check; null when nobody ever asked for one."""

    check: AuditCheck | None


@endpoint(
    router,
    "GET",
    "/audit/{uuid:recorded}",
    permission=permissions.VIEW_AUDIT,
    module=Module.CORE,
    answers=people.AuditEntry,
)
def get_audit_entry(request: entry.Request, recorded: uuid.UUID) -> people.AuditEntry:
    """This will return one recorded change."""
    return people.told_entry(audit_queries.get_entry(public_id=recorded))


@endpoint(
    router,
    "GET",
    "/audit/check",
    permission=permissions.VIEW_AUDIT,
    module=Module.CORE,
    answers=LatestCheck,
)
def get_latest_audit_check(request: entry.Request) -> LatestCheck:
    """This will return how the newest check of the chain stands."""
    return _latest()


@endpoint(
    router,
    "POST",
    "/audit/check",
    permission=permissions.VIEW_AUDIT,
    module=Module.CORE,
    answers=LatestCheck,
    status=202,
)
def check_audit_trail(request: entry.Request) -> LatestCheck:
    """This will have a worker check the chain; while one is open, that one is answered."""
    audit_checks.ask_for_check(actor=request.caller.actor, at=request.caller.at)
    return _latest()


def _latest() -> LatestCheck:
    row = audit_checks.latest_check()
    if row is None:
        return LatestCheck(check=None)
    return LatestCheck(
        check=AuditCheck(
            id=row.public_id,
            asked_by=row.asked_by,
            asked_at=values.instant(row.asked_at),
            ended_at=values.maybe_instant(row.ended_at),
            is_sound=row.is_sound,
            sealed=row.sealed,
            waiting=row.waiting,
            head=row.head,
            findings=[
                AuditFinding(fault=each.fault, sequence=each.sequence, message=str(each.message))
                for each in row.findings
            ],
            notes=list(row.notes),
        )
    )
