"""What every signed-in person does for themself: browsers, putting the second step off, ending a look as another."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.identity import second_factor
from meterbook.identity import sessions as identity_sessions
from meterbook.kernel import clock
from meterbook.web import access, second_step, seeing
from meterbook.web.people import shown


@require_http_methods(["GET", "POST"])
@access.signed_in(reason="Shows and ends only the sessions of the person who asks.")
def own_sessions(request: HttpRequest) -> HttpResponse:
    """This will show the browsers that one is signed in with, and sign out of one or of all others."""
    user_id, here = int(request.user.pk or 0), request.session.session_key or ""
    if request.method == "POST":
        return _end(request, user_id, here)
    rows = identity_sessions.list_sessions(user_id=user_id, at=clock.real_now(), here=here)
    context = {"sessions": shown.browsers(rows), "now": clock.now()}
    return render(request, "people/own_sessions.html", context)


@require_http_methods(["GET", "POST"])
@access.signed_in(reason="Everybody may set up a second step; whom the organization asks is led here.")
def second_step_page(request: HttpRequest) -> HttpResponse:
    """This will offer the ways of a second step, and put it off while there is time."""
    user_id, at = int(request.user.pk or 0), clock.now()
    if second_factor.has_one(user_id=user_id):
        return redirect("mfa_index")
    until = second_factor.ask(user_id=user_id, at=at)
    if request.method == "POST" and at < until:
        request.session[second_step.LATER] = True
        return redirect("start")
    return render(request, "people/second_step.html", {"until": until, "may_wait": at < until, "now": at})


@require_POST
@access.signed_in(reason="Ends only what the person began: looking with somebody else's rights.")
def end_seeing(request: HttpRequest) -> HttpResponse:
    """This will show the pages as oneself again."""
    seeing.end(request)
    return redirect("start")


def _end(request: HttpRequest, user_id: int, here: str) -> HttpResponse:
    text = request.POST.get("session", "")
    try:
        session = uuid.UUID(text) if text else None
    except ValueError as error:
        raise Http404(_("There is no such session; it may have ended already.")) from error
    try:
        count = identity_sessions.end_own(user_id=user_id, session=session, keep=here)
    except identity_sessions.SessionNotFound:
        messages.info(request, _("That browser was signed out already."))
    else:
        messages.success(request, _("Signed out there.") if count else _("There was no other browser."))
    return redirect("own_sessions")
