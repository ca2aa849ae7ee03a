"""Actions, objects and values of audit entries in the reader's words; what has none is said by its code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.identity import values as identity_values
from meterbook.web.audit import captions, kinds
from meterbook.web.people import words as people_words
from meterbook.web.templatetags import meterbook as tags

ACTOR_KINDS: dict[str, str | Promise] = {
    "USER": gettext_lazy("Person"),
    "SYSTEM": gettext_lazy("Program"),
    "API_KEY": gettext_lazy("API key"),
}
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
DAYS = re.compile(r"(?:^\d+ )?\[(\d{4}-\d{2}-\d{2}), (\d{4}-\d{2}-\d{2})\)")
CODED = re.compile(r"(?:([A-Z][A-Z_]*)(?: \d+)?|\d+: \d+)")  # "MAIL", "MAIL 5", "5: 1"
MOST_LISTED = 20


@dataclass(frozen=True)
class Change:
    """One field of an entry before and after, in words; empty: there was nothing."""

    field: str
    before: str
    after: str


def action(code: str) -> str:
    """This will say what was done: "identity:grant" is "Gave a role"."""
    known = captions.ACTIONS.get(code)
    return str(known) if known is not None else _spoken(code.partition(":")[2] or code)


def area(code: str) -> str:
    """This will say to which part of the product an action or object belongs: "identity:grant", "identity.user"."""
    domain = re.split("[:.]", code)[0]
    return str(people_words.AREAS.get(domain, domain.capitalize()))


def kind(code: str) -> str:
    """This will say what kind of object an entry is about: "sites.site" is "Site"."""
    known = kinds.KINDS.get(code)
    return str(known) if known is not None else _spoken(code.partition(".")[2] or code)


def subject(label: str, kind: str = "") -> str:
    """This will say what an object is called: days that a label holds as a range are said as people say them, and of
    a label that is a code with a number the code alone, in words.
    """
    if kind in captions.LABELS and (found := CODED.fullmatch(label)) is not None:
        return str(captions.LABELS[kind].get(found[1] or "", ""))
    return DAYS.sub(lambda found: _days(found[1], found[2]), label)


def actor_kind(code: str) -> str:
    """This will say who acted: a person, a program of ours or somebody's key."""
    return str(ACTOR_KINDS.get(code, code))


def changes(before: object, after: object, zone: tzinfo) -> tuple[Change, ...]:
    """This will return what is different, field by field; of a new object all fields, with nothing before."""
    old, new = _fields(before), _fields(after)
    return tuple(
        Change(field(name), value(name, old.get(name), zone), value(name, new.get(name), zone))
        for name in dict.fromkeys([*new, *old])
        if name not in old or name not in new or old[name] != new[name]
    )


def summary(before: object, after: object, zone: tzinfo) -> str:
    """This will say the first changes on one line, for a list: "Name: Old → New"."""
    found = changes(before, after, zone)
    told = [f"{each.field}: {f'{each.before} → ' if each.before else ''}{each.after or '–'}" for each in found[:2]]
    if len(found) > len(told):
        told.append(_("and %(count)s more") % {"count": len(found) - len(told)})
    return "; ".join(told)


def field(name: str) -> str:
    """This will say what a field is called: "time_zone" is "Time zone"."""
    known = captions.FIELDS.get(name)
    return str(known) if known is not None else _spoken(name)


def value(name: str, given: object, zone: tzinfo) -> str:
    """This will say one value: instants in the zone, codes by their captions, lists with commas."""
    if given is None or given in ("", [], {}):
        return ""
    if isinstance(given, bool):
        return _("yes") if given else _("no")
    if isinstance(given, Mapping):
        return "; ".join(f"{field(key)}: {value(key, each, zone) or '–'}" for key, each in _few(given.items()))
    if isinstance(given, list):
        told = ", ".join(value(name, each, zone) or "–" for each in given[:MOST_LISTED])
        left = len(given) - MOST_LISTED
        return told if left <= 0 else f"{told}, " + _("and %(count)s more") % {"count": left}
    return _text(name, str(given), zone)


def _text(name: str, text: str, zone: tzinfo) -> str:
    if INSTANT.fullmatch(text):
        return tags.zoned(datetime.fromisoformat(text), zone)
    if name in captions.CODES and text in captions.CODES[name]:
        return str(captions.CODES[name][text])
    if name in {"permission", "permissions", "action"} and ":" in text:
        return people_words.right(text)
    if name in {"role", "roles", "role_code", "second_factor_roles"} and text in set(identity_values.RoleCode):
        return str(identity_values.ROLE_CAPTIONS[identity_values.RoleCode(text)])
    if name in {"module", "modules"} and text in set(identity_values.Module):
        return str(identity_values.MODULE_CAPTIONS[identity_values.Module(text)])
    return text


def _days(first: str, until: str) -> str:
    days = (date.fromisoformat(first), date.fromisoformat(until) - timedelta(days=1))
    return " – ".join(formats.date_format(each, "SHORT_DATE_FORMAT") for each in days)


def _few(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return list(pairs)[:MOST_LISTED]


def _fields(given: object) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    return {} if given is None else {"value": given}


def _spoken(code: str) -> str:
    return code.replace("_", " ").capitalize()
