"""Which mark stands before the decimals, and when nobody can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from meterbook.metering.importing import cells
from meterbook.metering.importing.problems import refuse

_GROUPED = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}
_LARGE = 100  # a whole number among 1.134 and 1.276 says that these are thousands


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
            _("Name the decimal separator; where thousands are grouped, write the file without that."),
            column=column,
        )
    return mark


def _is_number(text: str, mark: str) -> bool:
    try:
        cells.number_of(text, mark)
    except cells.CellUnreadable:
        return False
    return True
