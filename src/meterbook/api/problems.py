"""What went wrong, as programs read it: `application/problem+json` (RFC 9457) for every refusal and every failure."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InternalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import HttpError, ValidationError

MEDIA_TYPE = "application/problem+json"
READ_ONLY = "25006"  # the database's code for a change in a scope that must not write
TYPE = "urn:meterbook:problem:"
# How one kind of refusal is told; the framework hands in what was raised.
Handler = Callable[[HttpRequest, Any], HttpResponse]
_log = logging.getLogger("meterbook.api")


class Problem(Exception):
    """A request that is refused: the status, a code that stays, and words that say what to do.

    `errors` name places of the request: a pointer such as `/body/name`, and what is wrong there.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})


def not_found(detail: str = "") -> Problem:
    """This will make the answer to what is not there; what belongs to others is told in the same words."""
    return Problem(404, "not_found", detail or _("There is no such object, or it belongs to another organization."))


def invalid(place: str, detail: str, *, code: str = "invalid") -> Problem:
    """This will make the answer to one place of a request that cannot be taken."""
    return Problem(422, code, detail, errors=[(place, detail)])


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """This will write a problem down as it is sent."""
    told: dict[str, object] = {
        "type": TYPE + problem.code,
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "instance": request.path,
    }
    if problem.errors:
        told["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in problem.errors]
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        told["error_id"] = getattr(request, "error_id", "")
    body = json.dumps(told, ensure_ascii=False)
    return HttpResponse(body, status=problem.status, content_type=MEDIA_TYPE, headers=problem.headers)


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """This will name every place of a request that has another shape than the document says."""
    errors = [(_pointer(each["loc"]), str(each["msg"])) for each in error.errors]
    return answer(
        request, Problem(422, "invalid", _("The request has another shape than it must have."), errors=errors)
    )


def of_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """This will tell of a body that is no JSON, with the place where the parser knows it."""
    pointer = getattr(error.__cause__, "pointer", "")
    if pointer:
        said = str(error.__cause__)
        return answer(request, Problem(400, "unreadable", said, errors=[(pointer, said)]))
    return answer(request, Problem(400, "unreadable", _("The body is no JSON that can be read.")))


def of_size(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """This will tell of a body that is too large."""
    return answer(request, Problem(413, "too_large", _("The body is too large.")))


def of_read_only(request: HttpRequest, error: InternalError) -> HttpResponse:
    """This will say that nothing can be changed by who looks as somebody else, not even the trail of an export."""
    if getattr(error.__cause__, "sqlstate", "") != READ_ONLY:
        return of_failure(request, error)
    return answer(request, Problem(403, "seeing", _("You look as somebody else; nothing can be changed meanwhile.")))


def of_failure(request: HttpRequest, error: Exception) -> HttpResponse:
    """This will say that the server failed; the log says how, under the same id."""
    request.error_id = secrets.token_hex(4)  # type: ignore[attr-defined]
    _log.error("%s %s", request.method, request.path, exc_info=error, extra={"request": request})
    detail = _("The server failed. What went wrong is written in its log under %(id)s.")
    told = answer(request, Problem(500, "failed", detail % {"id": request.error_id}))  # type: ignore[attr-defined]
    # The framework would write a second line, without the stack.
    told._has_been_logged = True  # type: ignore[attr-defined]
    return told


def _pointer(place: Iterable[object]) -> str:
    """`("body", "given", "name")` of ninja is `/body/name`: in between stands a parameter of ours."""
    parts = [str(each) for each in place]
    if len(parts) > 1 and parts[0] in ("body", "form", "file"):
        parts = [parts[0], *parts[2:]] if len(parts) > 2 else parts
    return "/" + "/".join(parts)
