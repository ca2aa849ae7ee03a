"""Which browsers a person is signed in with, and signing them out from afar."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions import models as session_models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.foundation import operation
from meterbook.identity import authority, models, queries, trail
from meterbook.kernel.actor import Actor

LONGEST_AGENT = 300
LONGEST_ADDRESS = 45
MOST_SHOWN = 50


@dataclass(frozen=True)
class SessionRow:
    """A signed-in browser; `agent` is what it says of itself."""

    public_id: uuid.UUID
    address: str
    agent: str
    began_at: datetime
    seen_at: datetime
    is_here: bool  # the browser that asks


class SessionNotFound(LookupError):
    """There is no such session; it may have ended already."""


def note(
    *, user_id: int, session_key: str, replaces: str, address: str, agent: str, began_at: datetime, at: datetime
) -> None:
    """This will remember that the browser is in use. Not recorded: only its owner and administrators see it.

    Runs outside a scope.

    :param replaces: the key that the same session had before, or nothing
    """
    facts = {"address": address[:LONGEST_ADDRESS], "agent": agent[:LONGEST_AGENT], "seen_at": at}
    known = models.Session.objects.filter(user_id=user_id)
    if replaces and known.filter(session_key=replaces).update(session_key=session_key, **facts):
        return
    models.Session.objects.update_or_create(
        session_key=session_key,
        defaults={"user_id": user_id, **facts},
        create_defaults={"user_id": user_id, "began_at": began_at, **facts},
    )


def list_sessions(*, user_id: int, at: datetime, here: str = "") -> tuple[SessionRow, ...]:
    """This will return the browsers that are signed in as the user, the one used latest first; at most 50.

    :param at: the real time, by which sessions end also in a demonstration
    :param here: the key of the session that asks
    """
    return tuple(
        SessionRow(each.public_id, each.address, each.agent, each.began_at, each.seen_at, each.session_key == here)
        for each in _living(user_id, at).order_by("-seen_at", "-id")[:MOST_SHOWN]
    )


@operation.operation
def end_sessions(*, actor: Actor, at: datetime, public_id: uuid.UUID, session: uuid.UUID | None = None) -> int:
    """This will sign a user out of one browser, or of all, and tell of how many.

    :raises queries.UserNotFound: when the user never held a grant in the scope's organization
    :raises authority.HoldsMore: when the user may do more than the actor
    :raises SessionNotFound: when the one that was named is not there
    """
    user = models.User.objects.get(pk=queries.get_user(public_id=public_id).id)
    if actor.id != user.pk:
        authority.require_above(actor=actor, at=at, user=user)
    count = _end(user.pk, session, keep="")
    trail.record(
        actor=actor, at=at, action="identity:end_sessions", subject=user, before=None, after={"sessions": count}
    )
    return count


def end_own(*, user_id: int, session: uuid.UUID | None, keep: str) -> int:
    """This will sign a person out of one of the person's own browsers, or of all but the one that asks.

    Runs inside or outside a scope.

    :param keep: the key of the session that asks
    :raises SessionNotFound: when the one that was named is not there
    """
    return _end(user_id, session, keep="" if session else keep)


def forget_all(*, user_id: int) -> None:
    """This will sign the user out everywhere, when a password was replaced."""
    _end(user_id, None, keep="")


def _end(user_id: int, session: uuid.UUID | None, *, keep: str) -> int:
    found = models.Session.objects.filter(user_id=user_id).exclude(session_key=keep)
    if session is not None:
        found = found.filter(public_id=session)
    keys = list(found.values_list("session_key", flat=True))
    if session is not None and not keys:
        raise SessionNotFound(_("There is no such session; it may have ended already."))
    session_models.Session.objects.filter(session_key__in=keys).delete()
    found.delete()
    return len(keys)


def _living(user_id: int, at: datetime) -> QuerySet[models.Session]:
    kept = session_models.Session.objects.filter(expire_date__gt=at).values("session_key")
    return models.Session.objects.filter(user_id=user_id, session_key__in=kept)
