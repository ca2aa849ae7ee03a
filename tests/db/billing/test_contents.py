"""What stands on bills: every figure of a golden one, exchanges, vacancy, moves, clock changes, versions, history."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing import content, models, queries, values
from meterbook.billing.calculating import drafting, facts
from meterbook.customers import models as customer_models
from meterbook.documents import operations as document_operations
from meterbook.documents import values as document_values
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, customers, metering, tariffs

ACTOR = Actor.system("test")
GOLDEN = Path(__file__).parents[2] / "golden"
MADRID = ZoneInfo("Europe/Madrid")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)


def tenant(
    place: billing.Place,
    meter: metering.Installed,
    starts_at: datetime = START,
    ends_at: datetime | None = None,
    number: str | None = None,
) -> customer_models.Account:
    account = customers.account(organization=place.organization, site=place.site, number=number)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=starts_at, ends_at=ends_at)
    return account


def drafts(place: billing.Place, first: date = FIRST, until: date = UNTIL) -> dict[str, dict[str, Any]]:
    """Contents by account number, in review."""
    run = billing.advance(billing.plan(place, first_day=first, until_day=until))
    assert run.state == values.RunState.REVIEW
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        assert [each.reasons for each in rows if each.reasons] == []
        return {each.account_number: billing.bill_of(each).content for each in rows if each.bill_public_id is not None}


def only(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (bill,) = found.values()
    return bill


class TestGolden:
    def test_shows_every_figure(self) -> None:
        """Regenerate only with a sentence in the commit that says why a figure changed."""
        place = billing.place(code="HR")
        meter = billing.metered(place, code="MP-G04", multiplier=Fraction(40))
        begin = civil.start_of_day(date(2026, 9, 1), MADRID)
        # 0.02 kWh a quarter before the transformers; three hours of 20 October are not read.
        gap = datetime(2026, 10, 20, 11, tzinfo=UTC)
        unread = [gap + place * billing.STEP for place in range(1, 12)]
        billing.count(meter.energy, begin, END, rise=[2, 3, 1], begin=119_588, without=unread)
        tenant(place, meter, starts_at=begin, number="A-1001")

        bill = only(drafts(place))

        assert _steady(bill) == json.loads((GOLDEN / "bill_october_2026.json").read_text(encoding="utf-8"))


def _steady(bill: dict[str, Any]) -> dict[str, Any]:
    """Random ids, serials and the digests over them by placeholders."""
    text = json.dumps(bill)
    replaced = json.loads(text)
    replaced["inputs_digest"] = "..."
    for owner in ("organization", "site", "account"):
        replaced[owner]["public_id"] = "..."
    replaced["customer"]["code"] = "..."
    for point in replaced["meter_points"]:
        point["public_id"] = point["reference"]["series"] = "..."
        for segment in point["segments"]:
            segment["serial"] = "..."
    steady: dict[str, Any] = replaced
    return steady


class TestReadings:
    def test_of_an_exchange_stand_in_two_segments(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        exchanged = START + timedelta(days=10)
        closing = billing.count(meter.energy, START, exchanged)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            new = metering_operations.create_meter(
                actor=ACTOR,
                at=exchanged,
                organization_id=place.organization.pk,
                serial_number="NEW-1",
                model_code="eastron_sdm630",
            )
            metering_operations.exchange_meter(
                actor=ACTOR,
                at=exchanged,
                installation=meter.installation,
                exchanged_at=exchanged,
                closings={"energy_import": metering_operations.Closing(closing)},
                meter=new,
                registers=[
                    metering_operations.RegisterPlan(
                        "energy_import", "energy_import", metering.ENERGY.unit, 2, opening=30
                    )
                ],
                reason="old one worn",
            )
        billing.count(meter.energy, exchanged, END, begin=30)
        tenant(place, meter)

        (point,) = only(drafts(place))["meter_points"]

        old, fresh = point["segments"]
        assert (old["previous"]["value"], old["present"]["value"], old["present"]["source"]) == (
            100_000,
            closing,
            "EXCHANGE",
        )
        assert (fresh["serial"], fresh["previous"]["value"], fresh["previous"]["source"]) == ("NEW-1", 30, "EXCHANGE")
        assert old["quantity"] + fresh["quantity"] == point["quantity"] == 745_000
        assert point["adjustment"] == 0

    def test_that_lack_at_a_boundary_follow_from_the_intervals(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START - timedelta(days=1), END + timedelta(days=1), without=[START, END])
        tenant(place, meter)

        bill = only(drafts(place))

        (segment,) = bill["meter_points"][0]["segments"]
        assert segment["previous"] == {
            "at": "2026-10-01T00:00:00+02:00",
            "value": 102_400,
            "quality": "INTERPOLATED",
            "source": None,
        }
        assert segment["present"]["value"] == 102_400 + 74_500
        assert (bill["is_estimated"], bill["is_apportioned"]) == (False, True)
        assert bill["meter_points"][0]["adjustment"] == 0

    def test_that_lack_at_a_boundary_lie_between_neighbors_as_they_were_corrected(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START - timedelta(days=1), END + timedelta(days=1), without=[START, END])
        with scoping.scope([place.organization.pk], actor=ACTOR):
            given = {"actor": ACTOR, "at": END, "series": meter.energy, "reason": "misread"}
            for kind, steps in (("EXCLUDE", -1), ("SET", 1), ("EXCLUDE", -2), ("RESTORE", -2)):
                facts = {"corrected_at": START + steps * billing.STEP, "value": 102_435 if kind == "SET" else None}
                metering_operations.correct_readings(**given, **facts, kind=CorrectionKind(kind))
        billing.derive(place.organization.pk)
        tenant(place, meter)

        (point,) = only(drafts(place))["meter_points"]

        assert point["segments"][0]["previous"]["value"] == 102_407  # 102,350 two steps before, 102,435 one after

    def test_show_what_a_person_corrected(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START, END)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            metering_operations.correct_readings(
                actor=ACTOR,
                at=END,
                series=meter.energy,
                kind=CorrectionKind.SET,
                corrected_at=END,
                value=174_510,
                reason="misread",
            )
        billing.derive(place.organization.pk)
        tenant(place, meter)

        (point,) = only(drafts(place))["meter_points"]

        assert point["segments"][0]["present"] == {
            "at": "2026-11-01T00:00:00+01:00",
            "value": 174_510,
            "quality": "EDITED",
            "source": "CORRECTION",
        }
        assert point["quantity"] == 745_100
        assert point["adjustment"] == 0


class TestOccupancy:
    @pytest.mark.spec("B-33")
    def test_charges_a_vacancy_to_the_landlord(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START, END)
        moved = civil.start_of_day(date(2026, 10, 11), MADRID)
        account = tenant(place, meter, starts_at=moved)

        found = drafts(place)

        landlord, own = found[place.landlord.number], found[account.number]
        assert (landlord["is_vacancy"], own["is_vacancy"]) == (True, False)
        assert landlord["account"]["is_landlord"] is True
        assert (landlord["meter_points"][0]["days"], own["meter_points"][0]["days"]) == (10, 21)
        assert landlord["meter_points"][0]["quantity"] + own["meter_points"][0]["quantity"] == 745_000
        assert landlord["meter_points"][0]["history"][-1]["quantity"] is None
        fixed = [line for line in landlord["meter_points"][0]["charges"][0]["lines"] if line["code"] == "base"]
        assert [(line["quantity"], line["amount"]) for line in fixed] == [("10", "5.50")]

    @pytest.mark.spec("B-11")
    def test_cuts_a_move_inside_a_day_without_gap_or_overlap(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START, END)
        moved = datetime(2026, 10, 14, 8, 7, tzinfo=UTC)
        former, new = tenant(place, meter, ends_at=moved), tenant(place, meter, starts_at=moved)

        found = drafts(place)

        first, second = found[former.number]["meter_points"][0], found[new.number]["meter_points"][0]
        assert first["until"] == second["from"] == "2026-10-14T10:15:00+02:00"
        assert first["quantity"] + second["quantity"] == 745_000
        assert first["days"] + second["days"] == 31
        assert first["segments"][0]["present"] == second["segments"][0]["previous"]


class TestClockChanges:
    @pytest.mark.parametrize(
        ("first", "until", "minutes", "offsets"),
        [
            (date(2026, 10, 1), date(2026, 11, 1), 745 * 60, ["+02:00", "+01:00"]),
            (date(2026, 3, 1), date(2026, 4, 1), 743 * 60, ["+01:00", "+02:00"]),
            (date(2026, 2, 1), date(2026, 3, 1), 672 * 60, ["+01:00"]),
        ],
    )
    @pytest.mark.spec("B-11")
    def test_bill_the_real_length_and_the_days_of_the_calendar(
        self, first: date, until: date, minutes: int, offsets: list[str]
    ) -> None:
        place = billing.place()
        meter = billing.metered(place)
        start, end = civil.start_of_day(first, MADRID), civil.start_of_day(until, MADRID)
        billing.count(meter.energy, start, end)
        tenant(place, meter, starts_at=start)

        bill = only(drafts(place, first, until))

        assert (bill["period"]["minutes"], bill["period"]["offsets"]) == (minutes, offsets)
        (point,) = bill["meter_points"]
        assert point["quantity"] == minutes // 15 * 250
        base = point["charges"][0]["lines"][-1]
        assert (base["code"], base["quantity"]) == ("base", str((until - first).days))


class TestTariff:
    @pytest.mark.spec("G-01")
    def test_of_tiers_costs_80_for_500_units_in_thirty_days(self) -> None:
        place = billing.place(raw=tariffs.document(currency="EUR", components=[tariffs.TIERS]))
        meter = billing.metered(place)
        first, until = date(2026, 9, 1), date(2026, 10, 1)
        start, end = civil.start_of_day(first, MADRID), civil.start_of_day(until, MADRID)
        billing.count(meter.energy, start, end, rise=[18] * 1040 + [17] * 1840)
        tenant(place, meter, starts_at=start)

        bill = only(drafts(place, first, until))

        (charge,) = bill["meter_points"][0]["charges"]
        assert [each["quantity"] for each in charge["lines"]] == ["100.000", "200.000", "200.000"]
        assert [each["amount"] for each in charge["lines"]] == ["10.00", "30.00", "40.00"]
        assert bill["total"] == "80.00"

    def test_that_changes_splits_the_charges_and_taxes_their_sum_once(self) -> None:
        place = billing.place()
        with scoping.scope([place.organization.pk], actor=ACTOR):
            tariff_operations.save_draft(
                actor=ACTOR, at=START, tariff=place.tariff, document=billing.document(decimals=2)
            )
            tariff_operations.publish_version(actor=ACTOR, at=START, tariff=place.tariff, first_day=date(2026, 10, 12))
        meter = billing.metered(place)
        billing.count(meter.energy, START, END, rise=[23, 31, 18])
        tenant(place, meter)

        bill = only(drafts(place))

        (point,) = bill["meter_points"]
        before, after = point["charges"]
        assert [each["tariff"]["version"] for each in point["charges"]] == [1, 2]
        assert before["until"] == after["from"] == "2026-10-12T00:00:00+02:00"
        assert before["quantity"] + after["quantity"] == point["quantity"]
        assert (before["days"], after["days"]) == (11, 20)
        assert len(point["segments"]) == 1
        (tax,) = bill["taxes"]
        assert Decimal(tax["base"]) == Decimal(before["net"]) + Decimal(after["net"]) == Decimal(bill["net"])
        assert Decimal(tax["amount"]) == (Decimal(tax["base"]) * Decimal("0.21")).quantize(Decimal("0.01"))


class TestHistory:
    def test_is_exact_by_local_month_and_only_the_tenants_own(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        start = civil.start_of_day(date(2026, 6, 30), MADRID)  # all of July is there, and is not theirs
        billing.count(meter.energy, start, END, rise=[23, 31, 18])
        moved = civil.start_of_day(date(2026, 8, 1), MADRID)
        tenant(place, meter, starts_at=moved)

        september = only(drafts(place, date(2026, 9, 1), date(2026, 10, 1)))
        history = only(drafts(place))["meter_points"][0]["history"]

        assert [each["month"] for each in history[-4:]] == ["2026-07", "2026-08", "2026-09", "2026-10"]
        assert [each["quantity"] is None for each in history] == [True] * 9 + [False] * 3
        assert history[-2]["quantity"] == september["meter_points"][0]["quantity"]
        assert history[-2]["days"] == 30


class TestCanonical:
    @pytest.mark.spec("B-74")
    def test_bytes_are_the_same_when_calculated_again(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START, END, rise=[23, 31, 18])
        tenant(place, meter)
        run = billing.issued(place, first_day=FIRST, until_day=UNTIL)

        with scoping.scope([place.organization.pk], actor=ACTOR):
            draft = models.BillDraft.objects.get(organization_id=place.organization.pk, run=run)
            again = drafting.Calculator(facts.run_of(draft.run)).calculate([draft.account_id])

            data = queries.bill_bytes(public_id=draft.public_id)
            bill = queries.get_bill(public_id=draft.public_id)
        made = again.contents[draft.account_id]
        assert made.data == data
        assert hashlib.sha256(data).hexdigest() == draft.digest == bill.content_digest
        assert content.canonical(json.loads(data)) == data
        assert made.inputs_digest == draft.inputs_digest
        assert bill.digest is not None
        assert bill.code == content.verification_code(bill.digest)


class TestLetterhead:
    @pytest.mark.spec("B-70/1")
    def test_is_a_fact_of_what_is_calculated_later_and_of_nothing_before(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START, END)
        account = tenant(place, meter)
        issued = billing.issued(place, first_day=FIRST, until_day=date(2026, 10, 16))
        with scoping.scope([place.organization.pk], actor=ACTOR):
            (row,) = queries.run_bills(run_public_id=issued.public_id).rows
            before = billing.bill_of(row)
        said = document_values.LetterheadFacts(tax_number="B-1", address="Quay 1\n08039 Barcelona")
        with scoping.scope([place.organization.pk], actor=ACTOR):
            document_operations.change_letterhead(actor=ACTOR, at=END, facts=said)

        later = drafts(place, date(2026, 10, 16))[account.number]["organization"]

        assert (later["tax_number"], later["address"]) == ("B-1", "Quay 1\n08039 Barcelona")
        assert "contact" not in later
        assert "tax_number" not in before.content["organization"]
        with scoping.scope([place.organization.pk], actor=ACTOR):
            assert billing.bill_of(row) == before
