"""The form of a document as its page shows it: sections, groups of fields, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.kernel import currency as currencies
from meterbook.tariffs.rating import reading
from meterbook.web.tariffs.editor import fields as form_fields
from meterbook.web.tariffs.editor import grid as cells
from meterbook.web.tariffs.editor.fields import Field


@dataclass(frozen=True)
class Around:
    """What stands around a component: the words of currency and unit, the codes of the other parts with their names.

    `series` are the prices by the hour that are loaded, `demands` the charges before for the highest power.
    """

    money: str
    unit: str
    earlier: tuple[tuple[str, str], ...]
    periods: tuple[tuple[str, str], ...]
    series: tuple[tuple[str, str], ...] = ()
    demands: tuple[tuple[str, str], ...] = ()
    seasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Group:
    """Fields that belong together: a component, a step, a season; `path` is its place in the document.

    `ladder` is the place to which a button adds a step; empty: no steps are added here.
    """

    path: str
    title: str = ""
    shape: str = ""
    fields: tuple[Field, ...] = ()
    groups: tuple[Group, ...] = ()
    problems: list[str] = field(default_factory=list)
    is_first: bool = False
    is_last: bool = False
    ladder: str = ""

    @property
    def id(self) -> str:
        """The id of its part of the page."""
        return form_fields.identifier(self.path)

    @property
    def usual(self) -> tuple[Field, ...]:
        """The fields that always stand there."""
        return tuple(each for each in self.fields if not each.is_further)

    @property
    def further(self) -> tuple[Field, ...]:
        """Those under "More options"."""
        return tuple(each for each in self.fields if each.is_further)

    @property
    def is_open(self) -> bool:
        """Whether one of the further ones is used."""
        return any(each.is_set for each in self.further)

    def walk(self) -> Iterator[Group]:
        """This will return the group and all inside it."""
        yield self
        for each in self.groups:
            yield from each.walk()


@dataclass(frozen=True)
class Sheet:
    """The whole form; without a grid the week cannot be painted."""

    head: Group
    components: Group
    periods: Group
    seasons: Group
    day_types: Group
    calendar: Group
    holidays: Group
    taxes: Group
    grid: cells.Grid | None

    @property
    def sections(self) -> tuple[Group, ...]:
        """All of them."""
        calendar = (self.periods, self.seasons, self.day_types, self.calendar, self.holidays)
        return (self.head, self.components, *calendar, self.taxes)

    def groups(self) -> Iterator[Group]:
        """This will return all groups."""
        for each in self.sections:
            yield from each.walk()

    def fields(self) -> Iterator[Field]:
        """This will return all fields."""
        for each in self.groups():
            yield from each.fields


def said(name: object) -> str:
    """This will return a name of a document in the page's language."""
    texts = name if isinstance(name, dict) else {"en": str(name)}
    found: str = texts.get((translation.get_language() or "en")[:2]) or texts.get("en", "")
    return found


def currencies_offered() -> list[tuple[str, str]]:
    """This will return codes with their captions, to choose from."""
    return [(code, code) for code in sorted(currencies.MINOR_UNITS)]


def units_offered() -> list[tuple[str, str]]:
    """This will return codes of units with their signs; a count has no sign of its own."""
    return [(unit.value, unit.symbol or _("Piece")) for unit in reading.chargeable_units()]
