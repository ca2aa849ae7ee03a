"""A bank of energy fed in whose account changed to a tariff without one: what it holds is settled with the contract."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import models, queries
from meterbook.billing.correction_values import Dependence, Mode, Outcome
from meterbook.billing.operations import chaining, recalculating
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from tests.db.billing.test_bank_chains import ACTOR, MARCH, MONTHS, NOW, contents, counted, roof, told
from tests.db.billing.test_credit_banks import SUNNY, issue, used
from tests.factories import billing, customers, identity


@pytest.mark.spec("B-08/4")
@pytest.mark.parametrize("changed_on", [1, 4], ids=["with-the-month", "within-it"])
def test_a_bank_that_a_change_of_tariff_left_waiting_is_settled_with_the_contract(changed_on: int) -> None:
    raw = copy.deepcopy(SUNNY)
    raw["components"][2]["bank"] = {"at_move_out": "PAY_BALANCE"}
    place = billing.place(raw=raw)
    plain = billing.tariff(organization=place.organization, raw={**billing.document(), "code": "PLAIN"})
    changes = civil.start_of_day(date(2026, 2, changed_on), billing.MADRID)
    meter = roof(place, ends_at=changes)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        account = customer_models.Account.objects.get(organization_id=place.organization.pk, number="A-1")
    customers.contract(account=account, point=meter.point, tariff=plain, starts_at=changes, ends_at=MARCH.ends_at)
    counted(meter)

    runs = [issue(place, days) for days in MONTHS]

    january, february, march = contents(place)
    before = told(february)["trace"]["bank"]["closing"] if changed_on > 1 else "44.64"
    assert told(january)["trace"]["bank"]["closing"] == "44.64"
    assert [each["code"] for each in _lines(february) if "bank_end" in each["trace"]] == []
    line = told(march)
    assert (line["amount"], line["trace"]["bank_end"]) == (
        f"-{before}",
        {"opening": before, "how": "PAY_BALANCE", "when": "out"},
    )
    with scoping.scope([place.organization.pk], actor=ACTOR):
        asked = recalculating.ask_recalculation(
            actor=ACTOR, at=NOW, mode=Mode.REPRODUCE, scope=recalculating.Scope(account=account.public_id)
        )
        proofs = models.RecalculatedBill.objects.filter(organization_id=place.organization.pk, recalculation=asked)
        assert [each.outcome for each in proofs.order_by("id")] == [Outcome.SAME] * 3
        # The bills between, by prices without a bank, do not depend on it.
        bill = _ids(place)[0 if changed_on == 1 else 1]
        assert [each.why for each in chaining.chain_of(bill=bill)] == [(Dependence.BANK,)]
        rows = queries.run_bills(run_public_id=runs[-1].public_id).rows
        (row,) = [each for each in rows if each.account_number == "A-1"]
    client = Client()
    client.force_login(identity.user(organization=place.organization))
    page = client.get(reverse("bill", args=[place.organization.public_id, row.bill_public_id])).content.decode()
    assert f"The contract ended: {before.rstrip('0')} are paid." in page
    assert client.get(reverse("bill_pdf", args=[place.organization.public_id, row.bill_public_id])).status_code == 200


@pytest.mark.spec("B-08/4")
def test_a_change_and_the_end_may_be_on_one_bill() -> None:
    raw = copy.deepcopy(SUNNY)
    raw["components"][2]["bank"] = {"at_move_out": "PAY_BALANCE"}
    place = billing.place(raw=raw)
    plain = billing.tariff(organization=place.organization, raw={**billing.document(), "code": "PLAIN"})
    changes = civil.start_of_day(date(2026, 1, 15), billing.MADRID)
    meter = roof(place, ends_at=changes)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        account = customer_models.Account.objects.get(organization_id=place.organization.pk, number="A-1")
    customers.contract(account=account, point=meter.point, tariff=plain, starts_at=changes, ends_at=MONTHS[0].ends_at)
    used(meter, MONTHS[0], 10, 50, (100_000, 100_000))

    issue(place, MONTHS[0])

    (bill,) = contents(place)
    # 14 days of 96 quarters: 33.60 are earned, 13.44 charged.
    assert [each["amount"] for each in _lines(bill) if each["component"] == "bank"] == ["20.16", "-20.16"]
    with scoping.scope([place.organization.pk], actor=ACTOR):
        scope = recalculating.Scope(account=account.public_id)
        for mode in (Mode.REPRODUCE, Mode.CORRECT):
            asked = recalculating.ask_recalculation(actor=ACTOR, at=NOW, mode=mode, scope=scope)
            (found,) = models.RecalculatedBill.objects.filter(
                organization_id=place.organization.pk, recalculation=asked
            )
            assert found.outcome == Outcome.SAME


def _ids(place: billing.Place) -> list[uuid.UUID]:
    """The tenant's bills, the oldest first."""
    found = models.Bill.objects.filter(organization_id=place.organization.pk, account__number="A-1")
    return list(found.order_by("run__days", "id").values_list("public_id", flat=True))


def _lines(bill: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All lines of a bill's meter point."""
    return [line for point in bill["meter_points"] for charge in point["charges"] for line in charge["lines"]]
