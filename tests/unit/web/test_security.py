"""The heads of every answer."""

from __future__ import annotations

from django.http import HttpResponse
from django.test import RequestFactory

from meterbook.kernel.actor import Actor
from meterbook.web import security


class TestContentSecurityPolicy:
    def test_forbids_everything_but_what_this_server_gives_out(self) -> None:
        middleware = security.ContentSecurityPolicyMiddleware(lambda request: HttpResponse())

        policy = middleware(RequestFactory().get("/")).headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy

    def test_keeps_pages_of_a_person_out_of_the_browsers_store(self) -> None:
        request = RequestFactory().get("/")
        request.actor = Actor.system("test")  # type: ignore[attr-defined]
        middleware = security.ContentSecurityPolicyMiddleware(lambda request: HttpResponse())

        assert middleware(request).headers["Cache-Control"] == "no-store"
