"""What the schema of tariff documents finds, in words of this program that can be translated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema

from meterbook.tariffs.rating.problems import Problem, of_words
from meterbook.tariffs.rating.problems import gettext_noop as _

MOST_SAID = 300

# By the description of the schema that refuses. Whole sentences: other languages do not put them together as English.
SHAPES = {
    "a text, or texts by language with “en” among them": _(
        "this must be a text, or texts by language with “en” among them"
    ),
    "a code of small letters, digits, - and _, at most 40, such as energy": _(
        "“%(given)s” is not a code of small letters, digits, - and _, at most 40, such as energy"
    ),
    "an amount such as 0.1234, with a point and at most 8 decimals": _(
        "“%(given)s” is not an amount such as 0.1234, with a point and at most 8 decimals"
    ),
    "a number from 0 on such as 100.5, with a point and at most 6 decimals": _(
        "“%(given)s” is not a number from 0 on such as 100.5, with a point and at most 6 decimals"
    ),
    "a number above 0 such as 100.5, with a point and at most 6 decimals": _(
        "“%(given)s” is not a number above 0 such as 100.5, with a point and at most 6 decimals"
    ),
    "a share above 0 and at most 1 such as 0.90, with at most 6 decimals": _(
        "“%(given)s” is not a share above 0 and at most 1 such as 0.90, with at most 6 decimals"
    ),
    "a fraction such as 3/5 or 0.25": _("“%(given)s” is not a fraction such as 3/5 or 0.25"),
    "a time from 00:00 to 24:00 such as 08:30": _("“%(given)s” is not a time from 00:00 to 24:00 such as 08:30"),
    "a month and a day such as 06-01": _("“%(given)s” is not a month and a day such as 06-01"),
    "a date such as 2026-12-25": _("“%(given)s” is not a date such as 2026-12-25"),
    "a currency of ISO 4217 such as EUR": _("“%(given)s” is not a currency of ISO 4217 such as EUR"),
    "a unit in capitals such as KWH or M3": _("“%(given)s” is not a unit in capitals such as KWH or M3"),
    "a share from 0 to 1 such as 0.21, with at most 10 decimals": _(
        "“%(given)s” is not a share from 0 to 1 such as 0.21, with at most 10 decimals"
    ),
}
TYPES = {
    "string": _("%(given)s must be in quotation marks: numbers of a tariff are exact text"),
    "object": _("%(given)s must be an object: keys with values, in braces"),
    "array": _("%(given)s must be a list, in square brackets"),
    "integer": _("%(given)s must be a whole number without quotation marks"),
    "boolean": _("%(given)s must be true or false, without quotation marks"),
}
MISSING = _("“%(key)s” is missing")
# Templates of validators whose own value is all that there is to say.
_LIMITS = {
    "const": _("%(given)s must be %(wanted)s"),
    "enum": _("%(given)s is not possible; take one of %(wanted)s"),
    "pattern": _("“%(given)s” is not written as %(wanted)s"),
    "minItems": _("at least %(wanted)s must be there"),
    "maxItems": _("at most %(wanted)s can be there"),
    "minProperties": _("at least %(wanted)s must be there"),
    "minLength": _("the text is empty"),
    "maxLength": _("the text is longer than %(wanted)s characters"),
    "minimum": _("%(given)s is below %(wanted)s"),
    "maximum": _("%(given)s is above %(wanted)s"),
    "uniqueItems": _("the same is there twice"),
}


@dataclass(frozen=True)
class Unquoted:
    """A number with a point or an exponent, as it is written: no type of the schema, which so names its place."""

    text: str

    def __str__(self) -> str:
        return self.text


def problem(error: jsonschema.ValidationError) -> Problem:
    """This will tell an error of the schema; a validator without a template here is told in the library's English."""
    place = _place(error.absolute_path)
    found = next((each for each in (error, *(error.context or ())) if each.validator == "maxLength"), error)
    tell = _TELLERS.get(str(found.validator))
    template, data = tell(found) if tell is not None else _limit(found)
    return Problem(place, template, data) if template else of_words(place, _cut(found.message))


def _limit(error: jsonschema.ValidationError) -> tuple[str, dict[str, object]]:
    given = _cut(str(error.instance)) if error.validator == "pattern" else _shown(error.instance)
    data: dict[str, object] = {"given": given, "wanted": _listed(error.validator_value)}
    said = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    shape = SHAPES.get(str(said)) if error.validator in {"pattern", "oneOf"} else None
    return shape or _LIMITS.get(str(error.validator), ""), data


def _type(error: jsonschema.ValidationError) -> tuple[str, dict[str, object]]:
    return TYPES.get(str(error.validator_value), ""), {"given": _shown(error.instance)}


def _required(error: jsonschema.ValidationError) -> tuple[str, dict[str, object]]:
    """There is an error for each key that is missing; only the library's words tell which."""
    missing: Any = error.validator_value
    key = next((each for each in missing if error.message.startswith(f"{each!r} ")), None)
    return (MISSING, {"key": key}) if key is not None else ("", {})


def _additional(error: jsonschema.ValidationError) -> tuple[str, dict[str, object]]:
    given: Any = error.instance
    known: Any = error.schema
    return _("there is no %(keys)s; take from %(known)s"), {
        "keys": _listed([key for key in given if key not in known["properties"]]),
        "known": _listed(list(known["properties"])),
    }


_TELLERS: dict[str, Callable[[jsonschema.ValidationError], tuple[str, dict[str, object]]]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
}


def _place(path: Iterable[str | int]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _listed(value: object) -> str:
    return _cut(", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value))


def _shown(value: object) -> str:
    """A value as it stands in the document: in any language, and 3 is not "3"."""
    return _cut(str(value) if isinstance(value, Unquoted) else json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]} …"
