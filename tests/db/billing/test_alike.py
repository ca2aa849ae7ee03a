"""Bills written into forms have the bytes, digests, postings and remarks of bills that are built one by one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from meterbook.billing import models
from meterbook.billing.calculating import alike, chunks, drafting, facts
from meterbook.billing.content import forms
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import billing, customers, tariffs

ACTOR = Actor.system("test")
FEBRUARY, MARCH = billing.FEBRUARY, billing.Days(date(2026, 3, 1), date(2026, 4, 1))
LADDER = [{"up_to": "40", "price": "0.02"}, {"up_to": "90", "price": "0.03"}, {"price": "0.05"}]
NAMES = ['Smith "Sons"', "Ñandú & Größe", "A\\B", "Tab\there", "Shop 5", "Shop 6", "Shop 7", "Shop 8"]


def document() -> dict[str, Any]:
    raw = tariffs.peak_document(currency="EUR", taxes=[{**billing.TAX, "components": ["energy", "grid"]}])
    raw["components"] += [
        {"code": "grid", "name": "Grid", "charge": "ENERGY", "tiers": LADDER},
        {"code": "base", "name": "Base", "charge": "FIXED_DAILY", "price": "0.55"},
    ]
    return raw


@pytest.fixture
def run() -> models.BillRun:
    """Of March: eight tenants since February, three of whom hardly use a thing; one with a gap, one who leaves."""
    place = billing.place(raw=document())
    for number, name in enumerate(NAMES):
        rise = [1, 0, 0, 0] if number % 3 == 2 else [20 + number, 31]
        meter = billing.metered(place, name=name)
        billing.count(meter.energy, FEBRUARY.starts_at, MARCH.ends_at, rise=rise)
        account = customers.account(organization=place.organization, site=place.site, name=name)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=FEBRUARY.starts_at)
    gap = MARCH.starts_at + timedelta(days=3)
    billing.shop(place, name="Gap", days=MARCH, without=[gap, gap + billing.STEP])
    leaver = billing.metered(place, name="Leaver")
    billing.count(leaver.energy, MARCH.starts_at, MARCH.ends_at)
    customers.contract(
        account=customers.account(organization=place.organization, site=place.site),
        point=leaver.point,
        tariff=place.tariff,
        starts_at=MARCH.starts_at,
        ends_at=MARCH.starts_at + timedelta(days=9, hours=7),
    )
    return billing.plan(place, first_day=MARCH.first_day, until_day=MARCH.until_day)


def calculated(
    run: models.BillRun, *, writes_forms: bool, form: forms.Form | None = None
) -> tuple[chunks.Outcome, alike.Alike]:
    collected = billing.advance(run)
    with scoping.scope([run.organization_id], actor=ACTOR):
        made = drafting.Calculator(facts.run_of(collected))
        made.writes_forms = writes_forms
        ids = list(models.RunMember.objects.filter(run=run).order_by("position").values_list("account_id", flat=True))
        found = made.calculate(ids)
        if form is not None:
            made.forms.kept = dict.fromkeys(made.forms.kept, form)
            found = made.calculate(ids)
        return found, made.forms


def test_forms_give_what_building_gives(run: models.BillRun) -> None:
    found, written = calculated(run, writes_forms=True)
    built, none = calculated(run, writes_forms=False)

    assert len(found.contents) == len(NAMES) + 3
    assert found == built
    assert not none.kept
    assert len(written.kept) == 1, "the others are fewer than a form is made for"
    (form,) = written.kept.values()
    assert len(form.written([""] * 60)) > 3_000


def test_a_form_that_does_not_hold_is_not_used(run: models.BillRun, caplog: pytest.LogCaptureFixture) -> None:
    built, _none = calculated(run, writes_forms=False)
    (sample,) = [each for each in built.contents.values() if b"Shop 5" in each.data]
    wrong = forms.Form(sample.data.replace(b"Harbor", b"Barbor"), [("account",)])
    found, _written = calculated(run, writes_forms=True, form=wrong)

    assert found == built
    assert "does not hold" in caplog.text
