"""The calendar of a tariff as a picture: a week of half hours for each season, drawn as SVG by the server. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.document import MINUTES, TariffDocument, Text
from meterbook.tariffs.rating.windows import clock
from meterbook.web.templatetags import meterbook as tags

WIDTH = 960  # of a day in the picture's own units: one minute is 2/3
ROW, GAP = 22, 4
SHADES = 5


@dataclass(frozen=True)
class Bar:
    """A stretch of one price period in a row."""

    x: int
    width: int
    shade: int
    title: str


@dataclass(frozen=True)
class DayRow:
    """One weekday, or the holidays."""

    caption: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class SeasonPicture:
    """One season: its days of the year in words, and a row for each day of the week."""

    code: str
    caption: str
    span: str
    rows: tuple[DayRow, ...]
    height: int
    sentence: str


@dataclass(frozen=True)
class DayPicture:
    """Days of a month that are alike: which, their stretches, and the same in words."""

    caption: str
    bars: tuple[Bar, ...]
    sentence: str


@dataclass(frozen=True)
class Legend:
    """A price period with its shade: the darker the dearer."""

    caption: str
    shade: int
    price: str


def seasons(document: TariffDocument, *, language: str) -> tuple[SeasonPicture, ...]:
    """This will draw every season of a document."""
    shades = _shades(document)
    return tuple(_season(document, index, shades, language) for index in range(len(document.seasons)))


def legend(document: TariffDocument, *, language: str) -> tuple[Legend, ...]:
    """This will list the price periods in the document's order."""
    shades = _shades(document)
    prices = _prices(document)
    return tuple(
        Legend(_said(each.name, language), shades[index], prices.get(each.code, ""))
        for index, each in enumerate(document.periods)
    )


def month_days(document: TariffDocument, day: date, *, language: str) -> tuple[DayPicture, ...]:
    """This will draw the days of the season that holds a day, weekdays that are alike together; none of one price."""
    if len(document.periods) == 1:
        return ()
    shades, found = _shades(document), []
    first = document.season_of(day) * len(document.day_types)
    alike: dict[tuple[int, ...], list[str]] = {}
    for weekday in range(7):
        row = first + next(n for n, each in enumerate(document.day_types) if weekday in each.weekdays)
        alike.setdefault(document.table[row], []).append(str(WEEKDAYS_ABBR[weekday]))
    for minutes, names in alike.items():
        bars = tuple(_bars(document, minutes, shades, language))
        found.append(DayPicture(_named(names), bars, ", ".join(each.title for each in bars)))
    return tuple(found)


def _named(days: list[str]) -> str:
    """Mon–Fri where days follow each other, else each by its name."""
    week = [str(each) for each in WEEKDAYS_ABBR.values()]
    first = week.index(days[0])
    return f"{days[0]}–{days[-1]}" if len(days) > 2 and days == week[first : first + len(days)] else ", ".join(days)


def covered(document: TariffDocument) -> int:
    """This will return how many half hours of the week have a price period: always all 336 of a sound document."""
    return len(document.table[0]) // 30 * 7


def _season(document: TariffDocument, index: int, shades: Sequence[int], language: str) -> SeasonPicture:
    season = document.seasons[index]
    count = len(document.day_types)
    days: list[tuple[str, int]] = [
        (str(WEEKDAYS_ABBR[day]), next(n for n, each in enumerate(document.day_types) if day in each.weekdays))
        for day in range(7)
    ]
    days += [(_("Holidays"), n) for n, each in enumerate(document.day_types) if each.is_holiday and document.holidays]
    days += [(_("Special days"), n) for n, each in enumerate(document.day_types) if each.is_special]
    rows = tuple(
        DayRow(
            caption=caption,
            y=number * (ROW + GAP),
            bars=tuple(_bars(document, document.table[index * count + day_type], shades, language)),
        )
        for number, (caption, day_type) in enumerate(days)
    )
    return SeasonPicture(
        code=season.code,
        caption=_said(season.name, language),
        span=_span(document, index),
        rows=rows,
        height=len(rows) * (ROW + GAP) - GAP,
        sentence=_sentence(document, index, language),
    )


def _bars(document: TariffDocument, minutes: Sequence[int], shades: Sequence[int], language: str) -> Iterable[Bar]:
    for start, end, period in runs(minutes):
        name = document.periods[period].name
        yield Bar(
            x=start * WIDTH // MINUTES,
            width=(end - start) * WIDTH // MINUTES,
            shade=shades[period],
            title=f"{clock(start)}–{clock(end)} {_said(name, language)}",
        )


def runs(minutes: Sequence[int]) -> list[tuple[int, int, int]]:
    """This will cut a day into stretches of one period: (first minute, the minute after, period)."""
    found, start = [], 0
    for period, stretch in itertools.groupby(minutes):
        end = start + sum(1 for _minute in stretch)
        found.append((start, end, period))
        start = end
    return found


def _sentence(document: TariffDocument, index: int, language: str) -> str:
    """What a screen reader is told instead of the picture."""
    count = len(document.day_types)
    parts = []
    for day_type, each in enumerate(document.day_types):
        windows = ", ".join(
            f"{clock(start)}–{clock(end)} {_said(document.periods[period].name, language)}"
            for start, end, period in runs(document.table[index * count + day_type])
        )
        parts.append(f"{_said(each.name, language)}: {windows}")
    return "; ".join(parts)


def _span(document: TariffDocument, index: int) -> str:
    if len(document.seasons) == 1:
        return _("all year")
    season, after = document.seasons[index], document.seasons[(index + 1) % len(document.seasons)]
    first, until = date(2023, season.month, season.day), date(2023, after.month, after.day) - timedelta(days=1)
    return f"{date_format(first, 'MONTH_DAY_FORMAT')} – {date_format(until, 'MONTH_DAY_FORMAT')}"


def written(value: Decimal | None) -> str:
    """This will write a price or a limit with the decimals that its tariff gives it, as the language does."""
    exact = Decimal() if value is None else value
    exponent = exact.as_tuple().exponent
    return tags.number(exact, max(0, -exponent) if isinstance(exponent, int) else 0)


def money(amount: Decimal, places: int) -> str:
    """This will write an amount with the decimals of its currency."""
    return tags.number(amount, places)


def signed(amount: Decimal, places: int) -> str:
    """This will write a difference with its sign."""
    return f"{'+' if amount > 0 else ''}{tags.number(amount, places)}"


def percent(rate: Decimal) -> str:
    """This will write a rate such as 0.21 as "21 %"."""
    return f"{written((rate * 100).normalize())}\u00a0%"


def symbol(code: str) -> str:
    """This will return how a unit is written on screens."""
    return Unit(code).symbol or code


def _prices(document: TariffDocument) -> dict[str, str]:
    for component in document.components:
        if component.prices:
            return {code: written(price) for code, price in component.prices}
    return {}


def _shades(document: TariffDocument) -> list[int]:
    """Shade 1 is the cheapest, the dearest the darkest; without prices by period, in the document's order."""
    prices = {code: price for component in document.components for code, price in component.prices}
    ranked = sorted({prices.get(each.code, index) for index, each in enumerate(document.periods)})
    steps = max(1, len(ranked) - 1)
    return [
        1 + ranked.index(prices.get(each.code, index)) * (SHADES - 1) // steps
        for index, each in enumerate(document.periods)
    ]


def _said(text: Text, language: str) -> str:
    return text.get(language, text["en"])
