"""Disputes about bills: steps, deadlines, files, what is not asked for, and a dispute that the tenant wins."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from meterbook.billing import models
from meterbook.billing.dispute_values import DisputeReason, DisputeState
from meterbook.billing.operations import correcting, disputing
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.documents import uploads
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import corrections

ACTOR = Actor.system("test")
AT = corrections.LATER  # Saturday, 2026-03-21, 23:00 UTC: Sunday in Madrid


def opened(made: corrections.Billed, name: str = "Bakery", **more: object) -> models.Dispute:
    bill = corrections.bill_of(made, name).public_id
    with scoping.scope([made.owner], actor=ACTOR):
        return disputing.open_dispute(
            actor=ACTOR,
            at=AT,
            bill=bill,
            reason=DisputeReason.READING,
            words="My meter shows less.",
            is_by_tenant=True,
            **more,  # type: ignore[arg-type]
        )


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(written, "PNG")
    return written.getvalue()


def disputed(made: corrections.Billed, account_id: int) -> Decimal:
    with scoping.scope([made.owner], actor=ACTOR):
        return dispute_queries.disputed_amount(account_id=account_id, currency="EUR", at=AT).amount


class TestADispute:
    @pytest.mark.spec("B-79")
    def test_goes_its_way_with_clocks_and_keeps_its_amount_from_being_asked_for(self) -> None:
        made = corrections.billed()
        bill = corrections.bill_of(made)
        found = opened(made, files=[disputing.Given("../display.png", picture())])

        madrid = ZoneInfo("Europe/Madrid")
        assert found.acknowledge_by == datetime(2026, 3, 24, tzinfo=madrid)  # all of Monday
        assert found.decide_by == datetime(2026, 4, 4, tzinfo=madrid)
        assert (found.amount, disputed(made, bill.account_id)) == (bill.draft.total, bill.draft.total)
        steps = [
            (DisputeState.ACKNOWLEDGED, "", False),
            (DisputeState.INVESTIGATING, "", False),
            (DisputeState.PROPOSED, "The meter was tested and is right.", False),
            (DisputeState.REJECTED, "Read it once more.", True),
            (DisputeState.PROPOSED, "It was read once more, with the tenant.", False),
            (DisputeState.ACCEPTED, "", True),
            (DisputeState.CLOSED, "Settled.", False),
        ]
        with scoping.scope([made.owner], actor=ACTOR):
            with pytest.raises(disputing.StepNotPossible):
                disputing.move_dispute(
                    actor=ACTOR, at=AT, dispute=found.public_id, state=DisputeState.CLOSED, words="x"
                )
            for number, (state, words, is_by_tenant) in enumerate(steps):
                at = AT + timedelta(hours=number)
                disputing.move_dispute(
                    actor=ACTOR, at=at, dispute=found.public_id, state=state, words=words, is_by_tenant=is_by_tenant
                )
            with pytest.raises(disputing.StepNotPossible):
                disputing.write_in_dispute(actor=ACTOR, at=AT, dispute=found.public_id, words="And now?")
            story = dispute_queries.entries_of(dispute_id=found.pk)
            (file,) = story[0].files
            row, content = dispute_queries.file_of(dispute_id=found.pk, file=file.public_id)

        assert [each.state for each in story] == [DisputeState.OPENED, *(state for state, *_others in steps)]
        assert (row.media_type, content[:2]) == ("image/jpeg", b"\xff\xd8")
        assert disputed(made, bill.account_id) == 0

    def test_about_lines_is_about_their_amounts_with_taxes(self) -> None:
        made = corrections.billed()
        bill = corrections.bill_of(made)

        found = opened(made, lines=["0/0/0", "9/9/9"])

        first = Decimal(dispute_lines(made)[0])
        assert found.lines == ["0/0/0"]
        assert abs(found.amount - first * bill.draft.total / bill.draft.net) < Decimal("0.005")

    @pytest.mark.spec("M-090/1")
    def test_is_one_at_a_time_and_keeps_out_no_more_amounts_than_the_rules_say(self) -> None:
        made = corrections.billed()
        with scoping.scope([made.owner], actor=ACTOR):
            models.CorrectionRules.objects.create(organization_id=made.owner, most_open=0)

        found = opened(made)

        assert not found.is_protected
        assert disputed(made, found.account_id) == 0
        with pytest.raises(disputing.DisputePresent):
            opened(made)

    def test_takes_no_file_that_is_no_picture_and_no_step_without_words(self) -> None:
        made = corrections.billed()
        with pytest.raises(uploads.UploadRefused):
            opened(made, files=[disputing.Given("bill.exe", b"MZ\x90\x00")])
        found = opened(made)
        with scoping.scope([made.owner], actor=ACTOR):
            assert models.Dispute.objects.filter(organization_id=made.owner).count() == 1
            for state in (DisputeState.ACKNOWLEDGED, DisputeState.INVESTIGATING):
                disputing.move_dispute(actor=ACTOR, at=AT, dispute=found.public_id, state=state)
            with pytest.raises(disputing.WordsMissing):
                disputing.move_dispute(actor=ACTOR, at=AT, dispute=found.public_id, state=DisputeState.PROPOSED)
            with pytest.raises(disputing.StepNotPossible):  # a tenant does not decide
                disputing.move_dispute(
                    actor=ACTOR,
                    at=AT,
                    dispute=found.public_id,
                    state=DisputeState.PROPOSED,
                    words="I am right.",
                    is_by_tenant=True,
                )

    def test_shows_tenants_nothing_internal(self) -> None:
        made = corrections.billed()
        found = opened(made)
        with scoping.scope([made.owner], actor=ACTOR):
            disputing.write_in_dispute(
                actor=ACTOR, at=AT, dispute=found.public_id, words="He always asks.", is_shared=False
            )
            own = dispute_queries.entries_of(dispute_id=found.pk, is_tenant=True)

        assert [each.words for each in own] == ["My meter shows less."]

    def test_that_the_tenant_wins_ends_with_the_credit_note_and_the_new_bill(self) -> None:
        made = corrections.billed()
        bill, found = corrections.bill_of(made), opened(made)
        corrections.misread(made, counts=-20)

        with scoping.scope([made.owner], actor=ACTOR):
            proposed = correcting.propose_correction(actor=ACTOR, at=AT, bill=bill.public_id, reason="misread")
            correcting.approve_correction(actor=ACTOR, at=AT, correction=proposed.public_id)
            after = dispute_queries.get_dispute(public_id=found.public_id)

        assert (after.state, after.is_upheld, after.correction_public_id) == (
            DisputeState.CLOSED,
            True,
            proposed.public_id,
        )
        assert disputed(made, bill.account_id) == 0


def dispute_lines(made: corrections.Billed) -> list[str]:
    content = json.loads(bytes(corrections.bill_of(made).draft.content))
    return [line["amount"] for line in content["meter_points"][0]["charges"][0]["lines"]]
