"""Times and numbers out of cells."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from meterbook.metering.importing.mapping import ISO, SERIAL, UNIX
from meterbook.metering.importing.tables import Cell

_MIDNIGHT_24 = re.compile(r"(?<![\d:])24:00(:00)?(?![\d:])")  # not the 24th minute of 0:24:00
_NUMBERS = {
    mark: re.compile(rf"[+-]?\d{{1,18}}(?:{re.escape(mark)}\d{{1,20}})?(?:[eE][+-]?\d{{1,2}})?") for mark in ".,"
}
_FRACTION = re.compile(r"(:\d{2})[.,]\d{1,6}(?![\d:])")  # of a second
_HALF = re.compile(r"\s*([ap])\.?\s?m\.?$", re.IGNORECASE)  # 1:15p.m., 1:15 PM
_UNIVERSAL = re.compile(r"\s*(?:UTC|GMT|Z)$")
_WORD = re.compile(r"[^\W\d_]{3,12}\.?")
_MONTHS = {  # the first three letters in English, Spanish and German
    prefix: english
    for english, prefixes in (
        *(("Jan", "jan ene"), ("Feb", "feb"), ("Mar", "mar mär mrz"), ("Apr", "apr abr"), ("May", "may mai")),
        *(("Jun", "jun"), ("Jul", "jul"), ("Aug", "aug ago"), ("Sep", "sep set"), ("Oct", "oct okt")),
        *(("Nov", "nov"), ("Dec", "dec dic dez")),
    )
    for prefix in prefixes.split()
}
_SERIAL_TEXT, _UNIX_TEXT = re.compile(r"\d{5}(?:[.,]\d{1,15})?"), re.compile(r"\d{9,10}(?:[.,]0+)?|\d{12,13}")
_SERIAL_FIRST, _SERIAL_UNTIL = 18_264, 73_051  # 1950 to 2099
_SERIAL_ZERO, _EPOCH = datetime(1899, 12, 30), datetime(1970, 1, 1, tzinfo=UTC)  # noqa: DTZ001 - clocks of the place
_DAY_SECONDS = 86_400
_MILLISECONDS = 10**11  # a larger count is not of seconds
NUMBERED = " #"  # before the number of an interval, and in a form before the minutes that one has
_NUMBER_DIGITS = 3
_SURE_DIGITS = 15  # of a binary number, as a spreadsheet shows it
_SHOWN = Context(prec=_SURE_DIGITS, rounding=ROUND_HALF_EVEN)


# What loggers, building systems and spreadsheets write where they have no value.
MISSING = frozenset(
    {
        *("", "-", "--", "---", "?", "n/a", "n.a.", "na", "nan", "null", "none", "nil", "s/d", "n/d", "n.d."),
        *("no data", "nodata", "data loss", "missing", "no value", "not available", "sin datos", "sin dato"),
        *("bad", "error", "err", "fault", "invalid", "offline", "comm fail", "timeout", "i/o timeout", "down"),
        *("#n/a", "#value!", "#ref!", "#div/0!", "#num!", "#null!", "#name?", "1.#inf", "1.#qnan", "inf", "-inf"),
    }
)
# The numbers that they write instead: no counter of what is used shows them.
_LOST = frozenset(map(Decimal, (-999, -9_999, -99_999)))
_LOST_TEXT = re.compile(r"-9{3,5}(?:[.,]0+)?")


class CellUnreadable(ValueError):
    """The cell holds no time, or no number, of the form that was named."""


def time_of(cell: Cell, pattern: str) -> datetime:
    """This will return the time of a cell: without a zone, or with one where the text names its offset.

    "24:00" is 0:00 of the next day. A form that ends in " #60" is that of a day with the number of an interval of 60
    minutes, from 0 on; `fold` marks one that lies behind the 24th hour of its day. Months may be English, Spanish or
    German where the form has %b, halves of the day written as AM, am or a.m. where it has %p.

    :raises CellUnreadable: when the text is not of that form
    """
    if isinstance(cell, datetime):
        # Workbooks hold times as fractions of a day; half a second is their noise.
        return (cell + timedelta(milliseconds=500)).replace(microsecond=0)
    if pattern in (SERIAL, UNIX):
        return _counted(str(cell).strip(), pattern)
    if isinstance(cell, Decimal):
        raise CellUnreadable
    text = cell.strip()
    if NUMBERED in pattern:
        return _numbered(text, pattern)
    if _MIDNIGHT_24.search(text):
        return _parsed(_MIDNIGHT_24.sub(lambda found: f"00:00{found[1] or ''}", text), pattern) + timedelta(days=1)
    return _parsed(text, pattern)


def _numbered(text: str, pattern: str) -> datetime:
    (day, _mark, number), (form, _same, step) = text.rpartition(NUMBERED), pattern.rpartition(NUMBERED)
    if not number.isdecimal() or not day or len(number) > _NUMBER_DIGITS:
        raise CellUnreadable(text)
    passed = timedelta(minutes=int(step) * int(number))
    return (_parsed(day, form) + passed).replace(fold=int(passed >= timedelta(days=1)))


def number_of(cell: Cell, mark: str) -> Decimal:
    """This will return the number of a cell, exact; `mark` separates the decimals. Thousands are never grouped.

    :raises CellUnreadable: when the text is no such number
    """
    if isinstance(cell, Decimal):
        return cell
    text = cell.strip() if isinstance(cell, str) else ""
    if not _NUMBERS[mark].fullmatch(text):
        raise CellUnreadable
    value = Decimal(text.replace(",", "."))
    if len(value.as_tuple().digits) > _SURE_DIGITS and text.rpartition(mark)[1]:
        return value.normalize(_SHOWN)  # 0.48200000000000004: what a program's binary number left of 0.482
    return value


def is_missing(cell: Cell) -> bool:
    """This will tell whether a cell says that there is no value: empty, a word of loggers for it, or -999 to -99999."""
    if isinstance(cell, Decimal):
        return cell in _LOST
    return isinstance(cell, str) and (cell.strip().casefold() in MISSING or bool(_LOST_TEXT.fullmatch(cell.strip())))


def is_formula(cell: Cell) -> bool:
    """This will tell whether a workbook's cell holds a formula, which is never evaluated here."""
    return isinstance(cell, str) and cell.startswith("=")


def _counted(text: str, pattern: str) -> datetime:
    """The time of a number: without a zone from a spreadsheet's, in UTC from one that counts since 1970."""
    if not (_SERIAL_TEXT if pattern == SERIAL else _UNIX_TEXT).fullmatch(text):
        raise CellUnreadable(text)
    number = Decimal(text.replace(",", "."))
    if pattern == UNIX:
        return _EPOCH + timedelta(milliseconds=int(number if number > _MILLISECONDS else number * 1_000))
    if not _SERIAL_FIRST <= number < _SERIAL_UNTIL:
        raise CellUnreadable(text)
    return _SERIAL_ZERO + timedelta(seconds=int((number * _DAY_SECONDS).to_integral_value(ROUND_HALF_EVEN)))


def _usual(text: str, pattern: str) -> str:
    """The text in the words that strptime knows."""
    if pattern == ISO:
        return _UNIVERSAL.sub("+00:00", text) if text.endswith(("UTC", "GMT")) else text
    if "%p" in pattern:
        text = _HALF.sub(r" \1m", text)
    if "%b" in pattern:
        text = _WORD.sub(lambda found: _MONTHS.get(found[0][:3].casefold(), found[0]), text)
    if "%z" in pattern:
        text = _UNIVERSAL.sub(" +0000", text)
    return _FRACTION.sub(r"\1", text) if "%S" in pattern and "%f" not in pattern else text


def _parsed(told: str, pattern: str) -> datetime:
    text = _usual(told, pattern)
    try:
        if pattern == ISO:
            return datetime.fromisoformat(text)
        if text.count(" ") == 1 and pattern.count(" ") == 1 and "%z" not in pattern:
            # Dates and times of day repeat; reading each of them once is six times as fast.
            (day_text, clock_text), (day_pattern, clock_pattern) = text.split(" "), pattern.split(" ")
            return _piece(day_text, day_pattern) + (_piece(clock_text, clock_pattern) - _ZERO)
        return _piece(text, pattern)
    except ValueError as error:
        raise CellUnreadable(text) from error


@lru_cache(maxsize=8_192)
def _piece(text: str, pattern: str) -> datetime:
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - local times get their zone in `instants`


_ZERO = _piece("0:00", "%H:%M")
