"""The forms in which files write times, and which of them one uses."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.metering.importing import cells
from meterbook.metering.importing.mapping import ISO
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import Cell

FORMATS = (
    ISO,
    *(
        f"{day}{clock}"
        for day in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y")
        for clock in (" %H:%M", " %H:%M:%S", "")
    ),
    *(f"{day}{clock}" for day in ("%m/%d/%Y", "%d/%m/%Y") for clock in (" %I:%M %p", " %I:%M:%S %p")),
    *(f"{day}{clock}" for day in ("%d-%b-%Y", "%d-%b-%y") for clock in (" %H:%M", " %H:%M:%S")),
    "%Y-%m-%d %H:%M",  # hours of one digit, which ISO does not know
    "%d.%m.%y %H:%M",
)


def find(sample: list[Cell], column: str) -> tuple[str, bool]:
    """This will return the form that most rows have; of several, the one whose times follow each other most evenly.

    It also tells whether day and month could be the other way round.

    :raises FileInvalid: when most rows have none that is known
    """
    counted = {each: sum(1 for cell in sample if fits(cell, each)) for each in FORMATS}
    most = max(counted.values())
    if most * 2 <= len(sample):
        raise refuse(
            _("The times are in no form that is known, such as “%(text)s”.") % {"text": sample[0] if sample else ""},
            _("Name their form, such as %(form)s.") % {"form": "%d/%m/%Y %H:%M"},
            column=column,
        )
    fitting = [each for each in FORMATS if counted[each] == most]
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
    try:
        cells.time_of(cell, pattern)
    except cells.CellUnreadable:
        return False
    return True
