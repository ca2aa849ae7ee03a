"""Which handlers hear which events (architecture 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meterbook.acquisition import events as acquisition_events
from meterbook.alarms import subscribers as alarm_subscribers
from meterbook.billing import events as billing_events
from meterbook.foundation import events

SUBSCRIPTIONS: Mapping[type[events.Event], Iterable[events.Handler]] = {
    acquisition_events.DeviceWentSilent: [alarm_subscribers.device_went_silent],
    acquisition_events.DeviceCameBack: [alarm_subscribers.device_came_back],
    acquisition_events.DeviceSwitchedOff: [alarm_subscribers.device_switched_off],
    billing_events.BillsIssued: [],
}


def connect() -> None:
    """This will make the subscriptions known to the outbox; called when the application is ready."""
    events.subscribe(SUBSCRIPTIONS)
