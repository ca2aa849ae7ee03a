"""The open chunks of a run, which several processes share: whoever comes first takes one."""

from __future__ import annotations

from django.db import connection
from django.db.models import F, QuerySet

from meterbook.billing import models
from meterbook.billing.values import RunState

STAY = "SELECT state FROM billing_billrun WHERE organization_id = %s AND id = %s FOR SHARE"


def take(run: models.BillRun, state: RunState) -> models.RunChunk | None:
    """This will lock an open chunk that nobody else works on, until the transaction ends; None where there is none.

    Of those that are issued together it is the first.

    The run stays in `state` meanwhile, by a shared lock: who gets None gives that up before it waits for the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(STAY, [run.organization_id, run.pk])
        (stands,) = cursor.fetchone()
    if stands != state:
        return None
    found = open_chunks(run)
    if state == RunState.ISSUING:
        found = found.filter(number=F("portion"))
    return found.select_for_update(skip_locked=True).order_by("number").first()


def open_chunks(run: models.BillRun) -> QuerySet[models.RunChunk]:
    """This will return the chunks of a run that are not drafted, or while it is issued those without their bills."""
    chunks = models.RunChunk.objects.filter(organization_id=run.organization_id, run=run)
    return chunks.filter(is_issued=False) if run.state == RunState.ISSUING else chunks.filter(is_done=False)
