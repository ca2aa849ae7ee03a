"""A meter-model document as text: the same content always gives the same text, which people can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_TRUTHS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})  # YAML 1.1 takes them for others
TOP = (
    "code",
    "manufacturer",
    "name",
    "firmware",
    "accuracy",
    "service",
    "protocol",
    "identity",
    "word_order",
    "byte_order",
    "notation",
    "absent",
    "side",
    "simulated",
    "source",
    "limits",
)
LISTS = ("traps", "registers")
REGISTER = (
    "code",
    "series",
    "caption",
    "function",
    "address",
    "record",
    "type",
    "word_order",
    "byte_order",
    "scale",
    "unit",
    "kind",
    "decimals",
    "wrap",
    "sentinels",
)


def write(content: Mapping[str, Any]) -> str:
    """This will write the content of a sound document; reading the text gives the content again."""
    top = [key for key in (*TOP, *sorted(content.keys() - {*TOP, *LISTS})) if key in content]
    lines = [f"{_text(key)}: {_value(content[key])}" for key in top]
    if "traps" in content:
        lines.append("traps:")
        for each in content["traps"]:
            lines += _entry(each, sorted(each))
    lines.append("registers:")
    for each in content["registers"]:
        lines += _entry(each, (*REGISTER, *sorted(each.keys() - {*REGISTER})))
    return "\n".join(lines) + "\n"


def _entry(given: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    told = [f"{_text(key)}: {_value(given[key])}" for key in keys if key in given]
    return [f"{'  - ' if number == 0 else '    '}{line}" for number, line in enumerate(told)]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return _text(str(value), is_value=True)


def _text(text: str, *, is_value: bool = False) -> str:
    """What JSON writes in quotes means the same to YAML; plain words and codes of units are better to read."""
    is_plain = _PLAIN.fullmatch(text) is not None or (is_value and _CODE.fullmatch(text) is not None)
    return text if is_plain and text.lower() not in _TRUTHS else json.dumps(text, ensure_ascii=False)
