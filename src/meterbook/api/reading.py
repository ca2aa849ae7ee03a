"""How strictly a request is read: JSON that says one thing, and a query without words that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from meterbook.api import problems

DEEPEST = 32  # the deepest sound body, a tariff document, has 7
MEDIA_TYPES = frozenset({"application/json", "multipart/form-data"})
# Known everywhere: who is in several organizations names one; the language of the words is `Accept-Language`'s.
EVERYWHERE = frozenset({"organization", "lang"})


class Unreadable(ValueError):
    """The body is no JSON that says one thing; `pointer` is the place."""

    def __init__(self, words: str, pointer: str) -> None:
        super().__init__(words)
        self.pointer = pointer


class _Doubled(dict[str, Any]):
    """An object that had a key twice."""

    key = ""


class StrictParser(Parser):
    """Reads bodies for the framework, which tells any failure as 400."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - any JSON
        """This will return the parsed body.

        :raises Unreadable: for doubled keys, numbers that JSON has not, and what is nested too deep
        """
        return read(request.body)


def read(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """This will parse JSON of which every reader makes the same.

    >>> read(b'{"name": "Harbor"}')
    {'name': 'Harbor'}

    :raises Unreadable: naming the place
    """
    try:
        found = json.loads(body, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError as error:
        raise Unreadable(_("The body is nested more than %(most)s deep.") % {"most": DEEPEST}, "/body") from error
    for pointer, depth, each in _inside(found):
        if depth > DEEPEST:
            raise Unreadable(_("The body is nested more than %(most)s deep.") % {"most": DEEPEST}, "/body")
        if isinstance(each, _Doubled):
            raise Unreadable(_("The key “%(key)s” stands twice in one object.") % {"key": each.key}, pointer)
    return found


def require_media_type(request: HttpRequest) -> None:
    """This will pass what has no body, and a body that says that it is JSON, or parts with a file.

    :raises problems.Problem: 415 for any other
    """
    if request.headers.get("Content-Length", "0") not in {"", "0"} and request.content_type not in MEDIA_TYPES:
        words = _("Send the body as Content-Type: application/json.")
        raise problems.Problem(415, "media_type", words, errors=[("/header/Content-Type", words)])


def require_known_query(request: HttpRequest, view: Callable[..., Any]) -> None:
    """This will pass a query whose words the operation knows.

    :raises problems.Problem: 422 that names the others
    """
    models = getattr(view, "_ninja_operation").models  # noqa: B009 - the framework's own mark
    known = {name for each in models if each.__ninja_param_source__ == "query" for name in each.__ninja_flatten_map__}
    unknown = sorted(set(request.GET) - known - EVERYWHERE)
    if unknown:
        words = _("This address knows no such word in its query.")
        raise problems.Problem(422, "invalid", words, errors=[(f"/query/{each}", words) for each in unknown[:20]])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled, seen = _Doubled(made), set()
    doubled.key = next(key for key, _value in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return doubled


def _constant(name: str) -> None:
    raise Unreadable(_("“%(name)s” is no number of JSON.") % {"name": name}, "/body")


def _inside(found: Any) -> Iterator[tuple[str, int, Any]]:  # noqa: ANN401 - any JSON
    """Every part with its pointer and depth, without recursion."""
    waiting: list[tuple[str, int, Any]] = [("/body", 0, found)]
    while waiting:
        pointer, depth, each = waiting.pop()
        yield pointer, depth, each
        parts = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        waiting += [(f"{pointer}/{key}", depth + 1, part) for key, part in parts if isinstance(part, dict | list)]
