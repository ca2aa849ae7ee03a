"""Gaps through HTTP: from the data quality to the estimate, the list of edits, the second person, the order."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import civil, clock
from meterbook.metering import models
from meterbook.metering.checking.days import CheckKind
from tests.factories import billing, customers, identity, metering, monitoring, sites
from tests.journeys import house

UNTIL = {"until": "2026-03-01T00:00"}
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BEGIN = civil.start_of_day(date(2026, 1, 1), billing.MADRID)
LAST = civil.start_of_day(date(2026, 2, 20), billing.MADRID)


@pytest.fixture(autouse=True)
def _in_march() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


class Silent(house.House):
    """A shop of 24 kWh a day since January whose meter fell silent on 20 February."""

    def __init__(self) -> None:
        super().__init__()
        self.place = billing.place(organization=self.organization)
        self.meter = billing.metered(self.place, name="Shop 4", code="MP-4")
        billing.count(self.meter.energy, BEGIN, LAST)
        account = customers.account(organization=self.organization, site=self.place.site)
        customers.contract(account=account, point=self.meter.point, tariff=self.place.tariff, starts_at=BEGIN)

    def at(self, route: str, *more: Any) -> str:  # noqa: ANN401
        return self.path(route, self.meter.point.public_id, *more)

    def show(self, route: str, *more: Any, **query: str) -> str:  # noqa: ANN401
        answer = self.client.get(self.at(route, *more), query)
        assert answer.status_code == 200
        return answer.content.decode()

    def send(self, route: str, *more: Any, client: Client | None = None, **given: str) -> Any:  # noqa: ANN401
        answer = (client or self.client).post(self.at(route, *more), given, follow=True)
        billing.derive(self.organization.pk)
        return answer

    def rows(self, model: Any) -> list[Any]:  # noqa: ANN401
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return list(model.objects.filter(organization_id=self.organization.pk).order_by("id"))

    def colleague(self, role: RoleCode) -> Client:
        client = Client()
        client.force_login(identity.user(organization=self.organization, role=role))
        return client


@pytest.fixture
def silent() -> Silent:
    return Silent()


@pytest.fixture(scope="module")
def looked_at(database: str) -> Silent:
    """One for all who only look."""
    with clock.use(clock.SettableClock(NOW)):
        return Silent()


@pytest.mark.spec("B-20")
class TestGap:
    def test_is_filled_from_the_data_quality_on(self, silent: Silent) -> None:
        quality = silent.client.get(silent.path("quality"), {"month": "2026-02"}).content.decode()
        assert f"{silent.at('meter_gap')}?day=2026-02-28" in quality
        assert f"{silent.at('meter_gap')}?day=2026-02-10" not in quality

        page = silent.show("meter_gap", day="2026-02-28")

        assert "Daily average of the last measured months" in page
        # 9 days at the 24 kWh of January
        assert "216.00" in page
        assert "January 2026" in page
        assert "Fewer than three similar meters" in page
        refused = silent.client.post(silent.at("meter_gap"), {"until": "2026-03-01T00:00", "method": "MANUAL"})
        assert refused.status_code == 422
        assert "Write the number." in refused.content.decode()
        assert "Say why; it stays on record." in refused.content.decode()

        answer = silent.send("meter_gap", until="2026-03-01T00:05", method="DAILY_AVERAGE", reason="the bus was down")

        (fact,) = silent.rows(models.Correction)
        assert (fact.at, fact.until, fact.method) == (LAST, billing.FEBRUARY.ends_at, "DAILY_AVERAGE")
        assert "The gap is filled" in answer.content.decode()
        month = silent.show("meter", view="month", day="2026-02-20")
        assert "Daily average of the last measured months" in month
        assert "the bus was down" in month

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ({"day": "2026-02-10"}, "A later reading is there"),
            ({"until": "nonsense"}, "Estimate what was used"),
            ({"day": "2026-99-99"}, "Estimate what was used"),
            ({"month": "2026-13"}, "Estimate what was used"),
            ({"month": "2026-02-01"}, "Estimate what was used"),
            ({"day": "2019-01-01"}, "No meter hung there then."),
        ],
    )
    def test_says_why_nothing_is_to_be_estimated_and_bears_nonsense(
        self, looked_at: Silent, query: dict[str, str], words: str
    ) -> None:
        assert words in looked_at.show("meter_gap", **query)

    def test_is_for_those_who_may_correct_readings(self, looked_at: Silent) -> None:
        viewer = looked_at.colleague(RoleCode.OPERATOR)

        assert viewer.get(looked_at.at("meter_gap")).status_code in (403, 404)
        month = viewer.get(looked_at.at("meter"), {"view": "month", "day": "2026-02-01"}).content.decode()
        assert looked_at.at("meter_gap") not in month
        quality = viewer.get(looked_at.path("quality"), {"month": "2026-02"}).content.decode()
        assert looked_at.at("meter_gap") not in quality


@pytest.mark.spec("B-19")
class TestEdits:
    def test_are_listed_with_the_original_and_estimates_are_withdrawn(self, silent: Silent) -> None:
        assert "Nothing was changed" in silent.show("meter_edits")
        assert "No conflicts" in silent.show("meter_edits")
        metering.record(silent.meter.energy, [(LAST, 5)])
        silent.send("meter_gap", until="2026-03-01T00:00", method="MANUAL", given="1,200.5", reason="clerk's guess")
        page = silent.show("meter_edits")
        assert "1,200.50" in page
        assert "0.05" in page  # the number that came second

        (fact,) = silent.rows(models.Correction)
        assert "Say why" in silent.send("estimate_withdraw", fact.public_id).content.decode()
        silent.send("estimate_withdraw", fact.public_id, reason="it was too much")

        page = silent.show("meter_edits")
        assert "withdrawn" in page
        assert "it was too much" in page
        again = silent.send("estimate_withdraw", fact.public_id, reason="again").content.decode()
        assert "withdrawn already" in again

    def test_of_billed_time_wait_for_a_second_person(self, silent: Silent) -> None:
        silent.send("meter_gap", until="2026-03-01T00:00", method="MANUAL", given="100", reason="guess")
        approver = identity.actor(identity.user(organization=silent.organization, role=RoleCode.APPROVER))
        billing.issued(silent.place, first_day=date(2026, 2, 1), until_day=date(2026, 3, 1), approver=approver)
        clerk = silent.colleague(RoleCode.BILLING_CLERK)
        (fact,) = silent.rows(models.Correction)

        told = silent.send("estimate_withdraw", fact.public_id, reason="a reading was found").content.decode()
        assert "It waits for a second person" in told
        (proposal,) = silent.rows(models.CorrectionProposal)
        page = silent.show("meter_edits")
        assert "Take it back" in page
        assert "Approve" not in page
        assert "a reading was found" in page
        assert "1 issued bill was made with it and is not changed" in page
        own = silent.send("correction_decide", proposal.public_id, verdict="approve").content.decode()
        assert "another person who may correct readings approves it" in own
        needs = clerk.get(silent.path("work")).content.decode()
        assert "1 change of billed readings to approve" in needs
        assert silent.at("meter_edits") in needs
        silent.send("correction_decide", proposal.public_id, client=clerk, verdict="approve")

        assert [each.kind for each in silent.rows(models.Correction)] == ["ESTIMATE", "WITHDRAW"]
        page = silent.show("meter_gap", day="2026-02-28")
        assert "1 bill was made from this time" in page
        assert "Ask for approval" in page


@pytest.mark.spec("B-20")
def test_the_order_of_methods_is_set_for_all_sites_or_the_chosen_one(silent: Silent) -> None:
    page = silent.client.get(silent.path("estimating_order")).content.decode()
    assert f"Of gaps at {silent.place.site.name}." in page
    sites.site(organization=silent.organization)
    page = silent.client.get(silent.path("estimating_order")).content.decode()
    assert "Of gaps at all sites without an order of their own" in page
    twice = silent.client.post(
        silent.path("estimating_order"), {"place_1": "LIKE_DAYS", "place_2": "LIKE_DAYS"}, follow=True
    )
    assert "This method stands further up already." in twice.content.decode()
    none = silent.client.post(silent.path("estimating_order"), {}, follow=True)
    assert "Choose at least one method." in none.content.decode()

    silent.client.post(
        silent.path("estimating_order"),
        {"place_1": "LIKE_DAYS", "place_3": "PEERS", "follows": "COLD", "base": "16.5"},
        follow=True,
    )

    silent.client.post(silent.path("estimating_order"), {"place_1": "LIKE_DAYS", "base": "18"}, follow=True)
    rows = silent.rows(models.EstimatingPolicy)
    kept = [(each.site_id, each.version, each.methods, each.degree_days, each.base_tenths) for each in rows]
    assert kept == [(None, 1, ["LIKE_DAYS", "PEERS"], "COLD", 165), (None, 2, ["LIKE_DAYS"], "", 180)]
    assert "Version 2, set by" in silent.client.get(silent.path("estimating_order")).content.decode()
    gap = silent.show("meter_gap", day="2026-02-28")
    assert 'value="LIKE_DAYS" checked' in gap
    assert 'value="MANUAL"' not in gap
    assert "Switched off in the order of estimating." in gap
    refused = silent.client.post(silent.at("meter_gap"), {**UNTIL, "method": "MANUAL", "given": "5", "reason": "x"})
    assert refused.status_code == 422
    assert "This method gives no number for this time" in refused.content.decode()


@pytest.mark.spec("B-18")
class TestDayChecks:
    def test_are_told_in_words_and_settled(self, silent: Silent) -> None:
        page = silent.client.get(silent.path("day_checks")).content.decode()
        assert "Nothing stands out" in page
        assert silent.path("day_checks") in silent.client.get(silent.path("quality")).content.decode()
        made = [monitoring.day_finding(silent.meter, kind, date(2026, 2, 18)) for kind in CheckKind]

        page = silent.client.get(silent.path("day_checks")).content.decode()
        for words in (
            "The counter stands still",
            "One interval had 9.000",
            "a usual day has 24.00",
            "5.000\u00a0kWh were used without a contract",
            "The intervals sum to 5.000",
            "It counted 5.000",
            "Phase L2 had no voltage",
            "Nothing came in and 5.000",
            "Second numbers came for instants that had one: 4",
            "96 of 96 intervals have no reading at their ends",
            "From 1 Feb 2026 to 1 Mar 2026 its 2 tariff registers counted",
        ):
            assert words in page
        assert f"{silent.at('meter')}?view=day&amp;day=2026-02-18" in page
        needs = silent.client.get(silent.path("work")).content.decode()
        assert "11 things that can hardly be right about meters" in needs

        viewer = silent.colleague(RoleCode.OPERATOR)
        settle = silent.path("day_check_settle", made[0].public_id)
        assert settle not in viewer.get(silent.path("day_checks")).content.decode()
        assert viewer.post(settle, {"reason": "x"}).status_code in (403, 404)
        assert "Say why" in silent.client.post(settle, {}, follow=True).content.decode()
        silent.client.post(settle, {"reason": "it was exchanged"}, follow=True)
        again = silent.client.post(settle, {"reason": "again"}, follow=True).content.decode()

        assert "somebody did so meanwhile" in again
        assert "The counter stands still" not in silent.client.get(silent.path("day_checks")).content.decode()

    def test_have_thresholds_of_everything_a_service_a_site(self, silent: Silent) -> None:
        page = silent.path("check_thresholds")
        assert page in silent.client.get(silent.path("day_checks")).content.decode()
        shown = silent.client.get(page, {"service": "nonsense"}).content.decode()
        assert "An interval above so many times what its hour seldom exceeds on such days is told. Empty: 3." in shown
        assert "Empty: 1 kWh, or 0.1 m³." in shown
        wrong = silent.client.post(page, {"spike_times": "0,5", "zero_days": "1.5", "sum_percent": "51"})
        assert wrong.status_code == 422
        said = wrong.content.decode()
        assert "Write at most 0 decimals." in said
        assert "Write a number that is not above 50." in said
        assert 'value="0,5"' in said

        told = silent.client.post(f"{page}?service=ELECTRICITY", {"spike_times": "2.5"}, follow=True).content.decode()

        assert "the days of the last week are checked again" in told
        assert 'value="2.5"' in told
        assert "Version 1, set by" in told
        (policy,) = silent.rows(models.CheckingPolicy)
        assert (policy.service, policy.thresholds) == ("ELECTRICITY", {"spike_times": "2.5"})
        assert len(silent.rows(models.UncheckedDays)) == 1
        assert silent.colleague(RoleCode.OPERATOR).get(page).status_code in (403, 404)


@pytest.mark.spec("B-20")
class TestAgreements:
    def test_a_minimum_is_agreed_from_a_day_on(self, silent: Silent) -> None:
        assert silent.at("meter_minimum") in silent.show("meter_gap", day="2026-02-28")
        assert "Nothing was agreed" in silent.show("meter_minimum")
        wrong = silent.client.post(silent.at("meter_minimum"), {"from_date": "2026-02-30", "a_month": "-1"})
        assert wrong.status_code == 422
        assert 'value="-1"' in wrong.content.decode()
        silent.send("meter_minimum", from_date="2026-01-01", a_month="280")
        told = silent.send("meter_minimum", from_date="2026-06-01", a_month="").content.decode()

        assert "280.00" in told
        assert "nothing any more" in told
        # 9 of 28 days of 280 kWh
        gap = silent.show("meter_gap", day="2026-02-28")
        assert "90.00" in gap
        assert "February 2026 280.0\u00a0kWh a month, 9.0 of 28 days." in gap

    def test_temperatures_are_brought_in_by_hand_or_file(self, silent: Silent) -> None:
        page = silent.path("day_temperatures")
        assert "No temperatures yet" in silent.client.get(page).content.decode()
        for lines, words in (("x\ny", "Line 2: write a day"), ("2026-01-01;900", "Line 1"), ("", "at least one day")):
            refused = silent.client.post(page, {"lines": lines})
            assert refused.status_code == 422
            assert words in refused.content.decode()
        silent.client.post(page, {"lines": "day;mean\n2026-01-31;-5.4\n2026-02-01;0,25"})
        again = SimpleUploadedFile("days.csv", b"2026-01-31,6\n2026-02-02,7\n", content_type="text/csv")

        told = silent.client.post(page, {"file": again}, follow=True).content.decode()

        assert "days that changed: 2" in told
        kept = {each.day.isoformat(): each.tenths for each in silent.rows(models.DayTemperature)}
        assert kept == {"2026-01-31": 60, "2026-02-01": 3, "2026-02-02": 70}


@pytest.mark.spec("B-20")
def test_a_measured_difference_is_spread_by_the_usual_shape(silent: Silent) -> None:
    begin = civil.start_of_day(date(2026, 2, 22), billing.MADRID)
    value = 100_000 + 25 * ((LAST - BEGIN) // billing.STEP)
    metering.record(silent.meter.energy, [(begin, value + 4_800)])
    billing.derive(silent.organization.pk)

    page = silent.show("meter_gap", day="2026-02-21")
    assert "Spread this difference" in page
    assert "48.00\u00a0kWh were used, that is measured" in page
    assert 'name="given"' not in page
    told = silent.send("meter_gap", until="2026-02-22T00:00", method="PROFILE", reason="the logger was off").content

    assert "It is spread by the usual shape" in told.decode()
    (fact,) = silent.rows(models.Correction)
    assert (fact.kind, fact.at, fact.until, len(fact.shape["parts"])) == ("APPORTION", LAST, begin, 48)
    edits = silent.show("meter_edits")
    assert "Usual shape, up to the register difference" in edits
    assert "48 hours take their parts" in edits
    assert "spread by the usual shape already" in silent.show("meter_gap", day="2026-02-21")


@pytest.mark.spec("B-21")
def test_what_rules_allow_is_set_and_holds_where_a_gap_is_filled(silent: Silent) -> None:
    path = silent.path("estimating_order")
    wrong = silent.client.post(path, {"place_1": "MANUAL", "percent": "120", "most_months": "-1"}, follow=True)
    assert wrong.status_code == 422
    silent.client.post(path, {"place_1": "MANUAL", "percent": "75", "most_months": "1", "only_defective": "on"})

    (kept,) = silent.rows(models.EstimatingPolicy)
    assert (kept.percent, kept.most_months, kept.only_defective) == (75, 1, True)
    shown = silent.client.get(path).content.decode()
    assert re.search(r'<input[^>]*name="percent"[^>]*>', shown)[0].count('value="75"') == 1  # type: ignore[index]
    assert "The meter is defective, or was tampered with" in silent.show("meter_gap", day="2026-02-28")
    given = {"until": "2026-03-01T00:00", "method": "MANUAL", "given": "5", "reason": "the display is dark"}
    assert "Only a defective meter may be estimated here." in silent.send("meter_gap", **given).content.decode()
    assert not silent.rows(models.Correction)
    silent.send("meter_gap", **given, is_defective="on")
    (made,) = silent.rows(models.Correction)
    assert made.made_of["is_defective"] is True
