"""Bills calculated again, kept, credited and billed anew."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from meterbook.billing import content, models, queries
from meterbook.billing.correction_values import CorrectionState, LineCause, Mode, Outcome
from meterbook.billing.operations import correcting, recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import models as metering_models
from meterbook.tariffs import operations as tariff_operations
from tests.factories import billing, corrections, customers

ACTOR = Actor.system("test")
LATER = corrections.LATER
DECIDED = LATER + timedelta(days=1)


def recalculated(made: corrections.Billed, mode: Mode, **more: object) -> list[correction_queries.ResultRow]:
    with scoping.scope([made.owner], actor=ACTOR):
        asked = recalculating.ask_recalculation(
            actor=ACTOR,
            at=DECIDED,
            mode=mode,
            scope=recalculating.Scope(site=made.place.site.public_id),
            **more,  # type: ignore[arg-type]
        )
        found = correction_queries.get_recalculation(public_id=asked.public_id)
        assert found.is_done
        return correction_queries.results_of(recalculation_id=asked.pk)


def balance(made: corrections.Billed) -> Decimal:
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=ACTOR):
        return ledger_queries.balance(bill.account.receivable_id).amount


class TestARecalculation:
    @pytest.mark.spec("M-081/1")
    def test_of_a_year_from_the_same_inputs_shows_no_difference(self) -> None:
        place = billing.place(code="HR")
        start = date(2025, 3, 1)
        firsts = [start]
        for _month in range(12):
            firsts.append(civil.next_month(firsts[-1]))
        meter = billing.metered(place)
        first, end = (civil.start_of_day(each, billing.MADRID) for each in (firsts[0], firsts[-1]))
        billing.count(meter.energy, first, end, rise=(20, 25, 30, 7))
        account = customers.account(organization=place.organization, site=place.site, name="Bakery")
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=first)
        for month, after in itertools.pairwise(firsts):
            run = billing.issued(place, first_day=month, until_day=after)
        made = corrections.Billed(place, (meter,), run)

        found = recalculated(made, Mode.REPRODUCE)

        assert [each.outcome for each in found] == [Outcome.SAME] * 12
        assert all(each.differences and each.differences.is_identical for each in found)
        assert {each.change.amount for each in found if each.change is not None} == {0}

    @pytest.mark.spec("B-75")
    def test_from_the_same_inputs_is_byte_for_byte_the_bill_whatever_changed_since(self) -> None:
        made = corrections.billed()
        before = corrections.bill_of(made)
        corrections.misread(made)
        with scoping.scope([made.owner], actor=ACTOR):
            customer = before.account.customer
            customer.name, customer.address = "Baker and Sons", "Elsewhere 1"
            customer.save()

        found = {each.number: each for each in recalculated(made, Mode.REPRODUCE)}

        own = found[before.number]
        assert (own.outcome, own.differences is not None and own.differences.is_identical) == (Outcome.SAME, True)

    def test_from_what_is_known_now_names_the_line_and_its_cause(self) -> None:
        made = corrections.billed()
        before = corrections.bill_of(made)
        corrections.misread(made)

        found = {each.number: each for each in recalculated(made, Mode.CORRECT)}

        own = found.pop(before.number)
        assert own.outcome is Outcome.DIFFERENT
        assert own.differences is not None
        (line,) = own.differences.lines  # 0.1 kWh less off peak: the final quarter of an hour
        assert (str(line.difference.amount), line.causes, line.meter_point) == (
            "-0.01",
            (LineCause.READING,),
            "Bakery",
        )
        assert {each.outcome for each in found.values()} == {Outcome.SAME}

    def test_says_so_where_the_blocks_of_a_bill_were_not_kept(self) -> None:
        made = corrections.billed()
        corrections.misread(made)
        with scoping.scope([made.owner], actor=ACTOR):
            models.FormerDay.objects.filter(organization_id=made.owner).delete()

        found = recalculated(made, Mode.REPRODUCE)

        assert sorted(each.outcome for each in found) == [Outcome.NOT_KEPT, Outcome.SAME]

    @pytest.mark.spec("B-75")
    def test_by_another_tariff_prices_everything_by_it(self) -> None:
        made = corrections.billed()
        raw = billing.document()
        raw["components"][-1]["price"] = "1.00"  # 0.55 a day before; 28 days
        with scoping.scope([made.owner], actor=ACTOR):
            draft = tariff_operations.save_draft(actor=ACTOR, at=LATER, tariff=made.place.tariff, document=raw)

        found = recalculated(made, Mode.WHAT_IF, version=draft.public_id)

        assert [str(each.differences.net.amount) for each in found if each.differences] == ["12.60", "12.60"]
        assert {line.causes for each in found if each.differences for line in each.differences.lines} == {
            (LineCause.TARIFF,)
        }
        with scoping.scope([made.owner], actor=ACTOR):
            with pytest.raises(recalculating.VersionNeeded):
                recalculating.ask_recalculation(
                    actor=ACTOR, at=LATER, mode=Mode.WHAT_IF, scope=recalculating.Scope(run=made.run.public_id)
                )
            with pytest.raises(recalculating.NothingToRecalculate):
                recalculating.ask_recalculation(
                    actor=ACTOR, at=LATER, mode=Mode.CORRECT, scope=recalculating.Scope(first_day=date(2030, 1, 1))
                )


class TestBlocks:
    def test_are_kept_where_a_bill_was_made_from_them_and_nowhere_else(self) -> None:
        made = corrections.billed()
        unbilled = billing.metered(made.place, name="Store")
        billing.count(unbilled.energy, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
        corrections.misread(made)

        with scoping.scope([made.owner], actor=ACTOR):
            kept = list(models.FormerDay.objects.filter(organization_id=made.owner))
            days = metering_models.SeriesDay.objects.filter(organization_id=made.owner)
            now = {(each.series_id, each.day): bytes(each.digest) for each in days}

        assert {each.series_id for each in kept} == {made.meters[0].energy.pk}
        assert all(bytes(each.digest) != now[each.series_id, each.day] and each.is_billed for each in kept)


class TestACorrection:
    @pytest.mark.spec("M-081/2")
    @pytest.mark.spec("B-76")
    def test_credits_the_bill_and_bills_anew_and_leaves_the_original_alone(self) -> None:
        made = corrections.billed()
        before, owed = corrections.bill_of(made), balance(made)
        corrections.misread(made, counts=1_000)

        with scoping.scope([made.owner], actor=ACTOR):
            proposed = correcting.propose_correction(
                actor=ACTOR, at=DECIDED, bill=before.public_id, reason="The last digit was misread."
            )
            note = correcting.approve_correction(actor=ACTOR, at=DECIDED, correction=proposed.public_id)
            replacement = models.Bill.objects.select_related("draft").get(
                organization_id=made.owner, pk=note.replacement_id
            )
            after = queries.get_bill(public_id=before.public_id)
            versions = note_queries.versions_of(bill=replacement.public_id)

        assert (before.number, note.number, replacement.number) == (
            "HR-2026-000001", "CN-HR-2026-000001", "HR-2026-000003",
        )  # fmt: skip
        assert (after.digest, after.content_digest) == (before.digest, before.draft.digest)
        assert [(each.kind, each.number, each.is_this, each.is_standing) for each in versions] == [
            ("BILL", before.number, False, False),
            ("CREDIT_NOTE", note.number, False, True),
            ("BILL", replacement.number, True, True),
        ]
        # 10 kWh more off peak at 0.10, and 21 % tax.
        assert replacement.draft.total - before.draft.total == Decimal("1.21")
        assert balance(made) == owed + Decimal("1.21")
        mirrored = json.loads(bytes(note.content))
        assert (mirrored["total"], mirrored["bill"]["number"]) == (f"-{after.content['total']}", before.number)
        assert content.canonical(mirrored) == bytes(note.content)
        with scoping.scope([made.owner], actor=ACTOR), pytest.raises(correcting.BillCredited):
            correcting.propose_correction(actor=ACTOR, at=DECIDED, bill=before.public_id, reason="again")
        # The original is still made again from what it was made from, and the new one from its own.
        assert {each.outcome for each in recalculated(made, Mode.REPRODUCE)} == {Outcome.SAME}

    def test_is_not_issued_when_it_would_be_another_one_than_was_proposed(self) -> None:
        made = corrections.billed()
        bill = corrections.bill_of(made)
        corrections.misread(made, counts=1_000)
        with scoping.scope([made.owner], actor=ACTOR):
            proposed = correcting.propose_correction(actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="misread")
            with pytest.raises(correcting.CorrectionPresent):
                correcting.propose_correction(actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="misread")
        corrections.misread(made, counts=2_000, at=DECIDED)

        with scoping.scope([made.owner], actor=ACTOR):
            with pytest.raises(correcting.crediting.CorrectionOutdated):
                correcting.approve_correction(actor=ACTOR, at=DECIDED, correction=proposed.public_id)
            correcting.reject_correction(actor=ACTOR, at=DECIDED, correction=proposed.public_id, reason="outdated")
            assert not models.CreditNote.objects.filter(organization_id=made.owner).exists()
            assert models.RunShare.objects.filter(organization_id=made.owner, run=made.run).count() == 2
            with pytest.raises(correcting.CorrectionDecided):
                correcting.approve_correction(actor=ACTOR, at=DECIDED, correction=proposed.public_id)

    @pytest.mark.spec("B-77")
    def test_asks_for_nothing_more_that_is_older_than_the_limit_but_pays_back(self) -> None:
        made = corrections.billed()
        bill, late = corrections.bill_of(made), LATER + timedelta(days=400)
        with scoping.scope([made.owner], actor=ACTOR):
            models.CorrectionRules.objects.create(organization_id=made.owner, back_billing_months=12)
        corrections.misread(made, counts=500, at=late)
        with scoping.scope([made.owner], actor=ACTOR), pytest.raises(correcting.UnderChargeTooOld):
            correcting.propose_correction(actor=ACTOR, at=late, bill=bill.public_id, reason="misread")
        corrections.misread(made, counts=-20, at=late)

        with scoping.scope([made.owner], actor=ACTOR):
            made_anew = correcting.propose_correction(actor=ACTOR, at=late, bill=bill.public_id, reason="misread")

        assert made_anew.state == CorrectionState.PROPOSED

    def test_of_a_bill_that_comes_out_the_same_is_refused_and_it_may_be_kept(self) -> None:
        made = corrections.billed()
        bill = corrections.bill_of(made, "Florist")

        with scoping.scope([made.owner], actor=ACTOR):
            with pytest.raises(correcting.NothingToCorrect):
                correcting.propose_correction(actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="asked")
            kept = correcting.keep_bill(actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="All is right.")

        assert (kept.state, kept.decided_at) == (CorrectionState.KEPT, DECIDED)

    def test_bills_only_the_days_that_contracts_say_now(self) -> None:
        made = corrections.billed()
        bill, moved = corrections.bill_of(made), civil.start_of_day(date(2026, 2, 11), billing.MADRID)
        with scoping.scope([made.owner], actor=ACTOR):
            contract = bill.account.contract_set.get(organization_id=made.owner)
            contract.during = type(contract.during)(contract.during.lower, moved, "[)")
            contract.save()

            proposed = correcting.propose_correction(actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="moved out")
            note = correcting.approve_correction(actor=ACTOR, at=DECIDED, correction=proposed.public_id)
            anew = queries.get_bill(
                public_id=models.Bill.objects.get(organization_id=made.owner, pk=note.replacement_id).public_id
            )

        (point,) = anew.content["meter_points"]
        assert (point["days"], point["until"]) == (10, "2026-02-11T00:00:00+01:00")
        assert {cause for line in proposed.differences["lines"] for cause in line["causes"]} == {LineCause.OCCUPANCY}
