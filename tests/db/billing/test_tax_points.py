"""A tax by the date of the bill: drafts suppose a day, and are refused where the day of approval has another rate."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from meterbook.billing import models, operations
from meterbook.billing.correction_values import Mode, Outcome
from meterbook.billing.operations import correcting, recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from tests.factories import billing, corrections

ACTOR = Actor.system("test")
DAYS = billing.FEBRUARY


def tariff(point: str, day: str) -> dict[str, Any]:
    raw = billing.document()
    raw["taxes"] = [{**billing.TAX, "rates": [{"from": day, "rate": "0.10"}], "tax_point": point}]
    return raw


def rates_of(bill: models.Bill) -> list[tuple[str, str]]:
    plain = json.loads(bytes(bill.draft.content))
    return [(each["rate"], each["base"]) for each in plain["taxes"]]


@pytest.mark.spec("B-34")
def test_by_delivery_a_bill_has_a_line_for_each_rate_and_is_reproduced() -> None:
    made = corrections.billed(billing.place(raw=tariff("DELIVERY", "2026-02-15")))

    bill = corrections.bill_of(made)
    plain = json.loads(bytes(bill.draft.content))
    # The same use each quarter: 14 of 28 days.
    assert {rate for rate, _base in rates_of(bill)} == {"0.10", "0.21"}
    assert len({base for _rate, base in rates_of(bill)}) == 1
    assert sum(float(base) for _rate, base in rates_of(bill)) == float(plain["net"])
    with scoping.scope([made.owner], actor=ACTOR):
        asked = recalculating.ask_recalculation(
            actor=ACTOR, at=corrections.LATER, mode=Mode.REPRODUCE, scope=recalculating.Scope(run=made.run.public_id)
        )
        found = correction_queries.results_of(recalculation_id=asked.pk)
    assert [each.outcome for each in found] == [Outcome.SAME, Outcome.SAME]
    assert all(each.differences and each.differences.is_identical for each in found)


@pytest.mark.spec("B-34")
def test_by_the_bill_date_drafts_of_another_rate_are_refused_until_they_are_checked_again() -> None:
    place = billing.place(raw=tariff("INVOICE", "2026-03-10"))
    billing.shop(place, name="Bakery", days=DAYS)
    run = billing.advance(billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day))
    owner = place.organization.pk
    later = civil.start_of_day(date(2026, 3, 10), billing.MADRID)

    with scoping.scope([owner], actor=ACTOR):
        draft = models.BillDraft.objects.get(organization_id=owner, run=run)
        assert [each["rate"] for each in json.loads(bytes(draft.content))["taxes"]] == ["0.21"]
        with pytest.raises(operations.DraftsStale):
            operations.approve_run(actor=billing.ACTOR, at=later, run=run)
        operations.check_again(actor=ACTOR, at=later, run=run)
    operations.advance_run(organization_id=owner, actor=ACTOR, at=later, run_id=run.public_id)
    with scoping.scope([owner], actor=ACTOR):
        operations.approve_run(actor=billing.ACTOR, at=later, run=run)
    operations.advance_run(organization_id=owner, actor=ACTOR, at=later, run_id=run.public_id)

    with scoping.scope([owner], actor=ACTOR):
        bill = models.Bill.objects.select_related("draft").get(organization_id=owner, run=run)
    assert bill.bill_date == date(2026, 3, 10)
    assert [rate for rate, _base in rates_of(bill)] == ["0.10"]


@pytest.mark.spec("B-34")
def test_what_corrects_a_bill_has_the_rate_of_its_date_and_is_reproduced() -> None:
    made = corrections.billed(billing.place(raw=tariff("INVOICE", "2026-03-10"), code="HR"))
    corrections.misread(made, counts=1_000)
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=ACTOR):
        proposed = correcting.propose_correction(
            actor=ACTOR, at=corrections.LATER, bill=bill.public_id, reason="misread"
        )
        note = correcting.approve_correction(
            actor=Actor.user(0, "checker", source=""), at=corrections.LATER, correction=proposed.public_id
        )
        assert note.replacement is not None
        asked = recalculating.ask_recalculation(
            actor=ACTOR,
            at=corrections.LATER,
            mode=Mode.REPRODUCE,
            scope=recalculating.Scope(bills=(note.replacement.public_id,)),
        )
        (found,) = correction_queries.results_of(recalculation_id=asked.pk)
        rates = rates_of(note.replacement)

    assert bill.bill_date < date(2026, 3, 10) < note.note_date
    assert [rate for rate, _base in rates] == ["0.21"]
    assert found.outcome is Outcome.SAME
