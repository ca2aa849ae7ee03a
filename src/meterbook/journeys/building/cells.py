"""What stands in a cell of a building's workbook, read as its column wants it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from meterbook.journeys.building.sheets import Column, Holds, spellings
from meterbook.kernel import currency as currencies
from meterbook.kernel import signs, zone_names
from meterbook.sites import values as site_values

Value = str | Decimal | int | date | Fraction | None
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
_RATIO = re.compile(r"(?a:(\d{1,9}(?:\.\d{1,6})?)(?:\s*[/:]\s*(\d{1,9}(?:\.\d{1,6})?))?)")
_MARKS = {"es": ","}  # before decimals; a point elsewhere


class CellWrong(ValueError):
    """The cell does not hold what its column wants; `problem` says what is wrong, `remedy` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem, self.remedy = problem, remedy


def value_of(column: Column, raw: object, kind: str, language: str) -> Value:
    """This will return what a cell means; None when it is empty.

    :param raw: as openpyxl gives it
    :param kind: openpyxl's type of the cell: "f" is a formula, "e" an error
    :param language: numbers that are written as text have its decimal mark
    :raises CellWrong: in words
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if kind == "f":
        raise CellWrong(_("A formula stands here."), _("Replace it with its value: copy, then paste values only."))
    if kind == "e":
        raise CellWrong(_("The cell shows an error."), _("Type the value."))
    if isinstance(raw, bool):
        raise CellWrong(_("The cell holds yes or no."), _("Type the text or number that the column is for."))
    return _READERS[column.holds](column, _plain(raw), language)


def _plain(raw: object) -> str | Decimal | date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, int):
        return Decimal(raw)
    if type(raw).__name__ == "float":  # fifteen digits are what a spreadsheet shows of a binary number
        return Decimal(format(raw, ".15g"))
    raise CellWrong(_("The cell holds a time or something else that no column is for."), _("Format it as text."))


def _text(column: Column, given: str | Decimal | date, _language: str) -> str:
    if isinstance(given, date):
        raise CellWrong(_("The spreadsheet made a date of it."), _("Format the column as text and type it again."))
    text = given if isinstance(given, str) else f"{given:f}"
    text = _seen(text.replace("\r\n", "\n").replace("\r", "\n"), lines=column.holds is Holds.LINES)
    text = signs.folded(text) if column.is_code else text
    if len(text) > column.most:
        raise CellWrong(
            _("It has %(length)s characters.") % {"length": len(text)},
            _("At most %(most)s are kept; shorten it.") % {"most": column.most},
        )
    return text


def _seen(text: str, *, lines: bool) -> str:
    """The text, each letter written one way; what nobody sees in it is refused."""
    found = signs.find(text, lines=lines)
    if found is None:
        return signs.composed(text)
    if found.sign in signs.LINES:
        raise CellWrong(_("There are several lines in it, or a tab."), _("Type it again in one line."))
    raise CellWrong(
        _("It holds the invisible sign %(sign)s at place %(place)s.") % {"sign": found.shown, "place": found.place},
        _("Take it out, or type the cell anew."),
    )


def _number(_column: Column, given: str | Decimal | date, language: str) -> Decimal:
    number = _decimal(given, language)
    largest = Decimal(10) ** (site_values.NUMBER_DIGITS - site_values.NUMBER_DECIMALS)
    if not 0 <= number < largest:
        raise CellWrong(_("The number is out of range."), _("Give one from 0 to %(most)s.") % {"most": f"{largest:f}"})
    rounded = number.quantize(Decimal(1).scaleb(-site_values.NUMBER_DECIMALS))
    if rounded != number:
        raise CellWrong(
            _("The number has too many decimals."),
            _("At most %(most)s are kept; round it.") % {"most": site_values.NUMBER_DECIMALS},
        )
    return number.normalize() + 0


def _whole(column: Column, given: str | Decimal | date, language: str) -> int:
    number = _decimal(given, language)
    if number != number.to_integral_value() or not column.least <= number <= column.most:
        raise CellWrong(
            _("This is no whole number in range."),
            _("Give one from %(least)s to %(most)s.") % {"least": column.least, "most": column.most},
        )
    return int(number)


def _decimal(given: str | Decimal | date, language: str) -> Decimal:
    if isinstance(given, Decimal):
        return given
    mark = _MARKS.get(language, ".")
    example = f"1234{mark}5"
    if isinstance(given, str) and re.fullmatch(rf"(?a:-?\d{{1,15}}(?:{re.escape(mark)}\d{{1,10}})?)", given):
        return Decimal(given.replace(",", "."))
    raise CellWrong(
        _("“%(text)s” is not read as a number.") % {"text": str(given)[:40]},
        _("Write it without signs between thousands, such as %(example)s, or format the cell as a number.")
        % {"example": example},
    )


def _choice(column: Column, given: str | Decimal | date, _language: str) -> str:
    found = _spelled(column).get(str(given).casefold())
    if found is None:
        raise CellWrong(
            _("“%(text)s” is not one of the choices.") % {"text": str(given)[:40]},
            _("Take one of: %(choices)s.") % {"choices": ", ".join(map(str, column.choices.values()))},
        )
    return str(found)


def _spelled(column: Column) -> Mapping[str, Any]:
    return _spelled_once(tuple(column.choices.items()))


@cache
def _spelled_once(named: tuple[tuple[Any, Any], ...]) -> Mapping[str, Any]:
    return spellings(dict(named))


def _day(_column: Column, given: str | Decimal | date, _language: str) -> date:
    found = given
    if isinstance(given, str):
        try:
            found = date.fromisoformat(given)
        except ValueError:
            found = ""
    if not isinstance(found, date):
        raise CellWrong(
            _("“%(text)s” is no day.") % {"text": str(given)[:40]}, _("Write it as year-month-day, such as 2026-07-01.")
        )
    if not EARLIEST <= found <= LATEST:
        raise CellWrong(
            (_("%(day)s is too early.") if found < EARLIEST else _("%(day)s is too late.")) % {"day": found},
            _("Take a day from %(first)s to %(last)s.") % {"first": EARLIEST, "last": LATEST},
        )
    return found


def _zone(_column: Column, given: str | Decimal | date, _language: str) -> str:
    found = zone_names.find(str(given))
    if len(found) != 1:
        offered = ", ".join(found or zone_names.near(str(given))) or "Europe/Madrid"
        raise CellWrong(
            _("“%(text)s” is not a time zone.") % {"text": str(given)[:40]},
            _("Take a name such as %(offered)s.") % {"offered": offered},
        )
    return found[0]


def _currency(_column: Column, given: str | Decimal | date, _language: str) -> str:
    code = currencies.code_of(str(given))
    if code is None:
        raise CellWrong(
            _("“%(text)s” is not a currency.") % {"text": str(given)[:40]}, _("Take a code such as EUR, MXN or USD.")
        )
    return code


def _ratio(_column: Column, given: str | Decimal | date, _language: str) -> Fraction:
    match = _RATIO.fullmatch(given if isinstance(given, str) else f"{given:f}" if isinstance(given, Decimal) else "")
    parts = [Fraction(each) for each in match.groups() if each] if match else []
    if not parts or not all(parts):
        raise CellWrong(_("This is no ratio."), _("Write it such as 200/5 or 40, larger than nothing."))
    return parts[0] / parts[1] if len(parts) > 1 else parts[0]


def _custom(column: Column, given: str | Decimal | date, language: str) -> str | None:
    declared = column.declared
    if declared is None:
        raise CellWrong(_("This column is not known."), _("Take the columns of the template."))
    if declared.type is site_values.FieldType.NUMBER:
        given = f"{_decimal(given, language):f}"
    elif isinstance(given, date):
        given = given.isoformat()
    elif isinstance(given, str):
        given = _seen(given, lines=False)
    try:
        return site_values.field_value(declared, f"{given:f}" if isinstance(given, Decimal) else str(given)) or None
    except site_values.FieldValueInvalid as error:
        raise CellWrong(_("“%(text)s” does not fit.") % {"text": str(given)[:40]}, str(error)) from error


_READERS: Mapping[Holds, Callable[[Column, str | Decimal | date, str], Value]] = {
    Holds.TEXT: _text,
    Holds.LINES: _text,
    Holds.NUMBER: _number,
    Holds.WHOLE: _whole,
    Holds.CHOICE: _choice,
    Holds.DAY: _day,
    Holds.ZONE: _zone,
    Holds.CURRENCY: _currency,
    Holds.RATIO: _ratio,
    Holds.CUSTOM: _custom,
}
