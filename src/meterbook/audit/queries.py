"""Reads of the trail; each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from meterbook.audit import chain, models
from meterbook.foundation import scoping
from meterbook.kernel import actor
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
    actor_id: int | None = None
    recorded_at: datetime | None = None
    rows_digest: str = ""
    on_behalf_of: str = ""


class EntryNotFound(LookupError):
    """There is no such entry in this organization."""


def list_entries(
    *,
    period: Period | None = None,
    actor_label: str = "",
    action: str = "",
    subject_id: uuid.UUID | None = None,
    subject_kind: str = "",
    about: str = "",
    subject_ids: QuerySet[Any, tuple[uuid.UUID]] | None = None,
    older_than_id: int | None = None,
    limit: int = PAGE,
) -> tuple[EntryRow, ...]:
    """This will return entries of the running scope, newest first.

    :param actor_label: only by those whose label contains this text
    :param action: only actions that begin with this text, e.g. "identity:"
    :param about: only about objects whose name contains this text
    :param subject_ids: only about these objects, as a query of their public ids
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
    if subject_kind:
        found = found.filter(subject_kind=subject_kind)
    if about:
        found = found.filter(subject_label__icontains=about)
    if subject_ids is not None:
        found = found.filter(subject_id__in=subject_ids)
    if older_than_id is not None:
        found = found.filter(id__lt=older_than_id)
    return tuple(_row(each) for each in found.select_related("auditseal").order_by("-id")[:limit])


def get_entry(*, public_id: uuid.UUID) -> EntryRow:
    """This will return one entry of the running scope.

    :raises EntryNotFound: when it is not there or belongs to another organization
    """
    found = models.AuditEntry.objects.filter(organization_id__in=scoping.current().organizations, public_id=public_id)
    entry = found.select_related("auditseal").first()
    if entry is None:
        raise EntryNotFound(EntryNotFound.__doc__)
    return _row(entry)


def count_sign_ins(*, user_id: int, source: str, since: datetime) -> tuple[int, int]:
    """This will return how often a person has signed in ever, and from that source since then."""
    entries = models.AuditEntry.objects.filter(
        organization_id=scoping.current().organization_id,
        action="identity:sign_in",
        actor_kind=actor.USER,
        actor_id=user_id,
    )
    return entries.count(), entries.filter(source=source, at__gte=since).count()


def actions_in_use() -> tuple[str, ...]:
    """This will return the actions that the trail of the running scope's organization knows, by name."""
    return _distinct("action")


def kinds_in_use() -> tuple[str, ...]:
    """This will return the kinds of objects that the trail of the running scope's organization is about, by name."""
    return _distinct("subject_kind")


def _distinct(column: str) -> tuple[str, ...]:
    """From one value to the next by the index: a few dozen steps, however long the trail is."""
    statement = f"""
        WITH RECURSIVE step(value) AS (
            (SELECT {column} FROM audit_auditentry WHERE organization_id = %(organization)s ORDER BY {column} LIMIT 1)
            UNION ALL
            SELECT (
                SELECT e.{column} FROM audit_auditentry e
                WHERE e.organization_id = %(organization)s AND e.{column} > step.value
                ORDER BY e.{column} LIMIT 1
            ) FROM step WHERE step.value IS NOT NULL
        )
        SELECT value FROM step WHERE value IS NOT NULL
    """  # noqa: S608 - the column is named above
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organization": scoping.current().organization_id})
        return tuple(row[0] for row in cursor.fetchall())


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
        on_behalf_of=each.on_behalf_of,
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
        actor_id=each.actor_id,
        recorded_at=each.recorded_at,
        rows_digest=each.rows_digest,
        on_behalf_of=each.on_behalf_of,
    )
