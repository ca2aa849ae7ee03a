"""One thing that waits for the reader: how many of it, since when, and the page where it is dealt with."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Area(enum.StrEnum):
    """The parts that the page of all work is divided into, in its order."""

    ALARMS = "ALARMS"
    FIELD = "FIELD"
    READINGS = "READINGS"
    BILLS = "BILLS"
    TARIFFS = "TARIFFS"
    PEOPLE = "PEOPLE"
    INSTALLATION = "INSTALLATION"


AREA_CAPTIONS: dict[Area, str | Promise] = {
    Area.ALARMS: _("Alarms and meters"),
    Area.FIELD: _("Work on site"),
    Area.READINGS: _("Readings"),
    Area.BILLS: _("Bills and accounts"),
    Area.TARIFFS: _("Tariffs"),
    Area.PEOPLE: _("People"),
    Area.INSTALLATION: _("Installation"),
}


@dataclass(frozen=True)
class Need:
    """One line: what, why or where, and the link. `tone` is alarm, warn, about or empty.

    What is not counted is told by another line as well: a silent meter has an alarm.
    """

    area: Area
    icon: str
    tone: str
    title: str
    detail: str
    action: str
    href: str
    count: int = 1
    since: datetime | None = None
    is_counted: bool = True


def total(needs: Iterable[Need]) -> int:
    """This will return how many things wait in all."""
    return sum(each.count for each in needs if each.is_counted)
