"""Base models and the tables of the plumbing: outbox, deliveries, ticks, platform access."""

from __future__ import annotations

import uuid
from typing import ClassVar, NamedTuple

from django.db import models
from django.db.models.functions import Now

READ_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND = ("SELECT", "INSERT")
NOTHING: tuple[str, ...] = ()


class Guarded(models.Model):
    """What `foundation.walls` reads from every model: who may do what with its table.

    `privileges` are those of the application role, `bulk_privileges` those of the bulk role. A table that is
    `append_only` refuses UPDATE and DELETE by trigger, whoever asks.
    """

    privileges: ClassVar[tuple[str, ...]] = READ_WRITE
    bulk_privileges: ClassVar[tuple[str, ...]] = NOTHING
    append_only: ClassVar[bool] = False

    class Meta:
        abstract = True


class Copied(NamedTuple):
    """Columns that are those of one row of another tenant table, `keys` there: one foreign key instead of one each.

    `known_by` is the unique index over the organization and the keys; it is made where the table does not have it.
    """

    columns: tuple[str, ...]
    table: str
    keys: tuple[str, ...]
    known_by: str


class TenantTable(Guarded):
    """A table whose every row belongs to one organization; guarded by row security."""

    organization_id = models.IntegerField()
    # Foreign keys to other tenant tables are made composite with the organization by `foundation.walls`, so that a row
    # cannot point into another organization. Tables too large for that set this to False and check in Python.
    has_foreign_keys: ClassVar[bool] = True
    copied: ClassVar[Copied | None] = None
    # Columns and the part of `scoping.Reach` that must hold their value for a limited reader; one of them is enough.
    # Empty: the table tells nothing about single accounts.
    reached_by: ClassVar[tuple[tuple[str, str], ...]] = ()

    class Meta:
        abstract = True


class TenantModel(TenantTable):
    """The usual tenant-owned object: a small key inside, an unguessable one (`public_id`) outside."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class OutboxEvent(TenantTable):
    """One piece of news, written in the transaction that made it true."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    payload = models.JSONField()
    published_at = models.DateTimeField(db_default=Now(), editable=False)

    privileges = APPEND
    append_only = True

    class Meta:
        indexes = (models.Index(fields=["organization_id", "id"], name="outbox_organization"),)

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class EventDelivery(TenantTable):
    """That a handler has dealt with an event; unique, so that it is dealt with once."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT)
    handler = models.CharField(max_length=200)
    delivered_at = models.DateTimeField(db_default=Now(), editable=False)

    privileges = APPEND
    append_only = True

    class Meta:
        constraints = (models.UniqueConstraint(fields=["event", "handler"], name="event_delivery_once"),)

    def __str__(self) -> str:
        return f"{self.event_id} {self.handler}"


class Tick(Guarded):
    """The latest scheduled instant for which a periodic job was started."""

    name = models.CharField(max_length=100, primary_key=True)
    scheduled_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class PlatformAccess(Guarded):
    """That somebody looked across all organizations, and why."""

    id = models.BigAutoField(primary_key=True)
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=200)
    accessed_at = models.DateTimeField(db_default=Now(), editable=False)

    privileges = APPEND
    append_only = True

    def __str__(self) -> str:
        return f"{self.actor}: {self.reason}"
