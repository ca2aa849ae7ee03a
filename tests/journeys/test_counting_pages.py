"""A failed test corrects what a meter counted: two people, the bills that change, and the re-bill (B-24)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import models
from meterbook.metering.validation.inputs import CorrectionKind
from tests.journeys import counted_shop
from tests.journeys.counted_shop import NOW, QUARTERS, WHOLE, Shop, total, words
from tests.support import pages


@pytest.fixture(autouse=True)
def later() -> Iterator[clock.SettableClock]:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed  # type: ignore[misc]


@pytest.fixture
def shop(database: str) -> Shop:
    return Shop()


@pytest.mark.spec("B-24")
class TestAFailedTest:
    def test_corrects_what_was_counted_and_bills_it_anew_by_two_people(self, shop: Shop) -> None:
        test, before = shop.failed(), total(shop)
        given = {"test": str(test.public_id), **WHOLE, "reason": "The laboratory found it slow."}
        assert "C-9" in words(shop.maker.get(shop.at("meter_count_test")))

        looked = words(shop.send("meter_count_test", **given))

        assert "100/97" in looked
        assert "Charged too little" in looked
        assert not shop.rows(models.CorrectionProposal)
        assert shop.counted() == 250 * QUARTERS

        assert "It waits for a second person" in words(shop.send("meter_count_test", **given, sure="1"))
        assert "another person" in shop.approve(client=shop.maker)
        assert shop.counted() == 250 * QUARTERS
        assert "Approved" in shop.approve()

        fact = shop.fact(CorrectionKind.RATIO)
        assert (fact.made_of["ratio"], fact.made_of["certificate"], bool(fact.approved_by)) == (
            "100/97",
            "C-9",
            True,
        )
        start, end = (_rounded(Fraction(each * 1000, 97)) for each in (100_000, 100_000 + 25 * QUARTERS))
        assert shop.counted() == end - start
        listed = words(shop.maker.get(shop.at("meter_count_bills", fact.public_id)))
        assert "Bill all of them anew" in listed
        assert "1 correction was proposed" in words(shop.send("meter_count_rebill", fact.public_id))
        (proposed,) = shop.rows(billing_models.Correction)
        approve = reverse("correction_approve", args=[shop.organization.public_id, proposed.public_id])
        shop.checker.post(approve)

        assert total(shop) == proposed.total_now > before
        assert shop.rows(billing_models.CreditNote)

    def test_stands_on_the_new_bill_with_its_ratio_and_its_certificate(self, shop: Shop) -> None:
        test = shop.failed()
        given = {"test": str(test.public_id), **WHOLE, "reason": "slow", "starts_at": "2026-02-15T00:00"}
        shop.send("meter_count_test", **given, sure="1")
        shop.approve()
        fact = shop.fact(CorrectionKind.RATIO)
        shop.send("meter_count_rebill", fact.public_id)
        (proposed,) = shop.rows(billing_models.Correction)
        shop.checker.post(reverse("correction_approve", args=[shop.organization.public_id, proposed.public_id]))

        bill = shop.rows(billing_models.Bill, account__customer__name="Bakery")[-1]
        page = words(shop.maker.get(reverse("bill", args=[shop.organization.public_id, bill.public_id])))
        pdf = shop.maker.get(reverse("bill_pdf", args=[shop.organization.public_id, bill.public_id]))
        data = shop.maker.get(reverse("bill_data", args=[shop.organization.public_id, bill.public_id])).json()

        assert "C-9" in page
        assert b"".join(pdf.streaming_content if pdf.streaming else [pdf.content]).startswith(b"%PDF-")
        (point,) = data["meter_points"]
        assert [each.get("corrected_by") for each in point["segments"]] == [None, "100/97"]
        assert point["segments"][1]["test"] == "C-9"
        assert sum(each["quantity"] for each in point["segments"]) == point["quantity"]
        assert (point["adjustment"], point["quality"]["edited"]) == (0, 14 * 96)

    def test_that_found_it_fast_gives_back_without_a_limit(self, shop: Shop) -> None:
        counted_shop.limit(shop, 1)
        test = shop.failed("5")

        looked = words(shop.send("meter_count_test", test=str(test.public_id), **WHOLE, reason="it ran fast"))

        assert "20/21" in looked
        assert "Charged too much" in looked

    def test_asks_for_no_more_than_the_law_lets(self, shop: Shop) -> None:
        counted_shop.limit(shop, 1)
        test = shop.failed()
        answer = shop.send("meter_count_test", test=str(test.public_id), **WHOLE, reason="slow", sure="1")

        assert answer.status_code == 422
        assert "at the earliest (1 months)" in words(answer)
        assert not shop.rows(models.CorrectionProposal)

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"is_passed": True}, None),
            ({"error": None}, "by how much"),
            ({"with_certificate": False}, "certificate of this test is not kept"),
            ({"error": Decimal(-100)}, "stood still"),
        ],
        ids=["passed", "no error", "no certificate", "stopped"],
    )
    def test_must_be_one_that_says_how_wrong_it_was(self, shop: Shop, more: dict[str, Any], told: str | None) -> None:
        test = shop.failed(**more)

        answer = shop.send("meter_count_test", test=str(test.public_id), **WHOLE, reason="slow", sure="1")

        if told is None:  # nothing of it can be chosen at all
            assert "Nothing to correct by" in words(answer)
        else:
            assert (answer.status_code, told in words(answer)) == (422, True)
        assert not shop.rows(models.CorrectionProposal)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"ends_at": "2026-03-11T00:01"}, "nothing of the time after it"),
            ({"starts_at": "2019-12-01T00:00"}, "did not hang here"),
            ({"ends_at": "2026-01-01T00:00"}, "ends before it begins"),
            ({"reason": " "}, "Say why"),
        ],
        ids=["after the test", "before the meter", "backwards", "no reason"],
    )
    def test_says_nothing_of_another_time(self, shop: Shop, given: dict[str, str], told: str) -> None:
        test = shop.failed()

        answer = shop.send(
            "meter_count_test", **{"test": str(test.public_id), **WHOLE, "reason": "slow", "sure": "1", **given}
        )

        assert (answer.status_code, told in words(answer)) == (422, True)

    def test_corrects_a_time_once_and_can_be_withdrawn(self, shop: Shop) -> None:
        test = shop.failed()
        given = {"test": str(test.public_id), **WHOLE, "reason": "slow", "sure": "1"}
        shop.send("meter_count_test", **given)
        shop.approve()
        fact = shop.fact(CorrectionKind.RATIO)

        again = shop.send("meter_count_test", **{**given, "starts_at": "2026-02-20T00:00"})
        assert (again.status_code, "Another test corrects" in words(again)) == (422, True)
        after = shop.send(
            "meter_count_test", **{**given, "starts_at": "2026-03-01T00:00", "ends_at": "2026-03-05T00:00"}
        )
        assert after.status_code == 200
        assert "Refused" in shop.approve("refuse")
        shop.send("meter_count_withdraw", fact.public_id, reason="the certificate was another meter's")
        shop.approve()

        assert shop.counted() == 250 * QUARTERS
        page = words(shop.maker.get(shop.at("meter_count")))
        assert "the certificate was another meter" in page
        listed = words(shop.maker.get(shop.at("meter_count_bills", fact.public_id)))
        assert "Bill all of them anew" not in listed

    def test_is_for_those_who_may_correct(self, shop: Shop) -> None:
        viewer = pages.signed_in(shop.organization, RoleCode.MONITOR)

        assert viewer.get(shop.at("meter_count")).status_code in (403, 404)
        assert "Nothing was corrected" in words(shop.maker.get(shop.at("meter_count")))


def _rounded(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
