"""Abbreviations of zones beside times: 2026-07-01 12:00 CEST. One of them means what the meter's own zone means by it.

EST is in America and in Australia, CST in America, Cuba and China, IST in India, Ireland and Israel: an abbreviation
says nothing by itself. It is taken where clocks of the zone show it at that time, and refused elsewhere.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

WORD = re.compile(r"\s*\(?(?<![A-Za-z])([A-Z]{3,5})\)?$")
MARK = " %Z"  # how a form says that an abbreviation follows
UNIVERSAL = frozenset({"UTC", "GMT"})  # these are read as what they are
_SAME = {"MEZ": "CET", "MESZ": "CEST", "WEZ": "WET", "WESZ": "WEST", "OEZ": "EET", "OESZ": "EEST"}  # in German
# Zones of one offset all year have no abbreviations of their own; these are what such a zone may stand for.
_HOURS = {
    **{"WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3},
    **{"AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "KST": 9, "SGT": 8, "HKT": 8, "AEST": 10, "AEDT": 11, "AWST": 8},
    **{"NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "COT": -5, "PET": -5, "CLT": -4, "CLST": -3, "SAST": 2},
}


class Abbreviation(tzinfo):
    """Stands beside a time that is of no zone yet, as far as arithmetic goes: `placed` gives it its own."""

    def __init__(self, word: str) -> None:
        self.word = word

    def utcoffset(self, _time: datetime | None) -> None:
        """This will return None: the offset is not known before the zone is."""

    def dst(self, _time: datetime | None) -> None:
        """This will return None as well."""

    def tzname(self, _time: datetime | None) -> str:
        """This will return the abbreviation."""
        return self.word


@lru_cache(maxsize=1_024)
def split(text: str) -> tuple[str, str]:
    """This will return a text without the abbreviation at its end, and the abbreviation; "" where it has none."""
    found = WORD.search(text)
    if found is None or found[1] in UNIVERSAL or not text[: found.start()].rstrip()[-1:].strip():
        return text, ""
    return text[: found.start()], found[1]


def placed(time: datetime, zone: ZoneInfo) -> datetime | None:
    """This will return the instant of a time with an abbreviation, in UTC; None where the zone does not show it then.

    2026-10-25 02:30 CET is 01:30 in UTC in Madrid, and CEST would be 00:30; in July, CET is none of Madrid.
    """
    word = time.tzname() or ""
    word = _SAME.get(word, word)
    naive = time.replace(tzinfo=None)
    for fold in (0, 1):
        here = naive.replace(tzinfo=zone, fold=fold)
        instant = here.astimezone(UTC)
        is_shown = instant.astimezone(zone).replace(tzinfo=None, fold=0) == naive
        if is_shown and (here.tzname() == word or _is_fixed(here, word)):
            return instant
    return None


def _is_fixed(here: datetime, word: str) -> bool:
    """Whether a zone without words, such as Etc/GMT-1 or America/Bogota, has the offset that the word stands for."""
    name, hours = here.tzname() or "", _HOURS.get(word)
    return not name.isalpha() and hours is not None and here.utcoffset() == timedelta(hours=hours)


def misfit(time: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """This will say what is wrong with an abbreviation that the zone does not show at that time, and what to do."""
    facts = {"time": f"{time:%Y-%m-%d %H:%M}", "word": time.tzname(), "zone": zone.key}
    return (
        _("Clocks in %(zone)s do not show %(word)s at %(time)s.") % facts,
        _(
            "Name the time zone of the file. If it keeps one offset all year, name such a zone: Etc/GMT-1 is UTC+1, "
            "Etc/GMT+5 is UTC-5."
        ),
    )
