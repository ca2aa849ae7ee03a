"""Reads of the trail; each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from meterbook.audit import chain, models
from meterbook.foundation import scoping
from meterbook.kernel.period import Period

PAGE = 50


@dataclass(frozen=True)
class EntryRow:
    """An entry as a list shows it; `sequence` is None while it waits to be sealed."""

    id: int
    public_id: uuid.UUID
    sequence: int | None
    at: datetime
    actor_kind: str
    actor_label: str
    source: str
    action: str
    subject_kind: str
    subject_id: uuid.UUID | None
    subject_label: str
    before: chain.Plain
    after: chain.Plain
    reason: str
    row_count: int | None


def list_entries(
    *,
    period: Period | None = None,
    actor_label: str = "",
    action: str = "",
    subject_id: uuid.UUID | None = None,
    older_than_id: int | None = None,
    limit: int = PAGE,
) -> tuple[EntryRow, ...]:
    """This will return entries of the running scope, newest first.

    :param actor_label: only by those whose label contains this text
    :param action: only actions that begin with this text, e.g. "identity:"
    :param older_than_id: the `id` of the row that ended the page before
    """
    found = models.AuditEntry.objects.filter(organization_id__in=scoping.current().organizations)
    if period is not None:
        found = found.filter(at__gte=period.start, at__lt=period.end)
    if actor_label:
        found = found.filter(actor_label__icontains=actor_label)
    if action:
        found = found.filter(action__startswith=action)
    if subject_id is not None:
        found = found.filter(subject_id=subject_id)
    if older_than_id is not None:
        found = found.filter(id__lt=older_than_id)
    return tuple(_row(each) for each in found.select_related("auditseal").order_by("-id")[:limit])


def chain_entries(*, organization_id: int, ids: Iterable[int]) -> dict[int, chain.Entry]:
    """This will return what the chain's digests cover of these entries, by id; ids that are not there are left out."""
    found = models.AuditEntry.objects.filter(organization_id=organization_id, id__in=list(ids))
    return {each.pk: _chain_entry(each) for each in found}


def unsealed_entries(*, organization_id: int, limit: int) -> list[chain.Entry]:
    """This will return entries that are neither sealed nor waiting for it, by id: their seals were taken away."""
    found = models.AuditEntry.objects.filter(
        organization_id=organization_id, auditseal__isnull=True, pendingseal__isnull=True
    )
    return [_chain_entry(each) for each in found.order_by("id")[:limit]]


def _chain_entry(each: models.AuditEntry) -> chain.Entry:
    return chain.Entry(
        id=each.pk,
        organization_id=each.organization_id,
        public_id=each.public_id,
        at=each.at,
        recorded_at=each.recorded_at,
        actor_kind=each.actor_kind,
        actor_id=each.actor_id,
        actor_label=each.actor_label,
        source=each.source,
        action=each.action,
        subject_kind=each.subject_kind,
        subject_id=each.subject_id,
        subject_label=each.subject_label,
        before=each.before,
        after=each.after,
        reason=each.reason,
        row_count=each.row_count,
        rows_digest=each.rows_digest,
    )


def _row(each: models.AuditEntry) -> EntryRow:
    seal = getattr(each, "auditseal", None)
    return EntryRow(
        id=each.pk,
        public_id=each.public_id,
        sequence=seal.sequence if seal is not None else None,
        at=each.at,
        actor_kind=each.actor_kind,
        actor_label=each.actor_label,
        source=each.source,
        action=each.action,
        subject_kind=each.subject_kind,
        subject_id=each.subject_id,
        subject_label=each.subject_label,
        before=each.before,
        after=each.after,
        reason=each.reason,
        row_count=each.row_count,
    )
