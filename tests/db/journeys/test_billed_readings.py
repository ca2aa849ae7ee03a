"""Readings and estimates of billed time are changed by two people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.identity import two_people
from meterbook.identity.values import RoleCode
from meterbook.journeys import filling
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.inputs import Method
from tests.db.journeys.silent_mall import LAST, MARCH, NOW, Mall, person
from tests.factories import billing, identity


@pytest.fixture
def mall() -> Mall:
    return Mall()


@pytest.mark.spec("B-19")
class TestBilledTime:
    @pytest.fixture
    def billed(self, mall: Mall) -> Mall:
        mall.fill(Method.MANUAL, given=Decimal(100))
        run = billing.issued(mall.place, first_day=MARCH.first_day, until_day=MARCH.until_day)
        assert run.state == "CLOSED"
        return mall

    def test_is_changed_by_two_people_only(self, billed: Mall) -> None:
        owner = billed.place.organization
        made = person(owner, RoleCode.MANAGER, "Mia")
        other = person(owner, RoleCode.BILLING_CLERK, "Noa")
        point = billed.silent.point.public_id
        (edit,) = billed.edits()
        with billed.scope(made):
            waiting = filling.withdraw(
                actor=made, at=NOW, meter_point=point, estimate=edit.public_id, reason="the meter was replaced"
            )
        assert waiting.is_waiting
        assert billed.used()[1] == {Quality.ESTIMATED}
        given: dict[str, Any] = {"at": NOW, "meter_point": point, "proposal": waiting.public_id, "is_approved": True}
        with billed.scope(made), pytest.raises(metering_operations.SecondPersonNeeded):
            filling.decide(actor=made, **given)
        with billed.scope(other):
            (row,) = metering_queries.list_proposals(meter_point=point)
            assert (row.author, row.reason) == ("Mia", "the meter was replaced")
            filling.decide(actor=other, **given)
            with pytest.raises(metering_operations.ProposalGone):
                filling.decide(actor=other, **given)
        billed.derive()

        assert billed.used()[1] == {Quality.MISSING}
        withdrawn = billed.edits()[0]
        assert (withdrawn.author, withdrawn.approved_by) == ("Mia", "Noa")
        found = billed.preview()
        assert found.needs_second is True
        assert [each.number[-1:] for each in found.bills] != []

    def test_is_refused_by_the_second_and_nothing_changes(self, billed: Mall) -> None:
        owner = billed.place.organization
        made = person(owner, RoleCode.MANAGER, "Mia")
        person(owner, RoleCode.BILLING_CLERK, "Noa")
        (edit,) = billed.edits()
        given = {"meter_point": billed.silent.point.public_id}
        with billed.scope(made):
            waiting = filling.withdraw(actor=made, at=NOW, estimate=edit.public_id, reason="wrong", **given)
            filling.decide(actor=made, at=NOW, proposal=waiting.public_id, is_approved=False, **given)
            assert metering_queries.list_proposals() == []
        assert billed.used()[1] == {Quality.ESTIMATED}
        assert billed.actions()[-2:] == ["propose_correction", "refuse_correction"]

    def test_needs_the_reason_only_where_one_person_may_do_both(self, billed: Mall) -> None:
        owner = billed.place.organization
        made = person(owner, RoleCode.MANAGER, "Mia")
        person(owner, RoleCode.BILLING_CLERK, "Noa")
        with billed.scope():
            two_people.change_policy(actor=identity.ACTOR, at=NOW, needed_for=[])
        (edit,) = billed.edits()

        with billed.scope(made):
            done = filling.withdraw(
                actor=made,
                at=NOW,
                meter_point=billed.silent.point.public_id,
                estimate=edit.public_id,
                reason="read again",
            )

        assert not done.is_waiting

    def test_gets_another_reading_by_two_people_only(self, billed: Mall) -> None:
        owner = billed.place.organization
        made, other = person(owner, RoleCode.MANAGER, "Mia"), person(owner, RoleCode.BILLING_CLERK, "Noa")
        instant = LAST - timedelta(days=1, minutes=7)
        point = billed.silent.point
        with billed.scope(made):
            face = metering_queries.faces_at(meter_point_ids=[point.pk], instant=instant, at=NOW)[point.pk]
            assert face.exact is not None
            was = face.exact.raw
            entered = metering_operations.enter_reading(
                actor=made,
                at=NOW,
                face=face,
                instant=instant,
                value=face.number(was - 5),
                reason="misread",
                may_correct=True,
            )
            assert entered is metering_operations.EnteredAs.WAITS
            (row,) = metering_queries.list_proposals()
            assert row.shown == f"{face.number(was - 5):f} kWh"
            assert row.before == f"{face.number(was):f} kWh"
            assert [each.kind for each in metering_queries.list_edits(series=[billed.row])] == ["ESTIMATE"]
        with billed.scope(other):
            filling.decide(actor=other, at=NOW, meter_point=point.public_id, proposal=row.public_id, is_approved=True)
        edit = billed.edits()[0]
        assert (edit.kind, edit.author, edit.approved_by, edit.reason) == ("SET", "Mia", "Noa", "misread")
        assert edit.original is not None
        assert edit.shown is not None
        assert edit.original - edit.shown == Decimal("0.05")
