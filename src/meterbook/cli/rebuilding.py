"""What `meterbook rebuild-totals` does and prints; apart from the command itself, which starts without Django."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TextIO

from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries

ACTOR = Actor.system("rebuild totals")
DONE, MISUSED = 0, 2


def rebuild(
    *, first: date | None, until: date | None, organization: uuid.UUID | None, out: TextIO, errors: TextIO
) -> int:
    """This will make the sums of the UTC days [first, until) anew, for one organization or all, and say how many.

    :param first: None begins with the first day that has blocks
    :param until: None ends after the last one
    :return: the exit status: 2 for days in the wrong order or an organization that is not there
    """
    if first is not None and until is not None and until <= first:
        errors.write("meterbook: --until must be a later day than --from.\n")
        return MISUSED
    is_found = False
    for organization_id in scoping.organization_ids():
        with scoping.scope([organization_id], actor=ACTOR):
            found = identity_queries.get_organization()
            days = metering_queries.days_with_blocks()
        if organization in (None, found.public_id):
            is_found = True
            out.write(f"{found.name}: {_rebuild(organization_id, days, first, until)}\n")
    if organization is not None and not is_found:
        errors.write(f"meterbook: there is no organization {organization}.\n")
        return MISUSED
    return DONE


def _rebuild(organization_id: int, days: tuple[date, date] | None, first: date | None, until: date | None) -> str:
    """Days that were named are summed although they have no blocks: a sum that is left over there goes."""
    start, end = first or (days and days[0]), until or (days and days[1])
    if start is None or end is None or end <= start:
        return "no days to sum."
    written = metering_operations.rebuild_totals(
        organization_id=organization_id, actor=ACTOR, at=clock.now(), first=start, until=end
    )
    return f"{written:,} sums of the days from {start} until {end} made anew."
