"""The name of a person: the first administrator of an installation comes without one."""

from __future__ import annotations

from datetime import datetime

from meterbook.foundation import operation
from meterbook.identity import models, trail
from meterbook.kernel.actor import Actor


@operation.operation
def name_oneself(*, actor: Actor, at: datetime, name: str) -> None:
    """This will give the acting person a name of their own; entries of the trail from before keep the former one."""
    user = models.User.objects.select_for_update().get(pk=actor.id or 0)
    if user.name == name:
        return
    before = {"name": user.name}
    user.name = name
    user.save(update_fields=["name"])
    trail.record(actor=actor, at=at, action="identity:name_oneself", subject=user, before=before, after={"name": name})
