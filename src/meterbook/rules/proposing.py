"""Public holidays of a country as a proposal: what the library knows, for a person to look over."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import holidays

from meterbook.rules.values import EARLIEST_YEAR, LATEST_YEAR, NAME_LENGTH, CalendarDay

MOST_YEARS = 10


class RegionUnknown(LookupError):
    """The library knows no such country or region; choose one of the list, or enter the days by hand."""


class TooManyYears(ValueError):
    """Laws change: days are proposed for ten years at most, of 1990 to 2100."""


@functools.cache
def regions() -> dict[str, tuple[str, ...]]:
    """This will return the countries that are known (ISO 3166-1 alpha-2), each with the codes of its regions."""
    known = holidays.list_supported_countries(include_aliases=False)
    return {country: tuple(sorted(found)) for country, found in sorted(known.items())}


def propose(*, country: str, region: str, years: Iterable[int], language: str = "en") -> list[CalendarDay]:
    """This will return the public holidays of a country, or of a region of it, in some years, by date.

    Holidays of one date are one day with both names. Where the law moves a holiday, it stands on its new date.

    :param language: of the names, where the library has them in it; else those of the country
    :raises RegionUnknown: when there is no such country or region
    :raises TooManyYears: when years are too many or out of range
    """
    wanted = sorted(set(years))
    if not wanted or len(wanted) > MOST_YEARS or wanted[0] < EARLIEST_YEAR or wanted[-1] > LATEST_YEAR:
        raise TooManyYears(TooManyYears.__doc__)
    if country not in regions() or (region and region not in regions()[country]):
        raise RegionUnknown(RegionUnknown.__doc__)
    found = holidays.country_holidays(
        country, subdiv=region or None, years=wanted, language=_language(country, language)
    )
    return [CalendarDay(day, str(name)[:NAME_LENGTH]) for day, name in sorted(found.items()) if day.year in wanted]


def _language(country: str, wanted: str) -> str | None:
    """The library's own spelling of a language for a country, such as en_US."""
    spoken = holidays.country_holidays(country).supported_languages
    exact = [each for each in spoken if each.split("_")[0].lower() == wanted.lower()]
    return exact[0] if exact else None
