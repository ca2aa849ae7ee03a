"""The addresses below `/api/`: the operations, the document, and an answer to all that is not there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from meterbook.api import document, entry, problems, root

View = Callable[..., HttpResponseBase]
OPEN_REASON = "The document names no tenant's data; a key that is sent is checked."


def openapi(request: HttpRequest) -> HttpResponse:
    """This will answer with the document; for a caller who is known, without what is off in the organization."""
    if request.method not in {"GET", "HEAD"}:
        return _method_not_allowed(request, "GET")
    # A browser that is signed in names the organization: what is off there is left out, as for a key.
    is_inside = "organization" in request.GET and request.user.is_authenticated
    if "Authorization" not in request.headers and not is_inside:
        return JsonResponse(document.whole())
    try:
        caller = entry.identify(request)
    except problems.Problem as problem:
        return problems.answer(request, problem)
    return JsonResponse(document.of_modules(caller.organization.modules))


@csrf_exempt
def nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """This will answer that there is no such address."""
    return problems.answer(request, problems.not_found(_("There is no such address in the API.")))


openapi.public_reason = OPEN_REASON  # type: ignore[attr-defined]
nothing.is_api = True  # type: ignore[attr-defined]


def _method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    words = _("This address takes %(methods)s only.") % {"methods": allowed}
    return problems.answer(request, problems.Problem(405, "method_not_allowed", words, headers={"Allow": allowed}))


def _without_body(answer: HttpResponseBase) -> HttpResponseBase:
    """What HEAD answers: all that GET says of itself."""
    if isinstance(answer, HttpResponse):
        answer.headers["Content-Length"] = str(len(answer.content))
        answer.content = b""
    return answer


def _told(view: View) -> View:
    """What the framework answers by itself, as a problem."""

    @functools.wraps(view)
    def run(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:  # noqa: ANN401
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        answer = view(request, *args, **named)
        if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            taken = set(answer.headers["Allow"].split(", "))
            answer = _method_not_allowed(request, ", ".join(sorted(taken | ({"HEAD"} if "GET" in taken else set()))))
        return _without_body(answer) if is_head else answer

    run.csrf_exempt = True  # type: ignore[attr-defined]  # keys need no token of a form; sessions are checked by `entry`
    run.is_api = True  # type: ignore[attr-defined]
    return run


def _operations() -> list[URLPattern | URLResolver]:
    patterns, _app, _namespace = root.api.urls
    for each in patterns:
        if isinstance(each, URLPattern):
            each.callback = _told(each.callback)
    return [each for each in patterns if getattr(each, "name", "") != "api-root"]


urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/openapi.json", openapi, name="api_document"),
    path("v1/", include(_operations())),
    path("", nothing),
    path("<path:rest>", nothing),
]
