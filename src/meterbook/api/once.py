"""Idempotency: a request that changes something is carried out once, however often it is sent.

The answer is kept in the transaction of the change, so that there is never one without the other. What was refused
changed nothing and is not kept: it may be sent again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import gettext as _

from meterbook.api import entry, problems
from meterbook.identity import api_access
from meterbook.kernel import clock

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
TOKEN = re.compile(r"[\x21-\x7e]{1,100}")


def required_token(request: entry.Request) -> str:
    """This will return the idempotency key of a request.

    :raises problems.Problem: when there is none, or it is no text of 1 to 100 printable signs
    """
    token = request.headers.get(HEADER, "")
    if not TOKEN.fullmatch(token):
        words = _("A request that changes something needs an Idempotency-Key of 1 to 100 printable signs.")
        raise problems.Problem(400, "idempotency_key", words, errors=[(f"/header/{HEADER}", words)])
    return token


def answer_once(request: entry.Request, work: Callable[[], HttpResponse]) -> HttpResponse:
    """This will do the work and keep its answer, or answer what is kept. Needs a running scope.

    :raises problems.Problem: 409 while the same key is being answered, 422 when it was used for another request
    """
    token, caller = required_token(request), request.caller.name
    if not api_access.is_free(caller=caller, token=token):
        words = _("A request with this Idempotency-Key is being answered; ask again in a moment.")
        raise problems.Problem(409, "in_progress", words, headers={"Retry-After": "1"})
    print_of_this = fingerprint(request)
    kept = api_access.find_answer(caller=caller, token=token)
    if kept is None:
        made = work()
        answer = api_access.Answer(print_of_this, made.status_code, made.headers["Content-Type"], made.content)
        api_access.keep_answer(caller=caller, token=token, answer=answer, real_at=clock.real_now())
        return made
    if kept.fingerprint != print_of_this:
        words = _("This Idempotency-Key was used for another request; take a new one.")
        raise problems.Problem(422, "idempotency_key_used", words)
    return HttpResponse(kept.body, status=kept.status, content_type=kept.media_type, headers={REPLAYED: "true"})


def fingerprint(request: entry.Request) -> str:
    """This will return what tells two requests apart: method, address and content."""
    read = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        # The boundary between the parts is another one each time.
        for name in sorted(request.POST):
            read.update(f"{name}={request.POST.getlist(name)!r}\n".encode())
        for name in sorted(request.FILES):
            for file in request.FILES.getlist(name):
                file.seek(0)
                read.update(f"{name}:{file.name}:{file.size}\n".encode() + file.read())
                file.seek(0)
    else:
        read.update(request.body)
    return read.hexdigest()
