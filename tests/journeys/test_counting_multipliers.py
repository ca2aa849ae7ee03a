"""A wrong multiplier put right, a new one approved, and both as programs do it (B-02)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from meterbook.billing import models as billing_models
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.metering import models
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import api, identity
from tests.journeys import counted_shop
from tests.journeys.counted_shop import NOW, QUARTERS, Shop, total, words


@pytest.fixture(autouse=True)
def later() -> Iterator[clock.SettableClock]:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed  # type: ignore[misc]


@pytest.fixture
def shop(database: str) -> Shop:
    return Shop()


@pytest.mark.spec("B-02")
class TestAWrongMultiplier:
    def given(self, shop: Shop, **more: str) -> dict[str, str]:
        page = words(shop.maker.get(shop.at("meter_count_multiplier")))
        (since,) = re.findall(r'<option value="(2020[^"]+)"', page)
        return {"since": since, "multiplier": "200/5", "protocol": "P-12", "reason": "40, not 1", **more}

    def test_is_put_right_by_two_people_and_every_bill_is_offered_anew(self, shop: Shop) -> None:
        given, before = self.given(shop), total(shop)

        looked = words(shop.send("meter_count_multiplier", **given))
        assert "Charged too little" in looked
        shop.send("meter_count_multiplier", **given, sure="1")
        assert "another person" in shop.approve(client=shop.maker)
        shop.approve()

        assert shop.counted() == 40 * 250 * QUARTERS
        (segment,) = shop.rows(models.MultiplierSegment, installation=shop.meter.installation)
        assert (segment.numerator, segment.denominator) == (40, 1)
        fact = shop.fact(CorrectionKind.MULTIPLIER)
        assert (fact.made_of["before"], fact.made_of["multiplier"], fact.made_of["protocol"]) == ("1", "40", "P-12")
        shop.send("meter_count_rebill", fact.public_id)
        (proposed,) = shop.rows(billing_models.Correction)
        amount = re.findall(r"\+[^<]*?([0-9][0-9,.]*)", looked)
        assert proposed.total_now > 10 * before
        assert f"{proposed.total_now - before:,.2f}" in {each.strip() for each in amount} | set(
            re.findall(r"[0-9][0-9,]*\.[0-9]{2}", looked)
        )

    def test_that_is_too_old_to_be_asked_for_is_named_and_left(self, shop: Shop) -> None:
        counted_shop.limit(shop, 1)
        later = NOW + timedelta(days=60)
        with clock.use(clock.SettableClock(later)):
            given = self.given(shop)
            looked = words(shop.send("meter_count_multiplier", **given))
            assert "too old to be asked for" in looked
            assert "Charged too little" not in looked
            shop.send("meter_count_multiplier", **given, sure="1")
            shop.approve()
            fact = shop.fact(CorrectionKind.MULTIPLIER)
            told = words(shop.send("meter_count_rebill", fact.public_id))

        assert "older than may be billed" in told
        assert not shop.rows(billing_models.Correction)

    def test_can_be_put_back(self, shop: Shop) -> None:
        shop.send("meter_count_multiplier", **self.given(shop), sure="1")
        shop.approve()
        shop.send("meter_count_multiplier", **self.given(shop, multiplier="1", reason="it was right"), sure="1")
        shop.approve()

        assert shop.counted() == 250 * QUARTERS
        fact = shop.fact(CorrectionKind.MULTIPLIER)
        assert "Bill all of them anew" not in words(shop.maker.get(shop.at("meter_count_bills", fact.public_id)))

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"multiplier": "1"}, "counts 1 times there already"),
            ({"multiplier": "0"}, "above zero"),
            ({"protocol": ""}, "Name what shows"),
            ({"since": "2021-01-01T00:00:00+00:00"}, "valid choice"),
        ],
        ids=["the same", "nothing", "no protocol", "no segment"],
    )
    def test_says_what_is_wrong(self, shop: Shop, given: dict[str, str], told: str) -> None:
        answer = shop.send("meter_count_multiplier", **self.given(shop, **given), sure="1")

        assert (answer.status_code, told in words(answer)) == (422, True)

    def test_of_a_meter_that_multiplies_inside_is_refused(self, shop: Shop) -> None:
        with scoping.scope([shop.made.owner], actor=identity.ACTOR):
            shop.meter.meter.is_primary = True
            shop.meter.meter.save(update_fields=["is_primary"])

        answer = shop.send("meter_count_multiplier", **self.given(shop), sure="1")

        assert answer.status_code == 422
        assert "its multiplier must be 1" in words(answer)

    def test_changes_wait_for_the_second_person_too(self, shop: Shop) -> None:
        given = {
            "starts_at": "2026-03-02T10:30",
            "multiplier": "300/5",
            "protocol": "P-7",
            "reason": "larger transformers",
            "shown_energy_import": "1672",
            "sure": "1",
        }
        without = shop.maker.post(shop.at("meter_multiplier"), {**given, "protocol": ""})
        assert (without.status_code, "it proves the change" in words(without)) == (422, True)

        assert "It waits for a second person" in words(shop.send("meter_multiplier", **given))
        assert len(shop.rows(models.MultiplierSegment, installation=shop.meter.installation)) == 1
        shop.approve()

        segment = shop.rows(models.MultiplierSegment, installation=shop.meter.installation)[-1]
        assert (segment.numerator, segment.registers) == (60, {str(shop.meter.energy.pk): 167_200})
        assert shop.fact(CorrectionKind.MULTIPLIER).made_of["is_new"] is True


@pytest.mark.spec("B-02", "B-24")
class TestPrograms:
    def test_look_correct_list_and_bill_anew(self, shop: Shop) -> None:
        program = api.program(organization=shop.organization)
        test, path = shop.failed(), f"/meter-points/{shop.meter.point.public_id}/count-changes"
        sent = {
            "test": str(test.public_id),
            "start": "2026-01-31T23:00:00Z",
            "end": "2026-02-28T23:00:00Z",
            "reason": "slow",
        }

        looked = program.post(f"{path}/by-test", {**sent, "only_look": True})
        backwards = program.post(f"{path}/by-test", {**sent, "end": sent["start"]})
        done = program.post(f"{path}/by-test", sent)
        shop.approve()
        (listed,) = program.get(path).json()["changes"]
        bills = program.get(f"{path}/{listed['id']}/bills").json()
        rebilled = program.post(f"{path}/{listed['id']}/rebill")
        taken = program.post(f"{path}/by-test", sent)
        withdrawn = program.post(f"{path}/{listed['id']}/withdraw", {"reason": "another meter's"})

        assert looked.status_code == 200, looked.content
        effect = looked.json()["effect"]
        assert (looked.json()["id"], looked.json()["times"], len(effect["bills"])) == (None, "100/97", 1)
        assert backwards.status_code == 422
        assert (done.status_code, done.json()["is_waiting"]) == (200, True)
        assert (listed["kind"], listed["ratio"], listed["evidence"], listed["is_standing"]) == (
            "RATIO",
            "100/97",
            "C-9",
            True,
        )
        assert bills == effect
        assert rebilled.json() == {"proposed": 1, "refused": {}}
        assert taken.status_code == 409
        assert withdrawn.json()["times"] == "97/100"

    def test_put_a_multiplier_right(self, shop: Shop) -> None:
        program = api.program(organization=shop.organization)
        path = f"/meter-points/{shop.meter.point.public_id}/count-changes/multiplier"
        sent = {"since": "2020-01-01T00:00:00Z", "multiplier": "200/5", "protocol": "P-12", "reason": "40, not 1"}

        looked = program.post(path, {**sent, "only_look": True})
        same = program.post(path, {**sent, "multiplier": "1"})
        elsewhere = program.post(path, {**sent, "since": "2020-02-01T00:00:00Z"})
        program.post(path, sent)
        shop.approve()

        assert looked.status_code == 200, looked.content
        assert (looked.json()["times"], len(looked.json()["effect"]["more"])) == ("40", 1)
        assert (same.status_code, elsewhere.status_code) == (409, 404)
        assert shop.counted() == 40 * 250 * QUARTERS
