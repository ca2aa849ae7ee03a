"""A tax whose rate changes: by the days of delivery, or by the date of the bill (B-34)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import fold, reading, taxing
from meterbook.tariffs.rating.inputs import NONE, Exemption, Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.tariffs.rating.tax_points import TaxPoint
from tests.factories import tariffs
from tests.unit.tariffs.pricing_cases import component, energy, plan

STEP = timedelta(hours=1)
CHANGED = [{"from": "2026-01-16", "rate": "0.10"}]
VAT = {"code": "vat", "name": "VAT", "rate": "0.21", "rates": CHANGED}
LEVY = {"code": "levy", "name": "Levy", "rate": "0.05"}
ENERGY, BASE = energy(price="1.00"), component("base", "FIXED_DAILY", price="1.00")


def rated(made: Plan, *, before: int, after: int, inputs: Inputs = NONE) -> Rated:
    """Some Wh in each hour of the 15 days to 16 January, and in each of the 15 days after."""
    values = [before] * (15 * 24) + [after] * (15 * 24)
    return fold.rate(made, tariffs.usage(made, values, step=STEP), inputs)


def told(found: Rated) -> list[tuple[str, str, str, str]]:
    return [(each.code, str(each.rate), str(each.base), str(each.amount)) for each in found.taxes]


@pytest.mark.spec("B-34")
def test_by_delivery_energy_is_divided_by_what_was_used_and_other_charges_by_days() -> None:
    # 36 kWh before and 108 after; 15 days of 1.00 each side.
    found = rated(plan(ENERGY, BASE, taxes=[VAT]), before=100, after=300)

    assert told(found) == [("vat", "0.21", "51.00", "10.71"), ("vat", "0.10", "123.00", "12.30")]
    assert [(each.trace["from"], each.trace["until"]) for each in found.taxes] == [
        ("2026-01-01", "2026-01-16"),
        ("2026-01-16", "2026-01-31"),
    ]
    assert (str(found.net), str(found.total)) == ("174.00", "197.01")


@pytest.mark.spec("B-34")
@pytest.mark.parametrize(
    ("day", "rate"),
    [(date(2026, 1, 15), "0.21"), (date(2026, 1, 16), "0.10"), (None, "0.10")],
    ids=["day-before", "first-day", "day-after-the-period"],
)
def test_by_the_invoice_date_all_has_the_rate_of_that_day(day: date | None, rate: str) -> None:
    made = plan(ENERGY, BASE, taxes=[{**VAT, "tax_point": "INVOICE"}])

    found = rated(made, before=100, after=300, inputs=Inputs(invoice_day=day))

    amount = {"0.21": "36.54", "0.10": "17.40"}[rate]
    assert told(found) == [("vat", rate, "174.00", amount)]


@pytest.mark.spec("B-34")
def test_a_tax_without_a_word_of_its_own_goes_by_the_legal_profile_and_tells_it() -> None:
    own = {**LEVY, "rates": CHANGED, "tax_point": "DELIVERY"}
    silent = plan(ENERGY, BASE, taxes=[VAT, own])
    asked = replace(silent, document=silent.document.under(TaxPoint.INVOICE))

    found = rated(asked, before=100, after=300, inputs=Inputs(invoice_day=date(2026, 2, 3)))

    assert [(each.code, str(each.rate), each.trace.get("tax_point")) for each in found.taxes] == [
        ("vat", "0.10", "INVOICE"),
        ("levy", "0.05", "DELIVERY"),
        ("levy", "0.10", "DELIVERY"),
    ]
    # By delivery it is what it was before legal profiles, and where no rate changes there is nothing to ask.
    delivered = replace(silent, document=silent.document.under(TaxPoint.DELIVERY))
    assert rated(delivered, before=100, after=300) == rated(silent, before=100, after=300)
    assert plan(ENERGY, taxes=[LEVY]).document.under(TaxPoint.INVOICE).tax_point is None


def test_a_period_before_or_after_the_change_has_one_rate() -> None:
    later = [{"from": "2026-01-01", "rate": "0.10"}, {"from": "2026-01-31", "rate": "0.04"}]

    assert told(rated(plan(ENERGY, taxes=[{**VAT, "rates": later}]), before=100, after=100)) == [
        ("vat", "0.10", "72.00", "7.20")
    ]


def test_where_nothing_was_used_lines_are_divided_by_days() -> None:
    found = rated(plan(energy(price="1.00", minimum={"quantity": "10"}), taxes=[VAT]), before=0, after=0)

    assert [base for _code, _rate, base, _amount in told(found)] == ["5.00", "5.00"]


def test_a_tax_on_an_earlier_one_takes_its_part_along_and_charges_together_count_nothing_twice() -> None:
    made = plan(ENERGY, taxes=[LEVY, {**VAT, "taxes": ["levy"]}])

    both = [rated(made, before=100, after=300), rated(made, before=300, after=100)]

    # 144.00 with a levy of 7.20; by days 3.60 each.
    assert told(both[0]) == [
        ("levy", "0.05", "144.00", "7.20"),
        ("vat", "0.21", "39.60", "8.32"),
        ("vat", "0.10", "111.60", "11.16"),
    ]
    merged = {
        (each.code, str(each.rate)): each
        for each in taxing.merge([(tax, RoundingMode.HALF_UP) for each in both for tax in each.taxes], 2)
    }
    assert merged["levy", "0.05"].amount == Decimal("14.40")
    assert (merged["vat", "0.21"].base, merged["vat", "0.10"].base) == (Decimal("151.20"), Decimal("151.20"))


def test_an_exempt_account_owes_neither_rate() -> None:
    paper = Inputs(exemptions=(Exemption("vat", "A-1", date(2026, 1, 1)),))

    found = rated(plan(ENERGY, taxes=[VAT]), before=100, after=100, inputs=paper)

    assert [str(each.amount) for each in found.taxes] == ["0.00", "0.00"]


@given(
    day=st.dates(date(2026, 1, 2), date(2026, 1, 30)),
    before=st.integers(0, 10_000),
    after=st.integers(0, 10_000),
    held=st.booleans(),
)
def test_the_parts_are_the_whole_to_the_cent(*, day: date, before: int, after: int, held: bool) -> None:
    tax: dict[str, Any] = {**VAT, "rates": [{"from": day.isoformat(), "rate": "0.10"}], "inclusive": held}
    made = plan(ENERGY, BASE, taxes=[tax])

    found = rated(made, before=before, after=after)

    lines = sum((each.amount for each in found.lines), Decimal(0))
    assert sum(each.base for each in found.taxes) == lines
    assert found.total == found.net + sum(each.amount for each in found.taxes)
    values = tariffs.usage(made, [before] * 360 + [after] * 360, step=STEP).values
    assert list(fold.rate_matrix(made, values[None, :], STEP)) == [found]


def test_rates_out_of_their_order_are_told_with_their_place() -> None:
    rates = [{"from": "2026-03-01", "rate": "0.10"}, {"from": "2026-02-01", "rate": "0.21"}]

    with pytest.raises(TariffInvalid, match=r"taxes\[0\]\.rates\[1\]\.from"):
        reading.read(tariffs.document(components=[ENERGY], taxes=[{**VAT, "rates": rates}]))
