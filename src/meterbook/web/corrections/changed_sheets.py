"""Allocation sheets that a correction of one member would change for the others, in words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from meterbook.billing.queries import pool_changes
from meterbook.web.billing import shared_words
from meterbook.web.billing import words as bill_words


@dataclass(frozen=True)
class Shifted:
    """What an account bears on the sheet, would bear now, and the difference, as texts; `name` of its customer."""

    account: str
    name: str
    before: str
    now: str
    change: str


@dataclass(frozen=True)
class ChangedLine:
    """A sheet, and by account what it says and would say."""

    public_id: uuid.UUID
    name: str
    days: str
    currency: str
    shifts: tuple[Shifted, ...]


def of_bill(bill: uuid.UUID, names: Mapping[str, str]) -> list[ChangedLine]:
    """This will return the sheets that a bill names and that would come out differently now.

    :param names: of customers, by the number of their account
    """
    return [
        ChangedLine(
            each.public_id,
            each.pool,
            shared_words.days(each.first_day, each.until_day),
            each.currency,
            tuple(
                Shifted(
                    shift.account,
                    names.get(shift.account, ""),
                    *(
                        bill_words.amount(str(each_amount), each.currency)
                        for each_amount in (shift.before, shift.now, shift.now - shift.before)
                    ),
                )
                for shift in each.difference.shifts
            ),
        )
        for each in pool_changes.changed_sheets_of(bill=bill)
    ]
