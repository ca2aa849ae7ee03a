"""What a chunk was drafted from is gone as soon as it is drafted: no cycle of objects keeps it for the collector."""

from __future__ import annotations

import gc
from datetime import date

from meterbook.billing import models
from meterbook.billing.calculating import drafting, facts
from meterbook.billing.calculating.facts import Share
from meterbook.foundation import scoping
from tests.factories import billing


def test_a_chunk_leaves_nothing_to_the_collector() -> None:
    days = billing.Days(date(2026, 10, 1), date(2026, 10, 3))
    place = billing.place()
    billing.shop(place, name="Bakery", days=days)
    run = billing.advance(billing.plan(place, first_day=days.first_day, until_day=days.until_day))
    with scoping.scope([run.organization_id], actor=billing.ACTOR):
        members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
        account_ids = list(members.values_list("account_id", flat=True))
        calculator = drafting.Calculator(facts.run_of(run))
        gc.collect()
        gc.disable()
        try:
            made = calculator.calculate(account_ids)
            assert list(made.contents) == account_ids
            assert not [each for each in gc.get_objects() if isinstance(each, Share)]
        finally:
            gc.enable()
