"""What one version of a tariff does otherwise than another, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating.document import Component, TariffDocument, Text
from meterbook.tariffs.rating.terms import Charge
from meterbook.tariffs.rating.windows import clock
from meterbook.web.tariffs import picture

LEAP_YEAR = 2028  # holds every day of the year


@dataclass(frozen=True)
class Change:
    """One difference: what, and how it is in both; "–" where it is not there. `share` is the change of a number."""

    what: str
    before: str
    after: str
    unit: str = ""
    share: str = ""


@dataclass(frozen=True)
class Comparison:
    """All that changes, and how many values of charges and taxes stay the same."""

    changes: tuple[Change, ...]
    same: int


Value = tuple[str, Decimal | str, str]  # what, value, unit
Values = dict[tuple[str, ...], Value]


def compare(before: TariffDocument, after: TariffDocument, language: str) -> Comparison:
    """This will compare two documents of a tariff."""
    old, new = _values(before, language), _values(after, language)
    changes = [_change(old.get(key), new.get(key)) for key in [*old, *(key for key in new if key not in old)]]
    changed = tuple(each for each in changes if each is not None)
    same = len(old.keys() & new.keys()) - sum(1 for key in old.keys() & new.keys() if old[key][1:] != new[key][1:])
    return Comparison((*changed, *_order(before, after, language), *_hours(before, after, language)), same)


def _change(old: Value | None, new: Value | None) -> Change | None:
    if old is not None and new is not None and old[1:] == new[1:]:
        return None
    what, _value, unit = new or old or ("", "", "")
    return Change(what, _said(old), _said(new), unit, _share(old, new))


def _share(old: Value | None, new: Value | None) -> str:
    """By how many percent a number changed; nothing where it was zero or less."""
    if old is None or new is None or not isinstance(old[1], Decimal) or not isinstance(new[1], Decimal) or old[1] <= 0:
        return ""
    percent = ((new[1] / old[1] - 1) * 100).quantize(Decimal("0.1"))
    return f"{'+' if percent > 0 else ''}{picture.written(percent)}\u00a0%"


def _said(held: Value | None) -> str:
    if held is None:
        return "–"
    return picture.written(held[1]) if isinstance(held[1], Decimal) else held[1]


def _values(document: TariffDocument, language: str) -> Values:
    rounding = {RoundingMode.HALF_UP: _("half up"), RoundingMode.HALF_EVEN: _("half to even")}
    found: Values = {
        ("name",): (_("Name"), _text(document.name, language), ""),
        ("unit",): (_("Prices are for each"), document.unit.symbol, ""),
        ("decimals",): (_("Decimals of billed quantities"), str(document.decimals), ""),
        ("rounding",): (_("Rounding of each line"), str(rounding.get(document.mode, document.mode)), ""),
    }
    for component in document.components:
        found |= _of_component(component, document, language)
    for tax in document.taxes:
        name = _text(tax.name, language)
        charged = [_text(each.name, language) for each in document.components if each.code in tax.components]
        found["tax", tax.code] = (name, (tax.rate * 100).normalize(), "%")
        found["tax", tax.code, "on"] = (_("%(name)s: on the charges") % {"name": name}, ", ".join(charged), "")
    for season in document.seasons if len(document.seasons) > 1 else ():
        starts = date_format(date(LEAP_YEAR, season.month, season.day), "MONTH_DAY_FORMAT")
        words = _("%(name)s begins on") % {"name": _text(season.name, language)}
        found["season", season.code] = (words, starts, "")
    for day in sorted(document.holidays):
        found["holiday", day.isoformat()] = (_("Holiday"), date_format(day, "DATE_FORMAT"), "")
    for day in sorted(document.special_days):
        found["special", day.isoformat()] = (_("Special day"), date_format(day, "DATE_FORMAT"), "")
    return found


def _of_component(component: Component, document: TariffDocument, language: str) -> Values:
    name, key = _text(component.name, language), ("component", component.code)
    unit = f"{document.currency}/{document.unit.symbol}"
    fixed = {Charge.FIXED_DAILY: _("%s a day"), Charge.FIXED_MONTHLY: _("%s a month")}.get(component.charge)
    found: Values = {(*key, "name"): (_("Name of a charge"), name, "")}
    if component.tiers:
        return found | _of_tiers(component, document, name, unit)
    if component.prices:
        captions = {each.code: _text(each.name, language) for each in document.periods}
        return found | {
            (*key, "price", code): (f"{name}, {captions[code]}", price, unit) for code, price in component.prices
        }
    found[*key, "price"] = (name, component.price, fixed % document.currency if fixed else unit)
    return found


def _of_tiers(component: Component, document: TariffDocument, name: str, unit: str) -> Values:
    key = ("component", component.code)
    reference = _("a calendar month") if component.reference_days is None else _("%s days") % component.reference_days
    found: Values = {
        (*key, "reference"): (_("%(name)s: the steps hold for") % {"name": name}, reference, ""),
        (*key, "grace"): (_("%(name)s: days of grace") % {"name": name}, str(component.exempt_days), ""),
    }
    for number, tier in enumerate(component.tiers, start=1):
        facts = {"name": name, "number": number}
        if tier.up_to is not None:
            words = _("%(name)s, step %(number)s: up to") % facts
            found[*key, "to", str(number)] = (words, tier.up_to, document.unit.symbol)
        found[*key, "step", str(number)] = (_("%(name)s, step %(number)s: price") % facts, tier.price, unit)
    return found


def _order(before: TariffDocument, after: TariffDocument, language: str) -> Iterator[Change]:
    shared = {each.code for each in before.components} & {each.code for each in after.components}
    old, new = ([each for each in document.components if each.code in shared] for document in (before, after))
    if [each.code for each in old] != [each.code for each in new]:
        listed = [", ".join(_text(each.name, language) for each in components) for components in (old, new)]
        yield Change(_("Order of the charges"), listed[0], listed[1])


def _hours(before: TariffDocument, after: TariffDocument, language: str) -> Iterator[Change]:
    """Hours of the week that cost another period's price, for each season of the new version; days alike together."""
    for season in after.seasons:
        first = date(LEAP_YEAR, season.month, season.day)
        days: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
        for weekday in range(7):
            rows = [_row(document, document.season_of(first), weekday, language) for document in (before, after)]
            changed = tuple(_runs(rows[0], rows[1]))
            if changed:
                days.setdefault(changed, []).append(str(WEEKDAYS[weekday]))
        for changed, names in days.items():
            when = _day_words(names, _text(season.name, language) if len(after.seasons) > 1 else "")
            for times, old, new in changed:
                yield Change(f"{when}, {times}", old, new)


def _row(document: TariffDocument, season: int, weekday: int, language: str) -> list[str]:
    day_type = next(index for index, each in enumerate(document.day_types) if weekday in each.weekdays)
    names = [_text(each.name, language) for each in document.periods]
    return [names[each] for each in document.table[season * len(document.day_types) + day_type]]


def _runs(old: list[str], new: list[str]) -> Iterator[tuple[str, str, str]]:
    start = 0
    for minute in range(1, len(old) + 1):
        if minute < len(old) and (old[minute], new[minute]) == (old[start], new[start]):
            continue
        if old[start] != new[start]:
            yield f"{clock(start)}–{clock(minute)}", old[start], new[start]
        start = minute


def _day_words(names: list[str], season: str) -> str:
    week = [str(each) for each in WEEKDAYS.values()]
    first = week.index(names[0])
    follow = names == week[first : first + len(names)]
    facts = {"first": names[0], "last": names[-1]}
    days = _("%(first)s to %(last)s") % facts if follow and len(names) > 2 else ", ".join(names)
    return f"{season}: {days}" if season else days


def _text(text: Text | Mapping[str, str], language: str) -> str:
    return text.get(language) or text["en"]
