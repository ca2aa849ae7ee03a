"""What is wrong with a document, told where its form shows it and in the words of the form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from meterbook.tariffs.rating import schema_faults
from meterbook.tariffs.rating.problems import Problem
from meterbook.web import amounts
from meterbook.web.tariffs.editor import fields, grid, layout, sheet
from meterbook.web.tariffs.editor.loose import Raw

_STEP = re.compile(r"\[\d+\]$|\.?[^.\[\]]+$")
_PARTS = re.compile(r"[^.\[\]]+")
_MISSING = schema_faults.MISSING


@dataclass(frozen=True)
class Fault:
    """A fault at a field or a part of the form; `caption` says which it is, `id` finds it on the page."""

    path: str
    caption: str
    words: str

    @property
    def id(self) -> str:
        """The id of the field or part."""
        return fields.identifier(self.path)


def located(raw: Raw, problems: Iterable[Problem], form: layout.Sheet) -> list[Fault]:
    """This will return the faults in the order of the form, each at the nearest field or part that is shown."""
    captions = dict(_captions(form.sections, ()))
    order = {path: number for number, path in enumerate(captions)}
    found = []
    for problem in problems:
        place, words = _told(raw, problem)
        while place and place not in captions:
            place = _STEP.sub("", place)
        found.append(Fault(place, captions[place], words))
    return sorted(found, key=lambda each: order[each.path])


def _captions(groups: Iterable[layout.Group], inside: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What each part and field is called, with the parts that it is in."""
    for group in groups:
        titles = (*inside, group.title) if group.title else inside
        named = ", ".join(titles)
        yield group.path, named
        for each in group.fields:
            yield each.path, f"{named}: {each.label}" if named else each.label
        yield from _captions(group.groups, titles)


def by_path(faults: Iterable[Fault]) -> dict[str, list[str]]:
    """This will gather the words of each place."""
    found: dict[str, list[str]] = {}
    for each in faults:
        if each.words not in found.setdefault(each.path, []):
            found[each.path].append(each.words)
    return found


def _told(raw: Raw, problem: Problem) -> tuple[str, str]:
    place, data = problem.place, problem.data
    if problem.template == _MISSING:
        place = f"{place}.{data['key']}" if place else str(data["key"])
    if _is_empty(_value(raw, place)):
        return place, _("Fill this in.")
    special = _SPECIAL.get(problem.template)
    if special is not None:
        return special(raw, place, data)
    return place, _(problem.template) % data


def _value(raw: Any, place: str) -> Any:  # noqa: ANN401 - whatever stands there
    """What stands at a place; an empty text where nothing does."""
    node = raw
    for step in _PARTS.findall(place):
        if isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        elif isinstance(node, dict):
            node = node.get(step, "")
        else:
            return None
    return node


def _is_empty(value: object) -> bool:
    return value == "" or (isinstance(value, dict) and value.get("en") == "")


Told = tuple[str, str]


def _amount(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    example = amounts.written(Decimal("0.1234"))
    return place, _("Write an amount such as %(example)s, with at most 8 decimals.") % {"example": example}


def _number(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    example = amounts.written(Decimal("100.5"))
    return place, _("Write a quantity from 0 on such as %(example)s, with at most 6 decimals.") % {"example": example}


def _rate(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return place, _("Write a rate from 0 to 100, such as 21.")


def _month_day(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return place, _("Choose a month, and write a day of it.")


def _whole(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return place, _("Write a whole number.")


def _step_end(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return f"{place}.up_to", _("Write where this step ends; only the final step has no end.")


def _final_step(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return f"{place}.up_to", _("Leave this empty: the final step takes all that is left.")


def _falling(_raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    before = fields.localized(data["before"])
    return place, _("It must be above %(before)s, where the step before ends.") % {"before": before}


def _unpriced(_raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    return f"{place}.{data['code']}", _("Write a price; 0 is a price too.")


def _no_windows(raw: Raw, _place: str, data: Mapping[str, object]) -> Told:
    return "calendar", _("%(when)s: no hour has a price yet.") % {"when": _when(raw, data)}


def _windows_twice(raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    return place, _("%(when)s: its hours are written twice.") % {"when": _when(raw, data)}


def _gap(raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    words = _("%(when)s: from %(start)s to %(end)s there is no price.")
    return place, words % {**data, "when": sheet.entry_words(raw, _value(raw, place.removesuffix(".windows")))}


def _overlap(raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    entry = _value(raw, place.partition(".windows")[0])
    return place, _("%(when)s: at %(time)s there are two prices.") % {**data, "when": sheet.entry_words(raw, entry)}


def _homeless(_raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    day = str(WEEKDAYS[grid.WEEKDAYS.index(str(data["weekday"]))])
    return place, _("%(weekday)s belongs to no day type.") % {"weekday": day}


def _too_few(raw: Raw, place: str, data: Mapping[str, object]) -> Told:
    if place == "components":
        return place, _("Add a charge: a tariff has at least one.")
    return place, _("at least %(wanted)s must be there") % data


def _when(raw: Raw, data: Mapping[str, object]) -> str:
    entry: dict[str, list[str]] = {}
    if data["season"] != grid.ALL:
        entry["seasons"] = [str(data["season"])]
    if data["day_type"] != grid.ALL:
        entry["day_types"] = [str(data["day_type"])]
    return sheet.entry_words(raw, entry)


_SHAPES = schema_faults.SHAPES


def _either(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return f"{place}.percent", _("Write a percentage or an amount, not both.")


def _averaged(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return f"{place}.mode", _("Prices by time of use have free units as a credit at the average price only.")


def _unrounded(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return f"{place}.to", _(_NOT_ROUNDED)


def _no_minimum(_raw: Raw, place: str, _data: Mapping[str, object]) -> Told:
    return f"{place}.quantity", _(_NO_MINIMUM)


_NOT_ROUNDED = gettext_noop("only a component with price or tiers, not over a year, rounds its quantity")
_NO_MINIMUM = gettext_noop("only a component with price or tiers has a minimum consumption")
_SPECIAL: Mapping[str, Callable[[Raw, str, Mapping[str, object]], Told]] = {
    _SHAPES["an amount such as 0.1234, with a point and at most 8 decimals"]: _amount,
    _SHAPES["a number from 0 on such as 100.5, with a point and at most 6 decimals"]: _number,
    _SHAPES["a share from 0 to 1 such as 0.21, with at most 10 decimals"]: _rate,
    _SHAPES["a month and a day such as 06-01"]: _month_day,
    schema_faults.TYPES["integer"]: _whole,
    "%(day)s is not a day of every year": _month_day,
    "give either percent or price": _either,
    "prices by time have an allowance at the AVERAGE_PRICE only": _averaged,
    _NOT_ROUNDED: _unrounded,
    _NO_MINIMUM: _no_minimum,
    "up_to is missing": _step_end,
    "the final tier has no up_to: it takes all that is left": _final_step,
    "%(limit)s is not above %(before)s": _falling,
    "price period “%(code)s” has no price; a price of 0 must be written": _unpriced,
    "season “%(season)s” with day type “%(day_type)s” has no windows": _no_windows,
    "season “%(season)s” with day type “%(day_type)s” has windows already": _windows_twice,
    "%(start)s to %(end)s belongs to no window": _gap,
    "%(time)s belongs to another window already": _overlap,
    "%(weekday)s belongs to no day type": _homeless,
    "at least %(wanted)s must be there": _too_few,
}
