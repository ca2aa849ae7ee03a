"""What single devices send by HTTP: `/push/v1/devices/...`. See docs/reference/push.md.

The token stands in the header `Authorization: Bearer ...`, or behind the address, for devices that know addresses only.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.drivers.mqtt import messages
from meterbook.api import entry, problems
from meterbook.api.push import door
from meterbook.journeys import sent
from meterbook.kernel import clock

METHODS = ("POST", "PUT", "GET")
BEARER = "bearer "
LONGEST_TOKEN = 200
PUBLIC_REASON = "A device proves itself by the token of its address."
View = Callable[..., HttpResponse]


def _opened(view: View) -> View:
    @functools.wraps(view)
    def run(request: HttpRequest, sender: uuid.UUID, token: str = "") -> HttpResponse:
        try:
            return view(request, sender, token)
        except Exception as error:
            answer = _refused(request, error)
        # Who reads logs of answers must not find a token there.
        told = {**json.loads(answer.content), "instance": f"{acquisition_operations.BUS_PLACE}/{sender}"}
        answer.content = json.dumps(told, ensure_ascii=False).encode()
        answer.headers["Cache-Control"] = "no-store"
        return answer

    run.public_reason = PUBLIC_REASON  # type: ignore[attr-defined]
    return csrf_exempt(run)


@_opened
def message(request: HttpRequest, sender: uuid.UUID, token: str) -> HttpResponse:
    """This will take the values that a device sends: JSON, a number alone, a form, or what stands behind `?`."""
    if request.method not in METHODS:
        words = _("This address takes %(methods)s only.") % {"methods": ", ".join(METHODS)}
        raise problems.Problem(405, "method_not_allowed", words, headers={"Allow": ", ".join(METHODS)})
    told = sent.take(
        address=_address(request),
        at=clock.now(),
        real_at=clock.real_now(),
        public_id=sender,
        token=(_bearer(request) or token)[:LONGEST_TOKEN],
        payload=_payload(request),
    )
    content = {
        "at": told.at.isoformat(),
        "stored": told.stored,
        "known": told.known,
        "conflicting": told.conflicting,
        "live": told.live,
        "problem": told.problem or None,
    }
    return JsonResponse(content, headers={"Cache-Control": "no-store"})


def _address(request: HttpRequest) -> str:
    """Where it comes from. Behind a proxy that nobody named everything seems to come from next door: then nowhere."""
    is_forwarded = bool(request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"))
    return "" if is_forwarded and not settings.ALLAUTH_TRUSTED_PROXY_COUNT else entry.address_of(request)


def _bearer(request: HttpRequest) -> str:
    given = request.headers.get("Authorization", "")
    return given[len(BEARER) :].strip() if given[: len(BEARER)].casefold() == BEARER else ""


def _payload(request: HttpRequest) -> bytes:
    """The message; of a form, and of what stands behind `?`, an object of its names and values."""
    body = b"" if request.method == "GET" else _body(request)
    # Some devices, and curl, call any body a form; JSON tells itself.
    is_json = body.lstrip().startswith((b"{", b"["))
    if body and request.content_type == "application/x-www-form-urlencoded" and not is_json:
        body = json.dumps(request.POST.dict()).encode()
    if not body and request.GET:
        body = json.dumps(request.GET.dict()).encode()
    if not body.strip():
        raise problems.Problem(400, "empty", _("Nothing was sent: put the values into the body, or behind “?”."))
    return body


def _body(request: HttpRequest) -> bytes:
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal():
        raise problems.Problem(411, "length_required", _("Say how long the body is: Content-Length."))
    if int(length[:12]) > messages.LONGEST:
        words = _("A message has at most %(count)s bytes.") % {"count": messages.LONGEST}
        raise problems.Problem(413, "too_large", words)
    return request.body


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    match error:
        case problems.Problem():
            return problems.answer(request, error)
        case acquisition_operations.SenderRefused():
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
            if error.status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            code = {401: "refused", 429: "too_many"}.get(error.status, "not_here")
            return problems.answer(request, problems.Problem(error.status, code, str(error), headers=headers))
        case sent.MessageUnusable():
            return problems.answer(request, problems.Problem(422, "unusable", str(error)))
    return door.told_refusal(request, error)
