"""Which mark stands before the decimals, which sign between thousands, and when nobody can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from meterbook.metering.importing import cells
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import Table

_PLAIN = re.compile(r"[+-]?\d*(?:[.,]\d*)?")
_GROUPED = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}
SAMPLE = 3_000  # numbers that tell the mark before decimals
_LARGE = 100  # a whole number among 1.134 and 1.276 says that these are thousands


def named(mapping: Mapping, table: Table, place: int, notes: list[str]) -> Mapping:
    """This will return the mapping with the sign between thousands and the mark before decimals, with what was found.

    :param place: of the value column
    :raises FileInvalid: when the column does not show them
    """
    was_named, rows = bool(mapping.decimal_separator), zip(table.lines, table.rows, strict=True)
    told = [(line, str(row[place])) for line, row in rows if place < len(row) and isinstance(row[place], str)]
    if not mapping.grouping:
        sign, mark = grouping(told, column=mapping.value_column, mark=mapping.decimal_separator)
        mapping = replace(mapping, grouping=sign, decimal_separator=mapping.decimal_separator or mark)
        if sign:
            shown = _("a blank") if sign == " " else f"“{sign}”"
            notes.append(_("Thousands are grouped with %(sign)s.") % {"sign": shown})
    if not mapping.decimal_separator:
        texts = [cells.ungrouped(text, mapping.grouping, "") for _line, text in told[:SAMPLE]]
        is_european = table.delimiter == ";" or mapping.time_format.startswith("%d.")
        mark = decimal_mark(texts, column=mapping.value_column, is_european=is_european)
        mapping = replace(mapping, decimal_separator=mark)
    if not was_named and mapping.decimal_separator == "," and any("," in text for _line, text in told[:SAMPLE]):
        notes.append(_("Decimals follow “%(mark)s”.") % {"mark": mapping.decimal_separator})
    return mapping


def grouping(rows: Iterable[tuple[int, str]], *, column: str, mark: str = "") -> tuple[str, str]:
    """This will return the sign between thousands, and the mark before decimals as far as grouped numbers show it.

    Only numbers that can be nothing else tell: 1,234.5 and 1,234,567 and 1 234. With the mark named, 1,234 tells as
    well where it is not that mark. Both are "" where thousands are not grouped.

    :param rows: line and text of each cell of a column
    :param mark: what stands before decimals, where somebody named it
    :raises FileInvalid: when thousands are grouped in two ways, or with the sign that stands before decimals elsewhere
    """
    signs: dict[str, int] = {}
    marks: dict[str, int] = {}
    for line, text in rows:
        if not mark and _PLAIN.fullmatch(text):
            continue
        found = cells.grouping_of(text)
        if found is None or not (found.is_sure or (mark and found.sign != mark)):
            continue
        signs.setdefault(found.sign, line)
        if found.mark:
            marks.setdefault(found.mark, line)
    if mark and signs:
        marks.setdefault(mark, next(iter(signs.values())))
    if len(signs) > 1 or len(marks) > 1 or signs.keys() & marks.keys():
        raise refuse(
            _("Thousands are grouped in more than one way, from this line on."),
            _("Write all numbers of the column in one way, such as 1234.56."),
            column=column,
            line=max(*signs.values(), *marks.values()),
        )
    sign, told = next(iter(signs), ""), next(iter(marks), "")
    other = {",": ".", ".": ","}
    return sign, told or other.get(sign, "")


def decimal_mark(texts: Sequence[str], *, column: str, is_european: bool) -> str:
    """This will return the mark that most numbers have before their decimals.

    :param is_european: whether the file separates columns, or the parts of dates, in a way that goes with "1,5"
    :raises FileInvalid: when 1,234 may be a thousand as well as one and a bit
    """
    told = [text.strip() for text in texts]
    commas, points = (sum(1 for text in told if _is_number(text, mark)) for mark in ",.")
    mark = "," if any("," in text for text in told) and commas >= points else "."
    marked = [text for text in told if mark in text]
    if not marked or not all(_GROUPED[mark].fullmatch(text) for text in marked):
        return mark
    is_large = any(text.isdecimal() and int(text) >= _LARGE for text in told)
    if is_large or (mark == "," and not is_european):
        raise refuse(
            _("“%(text)s” can be read in two ways: with decimals, or as a whole number with its thousands grouped.")
            % {"text": marked[0]},
            _("Name the decimal separator: what else stands between digits groups their thousands."),
            column=column,
        )
    return mark


def _is_number(text: str, mark: str) -> bool:
    try:
        cells.number_of(text, mark)
    except cells.CellUnreadable:
        return False
    return True
