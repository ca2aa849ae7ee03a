"""Write the trail, and seal what was written into each organization's chain."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.utils.text import Truncator

from meterbook.audit import anchors, chain, models, queries, values
from meterbook.foundation import models as foundation_models
from meterbook.foundation import operation, scoping
from meterbook.identity import models as identity_models
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor

log = structlog.get_logger(__name__)

SEAL_LOCK = 4_762_303  # beside foundation.migrate.LOCK
BATCH = 1000

Recordable = values.Subject | foundation_models.TenantModel | identity_models.Organization | identity_models.User


@operation.operation
def record(
    *,
    actor: Actor,
    at: datetime,
    action: str,
    subject: Recordable,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    reason: str = "",
    rows: tuple[int, str] | None = None,
    organization_id: int | None = None,
) -> uuid.UUID:
    """This will write one entry in the caller's transaction and return its public id.

    :param action: "domain:verb_noun", as the permission or operation is called
    :param subject: the object that changed, or `values.Subject` for anything else
    :param before: what it was, as far as it changed: text, integers, Decimals, dates, ids; None for a new object
    :param rows: of a bulk operation: number and digest of its rows (`chain.digest_of_rows`)
    :param organization_id: needed only in a scope of several organizations
    :raises chain.NotRecordable: for floats and objects in `before` or `after`
    """
    owner = organization_id if organization_id is not None else scoping.current().organization_id
    about = _subject(subject)
    count, digest = rows if rows is not None else (None, "")
    entry = models.AuditEntry.objects.create(
        organization_id=owner,
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=_short(actor.label, 200),
        source=_short(actor.source, 200),
        on_behalf_of=_short(actor.on_behalf_of, 200),
        action=action,
        subject_kind=about.kind,
        subject_id=about.public_id,
        subject_label=_short(about.label, 300),
        before=chain.plain(before),
        after=chain.plain(after),
        reason=reason,
        row_count=count,
        rows_digest=digest,
    )
    models.PendingSeal.objects.create(organization_id=owner, entry=entry)
    return entry.public_id


@operation.operation
def seal(*, organization_id: int, at: datetime) -> int:
    """This will chain all waiting entries of the organization and anchor the new head; it answers how many.

    Two at once wait for each other. An entry that commits later with a smaller id comes later in the chain.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SEAL_LOCK, organization_id])
    organization = identity_queries.get_organization(organization_id=organization_id)
    sequence, digest = _head(organization_id, organization.public_id)
    sealed = reached = 0
    while waiting := list(
        models.PendingSeal.objects.filter(organization_id=organization_id, entry_id__gt=reached).order_by("entry_id")[
            :BATCH
        ]
    ):
        reached = waiting[-1].entry_id
        entries = queries.chain_entries(organization_id=organization_id, ids=[each.entry_id for each in waiting])
        seals, done = [], []
        for each in waiting:
            entry = entries.get(each.entry_id)
            following = None if entry is None else chain.link_of_stored(digest, sequence + 1, entry)
            if following is None:
                # Removed or altered by SQL while it waited: the mark stays for `verify` to find, the chain goes on.
                log.error("audit.waiting_entry_spoiled", organization_id=organization_id, entry=each.entry_id)
                continue
            previous, digest, sequence = digest, following, sequence + 1
            seals.append(
                models.AuditSeal(
                    organization_id=organization_id,
                    sequence=sequence,
                    entry_id=each.entry_id,
                    previous=previous,
                    digest=digest,
                    sealed_at=at,
                )
            )
            done.append(each.pk)
        models.AuditSeal.objects.bulk_create(seals)
        models.PendingSeal.objects.filter(organization_id=organization_id, pk__in=done).delete()
        sealed += len(seals)
    if sealed:
        _anchor(organization_id, organization.public_id, sequence=sequence, digest=digest, at=at)
    return sealed


def _head(organization_id: int, public_id: uuid.UUID) -> tuple[int, bytes]:
    """Where the chain goes on. When its end was cut off, it goes on after the gap, so that the gap stays visible."""
    latest = models.AuditSeal.objects.filter(organization_id=organization_id).order_by("-sequence").first()
    anchor = models.AuditAnchor.objects.filter(organization_id=organization_id).order_by("-sequence").first()
    head = (latest.sequence, bytes(latest.digest)) if latest is not None else (0, chain.genesis(public_id))
    if anchor is not None and anchor.sequence > head[0]:
        log.error("audit.chain_cut_off", organization_id=organization_id, found=head[0], anchored=anchor.sequence)
        return anchor.sequence, bytes(anchor.digest)
    return head


def _anchor(organization_id: int, public_id: uuid.UUID, *, sequence: int, digest: bytes, at: datetime) -> None:
    made = anchors.Anchor(
        sequence=sequence, digest=digest, anchored_at=at, signature=anchors.sign(public_id, sequence, digest)
    )
    models.AuditAnchor.objects.create(
        organization_id=organization_id,
        sequence=made.sequence,
        digest=made.digest,
        anchored_at=made.anchored_at,
        signature=made.signature,
    )
    # After the commit: a line for a sealing that was rolled back would be a false alarm for ever.
    transaction.on_commit(functools.partial(_append_to_file, public_id, made))


def _append_to_file(public_id: uuid.UUID, anchor: anchors.Anchor) -> None:
    try:
        anchors.append(public_id, anchor)
    except OSError as error:
        # The chain and the anchor's row are committed; the next sealing writes the next line.
        log.error("audit.anchor_file_not_written", path=str(anchors.path_of(public_id)), error=str(error))


def _subject(subject: Recordable) -> values.Subject:
    if isinstance(subject, values.Subject):
        return subject
    return values.Subject(kind=subject._meta.label_lower, public_id=subject.public_id, label=str(subject))


def _short(text: str, length: int) -> str:
    return Truncator(text).chars(length)
