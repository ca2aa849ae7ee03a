"""The page "API": the published document, made into a page by the server; nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.people import words

Document = Mapping[str, Any]
REFERENCE = "#/components/schemas/"
# Parts of the API whose names stand nowhere else; the others are translated where they are used.
TITLES = {
    "Assigned": gettext_lazy("What is assigned to a monitor"),
    "Bill head": gettext_lazy("Bill head"),
    "Buildings": gettext_lazy("Buildings"),
    "Delegations": gettext_lazy("Delegations"),
    "Keys": gettext_lazy("API keys"),
    "Moves": gettext_lazy("Moves"),
    "Own": gettext_lazy("A tenant's own data"),
    "Tenants": gettext_lazy("Tenants"),
    "Units": gettext_lazy("Units"),
}
DEEPEST = 3
# The document belongs to the API, which stands beside the screens: it plugs itself in when the program starts.
_source: list[Callable[[Collection[str]], Document]] = []


class NoDocument(RuntimeError):
    """Nothing is connected that gives the document; `meterbook.config` must connect it."""


@dataclass(frozen=True)
class Field:
    """One field of a request or an answer; `level` is how deep it lies."""

    name: str
    kind: str
    note: str
    is_required: bool
    level: int


@dataclass(frozen=True)
class Shown:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    right: str
    permission: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    media_type: str
    answers: tuple[Field, ...]
    status: str


@dataclass(frozen=True)
class Part:
    """The operations about one thing."""

    title: str
    operations: tuple[Shown, ...]


def connect(source: Callable[[Collection[str]], Document]) -> None:
    """This will make `source` what answers the document for the modules that are on."""
    _source[:] = [source]


@require_GET
@access.page(permission=permissions.VIEW_ORGANIZATION, module=Module.API, by_site=True)
def reference(request: access.Request) -> HttpResponse:
    """This will show every operation whose module is on in the organization, with what it takes and answers."""
    if not _source:
        raise NoDocument(NoDocument.__doc__)
    document = _source[0](request.organization.modules)
    context = {
        "parts": parts(document),
        "document_href": f"{reverse('api_document')}?organization={request.organization.public_id}",
        "base": request.build_absolute_uri(reverse("api_document")).removesuffix("openapi.json"),
        "may_see_keys": permissions.VIEW_API_KEYS in request.permissions,
    }
    return render(request, "keys/reference.html", context)


def parts(document: Document) -> tuple[Part, ...]:
    """This will group the operations of a document by what they are about, in its order."""
    grouped: dict[str, list[Shown]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            grouped.setdefault(operation["tags"][0], []).append(_operation(document, path, method, operation))
    return tuple(Part(str(TITLES.get(title) or _(title)), tuple(found)) for title, found in grouped.items())


def _operation(document: Document, path: str, method: str, operation: Mapping[str, Any]) -> Shown:
    status, answer = next(iter(operation["responses"].items()))
    media_type, body = _content(operation.get("requestBody", {}))
    _type, answered = _content(answer)
    return Shown(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        right=words.right(operation["x-permission"]),
        permission=operation["x-permission"],
        parameters=tuple(
            Field(each["name"], _kind(document, each["schema"]), each.get("description", ""), each["required"], 0)
            for each in operation.get("parameters", [])
        ),
        body=tuple(_fields(document, body)),
        media_type=media_type,
        answers=tuple(_fields(document, answered)),
        status=status,
    )


def _content(holder: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The media type and the schema of a body or an answer, as far as it has one."""
    for media_type, content in holder.get("content", {}).items():
        return str(media_type), content.get("schema", {})
    return "", {}


def _fields(document: Document, schema: Mapping[str, Any], level: int = 0) -> Iterator[Field]:
    """The fields of an object, and below each those of the object or of the items that it holds."""
    found = _resolved(document, schema)
    required = set(found.get("required", ()))
    for name, each in found.get("properties", {}).items():
        yield Field(name, _kind(document, each), each.get("description", ""), name in required, level)
        if level + 1 < DEEPEST:
            yield from _fields(document, _inner(document, each), level + 1)


def _inner(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    found = _resolved(document, choices[0] if choices else schema)
    return _resolved(document, found["items"]) if "items" in found else found


def _kind(document: Document, schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_kind(document, each) for each in schema["anyOf"])
    found = _resolved(document, schema)
    if "enum" in found:
        return " | ".join(map(str, found["enum"]))
    if "const" in found:
        return str(found["const"])
    if found.get("type") == "array":
        # A pair has its parts one by one, a list the same for all.
        held = found.get("prefixItems") or [found.get("items", {})]
        return f"[{', '.join(_kind(document, each) for each in held)}]"
    if "[0-9]{1," in found.get("pattern", ""):
        return "decimal"
    return str(found.get("format") or found.get("type", "any"))


def _resolved(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "")
    found: Mapping[str, Any] = document["components"]["schemas"][name.removeprefix(REFERENCE)] if name else schema
    return found
