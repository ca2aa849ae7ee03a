"""Counters that begin again at each local midnight: from what they showed to what was used between two rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.metering.importing import instants
from meterbook.metering.importing.mapping import Gaps, Mapping
from meterbook.metering.importing.parsing import Column, local
from meterbook.metering.importing.problems import Problems

_DAY = timedelta(days=1)


def to_intervals(column: Column, mapping: Mapping, problems: Problems) -> Column:
    """This will return a column of what was used, each interval from the row before (or from midnight) to its row.

    A row at midnight shows the day that ended, unless the counter has begun again already. What was counted after a
    day's final row, and before a counter that begins again within a day, is not in the file: a gap, which is a fault
    unless the mapping takes gaps as nothing used.

    :param column: what the counter showed, each value at the end of its row's interval
    """
    found = replace(column, lines=[], starts=[], ends=[], values=[])
    end_before, shown_before = None, Decimal(0)
    for line, end, shown in zip(column.lines, column.ends, column.values, strict=True):
        midnight, next_midnight = _day_around(end, column)
        starts_day = end_before is None or end_before <= midnight
        if starts_day and end_before is not None and end_before < midnight:
            _note_gap(found, mapping, problems, line, end_before, midnight)
        start, base = (midnight, Decimal(0)) if starts_day else (end_before or midnight, shown_before)
        if shown < base:
            _note_gap(found, mapping, problems, line, start, end)
            base = shown if end == next_midnight else Decimal(0)  # at midnight it tells of the day that begins
        found.lines.append(line)
        found.starts.append(start)
        found.ends.append(end)
        found.values.append(shown - base)
        end_before, shown_before = end, shown
    return found


def _day_around(end: int, column: Column) -> tuple[int, int]:
    """The local midnights before and at or after an instant; microseconds since 1970."""
    day = (instants.instant_of(end) - timedelta(microseconds=1)).astimezone(column.zone).date()
    first, following = (civil.start_of_day(each, column.zone) for each in (day, day + _DAY))
    return instants.microseconds(first), instants.microseconds(following)


def _note_gap(found: Column, mapping: Mapping, problems: Problems, line: int, start: int, end: int) -> None:
    found.gaps += 1
    if mapping.gaps == Gaps.ZERO:
        return
    shown = {name: local(instants.instant_of(at), found.zone) for name, at in (("start", start), ("end", end))}
    problems.add(
        line,
        mapping.time_column,
        _("The counter began again; what was used from %(start)s to %(end)s is not in the file.") % shown,
        _("Add the missing rows, or choose to take missing intervals as nothing used."),
    )
