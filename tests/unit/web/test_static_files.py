"""The built front end as an asynchronous server gives it out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings

from meterbook.web import static_files


@pytest.fixture
def middleware(tmp_path: Path) -> static_files.StaticFilesMiddleware:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets / "app-1.js").write_bytes(b"x" * (static_files.CHUNK + 7))
    with override_settings(STATIC_ROOT=str(tmp_path), WHITENOISE_USE_FINDERS=False, WHITENOISE_AUTOREFRESH=False):
        return static_files.StaticFilesMiddleware(lambda request: HttpResponse("page"))


class TestStaticFiles:
    def test_are_streamed_without_a_synchronous_iterator(self, middleware: static_files.StaticFilesMiddleware) -> None:
        response = cast(StreamingHttpResponse, middleware(RequestFactory().get("/static/dist/assets/app-1.js")))

        assert response.is_async
        length = len(asyncio.run(collected(response)))
        response.close()
        assert length == static_files.CHUNK + 7

    def test_named_by_their_content_are_kept_for_good(self, middleware: static_files.StaticFilesMiddleware) -> None:
        response = middleware(RequestFactory().get("/static/dist/assets/app-1.js"))

        response.close()
        assert "immutable" in response["Cache-Control"]
        assert response["Content-Type"] == 'text/javascript; charset="utf-8"'

    def test_that_did_not_change_are_not_sent_again(self, middleware: static_files.StaticFilesMiddleware) -> None:
        first = middleware(RequestFactory().get("/static/dist/assets/app-1.js"))
        first.close()
        asked: Any = {"HTTP_IF_NONE_MATCH": first.get("ETag", ""), "HTTP_IF_MODIFIED_SINCE": first["Last-Modified"]}

        assert middleware(RequestFactory().get("/static/dist/assets/app-1.js", **asked)).status_code == 304

    def test_leave_other_addresses_to_the_pages(self, middleware: static_files.StaticFilesMiddleware) -> None:
        assert middleware(RequestFactory().get("/")).content == b"page"


async def collected(response: StreamingHttpResponse) -> bytes:
    return b"".join([part async for part in cast(AsyncIterator[bytes], response.streaming_content)])
