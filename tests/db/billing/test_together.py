"""Two processes that carry the same run on do not lock each other out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from django.db import connections

from meterbook.billing import models
from meterbook.billing.operations import advancing, drafting, planning
from meterbook.billing.values import RunState
from meterbook.foundation import scoping
from tests.factories import billing, customers


def move_on(run: models.BillRun) -> str:
    """What the second process does when it finds no chunk either; it fails when it would have to wait."""
    try:
        with scoping.scope([run.organization_id], actor=billing.ACTOR), connections["default"].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1ms'")
            return planning.lock(run).state
    finally:
        connections["default"].close()


def test_who_finds_no_chunk_keeps_no_lock_on_the_run() -> None:
    place = billing.place()
    customers.contract(
        account=customers.account(organization=place.organization, site=place.site),
        point=billing.metered(place).point,
        tariff=place.tariff,
        starts_at=datetime(2026, 10, 1, tzinfo=UTC),
    )
    run = billing.plan(place, first_day=date(2026, 10, 1), until_day=date(2026, 10, 3))
    while billing.fresh(run).state != RunState.VALIDATING:
        with scoping.scope([run.organization_id], actor=billing.ACTOR):
            advancing.step(actor=billing.ACTOR, at=run.started_at, run_id=run.public_id, calculators={})

    with scoping.scope([run.organization_id], actor=billing.ACTOR):
        found = models.BillRun.objects.select_related("site").get(organization_id=run.organization_id, pk=run.pk)
        while drafting.draft_next(found, {}):
            pass
    with scoping.scope([run.organization_id], actor=billing.ACTOR):
        assert not drafting.draft_next(found, {})
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(move_on, run).result() == RunState.VALIDATING
