"""Sixteen processes issue bills of one series at the same time: no gap, no duplicate, each posted once (B-71)."""

from __future__ import annotations

import os
from datetime import date

import pytest
from django.db import connections

from meterbook.billing import models, operations, queries, values
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries
from tests.factories import billing, customers

ACTOR = Actor.system("test")
WRITERS = 16
DAYS = billing.Days(date(2026, 2, 1), date(2026, 2, 3))
CLOSED, OTHER = 0, 1


def approved(place: billing.Place, number: int) -> models.BillRun:
    """A run of one account by hand, ready to be issued."""
    meter = billing.metered(place, name=f"Shop {number:02}")
    billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at, rise=10 + number)
    account = customers.account(organization=place.organization, site=place.site, number=f"A-{number:02}")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        wanted = operations.Wanted(DAYS.starts_at, DAYS.ends_at, account=account.public_id)
        run = operations.plan_manual(actor=ACTOR, at=DAYS.ends_at, wanted=wanted)
    return billing.approve(billing.advance(run))


def issue_at_once(runs: list[models.BillRun]) -> list[int]:
    """Each run in a process of its own; all begin when the pipe that they wait at is closed."""
    connections.close_all()
    gate, opener = os.pipe()
    children = []
    for run in runs:
        child = os.fork()
        if child == 0:
            try:
                os.close(opener)
                os.read(gate, 1)
                closed = billing.advance(run).state == values.RunState.CLOSED
                os._exit(CLOSED if closed else OTHER)
            finally:
                os._exit(OTHER)
        children.append(child)
    os.close(gate)
    os.close(opener)
    return [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children]


@pytest.mark.spec("B-71")
def test_take_numbers_without_gap_and_without_duplicate() -> None:
    place = billing.place(code="HR")
    runs = [approved(place, number) for number in range(WRITERS)]

    ended = issue_at_once(runs)

    assert ended == [CLOSED] * WRITERS
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = [row for run in runs for row in queries.run_bills(run_public_id=run.public_id).rows]
        assert sorted(row.number or "" for row in rows) == [f"HR-2026-{each:06}" for each in range(1, WRITERS + 1)]
        assert ledger_queries.verify_balances() == []
        for row in rows:
            (posted,) = ledger_queries.list_transactions_of(billing.bill_of(row).public_id)
            owed = next(each.amount for each in posted.entries if each.account_code == f"AR-{row.account_number}")
            assert owed == row.total
