"""The warning of a run that meters counted after their calibration had expired. It holds nothing up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import ngettext

from meterbook.billing import queries as billing_queries
from meterbook.web.templatetags import meterbook as tags

MOST_NAMED = 10


@dataclass(frozen=True)
class Warned:
    """The meters of a run that are past their calibration; the first of them by name, the others are counted."""

    count: int
    bills: int
    named: tuple[billing_queries.Uncalibrated, ...]
    others: int


def context(run: billing_queries.RunRow) -> dict[str, Any]:
    """This will return what a run's page says of it, and the accounts that are marked; nothing where all held."""
    found = billing_queries.uncalibrated_of_run(run_public_id=run.public_id)
    if not found:
        return {}
    meters = {(each.point_public_id, each.serial_number): each for each in found}
    accounts = {each.account_id for each in found}
    named = tuple(meters.values())[:MOST_NAMED]
    return {
        "past_calibration": Warned(len(meters), len(accounts), named, len(meters) - len(named)),
        "past_accounts": accounts,
    }


def effects(run: billing_queries.RunRow) -> list[str]:
    """This will say on the page between the button and the approval what the run warns of."""
    found = billing_queries.uncalibrated_of_run(run_public_id=run.public_id)
    if not found:
        return []
    meters = {(each.point_public_id, each.serial_number) for each in found}
    words = ngettext(
        "%(count)s meter counted without a calibration that holds; the run names it.",
        "%(count)s meters counted without a calibration that holds; the run names them.",
        len(meters),
    )
    return [words % {"count": tags.number(len(meters))}]
