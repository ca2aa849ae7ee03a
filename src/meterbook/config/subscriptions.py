"""Which handlers hear which events (architecture 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meterbook.acquisition import events as acquisition_events
from meterbook.alarms import events as alarm_events
from meterbook.alarms import subscribers as alarm_subscribers
from meterbook.billing import events as billing_events
from meterbook.fieldwork import events as fieldwork_events
from meterbook.foundation import events
from meterbook.journeys import send_bills, send_credit_notes, tell_alarms, tell_fieldwork
from meterbook.notifications import attachments

SUBSCRIPTIONS: Mapping[type[events.Event], Iterable[events.Handler]] = {
    acquisition_events.DeviceWentSilent: [alarm_subscribers.device_went_silent],
    acquisition_events.DeviceCameBack: [alarm_subscribers.device_came_back],
    acquisition_events.DeviceSwitchedOff: [alarm_subscribers.device_switched_off],
    acquisition_events.GatewayMisused: [alarm_subscribers.gateway_misused],
    acquisition_events.GatewaySettled: [alarm_subscribers.gateway_settled],
    alarm_events.AlarmRaised: [tell_alarms.alarm_raised],
    alarm_events.AlarmReminded: [tell_alarms.alarm_reminded],
    alarm_events.AlarmCleared: [tell_alarms.alarm_cleared],
    billing_events.BillsIssued: [send_bills.bills_issued],
    billing_events.CreditNoteIssued: [send_credit_notes.credit_note_issued],
    fieldwork_events.JobAssigned: [tell_fieldwork.job_assigned],
    fieldwork_events.SwapSuspected: [tell_fieldwork.swap_suspected],
}


# Who makes the files that go with messages, by the name that a message stores.
ATTACHMENTS: Mapping[str, attachments.Loader] = {
    send_bills.ATTACHMENT: send_bills.bill_file,
    send_credit_notes.ATTACHMENT: send_credit_notes.credit_note_file,
}


def connect() -> None:
    """This will make the subscriptions known to the outbox; called when the application is ready."""
    events.subscribe(SUBSCRIPTIONS)
    attachments.connect(ATTACHMENTS)
