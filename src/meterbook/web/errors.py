"""The pages for 400, 403, 404 and 500: what happened, and the one next step."""

from __future__ import annotations

import secrets

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from meterbook.web import access


@access.public(reason="An error page.")
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This will say that the request could not be understood."""
    # Django's own refusals name insides; ours are written for people.
    said = str(exception) if isinstance(exception, BadRequest) else ""
    advice = said or _("Go back, reload the page and try once more.")
    return told(request, 400, _("This request could not be read"), advice)


@access.public(reason="An error page.")
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This will say which right is missing and who can give it."""
    advice = _("Ask an administrator of the organization for it.")
    return told(request, 403, _("You may not open this page"), str(exception) or advice)


@access.public(reason="An error page.")
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This will say that there is no such page; a foreign page is told in the same words."""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    advice = said or _("Check the address, or start again from the first page.")
    return told(request, 404, _("There is no such page"), advice)


@access.public(reason="An error page.")
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """This will say that the form was too old, or that the browser sends no cookies."""
    advice = _("The page was open for too long, or the browser refuses cookies. Reload it and send the form again.")
    return told(request, 403, _("This form is no longer valid"), advice)


@access.public(reason="An error page.")
def server_error(request: HttpRequest) -> HttpResponse:
    """This will say that the server failed, and by which id the log tells how.

    Nothing but the template is used, as anything else may be what failed. Django writes the log after this, with the
    request (config.logs).
    """
    error_id = secrets.token_hex(4)
    request.error_id = error_id  # type: ignore[attr-defined]
    if not access.wants_page(request):
        text = _("The server failed. What went wrong is written in its log under %(id)s.") % {"id": error_id}
        return HttpResponse(text, status=500, content_type="text/plain; charset=utf-8")
    return HttpResponse(loader.render_to_string("errors/server_error.html", {"error_id": error_id}), status=500)


def told(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    """This will say what is in the way, and what to do: as a page, or in a line to who wants no page."""
    if not access.wants_page(request):
        return HttpResponse(f"{title}. {advice}", status=status, content_type="text/plain; charset=utf-8")
    return render(request, "errors/page.html", {"status": status, "title": title, "advice": advice}, status=status)
