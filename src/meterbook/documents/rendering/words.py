"""Words, numbers and dates of a document in one language. From text to text: no figure passes through a float."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from meterbook.kernel import currency as currencies
from meterbook.kernel.quantity import Unit

DICTIONARIES = Path(__file__).with_name("dictionaries")
LANGUAGES = tuple(sorted(path.stem for path in DICTIONARIES.glob("*.json")))
MINUS, HARD_SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
COUNTED = {"DAY": ("day", "days"), "MONTH": ("month", "months")}


class LanguageMissing(ValueError):
    """Documents have no words in this language; add its file beside the others, or take one that is there."""


@dataclass(frozen=True)
class Language:
    """How a language writes. Made by `of`."""

    code: str
    words: Mapping[str, Any]

    def of_charge_back(self) -> Language:
        """This will return the language with the words of a statement for a cost center instead of those of a bill."""
        return replace(self, words={**self.words, **self.words["charge_back"]})

    def of_credit_note(self) -> Language:
        """This will return the language with the words of a credit note where those of a bill would name the bill."""
        return replace(self, words={**self.words, **self.words["of_credit_note"]})

    def of_taken_back(self) -> Language:
        """This will return the language with the words of what takes a statement for a cost center back."""
        whole = {**self.words, **self.words["charge_back"], **self.words["charge_back_taken_back"]}
        return replace(self, words=whole)

    def say(self, key: str, **values: str) -> str:
        """This will return a sentence with its places filled."""
        text: str = self.words[key]
        return text.format(**values) if values else text

    def among(self, kind: str, code: str) -> str:
        """This will return the word for a code, or the code itself when it is a new one."""
        found: str = self.words[kind].get(code, code)
        return found

    def text(self, text: Mapping[str, str]) -> str:
        """This will pick this language of a text; English is always there."""
        return text.get(self.code) or text["en"]

    def number(self, number: str) -> str:
        """This will group and point a decimal text: "-1234.50" is −1,234.50 or −1.234,50."""
        sign, digits = (MINUS, number[1:]) if number.startswith("-") else ("", number)
        whole, point, rest = digits.partition(".")
        head = len(whole) % 3 or 3
        parts = [whole[:head], *(whole[each : each + 3] for each in range(head, len(whole), 3))]
        grouped: str = self.words["group"].join(parts)
        return sign + grouped + (self.words["decimal"] + rest if point else "")

    def scaled(self, value: int, decimals: int) -> str:
        """This will write an integer of 10^-decimals: (123456, 2) is 1,234.56."""
        return self.number(scaled(value, decimals))

    def money(self, amount: str, currency: str) -> str:
        """This will write an amount with its currency, minus first: −$12.50, −12,50 €."""
        forms: Mapping[str, str] = self.words["money"]
        number = self.number(amount)
        sign, number = (MINUS, number[1:]) if number.startswith(MINUS) else ("", number)
        return sign + forms.get(currency, forms[""]).format(amount=number, currency=currency).replace(" ", HARD_SPACE)

    def price(self, price: str, currency: str) -> str:
        """This will write a unit price: zeros that say nothing go, but the currency's own decimals stay."""
        return self.number(trimmed(price, currencies.minor_units(currency)))

    def percent(self, rate: str) -> str:
        """This will write a rate as a percentage: "0.0725" is 7.25 %."""
        return self.number(trimmed(f"{Decimal(rate).scaleb(2):f}", 0)) + HARD_SPACE + "%"

    def quantity(self, quantity: str, unit: str) -> str:
        """This will write the quantity of a line: a decimal text, or a part such as 14/31."""
        if "/" in quantity or unit in COUNTED:
            return quantity
        return self.number(quantity)

    def unit(self, unit: str, quantity: str = "2") -> str:
        """This will return how a unit is written beside a number: kWh, or day, days."""
        if unit in COUNTED:
            one, many = COUNTED[unit]
            return self.say(one if quantity == "1" else many)
        return Unit(unit).symbol

    def count(self, number: int, unit: str) -> str:
        """This will write whole days or months: 1 day, 31 days."""
        return f"{self.number(str(number))}{HARD_SPACE}{self.unit(unit, str(number))}"

    def day(self, day: date) -> str:
        """This will write a day in full: 3 November 2026."""
        return self.say(
            "long_date", day=str(day.day), month=self.words["month_names"][day.month - 1], year=str(day.year)
        )

    def short_day(self, day: date) -> str:
        """This will write a day in short: 3 Nov 2026."""
        month = self.words["month_shorts"][day.month - 1]
        text = self.say("short_date", day=str(day.day), month=month, year=str(day.year))
        return text.replace(" ", HARD_SPACE)

    def moment(self, instant: str) -> str:
        """This will write a local instant, given as text with its offset: 1 Oct 2026, 00:00."""
        at = datetime.fromisoformat(instant)
        return f"{self.short_day(at)}, {at:%H:%M:%S}" if at.second else f"{self.short_day(at)}, {at:%H:%M}"

    def month(self, month: str) -> str:
        """This will write the month of "2026-10" in short: Oct."""
        found: str = self.words["month_shorts"][int(month[5:]) - 1]
        return found

    def length(self, minutes: int) -> str:
        """This will write a length of time in hours: 744 h, 744 h 30 min."""
        hours, rest = divmod(minutes, 60)
        if rest:
            return self.say("hours_minutes", hours=self.number(str(hours)), minutes=str(rest))
        return self.say("hours", hours=self.number(str(hours)))

    def offsets(self, offsets: list[str]) -> str:
        """This will write the offsets in force: UTC+2, then UTC+1."""
        return self.words["then"].join(map(_offset, offsets))  # type: ignore[no-any-return]


@functools.cache
def of(code: str) -> Language:
    """This will read a language's words once.

    :raises LanguageMissing: when there is no file for it
    """
    if code not in LANGUAGES:
        raise LanguageMissing(f"{code!r}: {LanguageMissing.__doc__}")
    return Language(code, json.loads((DICTIONARIES / f"{code}.json").read_text(encoding="utf-8")))


def scaled(value: int, decimals: int) -> str:
    """This will return an integer of 10^-decimals as plain text: (-5, 2) is -0.05."""
    if not decimals:
        return str(value)
    digits = str(abs(value)).rjust(decimals + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def trimmed(number: str, places: int) -> str:
    """This will drop zeros at the end of a decimal text, down to `places` decimals, and pad up to them."""
    whole, _point, rest = f"{Decimal(number):f}".partition(".")
    rest = rest.rstrip("0").ljust(places, "0")
    return f"{whole}.{rest}" if rest else whole


def _offset(offset: str) -> str:
    hours, minutes = offset[1:].split(":")[:2]
    if offset[1:].replace(":", "").strip("0") == "":
        return "UTC"
    sign = MINUS if offset[0] == "-" else "+"
    return f"UTC{sign}{int(hours)}" + (f":{minutes}" if minutes != "00" else "")
