"""Looking at an organization with somebody else's rights: kept in the session, ended by itself, never able to write."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InternalError
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.identity import authority as identity_authority
from meterbook.identity import previews as identity_previews
from meterbook.identity import queries as identity_queries
from meterbook.identity import values as identity_values
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor

KEY = "see_as"  # of the session: organization, person, since when
READING = ("GET", "HEAD", "OPTIONS")
READ_ONLY = "25006"  # the database's code for a change in a scope that must not write
# What stays open: to stop looking, and to go. Guarded pages and the API refuse by themselves, with their own words.
OPEN_ROUTES = frozenset({"end_seeing", "account_logout"})


class SeeingMiddleware(MiddlewareMixin):
    """Keeps what belongs to a person (language, password, browsers) as it is while the person looks as another."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        """This will refuse a change outside the pages of an organization.

        :raises PermissionDenied: while the person looks with somebody else's rights
        """
        kept = request.session.get(KEY) if request.method not in READING else None
        if kept is None or hasattr(view, "permission") or hasattr(view, "is_api"):
            return
        name = request.resolver_match.url_name if request.resolver_match else ""
        is_over = clock.now() - datetime.fromisoformat(kept[2]) > identity_previews.LONGEST
        if name not in OPEN_ROUTES and not is_over:
            raise PermissionDenied(_not_now())


def begin(request: HttpRequest, *, organization_id: int, person: uuid.UUID, at: datetime) -> None:
    """This will have the pages of one organization show what the person sees, for an hour at most."""
    request.session[KEY] = [organization_id, str(person), at.isoformat()]


def end(request: HttpRequest) -> None:
    """This will show the pages as oneself again and record the end. Runs outside a scope."""
    kept = request.session.pop(KEY, None)
    user = request.user
    if kept is None or user.pk is None:
        return
    actor = Actor.user(int(user.pk), str(user))
    with scoping.scope([kept[0]], actor=actor), contextlib.suppress(identity_queries.UserNotFound):
        identity_previews.end(actor=actor, at=clock.now(), public_id=uuid.UUID(kept[1]))


def access_of(request: HttpRequest, own: identity_values.Access) -> identity_values.Access:
    """This will return what pages are shown by: one's own rights, or those of the person that one looks as.

    Needs a running scope. What is shown as somebody else can only be read.

    :raises PermissionDenied: when something is to be changed while looking
    """
    request.seen_as = None  # type: ignore[attr-defined]
    kept = request.session.get(KEY)
    if kept is None or kept[0] != scoping.current().organization_id:
        return own
    at: datetime = request.at  # type: ignore[attr-defined]
    actor: Actor = request.actor  # type: ignore[attr-defined]
    person = uuid.UUID(kept[1])
    try:
        user, seen = identity_previews.access_as(actor=actor, at=at, public_id=person)
    except (identity_authority.HoldsMore, identity_previews.NotViewable):
        seen = None
    if seen is None or at - datetime.fromisoformat(kept[2]) > identity_previews.LONGEST:
        del request.session[KEY]
        identity_previews.end(actor=actor, at=at, public_id=person)
        return own
    request.seen_as = user  # type: ignore[attr-defined]
    if request.method not in READING:
        raise PermissionDenied(_not_now())
    scoping.forbid_writing()
    return seen


@contextlib.contextmanager
def refused_in_words() -> Iterator[None]:
    """This will turn the database's refusal of a change while looking into words."""
    try:
        yield
    except InternalError as error:
        if getattr(error.__cause__, "sqlstate", "") != READ_ONLY:
            raise
        raise PermissionDenied(_not_now()) from error


def _not_now() -> str:
    return _("You look with somebody else's rights; nothing can be changed. End it at the top of the page first.")
