"""A document while it is being written: its lists and objects are where they belong, its values may still be wrong."""

from __future__ import annotations

import functools
import json
from typing import Any

import jsonschema

from meterbook.tariffs.rating import plain_text, reading

Raw = dict[str, Any]

# What keeps lists and objects in their places; everything else may be wrong for a while.
_KEPT = ("type", "additionalProperties", "items", "properties", "oneOf", "$ref", "$defs")
MOST_ITEMS = 100  # of a list, in the form; longer ones are edited as text
_NOTHING_YET = {"currency": "", "unit": "", "components": []}


class Unreadable(ValueError):
    """The text is no document that the form can show; the checks of the text say why."""


def parse(text: str) -> Raw:
    """This will read the text of a document that may still have faults.

    :raises Unreadable: when it is no JSON, too long, or its lists and objects are not where they belong
    """
    if len(text) > plain_text.LONGEST_TEXT:
        raise Unreadable(Unreadable.__doc__)
    try:
        raw: Raw = json.loads(
            text, parse_float=_refuse, parse_constant=_refuse, parse_int=_whole, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        raise Unreadable(Unreadable.__doc__) from None
    if plain_text.problems(raw) or not jsonschema.Draft202012Validator(_shape()).is_valid(raw):
        raise Unreadable(Unreadable.__doc__)
    raw.setdefault("format", "meterbook-tariff/1")
    for key, value in _NOTHING_YET.items():
        raw.setdefault(key, list(value) if isinstance(value, list) else value)
    return raw


def written(raw: Raw) -> str:
    """This will write a document for people to read."""
    return json.dumps(raw, indent=2, ensure_ascii=False)


@functools.cache
def _shape() -> dict[str, Any]:
    """The published schema without its conditions on values: so it never knows less than the schema."""
    shape = _loosened(reading.schema())
    shape["properties"]["format"] = {"type": "string"}
    return shape


def _loosened(node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: node[key] for key in _KEPT if key in node}
    for key in ("properties", "$defs"):
        if key in found:
            found[key] = {name: _loosened(each) for name, each in found[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _loosened(found[key])
    if "oneOf" in found:
        found["anyOf"] = [_loosened(each) for each in found.pop("oneOf")]
    if found.get("type") == "array":
        found["maxItems"] = 400 if "$ref" in found.get("items", {}) else MOST_ITEMS
    if found.get("type") == "integer":
        found["type"] = ["integer", "string"]
    if "enum" in node or "const" in node:
        is_whole = any(isinstance(each, int) for each in node.get("enum", ()))
        found["type"] = ["integer", "string"] if is_whole else "string"
    return found


def _refuse(digits: str) -> object:
    raise ValueError(digits)


def _whole(digits: str) -> int:
    if len(digits) > reading.LONGEST_NUMBER:
        raise ValueError(digits)
    return int(digits)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(sorted(key for key, _value in pairs))
    return found
