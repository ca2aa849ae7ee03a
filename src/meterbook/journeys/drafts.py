"""What a person typed at a step of the first start and did not send: kept until the step is done, on any device."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meterbook.foundation import operation, scoping
from meterbook.journeys import models
from meterbook.kernel.actor import Actor

LONGEST, MOST_FIELDS = 300, 80  # characters of a field; more fits into none


@operation.operation
def keep_draft(*, actor: Actor, at: datetime, step: str, typed: Mapping[str, str]) -> None:
    """This will keep what the actor typed at a step, in place of what was kept before; words only, nothing is done."""
    if actor.id is None:
        return
    fields = {_storable(name): _storable(text) for name, text in list(typed.items())[:MOST_FIELDS]}
    models.StepDraft.objects.update_or_create(
        organization_id=scoping.current().organization_id,
        user_id=actor.id,
        step=step,
        defaults={"fields": fields, "kept_at": at},
    )


def _storable(text: str) -> str:
    """The database keeps neither a zero sign nor half a pair of surrogates."""
    return text[:LONGEST].replace("\0", "").encode("utf-8", "ignore").decode()


@operation.operation
def forget_drafts(*, step: str) -> None:
    """This will forget what was typed at a step, by whomever: it is done."""
    models.StepDraft.objects.filter(organization_id=scoping.current().organization_id, step=step).delete()


def find_draft(*, user_id: int | None, step: str) -> dict[str, str]:
    """This will return what a person typed at a step and did not send, by field; nothing where nothing was."""
    if user_id is None:
        return {}
    drafts = models.StepDraft.objects.filter(
        organization_id=scoping.current().organization_id, user_id=user_id, step=step
    )
    return dict(drafts.values_list("fields", flat=True).first() or {})
