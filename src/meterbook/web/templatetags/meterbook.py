"""Tags of Meterbook's templates: built files, icons, numbers with units, ages and local times."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat, formats, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from meterbook.kernel import currency as currencies
from meterbook.kernel.money import Money
from meterbook.web import assets

register = template.Library()

NO_BREAK = "\u00a0"
MINUS = "\u2212"
SEPARATORS = {"en": (",", "."), "es": (".", ",")}


@register.simple_tag
def asset(name: str) -> str:
    """This will write the address of a built file: `{% asset "app.js" %}`."""
    return assets.address(name)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """This will write an icon as inline SVG that takes the color of the text; `extra` are more classes."""
    return _icon(name, extra)


@functools.cache
def _icon(name: str, extra: str) -> SafeString:
    """A list of 50 rows writes the same few a hundred times."""
    paths = format_html_join("", '<path d="{}"/>', ((path,) for path in assets.icon_paths(name)))
    return format_html(
        '<svg class="icon{}" width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        f" {extra}" if extra else "",
        paths,
    )


def separators(language: str) -> tuple[str, str]:
    """This will return what groups thousands in a language, and what separates decimals."""
    return SEPARATORS.get(language[:2], SEPARATORS["en"])


@register.filter
def number(value: int | Decimal | None, decimals: int = 0) -> str:
    """This will write a number as the browser does: thousands grouped, the language's separators, U+2212 for minus."""
    if value is None:
        return "–"
    thousands, point = separators(translation.get_language() or "en")
    shown = f"{value:,.{decimals}f}".translate({ord(","): thousands, ord("."): point})
    return shown.replace("-", MINUS)


@register.simple_tag
def quantity(value: int | Decimal | None, unit: str, decimals: int = 0) -> SafeString:
    """This will write a number with its unit in a lighter tone, held together by a no-break space."""
    if value is None:
        return mark_safe("–")
    shown = number(value, decimals)
    return format_html('<span class="tnum">{}{}<span class="unit">{}</span></span>', shown, NO_BREAK, unit)


@register.simple_tag
def money(amount: Money | None) -> SafeString:
    """This will write an amount in its currency's decimals, the currency in a lighter tone behind it."""
    if amount is None:
        return mark_safe("–")
    shown = number(amount.amount, currencies.minor_units(amount.currency))
    return format_html('<span class="tnum">{}{}<span class="unit">{}</span></span>', shown, NO_BREAK, amount.currency)


@register.filter
def iso(at: datetime | None) -> str:
    """This will write an instant for programs."""
    return at.isoformat() if at is not None else ""


@register.filter
def age(at: datetime | None, now: datetime) -> str:
    """This will write how long ago an instant was, in the largest fitting unit, as the browser does."""
    if at is None:
        return "–"
    seconds = max(0, int((now - at) / timedelta(seconds=1)))
    for limit, size, unit in ((100, 1, "s"), (5_400, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{(seconds + size // 2) // size}{NO_BREAK}{unit}"
    return f"{(seconds + 43_200) // 86_400}{NO_BREAK}d"


@register.filter
def local(at: datetime | None, zone: tzinfo | ZoneInfo) -> str:
    """This will write date and time of an instant in a zone: the day as the language orders it."""
    if at is None:
        return "–"
    there = at.astimezone(zone)
    return f"{dateformat.format(there, formats.get_format('SHORT_DATE_FORMAT'))} {there:%H:%M}"


@register.filter
def zoned(at: datetime | None, zone: tzinfo | ZoneInfo) -> str:
    """This will write what `local` writes and the zone's short name, for a page on which no single place is meant."""
    return "–" if at is None else f"{local(at, zone)} {at.astimezone(zone).tzname()}"


@register.filter
def long_day(at: datetime, zone: tzinfo | ZoneInfo) -> str:
    """This will write weekday, day, time and zone of an instant in a zone, in words."""
    there = at.astimezone(zone)
    day = formats.date_format(there, "DATE_FORMAT")
    return f"{dateformat.format(there, 'l').capitalize()}, {day}, {there:%H:%M} {there.tzname()}"


@register.filter
def get(mapping: dict[Any, Any], key: object) -> Any:  # noqa: ANN401
    """This will look a key up; None when it is missing."""
    return mapping.get(key)
