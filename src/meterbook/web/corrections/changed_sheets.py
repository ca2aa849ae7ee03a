"""Allocation sheets that a correction of one member would change for the others, in words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from meterbook.billing.queries import pool_changes
from meterbook.web.billing import shared_words
from meterbook.web.billing import words as bill_words


@dataclass(frozen=True)
class ChangedLine:
    """A sheet, and by account what it says and would say."""

    public_id: uuid.UUID
    name: str
    days: str
    currency: str
    shifts: tuple[tuple[str, str, str], ...]


def of_bill(bill: uuid.UUID) -> list[ChangedLine]:
    """This will return the sheets that a bill names and that would come out differently now."""
    return [
        ChangedLine(
            each.public_id,
            each.pool,
            shared_words.days(each.first_day, each.until_day),
            each.currency,
            tuple(
                (
                    shift.account,
                    bill_words.amount(str(shift.before), each.currency),
                    bill_words.amount(str(shift.now), each.currency),
                )
                for shift in each.difference.shifts
            ),
        )
        for each in pool_changes.changed_sheets_of(bill=bill)
    ]
