"""The published document (OpenAPI 3.1): what the operations say of themselves, and what holds for all of them."""

from __future__ import annotations

import copy
import functools
from collections.abc import Collection
from typing import Any

from meterbook.api import once, problems, root
from meterbook.identity.values import Module

PREFIX = "api/v1/"
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `code` stays; `detail` says what to do.",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "error_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key: `Authorization: Bearer mb_<prefix>_<secret>`.",
}
SESSION = {
    "type": "apiKey",
    "in": "cookie",
    "name": "meterbook_session",
    "description": "A person who is signed in in a browser; who is in several organizations adds `?organization=<id>`.",
}
TOKEN_PARAMETER = {
    "name": once.HEADER,
    "in": "header",
    "required": True,
    "description": "The same request with the same key is carried out once and answered alike for three days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9_.:-]+$"},
}
REFUSALS = {
    "400": "The body is no JSON, or the Idempotency-Key is lacking.",
    "401": "No valid key.",
    "403": "The key or its owner lacks the permission.",
    "404": "Not there, of another organization, or its module is off.",
    "409": "The state of things does not allow it, or a name is taken.",
    "411": "The body is of unknown size.",
    "413": "The body is too large.",
    "415": "The body is of another kind than JSON (or parts, where a file is sent).",
    "422": "A place of the request cannot be taken; `errors` names each.",
    "429": "The key asks too often; wait `Retry-After` seconds.",
    "500": "The server failed; `error_id` finds it in the log.",
    "503": "The server is busy; ask again.",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What operations answer that answer a file.
FILES: dict[str, tuple[str, ...]] = {
    "get_bill_pdf": ("application/pdf",),
    "get_assigned_bill_pdf": ("application/pdf",),
    "get_credit_note_pdf": ("application/pdf",),
    "get_own_bill_pdf": ("application/pdf",),
    "get_print_file": ("application/pdf",),
    "export_customer": ("application/zip",),
    "get_paper": ("application/pdf", "image/jpeg"),
    "get_place_photo": ("image/jpeg",),
    "get_field_photo": ("image/jpeg",),
    "get_asset_file": ("application/pdf", "image/jpeg"),
    "get_dispute_file": ("application/pdf", "image/jpeg"),
    "get_own_dispute_file": ("application/pdf", "image/jpeg"),
    "get_own_certificate": ("application/pdf", "image/jpeg"),
    "get_supplier_invoice_file": ("application/pdf", "image/jpeg"),
    "get_building_template": (XLSX,),
    "export_buildings": (XLSX,),
    "get_account_workbook_template": (XLSX,),
    "export_account_workbook": (XLSX,),
}


@functools.cache
def whole() -> dict[str, Any]:
    """This will return the document with every operation."""
    written = copy.deepcopy(dict(root.api.get_openapi_schema(path_prefix=PREFIX)))
    written["components"]["securitySchemes"] = {"key": KEY, "session": SESSION}
    written["components"]["schemas"]["Problem"] = PROBLEM
    written["security"] = [{"key": []}, {"session": []}]
    for methods in written["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    return written


def of_modules(on: Collection[str]) -> dict[str, Any]:
    """This will return the document without the operations whose module is off; the basics always are on."""
    written = dict(whole())
    paths = {
        path: {method: each for method, each in methods.items() if each["x-module"] in {*on, Module.CORE.value}}
        for path, methods in written["paths"].items()
    }
    written["paths"] = {path: methods for path, methods in paths.items() if methods}
    return written


def _complete(method: str, operation: dict[str, Any]) -> None:
    operation.pop("security", None)
    if operation.get("description", "").startswith("This will "):
        del operation["description"]  # the framework's choice where there is no more to say than the summary
    kinds = FILES.get(operation["operationId"])
    if kinds is not None:
        content = {each: {"schema": {"type": "string", "format": "binary"}} for each in kinds}
        operation["responses"]["200"] = {"description": "The file.", "content": content}
    if method != "get":
        operation.setdefault("parameters", []).append(TOKEN_PARAMETER)
    refusals = {
        status: {
            "description": words,
            "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, words in REFUSALS.items()
    }
    refusals["429"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    operation["responses"] = {**operation["responses"], **refusals}
