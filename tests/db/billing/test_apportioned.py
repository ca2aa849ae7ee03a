"""Two readings by hand and nothing between: what is actual, what is apportioned by time, and how the bill says it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meterbook.billing import queries
from meterbook.documents.rendering import page
from meterbook.foundation import scoping
from meterbook.metering.values import Source
from meterbook.web.billing import paper
from tests.factories import billing, customers, metering, tariffs

FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
DAYS = billing.Days(FIRST, UNTIL)
DAY = timedelta(days=1)
STEPS = tariffs.document(components=[tariffs.TIERS], currency="EUR", decimals=3)
MIDDAY = datetime(2026, 10, 1, 10, tzinfo=UTC)


def bill(raw: dict[str, Any] | None, readings: list[tuple[datetime, int]]) -> tuple[dict[str, Any], queries.MemberRow]:
    """This will bill October of one meter that only these readings are known of."""
    place = billing.place(raw=raw)
    meter = billing.metered(place)
    metering.record(meter.energy, readings, source=Source.FIELD)
    billing.derive(place.organization.pk)
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
    with scoping.scope([place.organization.pk], actor=billing.ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        assert [each.reasons for each in rows if each.reasons] == []
        (row,) = [each for each in rows if each.bill_public_id is not None]
        return billing.bill_of(row).content, row


class TestTwoReadings:
    def test_at_both_ends_are_actual_at_a_stepped_price(self) -> None:
        content, row = bill(STEPS, [(DAYS.starts_at, 1_000), (DAYS.ends_at, 25_000)])

        (point,) = content["meter_points"]
        assert point["quantity"] == 240_000
        assert (content["is_estimated"], "is_apportioned" in content, "is_apportioned" in point) == (False,) * 3
        assert (row.is_estimated, row.is_apportioned) == (False, False)
        assert [each["quality"] for each in (point["segments"][0]["previous"], point["segments"][0]["present"])] == [
            "VALID",
            "VALID",
        ]
        assert not any(each["is_estimated"] for each in point["history"])
        assert (paper.read(content).is_estimated, paper.read(content).is_apportioned) == (False, False)

    def test_are_apportioned_where_the_price_depends_on_the_hour(self) -> None:
        content, row = bill(None, [(DAYS.starts_at, 1_000), (DAYS.ends_at, 25_000)])

        (point,) = content["meter_points"]
        assert (content["is_estimated"], content["is_apportioned"], point["is_apportioned"]) == (False, True, True)
        assert (row.is_estimated, row.is_apportioned) == (False, True)
        assert paper.read(content).is_apportioned

    @pytest.mark.parametrize(
        ("start", "end"), [(-3 * DAY, 2 * DAY), (-3 * DAY, 0 * DAY), (0 * DAY, 2 * DAY)], ids=["both", "first", "final"]
    )
    def test_are_apportioned_where_an_end_of_the_period_lies_between_them(
        self, start: timedelta, end: timedelta
    ) -> None:
        content, _row = bill(STEPS, [(DAYS.starts_at + start, 1_000), (DAYS.ends_at + end, 25_000)])

        assert (content["is_estimated"], content["is_apportioned"]) == (False, True)

    def test_with_a_third_in_between_are_actual(self) -> None:
        content, _row = bill(STEPS, [(DAYS.starts_at, 1_000), (MIDDAY + 9 * DAY, 9_000), (DAYS.ends_at, 25_000)])

        assert (content["is_estimated"], "is_apportioned" in content) == (False, False)


class TestPaper:
    @pytest.mark.parametrize(("code", "words"), [("en", "apportioned by time"), ("es", "repartido en el tiempo")])
    def test_says_it_is_apportioned_and_not_estimated(self, code: str, words: str) -> None:
        content, _row = bill(None, [(DAYS.starts_at, 1_000), (DAYS.ends_at, 25_000)])

        issue = page.Issue("HR-1", UNTIL, UNTIL, "ab" * 32, "AAAA-BBBB-CCCC")

        made = page.of_bill(content, issue, code)

        rows = [each for group in made["groups"] for each in group["rows"] if each["is_apportioned"]]
        assert rows
        assert not any(each["is_estimated"] for each in rows)
        assert (made["is_estimated"], made["is_apportioned"], made["t"]["apportioned"]) == (False, True, words)
        assert any(words.capitalize() in each for each in made["notes"])
