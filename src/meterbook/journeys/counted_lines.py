"""What gateways counted of their lines: to the hours of buses and meters. Part of an operation; needs a scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from meterbook.acquisition import gateway_plans
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.polling.counting import Outcome
from meterbook.acquisition.push.line_hours import LineHour
from meterbook.kernel.actor import Actor
from meterbook.monitoring import line_health
from meterbook.monitoring.line_health import HourOfLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=1)  # of a gateway whose clock was not set yet


def add(*, actor: Actor, at: datetime, gateway_id: int, rows: Sequence[LineHour]) -> None:
    """This will add counts of a gateway; those of other buses, of the future, or too old to be kept are left out."""
    if not rows:
        return
    buses = gateway_plans.line_ids(gateway_id=gateway_id)
    found: dict[tuple[str, str, int], LineHour] = {}
    for row in rows:
        hour = acquisition_operations.instant(row.hour)
        kept = line_health.KEPT_OF_METERS if row.device else line_health.KEPT_OF_BUSES
        is_known = row.bus in buses and (not row.device or row.device in buses[row.bus][1])
        if is_known and at - kept < hour <= at + AHEAD:
            _add(found, row)
            if row.device:
                _add(found, replace(row, device="", watched_ms=0, clock_ms=None, clock_at=None))
    line_health.add_hours(actor=actor, at=at, hours=[_hour(each, buses, at) for each in found.values()])


def _add(found: dict[tuple[str, str, int], LineHour], row: LineHour) -> None:
    key = row.bus, row.device, row.hour
    found[key] = found[key].added(row) if key in found else row


def _hour(row: LineHour, buses: Mapping[str, tuple[int, Mapping[str, int]]], at: datetime) -> HourOfLine:
    bus_id, devices = buses[row.bus]
    outcomes = {each.value: row.outcomes.get(each, 0) for each in Outcome}
    told = row.clock_at is not None and _is_past(row.clock_at, at)
    return HourOfLine(
        bus_id=bus_id,
        device_id=devices[row.device] if row.device else None,
        hour=acquisition_operations.instant(row.hour),
        asked=sum(outcomes.values()),
        **outcomes,
        busy_ms=row.busy_ms,
        watched_ms=row.watched_ms if not row.device else 0,
        buckets=row.buckets,
        skews=row.skews,
        skew_ms=row.skew_ms,
        skew_most_ms=row.skew_most_ms,
        clock_ms=row.clock_ms if told else None,
        clock_at=acquisition_operations.instant(row.clock_at) if told and row.clock_at is not None else None,
    )


def _is_past(milliseconds: int, at: datetime) -> bool:
    return 0 <= milliseconds <= (at + AHEAD - _EPOCH) // timedelta(milliseconds=1)
