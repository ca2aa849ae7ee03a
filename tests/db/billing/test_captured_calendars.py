"""A bill keeps the version of the calendar of holidays that it was made with; later days change nothing of it."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models, operations
from meterbook.billing.calculating import facts
from meterbook.billing.correcting import replaying
from meterbook.billing.correction_values import LineCause, Mode, Outcome
from meterbook.billing.operations import recalculating, recomputing
from meterbook.billing.queries import behind_calendar
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.rules import operations as rule_operations
from meterbook.rules import queries as rule_queries
from meterbook.rules import values as rule_values
from tests.factories import billing, corrections, identity, rules, tariffs

ACTOR = Actor.system("test")
PATRON = rule_values.CalendarDay(date(2026, 2, 10), "Patron saint")
CALLED = rule_values.CalendarDay(date(2026, 2, 17), "Called peak", rule_values.DayKind.SPECIAL)
FAIR = rule_values.CalendarDay(date(2026, 2, 24), "Fair")
DAY_TYPES = [
    {"code": "work", "name": "Work", "weekdays": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]},
    {"code": "free", "name": "Free", "is_holiday": True},
    {"code": "critical", "name": "Critical", "is_special": True},
]


def tariff() -> dict[str, Any]:
    """Peak from 8 to 22; never on holidays, always on special days."""
    raw = tariffs.peak_document(currency="EUR", day_types=DAY_TYPES, holiday_calendar="coast")
    raw["calendar"] = [
        {"day_types": ["work"], "windows": tariffs.PEAK_WINDOWS},
        {"day_types": ["free"], "windows": [{"from": "00:00", "to": "24:00", "period": "off"}]},
        {"day_types": ["critical"], "windows": [{"from": "00:00", "to": "24:00", "period": "peak"}]},
    ]
    return raw


def made(*days: rule_values.CalendarDay) -> tuple[corrections.Billed, uuid.UUID]:
    organization = identity.organization()
    calendar = rules.calendar_of(organization, code="coast", days=days)
    return corrections.billed(billing.place(organization=organization, raw=tariff())), calendar


def change(
    organization: identity_models.Organization,
    calendar: uuid.UUID,
    *days: rule_values.CalendarDay,
    at: datetime = corrections.LATER,
) -> None:
    with scoping.scope([organization.pk], actor=ACTOR):
        rule_operations.change_days(actor=ACTOR, at=at, calendar=calendar, days=days, reason="town council")


def again(of: corrections.Billed, mode: Mode) -> list[correction_queries.ResultRow]:
    with scoping.scope([of.owner], actor=ACTOR):
        asked = recalculating.ask_recalculation(
            actor=ACTOR, at=corrections.LATER, mode=mode, scope=recalculating.Scope(run=of.run.public_id)
        )
        return correction_queries.results_of(recalculation_id=asked.pk)


def peak_of(bill: models.Bill) -> Decimal:
    (point,) = json.loads(bytes(bill.draft.content))["meter_points"]
    periods = {each["code"]: Decimal(each["quantity"]) for each in point["charges"][0]["periods"]}
    return periods["peak"]


@pytest.mark.spec("M-052/3")
def test_after_the_calendar_changed_a_bill_is_reproduced_to_the_byte_and_a_correction_differs_by_the_calendar() -> None:
    billed, calendar = made(PATRON)
    before = bytes(corrections.bill_of(billed).draft.content)
    (charge,) = json.loads(before)["meter_points"][0]["charges"]
    assert charge["tariff"]["calendar"] == {"code": "coast", "version": 1}

    change(billed.place.organization, calendar, PATRON, FAIR)

    proofs = again(billed, Mode.REPRODUCE)
    assert [each.outcome for each in proofs] == [Outcome.SAME, Outcome.SAME]
    assert all(each.differences and each.differences.is_identical for each in proofs)
    corrected = again(billed, Mode.CORRECT)
    assert [each.outcome for each in corrected] == [Outcome.DIFFERENT, Outcome.DIFFERENT]
    # 14 hours at 1 kWh an hour cost 0.20 less, before tax of none.
    assert {each.change.amount for each in corrected if each.change} == {Decimal("-2.80")}
    found = [each.differences for each in corrected if each.differences]
    assert {cause for each in found for cause in each.causes} == {LineCause.CALENDAR}


@pytest.mark.spec("M-052/3")
def test_a_bill_of_before_calendars_were_named_is_reproduced_by_what_held_when_it_was_approved() -> None:
    billed, calendar = made(PATRON)
    bill = corrections.bill_of(billed)
    plain = json.loads(bytes(bill.draft.content))
    del plain["meter_points"][0]["charges"][0]["tariff"]["calendar"]
    change(billed.place.organization, calendar, FAIR)

    with scoping.scope([billed.owner], actor=ACTOR):
        run = models.BillRun.objects.select_related("site").get(organization_id=billed.owner, pk=billed.run.pk)
        shares = recomputing.billed_shares(run, [bill.account_id])
        old = replaying.Issued(bill.account_id, json.dumps(plain).encode(), tuple(shares[bill.account_id]))
        remade = replaying.Replayer(facts.run_of(run), [old], as_of=run.approved_at).calculate([bill.account_id])

    now = json.loads(remade.contents[bill.account_id].data)
    assert now["total"] == plain["total"]
    assert now["meter_points"] == plain["meter_points"]


def test_special_days_have_the_prices_of_their_day_type() -> None:
    none, one = made(PATRON)[0], made(PATRON, CALLED)[0]

    # Ten hours of the night of one day cost as much as its day; 1 kWh an hour.
    assert peak_of(corrections.bill_of(one)) - peak_of(corrections.bill_of(none)) == 10


def test_a_draft_is_stale_once_the_calendar_changed() -> None:
    organization = identity.organization()
    calendar = rules.calendar_of(organization, code="coast", days=(PATRON,))
    place = billing.place(organization=organization, raw=tariff())
    billing.shop(place, name="Bakery", days=billing.FEBRUARY)
    days = billing.FEBRUARY
    run = billing.advance(billing.plan(place, first_day=days.first_day, until_day=days.until_day))
    change(organization, calendar, PATRON, FAIR, at=days.ends_at)

    with pytest.raises(operations.DraftsStale):
        billing.approve(run)


def test_the_runs_with_bills_of_changed_days_are_told_and_no_other() -> None:
    billed, calendar = made(PATRON)
    elsewhere = replace(FAIR, day=date(2026, 4, 24))
    change(billed.place.organization, calendar, PATRON, elsewhere)

    def behind(sites: frozenset[int] | None = None) -> list[behind_calendar.BehindCalendar]:
        with scoping.scope([billed.owner], actor=ACTOR):
            return behind_calendar.bills_behind_calendar(
                code="coast", changes=rule_queries.changes_of(public_id=calendar), site_ids=sites
            )

    assert behind() == []
    change(billed.place.organization, calendar, PATRON, FAIR, at=corrections.LATER + timedelta(days=1))

    (found,) = behind()
    assert (found.run, found.bills, found.final_day) == (billed.run.public_id, 2, date(2026, 2, 28))
    assert behind(frozenset()) == []
