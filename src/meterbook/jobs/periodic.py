"""The timetable of periodic jobs, by the product's clock."""

from __future__ import annotations

from datetime import timedelta

from meterbook.foundation.ticker import Periodic

PERIODICS = (
    Periodic("metering.derive_dirty_days", every=timedelta(seconds=10)),
    # After the derivation that changed days: what was billed from them is looked for among the changed ones only.
    Periodic("billing.note_late_changes", every=timedelta(minutes=1)),
    Periodic("billing.keep_calendars", every=timedelta(minutes=1)),
    Periodic("billing.remind_of_disputes", every=timedelta(minutes=15)),
    Periodic("metering.check_days", every=timedelta(hours=6)),
    Periodic("metering.apportion_gaps", every=timedelta(hours=6)),
    Periodic("metering.recheck_days", every=timedelta(minutes=5)),
    Periodic("alarms.settle_buses", every=timedelta(minutes=1)),
    Periodic("alarms.watch_gateways", every=timedelta(minutes=1)),
    Periodic("acquisition.watch_senders", every=timedelta(minutes=1)),
    Periodic("alarms.watch_data", every=timedelta(minutes=5)),
    Periodic("fieldwork.propose_jobs", every=timedelta(minutes=10)),
    Periodic("alarms.watch_clocks", every=timedelta(minutes=5)),
    Periodic("billing.forget_what_ifs", every=timedelta(hours=6)),
    Periodic("acquisition.forget_batches", every=timedelta(hours=6)),
    Periodic("monitoring.forget_hours", every=timedelta(hours=6)),
    Periodic("notifications.deliver_messages", every=timedelta(seconds=10)),
    Periodic("notifications.receive_updates", every=timedelta(seconds=10)),
    Periodic("audit.seal_entries", every=timedelta(minutes=1)),
    Periodic("documents.seal_days", every=timedelta(hours=1)),
    Periodic("metering.make_partitions", every=timedelta(hours=6), is_platform=True),
    Periodic("metering.compact_months", every=timedelta(hours=24), is_platform=True),
    # Looks whether the time of day that was set has passed without a backup.
    Periodic("foundation.back_up", every=timedelta(minutes=10), is_platform=True),
)
