"""A tax by the date of the bill: drafts suppose a day, and are refused where the day of approval has another rate."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from meterbook.billing import legal_profiles, models, operations
from meterbook.billing.correction_values import Mode, Outcome
from meterbook.billing.operations import correcting, recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.tariffs.rating.tax_points import TaxPoint
from tests.factories import billing, corrections

ACTOR = Actor.system("test")
DAYS = billing.FEBRUARY
NEXT = DAYS.ends_at + timedelta(days=2)


def tariff(point: str | None, day: str) -> dict[str, Any]:
    raw = billing.document()
    own = {} if point is None else {"tax_point": point}
    raw["taxes"] = [{**billing.TAX, "rates": [{"from": day, "rate": "0.10"}], **own}]
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
def test_a_tariff_that_does_not_say_follows_the_legal_profile_of_the_site_then_of_the_organization() -> None:
    place = billing.place(raw=tariff(None, "2026-02-15"))
    billing.shop(place, name="Bakery", days=DAYS)
    run = billing.advance(billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day))
    owner, drafted = place.organization.pk, []

    def draft() -> dict[str, Any]:
        found = models.BillDraft.objects.get(organization_id=owner, run=run)
        return dict(json.loads(bytes(found.content)))

    with scoping.scope([owner], actor=ACTOR):
        drafted.append(draft())
        legal_profiles.change_tax_point(actor=ACTOR, at=NEXT, tax_point=TaxPoint.INVOICE)
        with pytest.raises(operations.DraftsStale):
            operations.approve_run(actor=billing.ACTOR, at=NEXT, run=run)
        operations.check_again(actor=ACTOR, at=NEXT, run=run)
    operations.advance_run(organization_id=owner, actor=ACTOR, at=NEXT, run_id=run.public_id)
    with scoping.scope([owner], actor=ACTOR):
        drafted.append(draft())
        # The site's own word stands before that of the organization, and a bill keeps what was said.
        found = legal_profiles.change_tax_point(
            actor=ACTOR, at=NEXT, tax_point=TaxPoint.DELIVERY, site=place.site.public_id
        )
        assert (found.tax_point, [each.tax_point for each in found.sites]) == (TaxPoint.INVOICE, [TaxPoint.DELIVERY])
        assert legal_profiles.tax_point_of(site_id=place.site.pk) is TaxPoint.DELIVERY
        legal_profiles.change_tax_point(actor=ACTOR, at=NEXT, tax_point=None, site=place.site.public_id)
        operations.approve_run(actor=billing.ACTOR, at=NEXT, run=run)
    operations.advance_run(organization_id=owner, actor=ACTOR, at=NEXT, run_id=run.public_id)
    with scoping.scope([owner], actor=ACTOR):
        legal_profiles.change_tax_point(actor=ACTOR, at=corrections.LATER, tax_point=TaxPoint.DELIVERY)
        asked = recalculating.ask_recalculation(
            actor=ACTOR, at=corrections.LATER, mode=Mode.REPRODUCE, scope=recalculating.Scope(run=run.public_id)
        )
        (again,) = correction_queries.results_of(recalculation_id=asked.pk)

    told = [
        ({charge["tariff"]["tax_point"] for point in plain["meter_points"] for charge in point["charges"]}, plain)
        for plain in drafted
    ]
    assert [(said, [each["rate"] for each in plain["taxes"]]) for said, plain in told] == [
        ({"DELIVERY"}, ["0.10", "0.21"]),
        ({"INVOICE"}, ["0.10"]),
    ]
    assert drafted[1]["taxes"][0]["trace"] == {"tax_point": "INVOICE"}
    assert again.outcome is Outcome.SAME


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
