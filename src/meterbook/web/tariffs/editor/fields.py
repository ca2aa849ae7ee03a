"""The fields of the form: each shows one value of the document in the page's language, and writes what was typed.

A field that comes back as it was shown changes nothing, so that a document passes through the form byte by byte. What
cannot be read is kept in the document as it was typed: the document's own checks then name its place.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar

from django.utils import translation

from meterbook.kernel import rounding
from meterbook.tariffs.rating import reading
from meterbook.web import amounts

Node = dict[str, Any]
_PLAIN = re.compile(r"(?a:-?\d{1,12}(\.\d+)?)")
_SHARE_PLACES = 2  # of a percentage before its point


class Look(enum.StrEnum):
    """How a field is drawn."""

    TEXT = "text"
    NUMBER = "number"
    AREA = "area"
    CHOICE = "choice"
    CHECK = "check"
    CHECKS = "checks"
    TIME = "time"
    MONTH_DAY = "month_day"


@dataclass(frozen=True)
class Field:
    """One value of the document. `path` is its place there, and its name in the form."""

    path: str
    label: str
    node: Node = field(repr=False, compare=False)
    key: str
    help: str = ""
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    is_quiet: bool = False  # its label is for screen readers only: the column says it
    is_submitting: bool = False  # another choice has other fields: the page is asked anew
    is_further: bool = False  # seldom needed: it stands under "More options"
    look: ClassVar[Look] = Look.TEXT

    @property
    def shown(self) -> list[str]:
        """What stands in its inputs."""
        value = self.node.get(self.key, "")
        return [value if isinstance(value, str) else str(value)]

    @property
    def value(self) -> str:
        """What stands in its only input."""
        return self.shown[0]

    @property
    def id(self) -> str:
        """The id of its (first) input."""
        return identifier(self.path)

    @property
    def is_set(self) -> bool:
        """Whether the document says it, or something is wrong with it: then it is not folded away."""
        return bool(self.problems) or self.key in self.node

    def take(self, posted: Sequence[str]) -> None:
        """This will write what came back into the document, when it is something else than was shown."""
        given = [each.replace("\r\n", "\n").strip() for each in posted]
        if given and given != [each.strip() for each in self.shown]:
            self.write(given)

    def write(self, given: list[str]) -> None:
        """This will write texts that differ from those shown."""
        self.node[self.key] = given[0]

    def told(self, problems: Sequence[str]) -> Field:
        """This will return the field with what is wrong with it."""
        return replace(self, problems=tuple(problems))


def identifier(path: str) -> str:
    """This will make an id of a place: `components[1].price` is `f-components-1-price`."""
    return "f-" + re.sub(r"[^A-Za-z0-9_]+", "-", path).strip("-")


class OptionalText(Field):
    """A text that need not be there."""

    look = Look.AREA

    def write(self, given: list[str]) -> None:
        """This will remove the key of an empty text."""
        _set(self.node, self.key, given[0] or None)


class EnglishName(Field):
    """The name in English, which is always there."""

    @property
    def shown(self) -> list[str]:
        """The text by language, or the only one."""
        return [_texts(self.node, self.key).get("en", "")]

    def write(self, given: list[str]) -> None:
        """This will keep a text without languages as it is."""
        if isinstance(self.node.get(self.key), dict):
            self.node[self.key] = {**self.node[self.key], "en": given[0]}
        else:
            self.node[self.key] = given[0]


class SpanishName(Field):
    """The name in Spanish; without one the English name is shown."""

    @property
    def shown(self) -> list[str]:
        """Empty when there is none."""
        return [_texts(self.node, self.key).get("es", "")]

    def write(self, given: list[str]) -> None:
        """This will make texts by language of a text, and take an empty one away."""
        texts = dict(_texts(self.node, self.key))
        _set(texts, "es", given[0] or None)
        self.node[self.key] = texts


class Amount(Field):
    """An exact number, with the separators of the page's language."""

    look = Look.NUMBER

    @property
    def shown(self) -> list[str]:
        """As the page's language writes it; what is no number, as it was typed."""
        return [localized(self.node.get(self.key, ""))]

    def write(self, given: list[str]) -> None:
        """This will write the plain number with exactly the digits that were typed."""
        self.node[self.key] = plain(given[0])


class OptionalAmount(Amount):
    """A number that need not be there."""

    def write(self, given: list[str]) -> None:
        """This will remove the key of an empty number."""
        _set(self.node, self.key, plain(given[0]) or None)


class Percent(Field):
    """A share such as 0.21, shown as 21."""

    look = Look.NUMBER

    @property
    def shown(self) -> list[str]:
        """The share times a hundred, without zeros behind it."""
        raw = self.node.get(self.key, "")
        if not isinstance(raw, str) or not _PLAIN.fullmatch(raw):
            return [str(raw)]
        return [amounts.written(Decimal(raw).scaleb(_SHARE_PLACES, rounding.EXACT).normalize(rounding.EXACT))]

    def write(self, given: list[str]) -> None:
        """This will write the share of a percentage, with or without its sign."""
        number = amounts.read(given[0].rstrip("% "), translation.get_language() or "en")
        if number is None:
            self.node[self.key] = given[0]
            return
        share = number.scaleb(-_SHARE_PLACES, rounding.EXACT).normalize(rounding.EXACT)
        self.node[self.key] = f"{share:f}"


@dataclass(frozen=True)
class Whole(Field):
    """A whole number with a value that is meant when it is left out."""

    default: int = 0
    look: ClassVar[Look] = Look.NUMBER

    @property
    def shown(self) -> list[str]:
        """The number that holds."""
        return [str(self.node.get(self.key, self.default))]

    def write(self, given: list[str]) -> None:
        """This will leave the usual number out."""
        number = whole(given[0])
        _set(self.node, self.key, None if number in {self.default, ""} else number)


@dataclass(frozen=True)
class Choice(Field):
    """One of several, with one that is meant when it is left out."""

    default: str = ""
    is_whole: bool = False
    look: ClassVar[Look] = Look.CHOICE

    @property
    def shown(self) -> list[str]:
        """The value that holds."""
        return [str(self.node.get(self.key, self.default))]

    def write(self, given: list[str]) -> None:
        """This will leave the usual value out."""
        value: str | int = whole(given[0]) if self.is_whole else given[0]
        _set(self.node, self.key, None if given[0] == self.default and self.default else value)


class Check(Field):
    """A yes or a no; no is left out."""

    look = Look.CHECK

    @property
    def shown(self) -> list[str]:
        """The hidden empty value that always comes, and "on"."""
        return ["", "on"] if self.node.get(self.key) else [""]

    def write(self, given: list[str]) -> None:
        """This will write true, or take the key away."""
        _set(self.node, self.key, True if "on" in given else None)


class Checks(Field):
    """Any of several, in the order of the choices."""

    look = Look.CHECKS

    @property
    def chosen(self) -> list[str]:
        """Those that are ticked; none listed means all of them where the document says so."""
        return list(self.node.get(self.key, []))

    @property
    def shown(self) -> list[str]:
        """The hidden empty value that always comes, and those that are ticked in the order of the page."""
        held = self.chosen
        return ["", *(code for code, _caption in self.choices if code in held)]

    def write(self, given: list[str]) -> None:
        """This will list those that are ticked."""
        self.node[self.key] = [each for each in given if each]


class ChecksOrAll(Checks):
    """Any of several; left out means all of them."""

    @property
    def chosen(self) -> list[str]:
        """All when nothing is listed."""
        return list(self.node.get(self.key, [code for code, _caption in self.choices]))

    def write(self, given: list[str]) -> None:
        """This will leave out a list of all."""
        ticked = [each for each in given if each]
        _set(self.node, self.key, None if len(ticked) == len(self.choices) else ticked)


class Time(Field):
    """A time of the day from 00:00 to 24:00."""

    look = Look.TIME

    def write(self, given: list[str]) -> None:
        """This will take 8:00 and 8 for 08:00."""
        found = re.fullmatch(r"(?a:(\d{1,2})(?:[:.h](\d{2}))?)", given[0])
        self.node[self.key] = f"{int(found[1]):02}:{found[2] or '00'}" if found else given[0]


class Days(Field):
    """Dates, one a line."""

    look = Look.AREA

    @property
    def shown(self) -> list[str]:
        """One a line."""
        return ["\n".join(map(str, self.node.get(self.key, [])))]

    def write(self, given: list[str]) -> None:
        """This will list the dates in the order in which they were typed."""
        days = re.split(r"[\s,;]+", given[0].strip())
        _set(self.node, self.key, [each for each in days if each] or None)


class MonthDay(Field):
    """A month of twelve and a day, in two inputs."""

    look = Look.MONTH_DAY

    @property
    def shown(self) -> list[str]:
        """Month and day without zeros before them."""
        month, _dash, day = str(self.node.get(self.key, "")).partition("-")
        return [month.removeprefix("0"), day.removeprefix("0")]

    @property
    def day(self) -> str:
        """What stands in the second input."""
        return self.shown[1]

    def write(self, given: list[str]) -> None:
        """This will write 6 and 1 as 06-01."""
        self.node[self.key] = "-".join(each.zfill(2) for each in [*given, ""][:2])


def plain(typed: str) -> str:
    """This will return the number as documents write it: with a point, its digits untouched; else what was typed."""
    number = amounts.read(typed, translation.get_language() or "en")
    return typed if number is None else f"{number:f}"


def localized(raw: object) -> str:
    """This will write a number of a document as the page's language does; what is no number, as it is."""
    found = number(raw)
    return str(raw) if found is None else amounts.written(found)


def number(raw: object) -> Decimal | None:
    """This will return a number of a document, None when it is none (yet)."""
    text = str(raw)
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def whole(typed: str) -> int | str:
    """This will return the number, or what was typed: the document's checks say what is wrong with it."""
    is_number = typed.isascii() and typed.removeprefix("-").isdigit() and len(typed) <= reading.LONGEST_NUMBER
    return int(typed) if is_number else typed


def _texts(node: Mapping[str, Any], key: str) -> Mapping[str, str]:
    value = node.get(key, "")
    return value if isinstance(value, dict) else {"en": value}


def _set(node: Node, key: str, value: object) -> None:
    if value is None:
        node.pop(key, None)
    else:
        node[key] = value
