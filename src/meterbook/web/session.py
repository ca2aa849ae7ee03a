"""How long a session lives, and that a one-time password is replaced before anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from meterbook.identity import sessions as identity_sessions
from meterbook.kernel import clock
from meterbook.web import access, second_step

BEGAN, SEEN = "session_began", "session_seen"
NOTED = "session_noted"  # the key under which the session was last put on the list of signed-in browsers
# The session is written again only after this long, so that not every request writes to the database.
SEEN_STEP_SECONDS = 60
CHOOSE_PASSWORD = "account_set_password"  # noqa: S105 - the name of a route
CHANGE_PASSWORD = "account_change_password"  # noqa: S105 - the name of a route
# What someone who must choose a password may still open.
OPEN_ROUTES = (CHOOSE_PASSWORD, CHANGE_PASSWORD, "account_logout")


class SessionLifetimeMiddleware(MiddlewareMixin):
    """Ends a session that was idle too long or is too old, by real time."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_request(self, request: HttpRequest) -> None:
        """This will sign the user out when one of the two limits has passed, and note that the session is in use."""
        if not request.user.is_authenticated:
            return
        now = int(clock.real_now().timestamp())
        began = request.session.setdefault(BEGAN, now)
        seen = request.session.get(SEEN, now)
        if now - began > settings.SESSION_ABSOLUTE_SECONDS or now - seen > settings.SESSION_IDLE_SECONDS:
            auth.logout(request)
        elif SEEN not in request.session or now - seen >= SEEN_STEP_SECONDS:
            request.session[SEEN] = now
            _note(request, began)
        elif request.session.get(NOTED) != request.session.session_key:
            _note(request, began)


def _note(request: HttpRequest, began: int) -> None:
    """A new key of the same session (after a change of the password) takes the place of the one before."""
    key, user_id = request.session.session_key, request.user.pk
    if key is None or user_id is None:
        return
    now = clock.now()
    identity_sessions.note(
        user_id=user_id,
        session_key=key,
        replaces=str(request.session.get(NOTED, "")),
        address=access.client_address(request),
        agent=request.headers.get("User-Agent", ""),
        began_at=now - (clock.real_now() - datetime.fromtimestamp(began, UTC)),
        at=now,
    )
    request.session[NOTED] = key


class NewPasswordMiddleware(MiddlewareMixin):
    """Lets a user do nothing but choose a password who signed in with a one-time one, or with one that is too short."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """This will lead such a user to the page that sets a password."""
        user = request.user
        if not user.is_authenticated or not getattr(user, "must_change_password", False):
            return None
        if second_step.came_by_provider(request):
            return None  # no password was used, and there may be none that the person knows
        if request.path.startswith(settings.STATIC_URL) or request.path in {reverse(name) for name in OPEN_ROUTES}:
            return None
        # A password that is there is asked for once more; a one-time password is spent.
        target = reverse(CHANGE_PASSWORD if user.has_usable_password() else CHOOSE_PASSWORD)
        if not access.wants_page(request):
            return HttpResponse(_("Choose a password first."), status=401, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
