"""Bills whose steps go on over the year: a correction tells the later ones that rest on it, and in which order."""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest

from meterbook.billing import models
from meterbook.billing.correction_values import Dependence, Outcome
from meterbook.billing.operations import chaining, correcting
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from tests.factories import billing, corrections, tariffs

ACTOR, CHECKER = Actor.system("test"), Actor.user(0, "checker", source="")
MONTHS = [date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)]
AT = civil.start_of_day(date(2026, 5, 10), billing.MADRID)
# The first 1000 kWh of the year at 0.10, all others at 0.50: 672 in February, 743 in March.
STEPS = {
    "code": "energy",
    "name": "Energy",
    "charge": "ENERGY",
    "tier_year": "01-01",
    "tiers": [{"up_to": "1000", "price": "0.10"}, {"price": "0.50"}],
}


def billed(**component: object) -> corrections.Billed:
    """Three months of a bakery by such steps, or by another component."""
    raw = tariffs.document(currency="EUR", components=[{**STEPS, **component}])
    if not raw["components"][0]["tier_year"]:
        del raw["components"][0]["tier_year"]
    place = billing.place(raw=raw, code="HR")
    until = civil.start_of_day(MONTHS[-1], billing.MADRID)
    meter = billing.shop(place, name="Bakery", days=billing.FEBRUARY, until=until)
    runs = [billing.issued(place, first_day=first, until_day=after) for first, after in itertools.pairwise(MONTHS)]
    return corrections.Billed(place, (meter,), runs[0])


def bills(made: corrections.Billed) -> list[models.Bill]:
    with scoping.scope([made.owner], actor=ACTOR):
        found = models.Bill.objects.filter(organization_id=made.owner, credit_note__isnull=True)
        return list(found.select_related("draft").order_by("run__days", "id"))


def chain(made: corrections.Billed, bill: uuid.UUID) -> list[chaining.Link]:
    with scoping.scope([made.owner], actor=ACTOR):
        return chaining.chain_of(bill=bill)


def propose(made: corrections.Billed, bill: models.Bill) -> models.Correction:
    with scoping.scope([made.owner], actor=ACTOR):
        return correcting.propose_correction(actor=ACTOR, at=AT, bill=bill.public_id, reason="misread")


def approve(made: corrections.Billed, correction: models.Correction) -> models.CreditNote:
    with scoping.scope([made.owner], actor=CHECKER):
        return correcting.approve_correction(actor=CHECKER, at=AT + timedelta(hours=1), correction=correction.public_id)


@pytest.mark.spec("B-76")
@pytest.mark.spec("B-77")
def test_later_bills_of_the_year_rest_on_it_and_are_offered_in_order() -> None:
    made = billed()
    february, march, april = bills(made)
    assert chain(made, april.public_id) == []
    assert [each.outcome for each in chain(made, february.public_id)] == [Outcome.SAME, Outcome.SAME]

    corrections.misread(made, counts=-20, at=AT)  # 0.20 kWh were used in March, not in February
    first = propose(made, february)

    waiting = chain(made, february.public_id)
    assert [(each.number, each.why) for each in waiting] == [
        (march.number, (Dependence.LADDER,)),
        (april.number, (Dependence.LADDER,)),
    ]
    with pytest.raises(chaining.EarlierFirst, match=february.number):
        propose(made, march)
    note = approve(made, first)
    assert note.replacement is not None

    moved = chain(made, february.public_id)
    assert [(each.outcome, each.is_next) for each in moved] == [(Outcome.DIFFERENT, True), (Outcome.SAME, False)]
    second = approve(made, propose(made, march))
    assert second.replacement is not None
    after = bills(made)
    steps = [[(line["price"], line["quantity"]) for line in _lines(each)] for each in after if each.pk != february.pk]
    # What February used less, March had at the first step more.
    assert [Decimal(quantity) for _price, quantity in steps[0]] == [Decimal("671.8")]
    assert Decimal(steps[1][0][1]) == Decimal("328.2")
    assert [link.outcome for link in chain(made, march.public_id)] == [Outcome.SAME]


def test_bills_by_a_tariff_that_begins_each_month_anew_rest_on_nothing() -> None:
    made = billed(tier_year="")

    assert chain(made, bills(made)[0].public_id) == []


def _lines(bill: models.Bill) -> list[dict[str, str]]:
    (point,) = json.loads(bytes(bill.draft.content))["meter_points"]
    return [line for charge in point["charges"] for line in charge["lines"]]
