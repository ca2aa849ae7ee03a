"""The trail, its seals and its anchors, which only grow, and the list of entries that wait to be sealed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from meterbook.foundation import models as foundation_models


class AuditEntry(foundation_models.TenantTable):
    """Who changed what, when, from what to what. Written in the transaction of the change."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    # The product's time of the change, and the server's time of writing it down.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField(max_length=200)
    source = models.CharField(max_length=200, blank=True)
    # The landlord, when somebody of a management company acted by a delegation (M-004).
    on_behalf_of = models.CharField(max_length=200, blank=True, default="", db_default="")
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.UUIDField(null=True, blank=True)
    subject_label = models.CharField(max_length=300)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True)
    # A bulk operation is one entry: how many rows, and the digest of all of them.
    row_count = models.BigIntegerField(null=True, blank=True)
    rows_digest = models.CharField(max_length=64, blank=True)

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        indexes = (
            # The newest first is served by the unique index (organization_id, id) that the walls make.
            models.Index(fields=["organization_id", "subject_id", "-id"], name="audit_of_subject"),
            # What the viewer narrows by: each finds its newest entries without looking at the others.
            models.Index(fields=["organization_id", "action", "-id"], name="audit_of_action"),
            models.Index(fields=["organization_id", "subject_kind", "-id"], name="audit_of_kind"),
            models.Index(fields=["organization_id", "at"], name="audit_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}"


class PendingSeal(foundation_models.TenantTable):
    """That an entry waits for its place in the chain; sealing takes it off, in the order of the entries."""

    id = models.BigAutoField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT)

    privileges = ("SELECT", "INSERT", "DELETE")

    class Meta:
        indexes = (models.Index(fields=["organization_id", "entry"], name="audit_pending"),)

    def __str__(self) -> str:
        return f"{self.entry_id}"


class AuditSeal(foundation_models.TenantTable):
    """The place of an entry in its organization's chain, and the digest that ties it to all before it."""

    id = models.BigAutoField(primary_key=True)
    sequence = models.BigIntegerField()
    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT)
    # Digest of the entry before: with it each seal can be checked by itself, and a fault is found where it is.
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "sequence"], name="audit_seal_sequence_once"),
            models.CheckConstraint(condition=models.Q(sequence__gt=0), name="audit_seal_sequence_positive"),
        )

    def __str__(self) -> str:
        return f"{self.organization_id} {self.sequence}"


class AuditAnchor(foundation_models.TenantTable):
    """The head of a chain after a sealing, signed with the installation's key, which is not in the database.

    The same lines go to a file in the data folder: who can write SQL can recompute a chain, but neither sign an anchor
    nor take a line out of the file.
    """

    id = models.BigAutoField(primary_key=True)
    sequence = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    anchored_at = models.DateTimeField()
    signature = models.CharField(max_length=100)

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "sequence"], name="audit_anchor_sequence_once"),
        )

    def __str__(self) -> str:
        return f"{self.organization_id} {self.sequence}"


class AuditCheck(foundation_models.TenantModel):
    """A check of the chain that somebody asked for, and what it found. No end: it waits for a worker, or runs."""

    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    sealed = models.BigIntegerField(null=True, blank=True)
    waiting = models.BigIntegerField(null=True, blank=True)
    head = models.CharField(max_length=64, blank=True)
    # [{"fault", "sequence", "message"}], in the language of whoever asked.
    findings = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    language = models.CharField(max_length=10)

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Meta:
        constraints = (
            # While one is open, who asks again waits for the same answer.
            models.UniqueConstraint(
                fields=["organization_id"], condition=models.Q(ended_at=None), name="audit_check_open_once"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "-id"], name="audit_check_newest"),)

    def __str__(self) -> str:
        return f"{self.asked_at} {self.head}"
