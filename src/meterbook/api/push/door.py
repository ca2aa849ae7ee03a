"""The door of gateways: what every message goes through before anything of it is believed, and how refusals are told.

Whoever sends something that is not accepted is told one sentence, whatever was wrong, with the server's time beside it:
a gateway whose clock is wrong sets it and signs again.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.push import batch, signing
from meterbook.api import entry, problems
from meterbook.foundation import scoping
from meterbook.journeys import pushed
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor

View = Callable[[HttpRequest], HttpResponse]
AsyncView = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]
V = TypeVar("V", bound=Callable[..., Any])
PUBLIC_REASON = "A gateway proves itself by the signature of each message, or by a code that works once."


@dataclass(frozen=True)
class Call:
    """A signed message that is no batch, believed and counted; `body` unpacked."""

    organization_id: int
    gateway_id: int
    actor: Actor
    at: datetime
    body: bytes


def opened(view: View) -> View:
    """This will let a view answer gateways: POST only, no session, every refusal a problem."""

    @functools.wraps(view)
    def run(request: HttpRequest) -> HttpResponse:
        try:
            _require_post(request)
            return view(request)
        except Exception as error:
            return told_refusal(request, error)

    return _mark(run)


def opened_async(view: AsyncView) -> AsyncView:
    """This will let a view that waits answer gateways, as `opened` does."""

    @functools.wraps(view)
    async def run(request: HttpRequest) -> HttpResponse:
        try:
            _require_post(request)
            return await view(request)
        except Exception as error:
            return told_refusal(request, error)

    return _mark(run)


def call(request: HttpRequest) -> Call:
    """This will believe and count a signed message that is no batch. Runs outside a scope.

    :raises problems.Problem: see `read_message`
    :raises acquisition_operations.MessageRefused: when it is not believed, or was heard before
    """
    message, actor = read_message(request)
    found = pushed.find(actor=actor, message=message)
    at, real_at = clock.now(), clock.real_now()
    try:
        with scoping.scope([found.organization_id], actor=actor):
            acquisition_operations.admit_call(
                actor=actor, at=at, real_at=real_at, gateway_id=found.gateway_id, message=message
            )
            acquisition_operations.note_seen(
                actor=actor, at=at, real_at=real_at, gateway_id=found.gateway_id, time=message.stamp.time, status={}
            )
    except acquisition_operations.MessageRefused as refused:
        pushed.note_refusal(found=found, actor=actor, at=at, refused=refused)
        raise
    return Call(found.organization_id, found.gateway_id, actor, at, message.body)


def read_message(request: HttpRequest) -> tuple[acquisition_operations.Message, Actor]:
    """This will read a signed message; nothing of it is believed yet.

    :raises problems.Problem: 411 and 413 for a body of unknown size or too large, 400 for headers of another shape
    """
    body = read_body(request)
    try:
        stamp = signing.read(request.headers)
    except signing.HeadersInvalid as error:
        raise problems.Problem(400, "headers", str(error)) from error
    message = acquisition_operations.Message(
        method=request.method or "", path=request.get_full_path(), body=body, stamp=stamp
    )
    return message, Actor.system(pushed.NAME, source=entry.address_of(request))


def read_body(request: HttpRequest) -> bytes:
    """This will return the body as it came over the line.

    :raises problems.Problem: 411 and 413 for a body of unknown size or too large
    """
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise problems.Problem(411, "length_required", _("Say how long the body is: Content-Length."))
    if int(length[:12]) > batch.MOST_BYTES:
        raise batch.BatchTooLarge
    return request.body


def told(content: Mapping[str, object], status: int = 200) -> HttpResponse:
    """This will answer a gateway, with the server's time beside what it asked for."""
    return JsonResponse({**content, "time": _time()}, status=status, headers={"Cache-Control": "no-store"})


def _require_post(request: HttpRequest) -> None:
    if request.method != "POST":
        words = _("This address takes %(methods)s only.") % {"methods": "POST"}
        raise problems.Problem(405, "method_not_allowed", words, headers={"Allow": "POST"})


def _mark(view: V) -> V:
    view.public_reason = PUBLIC_REASON  # type: ignore[attr-defined]
    return csrf_exempt(view)


def told_refusal(request: HttpRequest, error: Exception) -> HttpResponse:
    """This will tell a gateway why its message is not taken; what nobody foresaw is a failure of ours."""
    if isinstance(error, problems.Problem):
        return _answer(request, error)
    if isinstance(error, RequestDataTooBig):
        error = batch.BatchTooLarge()
    refusal = pushed.refusal_of(error)
    if refusal is not None:
        headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
        return _answer(request, problems.Problem(refusal.status, refusal.code, refusal.words, headers=headers))
    return problems.of_failure(request, error)


def _answer(request: HttpRequest, problem: problems.Problem) -> HttpResponse:
    answer = problems.answer(request, problem)
    content = json.loads(answer.content)
    answer.content = json.dumps({**content, "time": _time()}, ensure_ascii=False).encode()
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _time() -> int:
    return int(clock.real_now().timestamp() * 1000)
