"""Checks of the chain that a person asks for on a page: asked for in one transaction, made by a worker, shown after."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from meterbook.audit import models, operations, values, verification
from meterbook.foundation import operation, queue, scoping
from meterbook.kernel.actor import Actor

JOB = "audit.verify_chain"
# A lost worker is not waited for longer; the job ends at once when the check was made after all.
ANEW_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class CheckRow:
    """A check as a page shows it; without an end it waits or runs."""

    public_id: uuid.UUID
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    sealed: int
    waiting: int
    head: str
    findings: tuple[values.Finding, ...]
    notes: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether it ended and found nothing."""
        return self.ended_at is not None and not self.findings


@operation.operation
def ask_for_check(*, actor: Actor, at: datetime) -> uuid.UUID:
    """This will have a worker check the organization's chain, and return the check's public id.

    While a check is open, asking again returns that one, and starts it anew when it was asked for long ago.
    """
    organization_id = scoping.current().organization_id
    open_check = models.AuditCheck.objects.filter(organization_id=organization_id, ended_at=None).first()
    if open_check is not None:
        if at - open_check.asked_at >= ANEW_AFTER:
            queue.defer(JOB, organization_id=organization_id, check_id=str(open_check.public_id))
        return open_check.public_id
    check = models.AuditCheck.objects.create(
        organization_id=organization_id,
        asked_by=actor.label[:200],
        asked_at=at,
        language=translation.get_language() or "en",
    )
    operations.record(
        actor=actor,
        at=at,
        action="audit:ask_for_check",
        subject=values.Subject(kind="audit.auditcheck", public_id=check.public_id, label=""),
        before=None,
        after=None,
    )
    queue.defer(JOB, organization_id=organization_id, check_id=str(check.public_id))
    return check.public_id


@operation.operation
def make_check(*, actor: Actor, at: datetime, check_id: uuid.UUID) -> None:
    """This will check the chain and keep what was found; a check that has ended stays as it is."""
    organization_id = scoping.current().organization_id
    open_checks = models.AuditCheck.objects.select_for_update().filter(
        organization_id=organization_id, public_id=check_id, ended_at=None
    )
    check = open_checks.first()
    if check is None:
        return
    with translation.override(check.language):
        report = verification.verify(organization_id=organization_id)
        check.findings = [
            {"fault": each.fault.value, "sequence": each.sequence, "message": str(each.message)}
            for each in report.findings
        ]
        check.notes = [str(each) for each in report.notes]
    check.sealed, check.waiting, check.head, check.ended_at = report.sealed, report.waiting, report.digest, at
    check.save()


def latest_check() -> CheckRow | None:
    """This will return the newest check of the running scope's organization; None when nobody ever asked."""
    found = models.AuditCheck.objects.filter(organization_id=scoping.current().organization_id)
    newest = found.order_by("-id").first()
    return None if newest is None else _row(newest)


def _row(check: models.AuditCheck) -> CheckRow:
    return CheckRow(
        public_id=check.public_id,
        asked_by=check.asked_by,
        asked_at=check.asked_at,
        ended_at=check.ended_at,
        sealed=check.sealed or 0,
        waiting=check.waiting or 0,
        head=check.head,
        findings=tuple(_finding(each) for each in check.findings),
        notes=tuple(check.notes),
    )


def _finding(stored: Mapping[str, Any]) -> values.Finding:
    return values.Finding(fault=values.Fault(stored["fault"]), sequence=stored["sequence"], message=stored["message"])
