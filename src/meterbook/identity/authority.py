"""Whom a person may manage: nobody who may do more, and nobody's account who works for others too."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.identity import models, queries
from meterbook.kernel.actor import Actor


class HoldsMore(PermissionError):
    """The other person may do more than you; ask somebody who may do as much."""


class UserOfOthers(PermissionError):
    """The user also works for another organization; end the roles here instead."""


def require_above(*, actor: Actor, at: datetime, user: models.User) -> None:
    """This will refuse when the user may do anything in the scope's organization that the actor may not.

    Otherwise a new password or a look through another's eyes would give more than one holds.

    :raises HoldsMore: when the user holds more; the program itself is never refused
    """
    if actor.kind == "SYSTEM":
        return
    # A key stands for the person who answers for it.
    own = queries.access_of(user_id=actor.id, at=at) if actor.id is not None else None
    if own is None or not own.covers(queries.access_of(user_id=user.pk, at=at)):
        raise HoldsMore(_("This person may do more than you. Ask somebody who may do as much."))


def require_only_here(*, at: datetime, user: models.User) -> None:
    """This will refuse when the user works for another organization too: the account is not this one's alone.

    :raises UserOfOthers: when there is a grant in force elsewhere
    """
    if set(queries.organization_ids_of(user_id=user.pk, at=at)) - {scoping.current().organization_id}:
        raise UserOfOthers(_("This person also works for another organization. End the roles here instead."))
