"""Forms that make something are carried out once, however often a browser sends them.

Every page that is shown carries its own form token (Django draws it anew for each), so the same token with the same
content is the same form sent again: a double click, a reload, the back button. It gets the answer of the first time,
which is kept in the transaction of the change (as the API keeps answers under idempotency keys). Forms without such a
token are done once when they come at the same time.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from meterbook.identity import api_access
from meterbook.kernel import clock
from meterbook.web import access, errors

P = ParamSpec("P")
TOKEN, LENGTH = "csrfmiddlewaretoken", 64
WITHOUT_PAGE = frozenset({TOKEN})


def carried_out_once(
    view: Callable[Concatenate[access.Request, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """This will have a view below `access.page` answer a form that is sent again as it answered the first time.

    A redirect says that the form was carried out; a page that shows something this once says so by `done`. Anything
    else, such as the form with what is wrong in it, changed nothing and is not kept.
    """

    @functools.wraps(view)
    def run(request: access.Request, *args: P.args, **named: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **named)
        caller, token = f"form:{request.actor.id}", fingerprint(request)
        try:
            is_same_time = api_access.await_turn(caller=caller, token=token)
        except OperationalError as error:
            if not api_access.is_lock_timeout(error):
                raise
            return _told(request, _("This form is being carried out already; look at the list in a moment."))
        kept = api_access.find_answer(caller=caller, token=token, is_fresh=not _is_of_page(request))
        if kept is not None and (is_same_time or _is_of_page(request)):
            return _again(request, kept, is_same_time=is_same_time)
        response = view(request, *args, **named)
        if response.status_code in {302, 303} or getattr(response, "is_done", False):
            body = response.headers.get("Location", "").encode()
            answer = api_access.Answer(token, response.status_code, "text/uri-list", body)
            api_access.keep_answer(caller=caller, token=token, answer=answer, real_at=clock.real_now())
        return response

    return run


def done(response: HttpResponse) -> HttpResponse:
    """This will mark a page that says what was made, and cannot be shown again."""
    response.is_done = True  # type: ignore[attr-defined]
    return response


def fingerprint(request: access.Request) -> str:
    """This will return what tells two forms apart: address, form token, and content."""
    read = hashlib.sha256(f"{request.get_full_path()}\n".encode())
    skipped = frozenset() if _is_of_page(request) else WITHOUT_PAGE
    for name in sorted(set(request.POST) - skipped):
        read.update(f"{name}={request.POST.getlist(name)!r}\n".encode(errors="backslashreplace"))
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            read.update(f"{name}:{file.name}:{file.size}\n".encode(errors="backslashreplace"))
            for piece in file.chunks():
                read.update(piece)
            file.seek(0)
    return read.hexdigest()


def _is_of_page(request: access.Request) -> bool:
    return len(request.POST.get(TOKEN, "")) == LENGTH


def _again(request: access.Request, kept: api_access.Answer, *, is_same_time: bool) -> HttpResponse:
    if not kept.body:
        return _told(
            request,
            _("It was done once. What was shown only then cannot be shown again; if it is lost, make a new one."),
        )
    if not is_same_time:
        messages.info(request, _("This form was sent before; nothing was done twice. This is what it made."))
    return HttpResponseRedirect(kept.body.decode())


def _told(request: access.Request, advice: str) -> HttpResponse:
    return errors.told(request, 409, _("This form was sent before"), advice)
