"""Time zones by what people call them: Europe/Madrid is also Madrid, madrid, and Barcelona."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
import zoneinfo
from collections.abc import Mapping

MOST_OFFERED = 4
# An area and a city, or hours from UTC: "localtime" is whatever the machine has, "Factory" says that nobody chose.
_CHOSEN = re.compile(
    r"UTC|Etc/(?:UTC|GMT(?:[+-][0-9]{1,2})?)|(?!Etc/|posix/|right/)[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z0-9_+-]*){1,2}"
)
# Cities that the zone database calls otherwise, or files under another one; by zone, in English and Spanish.
_ALSO = {
    "Africa/Cairo": "el cairo",
    "America/Argentina/Buenos_Aires": "rosario",
    "America/Bogota": "medellin, cali",
    "America/Chicago": "houston, dallas, austin",
    "America/Guayaquil": "quito",
    "America/Havana": "la habana",
    "America/Los_Angeles": "san francisco, san diego, seattle, las vegas",
    "America/Mexico_City": "ciudad de mexico, mexico, cdmx, guadalajara, puebla, queretaro",
    "America/New_York": "nueva york, boston, miami, washington, philadelphia, atlanta",
    "America/Sao_Paulo": "rio de janeiro, brasilia",
    "Asia/Kolkata": "delhi, new delhi, nueva delhi, mumbai, bombay, bangalore",
    "Asia/Seoul": "seul",
    "Asia/Shanghai": "beijing, pekin",
    "Asia/Tokyo": "tokio, osaka",
    "Atlantic/Canary": "canarias, islas canarias, canary islands, las palmas, tenerife, santa cruz de tenerife",
    "Europe/Athens": "atenas",
    "Europe/Berlin": "munich, hamburg, hamburgo, frankfurt, cologne, colonia, stuttgart, leipzig, dresden",
    "Europe/Brussels": "bruselas, antwerp, amberes",
    "Europe/Bucharest": "bucarest",
    "Europe/Copenhagen": "copenhague",
    "Europe/Dublin": "cork",
    "Europe/Istanbul": "estambul, ankara",
    "Europe/Kyiv": "kiev",
    "Europe/Lisbon": "lisboa, porto, oporto",
    "Europe/London": "londres, manchester, birmingham, edinburgh, edimburgo, glasgow, liverpool",
    "Europe/Luxembourg": "luxemburgo",
    "Europe/Madrid": "barcelona, valencia, sevilla, seville, bilbao, zaragoza, malaga, murcia, palma, alicante, "
    "granada, valladolid, vigo, a coruna, la coruna, gijon, oviedo, santander, pamplona, san sebastian",
    "Europe/Moscow": "moscu",
    "Europe/Paris": "lyon, marseille, marsella, toulouse, bordeaux, burdeos, nice, niza, lille",
    "Europe/Prague": "praga, brno",
    "Europe/Rome": "roma, milan, milano, naples, napoles, turin, florence, florencia, venice, venecia",
    "Europe/Sofia": "plovdiv",
    "Europe/Stockholm": "estocolmo, gothenburg, gotemburgo",
    "Europe/Vienna": "viena, wien, graz, linz, salzburg",
    "Europe/Warsaw": "varsovia, krakow, cracovia",
    "Europe/Zurich": "geneva, ginebra, basel, basilea, bern, berna, lausanne",
}


@functools.cache
def known() -> frozenset[str]:
    """This will return the zones that can be chosen: of places such as Europe/Madrid, UTC, and Etc/GMT+5."""
    return frozenset(each for each in zoneinfo.available_timezones() if _CHOSEN.fullmatch(each))


def find(given: str) -> tuple[str, ...]:
    """This will return the zones that a text names: one when it is clear, several to choose from, none.

    "Europe/madrid", "madrid" and "Barcelona" name Europe/Madrid; "Madird" names nothing (see `near`).
    """
    named = _plain(given)
    whole, by_city = _zones(), _cities()
    if named in whole:
        return (whole[named],)
    return by_city.get(named, ())


def near(given: str) -> tuple[str, ...]:
    """This will return zones that are written almost like a text."""
    cities = _cities()
    alike = difflib.get_close_matches(_plain(given).rpartition("/")[2], list(cities), n=MOST_OFFERED, cutoff=3 / 4)
    return tuple(dict.fromkeys(zone for each in alike for zone in cities[each]))[:MOST_OFFERED]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    kept = "".join(each for each in letters if not unicodedata.combining(each))
    return " ".join(kept.replace("_", " ").replace(",", " ").split())


@functools.cache
def _zones() -> Mapping[str, str]:
    return {_plain(each): each for each in sorted(known())}


@functools.cache
def _cities() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for zone in sorted(known()):
        area, _, city = zone.partition("/")
        if city and area not in {"Etc", "SystemV", "US", "Brazil", "Canada", "Chile", "Mexico", "posix", "right"}:
            found.setdefault(_plain(city.rpartition("/")[2]), []).append(zone)
    for zone, cities in _ALSO.items():
        for each in cities.split(", "):
            found[each] = [zone]
    return {city: tuple(zones) for city, zones in found.items()}
