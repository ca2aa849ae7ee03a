"""What a page of Meterbook may load and do in the browser: only what this server gives out, nothing inline."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
POLICY = "; ".join(f"{name} {value}" for name, value in DIRECTIVES.items())
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecureCookiesMiddleware(MiddlewareMixin):
    """Lets cookies that were set over an encrypted line go back over an encrypted line only."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """This will mark each cookie of the answer, if the request came encrypted."""
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Puts the policy on every answer."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """This will name the policy in the head of the answer; browsers keep no page with a person's data."""
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if hasattr(request, "actor"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
