"""Times and numbers out of cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from meterbook.metering.importing import zone_words
from meterbook.metering.importing.mapping import ISO, SERIAL, UNIX
from meterbook.metering.importing.tables import Cell

_MIDNIGHT_24 = re.compile(r"(?<![\d:])24:00(:00)?(?![\d:])")  # not the 24th minute of 0:24:00
_NUMBERS = {
    mark: re.compile(rf"[+-]?\d{{1,18}}(?:{re.escape(mark)}\d{{1,20}})?(?:[eE][+-]?\d{{1,2}})?") for mark in ".,"
}
# 1,234 and 1,234.5 and 1 234 567: three digits in each group, the same sign between them, another one before decimals.
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([,. '])\d{3}(?:\1\d{3})*(?:(?!\1)([.,])\d{1,20})?")
_BLANKS = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'"})  # as programs write blank and '
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
    German where the form has %b, halves of the day written as AM, am or a.m. where it has %p. A form that ends in " %Z"
    has the abbreviation of a zone behind it; its time carries a `zone_words.Abbreviation`.

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
    if pattern.endswith(zone_words.MARK):
        told, word = zone_words.split(text)
        if not word:
            raise CellUnreadable(text)
        plain = time_of(told, pattern.removesuffix(zone_words.MARK))
        return plain.replace(tzinfo=zone_words.Abbreviation(word))
    if _MIDNIGHT_24.search(text):
        return _parsed(_MIDNIGHT_24.sub(lambda found: f"00:00{found[1] or ''}", text), pattern) + timedelta(days=1)
    return _parsed(text, pattern)


def _numbered(text: str, pattern: str) -> datetime:
    (day, _mark, number), (form, _same, step) = text.rpartition(NUMBERED), pattern.rpartition(NUMBERED)
    if not number.isdecimal() or not day or len(number) > _NUMBER_DIGITS:
        raise CellUnreadable(text)
    passed = timedelta(minutes=int(step) * int(number))
    return (_parsed(day, form) + passed).replace(fold=int(passed >= timedelta(days=1)))


@dataclass(frozen=True)
class Grouping:
    """How one number groups its thousands: with which sign, how often, and what stands before its decimals, if any."""

    sign: str
    count: int
    mark: str

    @property
    def is_sure(self) -> bool:
        """Whether it can be nothing else: 1,234.5 and 1,234,567 and 1 234, but not 1,234."""
        return bool(self.mark) or self.count > 1 or self.sign not in ".,"


def grouping_of(text: str) -> Grouping | None:
    """This will tell how a text groups thousands; None where it is no number of that kind."""
    found = _GROUPED.fullmatch(text.strip().translate(_BLANKS))
    if found is None:
        return None
    whole = found[0][: found.start(2)] if found[2] else found[0]
    return Grouping(found[1], whole.count(found[1]), found[2] or "")


def ungrouped(text: str, sign: str, mark: str) -> str:
    """This will return a number without the signs between its thousands; another text as it is."""
    found = grouping_of(text)
    if found is None or found.sign != sign or found.mark not in ("", mark):
        return text
    return text.strip().translate(_BLANKS).replace(sign, "")


def number_of(cell: Cell, mark: str, grouping: str = "") -> Decimal:
    """This will return the number of a cell, exact; `mark` separates the decimals, `grouping` thousands, "" nothing.

    :raises CellUnreadable: when the text is no such number
    """
    if isinstance(cell, Decimal):
        return cell
    text = cell.strip() if isinstance(cell, str) else ""
    if grouping:
        text = ungrouped(text, grouping, mark)
    if not _NUMBERS[mark].fullmatch(text):
        raise CellUnreadable
    value = Decimal(text.replace(",", "."))
    if len(value.as_tuple().digits) > _SURE_DIGITS and text.rpartition(mark)[1]:
        return value.normalize(_SHOWN)  # 0.48200000000000004: what a program's binary number left of 0.482
    return value


def is_number(cell: Cell) -> bool:
    """This will tell whether a cell is a number however it is written: with decimals, thousands in groups, or none."""
    if isinstance(cell, Decimal):
        return True
    text = cell.strip() if isinstance(cell, str) else ""
    return any(each.fullmatch(text) for each in _NUMBERS.values()) or grouping_of(text) is not None


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
