"""All jobs. Imported when the application starts, so that their names are known to whoever defers them."""

from __future__ import annotations

import os
import uuid
from datetime import datetime, timedelta

from procrastinate import RetryStrategy

from meterbook.acquisition import gateway_values
from meterbook.acquisition import operations as acquisition_operations
from meterbook.alarms import gateway_silence, meter_clocks, no_data, silence
from meterbook.audit import checks as audit_checks
from meterbook.audit import operations as audit_operations
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing.operations import recalculating
from meterbook.billing.whatif import background as what_if_background
from meterbook.documents import chain as document_chain
from meterbook.foundation import events, scoping
from meterbook.identity import queries as identity_queries
from meterbook.identity import registry, sign_in_codes
from meterbook.identity.values import Module
from meterbook.installation import operations as installation_operations
from meterbook.jobs.declare import MAX_ATTEMPTS, job
from meterbook.journeys import apportioning, keeping_calendars, remind_disputes, send_sign_in_codes
from meterbook.journeys import propose_jobs as propose_jobs_journey
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.monitoring import line_health
from meterbook.monitoring import operations as monitoring_operations
from meterbook.notifications import operations as notification_operations

GATEWAY_PAUSE = timedelta(minutes=3)  # of real time: three times what a gateway lets pass at most


@job(events.HANDLE_EVENT, queue="events")
def handle_event(*, actor: Actor, at: datetime, event_id: int, handler: str) -> None:
    """This will run one handler for one event; where the module of the handler is off, nobody hears it."""
    module = registry.module_of(handler.removeprefix("meterbook."))
    if module is Module.CORE or identity_queries.get_organization().has_module(module):
        events.deliver(organization_id=scoping.current().organization_id, event_id=event_id, handler=handler, at=at)


@job(
    "metering.derive_dirty_days",
    queue="derive",
    lock=lambda organization_id, **_: f"derive:{organization_id}",
    own_scope=True,
)
def derive_dirty_days(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will bring the day blocks of the organization up to date with its readings."""
    metering_operations.derive_dirty_days(organization_id=organization_id, actor=actor, at=at)


@job("metering.check_days", queue="derive", lock=lambda organization_id, **_: f"check_days:{organization_id}")
def check_days(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will look at yesterday of every meter for what can hardly be right."""
    monitoring_operations.check_days(actor=actor, at=at)


@job(
    "metering.recheck_days",
    queue="derive",
    lock=lambda organization_id, **_: f"check_days:{organization_id}",
    own_scope=True,
)
def recheck_days(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will check days again that late readings or a threshold changed, portion by portion."""
    is_left = True
    while is_left:
        with scoping.scope([organization_id], actor=actor):
            is_left = monitoring_operations.recheck_days(actor=actor, at=at) > 0


@job("metering.apportion_gaps", queue="derive", lock=lambda organization_id, **_: f"apportion:{organization_id}")
def apportion_gaps(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will spread what was used in gaps that ended by the usual hours of the meter."""
    apportioning.apportion_gaps(actor=actor, at=at)


@job("audit.seal_entries", queue="default", lock=lambda organization_id, **_: f"seal:{organization_id}")
def seal_entries(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will chain the audit entries written since the latest seal."""
    audit_operations.seal(organization_id=scoping.current().organization_id, at=at)


@job("documents.seal_days", queue="default", lock=lambda organization_id, **_: f"days:{organization_id}")
def seal_days(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will chain the documents that were issued until the day before (B-72)."""
    if not document_chain.list_roots(most=1):
        while billing_operations.register_issued():
            pass
    document_chain.seal_days(at=at)


@job("audit.verify_chain", queue="default", lock=lambda organization_id, **_: f"verify:{organization_id}")
def verify_chain(*, actor: Actor, at: datetime, check_id: str) -> None:
    """This will make a check of the audit chain that somebody asked for."""
    audit_checks.make_check(actor=actor, at=at, check_id=uuid.UUID(check_id))


@job("acquisition.forget_batches", queue="default", lock=lambda organization_id, **_: f"batches:{organization_id}")
def forget_batches(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will forget what was answered to batches of gateways long ago."""
    acquisition_operations.forget_batches(actor=actor, at=at)


@job("monitoring.forget_hours", queue="default", lock=lambda organization_id, **_: f"hours:{organization_id}")
def forget_hours(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will forget how lines answered long ago."""
    line_health.forget_hours(actor=actor, at=at)


@job("acquisition.watch_senders", queue="default", lock=lambda organization_id, **_: f"senders:{organization_id}")
def watch_senders(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will tell devices that send by HTTP and have been quiet for too long."""
    acquisition_operations.note_quiet_senders(actor=actor, at=at)


@job("alarms.watch_gateways", queue="default", lock=lambda organization_id, **_: f"gateways:{organization_id}")
def watch_gateways(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will tell field gateways that are not heard. They speak in real time, also where the clock is faster."""
    patience = max(gateway_values.SILENT_AFTER, clock.speed() * GATEWAY_PAUSE)
    gateway_silence.follow(actor=actor, at=at, patience=patience)
    gateway_silence.follow_clocks(actor=actor, at=at)


@job("alarms.watch_data", queue="default", lock=lambda organization_id, **_: f"data:{organization_id}")
def watch_data(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will tell meters from which nothing came for more than a day, and remind of those that nobody looked at."""
    no_data.watch(actor=actor, at=at)


@job("fieldwork.propose_jobs", queue="default", lock=lambda organization_id, **_: f"propose:{organization_id}")
def propose_jobs(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will propose jobs for what is silent for hours or due for calibration, and take back what settled itself."""
    propose_jobs_journey.propose(actor=actor, at=at)


@job("alarms.watch_clocks", queue="default", lock=lambda organization_id, **_: f"clocks:{organization_id}")
def watch_clocks(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will tell meters whose own clock is wrong."""
    meter_clocks.follow(actor=actor, at=at)


@job("alarms.settle_buses", queue="default", lock=lambda organization_id, **_: f"buses:{organization_id}")
def settle_buses(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will tell meters that stay silent although their bus answers again."""
    silence.settle_buses(actor=actor, at=at)
    silence.settle_causes(actor=actor, at=at)


@job(
    "billing.advance_run",
    queue="billing",
    own_scope=True,
    site=lambda run_id: billing_queries.site_id_of_run(public_id=uuid.UUID(run_id)),
)
def advance_run(*, organization_id: int, actor: Actor, at: datetime, run_id: str) -> None:
    """This will carry a bill run on until a person must decide, or it is closed."""
    billing_operations.advance_run(organization_id=organization_id, actor=actor, at=at, run_id=uuid.UUID(run_id))


@job(
    "billing.note_late_changes",
    queue="derive",
    lock=lambda organization_id, **_: f"late:{organization_id}",
    own_scope=True,
)
def note_late_changes(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will note the issued bills whose use came out differently afterwards, portion by portion."""
    is_left = True
    while is_left:
        with scoping.scope([organization_id], actor=actor):
            billing_operations.note_late_changes(at=at)
            is_left = billing_operations.has_more()


@job(
    "billing.recalculate_bills",
    queue="billing",
    lock=lambda recalculation_id, **_: f"again:{recalculation_id}",
    own_scope=True,
)
def recalculate_bills(*, organization_id: int, actor: Actor, at: datetime, recalculation_id: str) -> None:
    """This will calculate bills again that somebody asked for, portion by portion."""
    is_left = True
    while is_left:
        with scoping.scope([organization_id], actor=actor):
            is_left = recalculating.calculate_next(recalculation=uuid.UUID(recalculation_id))


@job(
    "billing.price_what_if",
    queue="billing",
    lock=lambda what_if_id, **_: f"what_if:{what_if_id}",
    own_scope=True,
)
def price_what_if(*, organization_id: int, actor: Actor, at: datetime, what_if_id: str) -> None:
    """This will price a what-if that is too large to wait for, part by part."""
    is_left = True
    while is_left:
        with scoping.scope([organization_id], actor=actor):
            is_left = what_if_background.price_next(what_if=uuid.UUID(what_if_id))


@job("billing.forget_what_ifs", queue="default", lock=lambda organization_id, **_: f"what_ifs:{organization_id}")
def forget_what_ifs(*, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will forget the what-ifs whose time is over."""
    what_if_background.forget_what_ifs(actor=actor, at=at)


@job("billing.make_print_file", queue="billing", lock=lambda print_id, **_: f"print:{print_id}", own_scope=True)
def make_print_file(*, organization_id: int, actor: Actor, at: datetime, print_id: str) -> None:
    """This will set the bills of a print file and put them into one PDF."""
    billing_operations.make_print_file(
        organization_id=organization_id, actor=actor, at=at, print_id=uuid.UUID(print_id)
    )


@job(
    "billing.keep_calendars",
    queue="billing",
    lock=lambda organization_id, **_: f"calendars:{organization_id}",
    own_scope=True,
)
def keep_calendars(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will start the runs of calendars that are due, and carry on what needs no person."""
    keeping_calendars.keep(organization_id=organization_id, actor=actor, at=at)


@job(
    "billing.remind_of_disputes",
    queue="default",
    lock=lambda organization_id, **_: f"disputes:{organization_id}",
    own_scope=True,
)
def remind_of_disputes(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will mail those who must answer a dispute before its deadline, one dispute a transaction."""
    with scoping.scope([organization_id], actor=actor):
        due = remind_disputes.due(at=at)
    for dispute in due:
        with scoping.scope([organization_id], actor=actor):
            remind_disputes.remind(actor=actor, at=at, dispute=dispute)


# Retried although it is periodic: a deadlock passes in seconds, and the next instant is hours away.
@job(
    "metering.make_partitions",
    queue="default",
    retry=RetryStrategy(max_attempts=MAX_ATTEMPTS, exponential_wait=3),
    own_scope=True,
)
def make_partitions(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will have the partitions of this month and the next two there before readings need them."""
    metering_operations.make_partitions(at=at)


@job("metering.compact_months", queue="default", lock=lambda **_: "compact", own_scope=True)
def compact_months(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will rewrite the months of day blocks that are a third air."""
    metering_operations.compact_months()


@job("foundation.back_up", lock=lambda **_: "backup", own_scope=True)
def back_up(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will write the backup of the day when its time has come; one that failed is due again."""
    installation_operations.back_up_if_due(environ=os.environ, real_at=clock.real_now())


@job(installation_operations.BACK_UP_NOW, lock=lambda **_: "backup", own_scope=True)
def back_up_now(*, organization_id: int, actor: Actor, at: datetime) -> None:
    """This will write a backup that somebody asked for."""
    installation_operations.back_up(environ=os.environ, real_at=clock.real_now())


@job(
    "notifications.deliver_messages",
    queue="messages",
    lock=lambda organization_id, **_: f"messages:{organization_id}",
    own_scope=True,
)
def deliver_messages(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will send the messages of the organization that are due."""
    notification_operations.deliver(organization_id=organization_id, actor=actor, at=at, real_clock=clock.real_now)


@job(sign_in_codes.SEND, queue="messages", own_scope=True)
def send_sign_in_code(*, organization_id: int, actor: Actor, at: datetime, code_id: int) -> None:
    """This will mail a code for signing in to whoever asked for one, if they are a tenant."""
    send_sign_in_codes.send(at=at, real_at=clock.real_now(), code_id=code_id)


@job("notifications.check_telegram", queue="messages", own_scope=True)
def check_telegram(*, organization_id: int, actor: Actor, at: datetime) -> None:
    """This will ask Telegram for the name of the organization's bot."""
    notification_operations.check_telegram(organization_id=organization_id, actor=actor, at=at)


@job(
    "notifications.receive_updates",
    queue="messages",
    lock=lambda organization_id, **_: f"updates:{organization_id}",
    own_scope=True,
)
def receive_updates(*, organization_id: int, actor: Actor, at: datetime, scheduled_at: str = "") -> None:
    """This will link the Telegram chats that sent their codes."""
    notification_operations.receive_updates(
        organization_id=organization_id, actor=actor, at=at, real_at=clock.real_now()
    )
