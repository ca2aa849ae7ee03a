"""A collector that begins goes on where an earlier one ended: the slot that was read is not read twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterbook.acquisition import plans
from meterbook.collector import journal, readers
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import queries as metering_queries

ACTOR = Actor.system("collector")


def load_served(loaded: tuple[plans.BusPlan, ...], *, at: datetime) -> dict[int, datetime]:
    """This will return the newest reading of each series in the hour before: no slot is longer."""
    found: dict[int, datetime] = {}
    for plan in loaded:
        series = [feed.series_id for device in plan.devices for feed in device.feeds]
        with scoping.scope([plan.organization_id], actor=ACTOR):
            found |= metering_queries.newest_readings(series_ids=series, since=at - timedelta(hours=1))
    return found


def with_journal(found: dict[int, datetime], kept: journal.Journal | None) -> dict[int, datetime]:
    """This will add what an earlier collector read and did not write."""
    for series_id, at in kept.newest_readings().items() if kept is not None and kept.is_behind else ():
        instant = readers.EPOCH + timedelta(microseconds=at)
        found[series_id] = max(instant, found.get(series_id, instant))
    return found
