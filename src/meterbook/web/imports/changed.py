"""What a file says otherwise than is stored, as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.metering import operations as metering_operations
from meterbook.metering.operations import ChangeState
from meterbook.metering.values import ProposalState

DAYS = 6  # that are named; the others are counted


@dataclass(frozen=True)
class Value:
    """One interval: from when to when, and what it was and is by the file."""

    starts_at: datetime
    ends_at: datetime
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Changes:
    """What differs at one meter point; sums are None where the file tells registers."""

    row: metering_operations.ChangedValues
    before: Decimal | None
    after: Decimal | None
    difference: Decimal | None
    decimals: int
    days: tuple[date, ...]
    values: tuple[Value, ...]
    decided: ProposalState | None

    @property
    def is_offered(self) -> bool:
        """Whether it may be taken as a correction."""
        return self.row.state == ChangeState.OFFERED

    @property
    def is_not_allowed(self) -> bool:
        """Whether it is for somebody else to take it."""
        return self.row.state == ChangeState.NOT_ALLOWED

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a second person."""
        return self.row.state == ChangeState.WAITS and self.decided in (None, ProposalState.WAITING)

    @property
    def is_refused(self) -> bool:
        """Whether the second person refused it."""
        return self.decided is ProposalState.REFUSED

    @property
    def is_taken(self) -> bool:
        """Whether it counts."""
        return self.row.state == ChangeState.TAKEN or self.decided is ProposalState.APPROVED

    @property
    def needs_second(self) -> bool:
        """Whether a second person must approve it."""
        return self.row.needs_second

    @property
    def more_days(self) -> int:
        """How many days are not named."""
        return self.row.day_count - len(self.days)

    @property
    def more_values(self) -> int:
        """How many intervals are not listed."""
        return self.row.count - len(self.values)


def of(row: metering_operations.ChangedValues, decided: ProposalState | None) -> Changes:
    """This will make what an outcome tells readable: it is kept as text.

    :param decided: what became since of what waited for a second person
    """
    values = tuple(
        Value(
            datetime.fromisoformat(each.starts_at),
            datetime.fromisoformat(each.ends_at),
            Decimal(each.before),
            Decimal(each.after),
        )
        for each in row.sample
    )
    before, after, difference = (Decimal(each) if each else None for each in (row.before, row.after, row.difference))
    numbers = [each for each in (before, after, *(each.after for each in values)) if each is not None]
    decimals = max((max(0, -int(each.as_tuple().exponent)) for each in numbers), default=0)
    days = tuple(date.fromisoformat(each) for each in row.days[:DAYS])
    return Changes(row, before, after, difference, decimals, days, values, decided)


def kept_point(stored: Mapping[str, Any]) -> metering_operations.PointOutcome:
    """This will read what came to a meter point as it was stored with the file."""
    changes = stored.get("changes")
    read = metering_operations.ChangedValues.of(changes) if isinstance(changes, dict) else None
    return metering_operations.PointOutcome(**{**stored, "changes": read})


def said(outcome: metering_operations.ImportOutcome) -> list[str]:
    """This will say what became of values that differed."""
    taken = sum(
        each.changes.count for each in outcome.points if each.changes and each.changes.state == ChangeState.TAKEN
    )
    words = []
    if taken:
        text = ngettext("%(count)s value was corrected.", "%(count)s values were corrected.", taken)
        words.append(text % {"count": taken})
    if any(each.changes and each.changes.state == ChangeState.WAITS for each in outcome.points):
        words.append(_("Bills were made of that time: what differs waits for a second person."))
    return words
