"""The forms in which files write times, and which of them one uses."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.metering.importing import cells, zone_words
from meterbook.metering.importing.mapping import ISO, SERIAL, UNIX
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import Cell

_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d %Y", "%b %d, %Y"),
)
_CLOCKS = (
    *(" %H:%M", " %H:%M:%S", "", " %I:%M %p", " %I:%M:%S %p", " %H:%M %z", " %H:%M:%S %z", " %H.%M", " %H.%M.%S"),
)
_DIGITS = {"%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14}
_AMERICAN = tuple(f"{day}{clock}" for day in _DAYS[1:2] for clock in _CLOCKS[3:5])  # who writes AM writes months first
_PLAIN = tuple(dict.fromkeys((ISO, *_AMERICAN, *(f"{day}{clock}" for day in _DAYS for clock in _CLOCKS), *_DIGITS)))
FORMATS = (*_PLAIN, *(f"{each}{zone_words.MARK}" for each in _PLAIN if "%z" not in each and each not in _DIGITS))
COUNTED = (SERIAL, UNIX)
PROBED = 40  # rows that tell which forms are worth a look
_DATED = re.compile(
    r"\d{8}(?:\d{4}|\d{6})?(?!\d)"
    r"|\d{1,4}\s?[-/. ]\s?(?:\d{1,2}|[^\W\d_]{3,12}\.?)[-/., ]"
    r"|[^\W\d_]{3,12}\.? \d{1,2},? \d{4}"
)


def find(sample: list[Cell], column: str) -> tuple[str, bool]:
    """This will return the form that most rows have; of several, the one whose times follow each other most evenly.

    It also tells whether day and month could be the other way round.

    :raises FileInvalid: when most rows have none that is known
    """
    if sample and all(isinstance(cell, datetime) for cell in sample):
        return ISO, False
    probe = sample[:: max(1, len(sample) // PROBED)]
    likely = [each for each in (*FORMATS, *COUNTED) if any(fits(cell, each) for cell in probe)]
    counted = {each: sum(1 for cell in sample if fits(cell, each)) for each in likely}
    most = max(counted.values(), default=0)
    if most * 2 <= len(sample):
        raise refuse(
            _("The times are in no form that is known, such as “%(text)s”.") % {"text": sample[0] if sample else ""},
            _("Name their form, such as %(form)s.") % {"form": "%d/%m/%Y %H:%M"},
            column=column,
        )
    fitting = [each for each in likely if counted[each] == most]
    if len(fitting) == 1:
        return fitting[0], False
    scores = {each: _evenness([cells.time_of(cell, each) for cell in sample if fits(cell, each)]) for each in fitting}
    best = max(fitting, key=lambda each: scores[each])
    return best, sum(1 for each in fitting if scores[each] == scores[best]) > 1 and best.startswith("%d")


def _evenness(times: list[datetime]) -> int:
    naive = [each.replace(tzinfo=None) for each in times]
    gaps = Counter(abs(after - before) for before, after in itertools.pairwise(naive))
    return gaps.most_common(1)[0][1] if gaps else 0


def fits(cell: Cell, pattern: str) -> bool:
    """This will tell whether a cell holds a time of a form."""
    if pattern in _DIGITS and len(str(cell).strip()) != _DIGITS[pattern] and not isinstance(cell, datetime):
        return False
    if isinstance(cell, str) and bool(zone_words.split(cell.strip())[1]) is not pattern.endswith(zone_words.MARK):
        return False  # most forms need no closer look
    try:
        cells.time_of(cell, pattern)
    except cells.CellUnreadable:
        return False
    return True


def is_time(cell: Cell) -> bool:
    """This will tell whether a cell holds a day, or a day and a time of day, in a form that is known; a number that
    counts days or seconds is none, it could be anything."""
    if isinstance(cell, Decimal):
        return False
    if isinstance(cell, datetime):
        return True
    return _DATED.match(cell.strip()) is not None and any(fits(cell, each) for each in FORMATS)
