"""The language and the theme of a page.

Language: `?lang=` of the address, the account, what the visitor chose in this browser, the organization's site, and
last what the browser asks for.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.http import require_POST

from meterbook.foundation import scoping
from meterbook.identity import operations as identity_operations
from meterbook.identity import queries as identity_queries
from meterbook.identity import values as identity_values
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.sites import queries as site_queries
from meterbook.web import access, redirects

LANGUAGE_COOKIE, THEME_COOKIE = "meterbook_language", "meterbook_theme"
COOKIE_SECONDS = 365 * 24 * 3600
SITE_LANGUAGES = "site_languages"
SUPPORTED = tuple(code for code, _name in settings.LANGUAGES)


class LanguageMiddleware(MiddlewareMixin):
    """Sets the language before the view runs, and says it in the answer."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_request(self, request: HttpRequest) -> None:
        """This will take the language that the address, the account, the visitor or the browser names."""
        _activate(request, explicit(request) or translation.get_language_from_request(request))

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        """This will take the language of the organization's site where nobody named one."""
        organization = named.get("organization")
        if isinstance(organization, uuid.UUID) and request.user.is_authenticated and not explicit(request):
            found = _of_site(request, organization)
            if found:
                _activate(request, found)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """This will name the language in the head, and keep one that the address named."""
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        wanted = _supported(request.GET.get("lang", ""))
        if wanted:
            _keep(response, LANGUAGE_COOKIE, wanted)
        return response


def explicit(request: HttpRequest) -> str:
    """This will return the language that a person named, or nothing."""
    of_account = request.user.language if request.user.is_authenticated else ""
    of_browser = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return next(filter(None, map(_supported, (request.GET.get("lang", ""), of_account, of_browser))), "")


def theme(request: HttpRequest) -> identity_values.Theme:
    """This will return the theme of the account, else the one chosen in this browser."""
    user = getattr(request, "user", None)
    code = user.theme if user is not None and user.is_authenticated else request.COOKIES.get(THEME_COOKIE, "")
    return identity_values.Theme(code) if code in set(identity_values.Theme) else identity_values.Theme.AUTO


@access.public(reason="How the product speaks to the visitor; no tenant data.")
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """This will keep the language for this browser and, when signed in, for the account, and go back to the page."""
    wanted = _supported(request.POST.get("language", ""))
    response = redirects.back(request)
    if wanted:
        _keep(response, LANGUAGE_COOKIE, wanted)
        _change_account(request, language=wanted)
    return response


@access.public(reason="How the product looks to the visitor; no tenant data.")
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """This will keep the theme for this browser and, when signed in, for the account."""
    code = request.POST.get("theme", "").upper()
    if code not in set(identity_values.Theme):
        return HttpResponse(status=400)
    response = HttpResponse(status=204)
    _keep(response, THEME_COOKIE, code)
    _change_account(request, theme=identity_values.Theme(code))
    return response


def _change_account(
    request: HttpRequest, *, language: str | None = None, theme: identity_values.Theme | None = None
) -> None:
    user = request.user
    if user.is_authenticated:
        identity_operations.change_preferences(
            user_id=user.pk,
            language=user.language if language is None else language,
            theme=identity_values.Theme(user.theme) if theme is None else theme,
        )


def _of_site(request: HttpRequest, organization: uuid.UUID) -> str:
    """The language of the first site by name, else of the organization; looked up once a session."""
    known: dict[str, str] = request.session.get(SITE_LANGUAGES, {})
    key = str(organization)
    if key not in known:
        known = {**known, key: _supported(_look_up(request, organization))}
        request.session[SITE_LANGUAGES] = known
    return known[key]


def _look_up(request: HttpRequest, organization: uuid.UUID) -> str:
    user_id = request.user.pk
    if user_id is None:
        return ""
    actor = Actor.user(user_id, str(request.user))
    entered = identity_queries.organizations_of(user_id=user_id, at=clock.now(), actor=actor)
    found = next((each for each in entered if each.public_id == organization), None)
    if found is None:
        return ""
    with scoping.scope([found.id], actor=actor):
        sites = site_queries.list_sites()
    return sites[0].language if sites else found.language


def _supported(code: str) -> str:
    short = code[:2].lower()
    return short if short in SUPPORTED else ""


def _activate(request: HttpRequest, code: str) -> None:
    translation.activate(code)
    request.LANGUAGE_CODE = translation.get_language() or code


def _keep(response: HttpResponseBase, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
