"""A corrected file of days that were billed: a second person decides, all of it as one, and the bill turns up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meterbook.kernel.quality import Quality
from meterbook.metering import models, values
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind
from tests.db.journeys.billed_days import CHANGED, DAYS, NOW, REASON, BilledDays, days_file
from tests.factories import billing, identity


@pytest.mark.spec("B-19")
class TestCorrectedDays:
    def test_waits_for_a_second_person_and_then_counts_as_one(self) -> None:
        billed = BilledDays()
        content = days_file(CHANGED, days=5)

        outcome = billed.load(content, billed.mia)
        again = billed.load(content, billed.mia)
        billed.derive()

        assert outcome.changes is not None
        assert (outcome.changes.state, outcome.changes.difference, outcome.inserted) == ("WAITS", "1.00", 96)
        assert again.changes is not None
        assert (again.changes.state, again.inserted) == ("WAITS", 0)
        assert billed.used() == ([1000] * 96, {Quality.VALID})
        assert billed.used(days=4) == ([1000] * 96, {Quality.VALID})
        assert billed.count(models.Correction) == 0
        assert billed.corrected_bills() == []
        with billed.scope():
            (row,) = metering_queries.list_proposals(meter_point=billed.meter.point.public_id)
        assert (row.kind, row.before, row.shown, row.reason) == ("INTERVALS", "2.00 kWh", "3.00 kWh", REASON)
        with pytest.raises(metering_operations.SecondPersonNeeded):
            billed.decide(billed.mia)

        billed.decide(billed.noa)
        billed.derive()

        found, quality = billed.used()
        assert (found[39:43], sum(found), quality) == (
            [1000, 2500, 500, 1000],
            97_000,
            {Quality.VALID, Quality.EDITED},
        )
        assert billed.used(days=4) == ([1000] * 96, {Quality.VALID})
        with billed.scope():
            (series,) = metering_queries.list_series(meter_point_ids=[billed.meter.point.pk])
            (edit,) = metering_queries.list_edits(series=[series])
        assert (edit.author, edit.approved_by, edit.reason) == ("Mia", "Noa", REASON)
        assert (edit.original, edit.shown) == (Decimal("2.00"), Decimal("3.00"))
        assert billed.corrected_bills() == ["SHOP-1"]
        assert billed.count(models.ImportFile, content__isnull=False) == 0

    def test_leaves_nothing_when_it_is_refused_or_outdated(self) -> None:
        billed = BilledDays()
        billed.load(days_file(CHANGED), billed.mia)
        billed.decide(billed.noa, is_approved=False)
        assert billed.count(models.Correction) == 0
        assert billed.count(models.ImportFile, content__isnull=False) == 0

        billed.load(days_file({10: "4"}), billed.mia)
        with billed.scope():
            (series,) = models.Series.objects.filter(organization_id=billed.place.organization.pk)
            metering_operations.correct_readings(
                actor=identity.ACTOR,
                at=NOW,
                series=series,
                kind=CorrectionKind.SET,
                corrected_at=DAYS.starts_at + 11 * billing.STEP,
                reason="by hand",
                value=1050,
            )
        with pytest.raises(metering_operations.IntervalsOutdated):
            billed.decide(billed.noa)

        assert billed.count(models.Correction) == 1
        assert billed.count(models.CorrectionProposal, state=values.ProposalState.WAITING) == 1
