"""Gives out the built front end: whitenoise, with answers that an asynchronous server sends as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]

CHUNK = 256 * 1024


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves `static/`; a file whose name holds the digest of its content is kept by browsers for good."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponseBase:
        """This will answer with one file of the collection, compressed where the browser takes it."""
        found = static_file.get_response(request.method, request.META)
        response: Any
        if found.file is None:
            response = HttpResponse(status=int(found.status))
        else:
            response = StreamingHttpResponse(_chunks(found.file), status=int(found.status))
            response._resource_closers.append(found.file.close)  # when the browser goes away before the end
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return cast(HttpResponseBase, response)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """This will tell whether a file never changes under its name: the build names it by its content."""
        return url.startswith(f"{self.static_prefix}dist/assets/")


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await sync_to_async(file.read, thread_sensitive=False)(CHUNK):
        yield chunk
