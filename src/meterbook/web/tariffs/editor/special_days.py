"""The calendar that a document names, and which day type has its special days."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.loose import Raw

KEY = "holiday_calendar"


class NamedCalendar(fields.Choice):
    """The calendar by its code; none is left out."""

    def write(self, given: list[str]) -> None:
        """This will remove the key where none is chosen."""
        if given[0]:
            self.node[self.key] = given[0]
        else:
            self.node.pop(self.key, None)


def calendar(raw: Raw, known: Sequence[tuple[str, str]]) -> list[fields.Field]:
    """This will return the choice of a calendar, for a document with day types.

    :param known: codes and names; one of the document that is none of them is there too
    """
    if not raw.get("day_types"):
        return []
    held = str(raw.get(KEY, ""))
    strange = [(held, held)] if held and held not in {code for code, _name in known} else []
    choices = (("", _("None: only the dates below")), *strange, *known)
    help_text = _("Its holidays and special days are taken as they are when a bill is made.")
    return [NamedCalendar(KEY, _("Holiday calendar"), raw, KEY, choices=choices, help=help_text)]


def holidays(raw: Raw) -> list[fields.Field]:
    """This will return the dates of holidays that the document itself lists."""
    if not raw.get("holidays") and not any(each.get("is_holiday") for each in raw.get("day_types", [])):
        return []
    words = _("One a line, as year-month-day: 2026-12-25.")
    return [fields.Days("holidays", _("Dates of holidays"), raw, "holidays", help=words)]


def special(path: str, node: fields.Node) -> fields.Field:
    """This will return whether the special days of the calendar belong to a day type."""
    words = _("The special days of the calendar belong to it")
    return fields.Check(f"{path}.is_special", words, node, "is_special")


def dates(path: str, node: fields.Node) -> fields.Field:
    """This will return dates of its own that a day type has, such as critical days."""
    words = _("They belong to it whatever their weekday; one a line, as year-month-day.")
    return fields.Days(f"{path}.dates", _("Dates of its own"), node, "dates", help=words)
