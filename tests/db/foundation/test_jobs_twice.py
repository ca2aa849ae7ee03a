"""Every job may run again: a worker that was killed after the commit has its job run a second time."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connections
from procrastinate.contrib.django import app
from psycopg import sql

from meterbook.foundation import queue, ticker
from tests.factories import everything

ELSEWHERE = {
    "foundation.back_up": "writes a file each time it runs; tests/journeys/test_backup.py",
    "installation.back_up_now": "the same",
    "identity.send_sign_in_code": "belongs to no organization; tests/db/notifications/test_sign_in_codes.py",
}


def arguments(organization_id: int) -> dict[str, list[dict[str, Any]]]:
    """What each job is called with: one call for each event and handler, run, organization."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT public_id FROM billing_billrun WHERE organization_id = %s", [organization_id])
        runs = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT public_id FROM billing_printfile WHERE organization_id = %s", [organization_id])
        prints = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT public_id FROM billing_recalculation WHERE organization_id = %s", [organization_id])
        again = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT public_id FROM billing_whatif WHERE organization_id = %s", [organization_id])
        what_ifs = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT public_id FROM audit_auditcheck WHERE organization_id = %s", [organization_id])
        checks = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute(
            "SELECT event_id, handler FROM foundation_eventdelivery WHERE organization_id = %s", [organization_id]
        )
        handled = cursor.fetchall()
    own: dict[str, Any] = {"organization_id": organization_id}
    return {
        "foundation.handle_event": [{**own, "event_id": event, "handler": handler} for event, handler in handled],
        "metering.derive_dirty_days": [own],
        "metering.check_days": [own],
        "metering.recheck_days": [own],
        "metering.apportion_gaps": [own],
        "acquisition.forget_batches": [own],
        "acquisition.watch_senders": [own],
        "monitoring.forget_hours": [own],
        "alarms.watch_gateways": [own],
        "alarms.watch_data": [own],
        "alarms.settle_buses": [own],
        "alarms.watch_clocks": [own],
        "fieldwork.propose_jobs": [own],
        "audit.seal_entries": [own],
        "audit.verify_chain": [{**own, "check_id": check} for check in checks],
        "billing.advance_run": [{**own, "run_id": run} for run in runs],
        "billing.note_late_changes": [own],
        "billing.keep_calendars": [own],
        "billing.remind_of_disputes": [own],
        "billing.recalculate_bills": [{**own, "recalculation_id": each} for each in again],
        "billing.price_what_if": [{**own, "what_if_id": each} for each in what_ifs],
        "billing.forget_what_ifs": [own],
        "documents.seal_days": [own],
        "billing.make_print_file": [{**own, "print_id": print_file} for print_file in prints],
        "notifications.deliver_messages": [own],
        "notifications.check_telegram": [own],
        "notifications.receive_updates": [own],
        "metering.make_partitions": [{"organization_id": ticker.PLATFORM}],
        "metering.compact_months": [{"organization_id": ticker.PLATFORM}],
    }


def state(organization_id: int) -> dict[str, str]:
    """A digest of all rows of the organization, by table."""
    found = {}
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                sql.SQL("SELECT to_jsonb(t)::text FROM {} t WHERE organization_id = %s ORDER BY 1").format(
                    sql.Identifier(table)
                ),
                [organization_id],
            )
            rows = "\n".join(row[0] for row in cursor.fetchall())
            found[table] = hashlib.sha256(rows.encode()).hexdigest()
        cursor.execute(
            "SELECT task_name, status FROM procrastinate_jobs WHERE (args ->> 'organization_id')::int = %s ORDER BY id",
            [organization_id],
        )
        found["jobs"] = str(cursor.fetchall())
    return found


def test_every_job_may_run_again() -> None:
    organization = everything.organization()
    calls = arguments(organization.pk)
    assert calls.keys() | ELSEWHERE.keys() == queue.declared().keys()
    assert all(calls.values())

    for name in sorted(calls):
        for call in calls[name]:
            app.tasks[name].func(**call)
            once = state(organization.pk)
            app.tasks[name].func(**call)
            assert {table for table, rows in state(organization.pk).items() if rows != once[table]} == set(), name
