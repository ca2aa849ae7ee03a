"""Suppliers' invoices in runs: passed through line by line, never above cost, corrected late, recovered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError

from meterbook.billing import models
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.pools import recompute
from meterbook.billing.queries import recovering
from meterbook.billing.queries import supplier_invoices as invoice_queries
from meterbook.documents import uploads
from tests.db.billing.test_pools import DAYS, FIRST, UNTIL, House
from tests.factories import billing, customers, pools, supplier_invoices

THREE_DAYS = {"first_day": FIRST.isoformat(), "until_day": UNTIL.isoformat(), "supplier": "Power", "number": "7"}
LINES = [
    {"kind": "ENERGY", "text": "Energy", "quantity": "80", "unit": "kWh", "amount": "100.01", "pool": "UTILITY"},
    {"kind": "FIXED", "text": "Standing charge", "amount": "33.35", "pool": "UTILITY"},
    {"kind": "OTHER", "text": "Fine for late payment", "amount": "10.00"},
    {"kind": "OTHER", "text": "Rebate", "amount": "-5.00", "pool": "UTILITY"},
]
WHOLE: dict[str, Any] = {**THREE_DAYS, "lines": LINES, "total": "138.36", "quantity": "80"}
PASSED: dict[str, Any] = {"source": {"kind": "INVOICE"}, "division": "EACH"}
PASSED["parts"] = [{"key": "AREA"}, {"key": "EQUAL", "of": ["FIXED"]}]


@pytest.fixture
def house() -> House:
    return House()


def recovered(house: House, invoice: models.SupplierInvoice) -> recovering.Recovery:
    with house.scope():
        row = invoice_queries.get_invoice(public_id=invoice.public_id)
        document = invoice_queries.versions_of(invoice_id=row.id)[0].document
        return recovering.of_invoice(row, document)


@pytest.mark.spec("M-060/1")
def test_what_tenants_and_landlord_bear_is_the_invoice_line_by_line(house: House) -> None:
    pool = pools.pool(house.place, code="UTILITY", name="Utility", **PASSED)
    invoice = supplier_invoices.invoice(house.place, **WHOLE)

    run = billing.advance(billing.approve(house.run()))

    assert run.state == "CLOSED"
    found = recovered(house, invoice)
    assert [each.tenants + each.landlord for each in found.lines] == [Decimal(each["amount"]) for each in LINES]
    assert [each.waiting for each in found.lines] == [0, 0, 0, 0]
    assert found.lines[2].tenants == 0
    bills = [house.bill(run, each) for each in (*house.accounts.values(), house.place.landlord)]
    charged = [cost for bill in bills for cost in bill.get("shared_costs", ())]
    for line in (LINES[0], LINES[1], LINES[3]):
        own = [Decimal(each["amount"]) for each in charged if each["line"]["text"] == line["text"]]
        assert sum(own) == Decimal(line["amount"])
    assert recompute.differences(house.sheet(pool)) == []


def test_a_cost_divided_as_one_sum_is_recovered_line_by_line_too(house: House) -> None:
    pools.pool(house.place, code="UTILITY", parts=[{"key": "AREA"}], source={"kind": "INVOICE"})
    invoice = supplier_invoices.invoice(house.place, **WHOLE)
    before = recovered(house, invoice)
    billing.advance(billing.approve(house.run()))

    found = recovered(house, invoice)

    assert (before.waiting, before.landlord) == (Decimal("128.36"), Decimal("10.00"))
    assert [each.tenants + each.landlord for each in found.lines] == [Decimal(each["amount"]) for each in LINES]
    assert found.tenants + found.landlord == found.paid == Decimal("138.36")
    assert found.by_tariff > 0
    assert found.difference == found.tenants + found.by_tariff - found.paid


@pytest.mark.parametrize(("price", "total"), [("10", "128.36"), ("0.1", "2.88")], ids=["above", "below"])
def test_a_price_of_ones_own_is_never_above_the_invoice(house: House, price: str, total: str) -> None:
    meter = billing.metered(house.place, name="Supply", code="SUP")
    billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at, rise=10)
    source = {"kind": "METER", "meter_point": str(meter.point.public_id), "price": price, "never_above": True}
    pool = pools.pool(house.place, code="UTILITY", source=source)
    held = house.run()
    states = set(house.states(held).values())
    invoice = supplier_invoices.invoice(house.place, **WHOLE)

    with house.scope():
        billing.operations.check_again(actor=billing.ACTOR, at=billing.LONG_AGO, run=held)
    billing.advance(held)

    sheet = house.sheet(pool)
    assert "HELD" in states
    assert sheet["total"] == total
    assert [each["kind"] for each in sheet["lines"]] == (["METER", "CEILING"] if price == "10" else ["METER"])
    assert recompute.differences(sheet) == []
    found = recovered(house, invoice)
    assert found.tenants <= Decimal("128.36")
    assert found.tenants + found.landlord == found.paid


def test_a_tariff_charges_no_more_than_the_average_price_of_an_invoice() -> None:
    raw = billing.document()
    raw["components"].append(
        {"code": "cap", "name": "Cap", "charge": "COST_CAP", "components": ["energy"], "invoice": {"code": "utility"}}
    )
    place = billing.place(raw=raw)
    meter = billing.metered(place)
    billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at, rise=100)
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
    lines = [
        {"kind": "ENERGY", "text": "First", "quantity": "60", "unit": "kWh", "amount": "3.00"},
        {"kind": "ENERGY", "text": "Above", "quantity": "228", "unit": "kWh", "amount": "11.40"},
    ]
    supplier_invoices.invoice(place, **THREE_DAYS, lines=lines, total="14.40", quantity="288")

    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))

    house = object.__new__(House)
    house.place = place
    bill = house.bill(run, account)
    charges = [line for point in bill["meter_points"] for each in point["charges"] for line in each["lines"]]
    cap = sum(Decimal(each["amount"]) for each in charges if each["component"] in ("energy", "cap"))
    assert cap == Decimal("14.40")  # 288 kWh at 14.40 / 288


def test_a_correction_is_a_further_version_and_a_closed_sheet_tells_what_differs(house: House) -> None:
    pool = pools.pool(house.place, code="UTILITY", name="Utility", leaving="LANDLORD", **PASSED)
    invoice = supplier_invoices.invoice(house.place, **WHOLE)
    billing.advance(billing.approve(house.run()))
    before = house.sheet(pool)
    lines = [LINES[0] | {"amount": "130.01"}, *LINES[1:]]

    with house.scope():
        invoice_operations.correct_invoice(
            actor=billing.ACTOR,
            at=billing.LONG_AGO,
            invoice=invoice.public_id,
            document=supplier_invoices.document(**{**WHOLE, "lines": lines, "total": "168.36"}),
            reason="meter was read again",
        )

    with house.scope():
        sheet = models.PoolSheet.objects.get(organization_id=pool.organization_id, pool=pool)
        row = invoice_queries.get_invoice(public_id=invoice.public_id)
        versions = invoice_queries.versions_of(invoice_id=row.id)
        entry = pool_operations.carry_difference(actor=billing.ACTOR, at=billing.LONG_AGO, sheet=sheet.public_id)
    assert house.sheet(pool) == before
    assert [(each.number, each.document["total"]) for each in versions] == [(2, "168.36"), (1, "138.36")]
    assert entry.amount == Decimal("30.00")
    assert recovered(house, invoice).waiting == Decimal("158.36")  # the sheet is of the version before
    with pytest.raises(DatabaseError), house.scope():
        models.SupplierInvoiceVersion.objects.filter(organization_id=pool.organization_id).update(reason="other")


def test_a_withdrawn_invoice_counts_no_more_and_stays_readable(house: House) -> None:
    pools.pool(house.place, code="UTILITY", name="Utility", **PASSED)
    invoice = supplier_invoices.invoice(house.place, **WHOLE)
    do: dict[str, Any] = {"actor": billing.ACTOR, "at": billing.LONG_AGO, "invoice": invoice.public_id}

    with house.scope():
        invoice_operations.withdraw_invoice(**do, reason="entered twice")

    run = house.run()
    with house.scope():
        row = invoice_queries.get_invoice(public_id=invoice.public_id)
        assert row.is_withdrawn
        assert len(invoice_queries.versions_of(invoice_id=row.id)) == 2
        assert invoice_queries.invoices_between(site_id=row.site_id, first_day=FIRST, until_day=UNTIL) == []
        entries = models.PoolEntry.objects.filter(organization_id=invoice.organization_id, withdrawn_at=None)
        assert not entries.exists()
    assert "HELD" in house.states(run).values()
    with house.scope(), pytest.raises(invoice_operations.InvoiceWithdrawn):
        invoice_operations.withdraw_invoice(**do, reason="again")
    assert supplier_invoices.invoice(house.place, **WHOLE).version == 1


def test_a_line_is_an_amount_once_and_is_not_withdrawn_by_itself(house: House) -> None:
    pool = pools.pool(house.place, code="UTILITY", name="Utility", **PASSED)
    supplier_invoices.invoice(house.place, **WHOLE)
    with pytest.raises(invoice_operations.InvoiceTaken):
        supplier_invoices.invoice(house.place, **WHOLE)

    with house.scope():
        entries = models.PoolEntry.objects.filter(organization_id=pool.organization_id, withdrawn_at=None)
        first = entries.order_by("line").first()
        assert entries.count() == 3
        assert first is not None
        with pytest.raises(pool_operations.AmountImpossible, match="correct or withdraw the invoice"):
            pool_operations.withdraw_amount(actor=billing.ACTOR, at=billing.LONG_AGO, entry=first.public_id)


def test_names_what_the_site_does_not_have(house: House) -> None:
    with pytest.raises(invoice_operations.InvoiceImpossible, match="no shared cost of the code UTILITY"):
        supplier_invoices.invoice(house.place, **WHOLE)
    with pytest.raises(invoice_operations.InvoiceImpossible, match="counts in EUR"):
        supplier_invoices.invoice(house.place, currency="USD")
    with house.scope(), pytest.raises(invoice_operations.InvoiceImpossible, match="0/total"):
        invoice_operations.enter_invoices(
            actor=billing.ACTOR,
            at=billing.LONG_AGO,
            site=house.place.site.public_id,
            documents=[supplier_invoices.document(total="1.00"), supplier_invoices.document()],
        )
    with house.scope():
        rows = models.SupplierInvoice.objects.filter(organization_id=house.place.organization.pk)
        assert not rows.exists()


def test_lines_for_a_part_of_a_closed_sheet_are_refused(house: House) -> None:
    pool = pools.pool(house.place, code="UTILITY", name="Utility", **PASSED)
    pools.amount(pool, "30.00", first_day=FIRST, until_day=UNTIL)
    billing.advance(billing.approve(house.run()))

    with pytest.raises(invoice_operations.InvoiceImpossible, match="was divided from 2026-06-01 to 2026-06-03"):
        supplier_invoices.invoice(house.place, **{**WHOLE, "until_day": (UNTIL + timedelta(days=1)).isoformat()})


def test_figures_of_a_time_are_whole_and_say_how_much_of_it_they_share(house: House) -> None:
    supplier_invoices.invoice(house.place)

    with house.scope():
        (found,) = invoice_queries.invoices_between(
            site_id=house.place.site.pk, first_day=FIRST.replace(month=5, day=20), until_day=UNTIL
        )
        none = invoice_queries.invoices_between(
            site_id=house.place.site.pk, first_day=FIRST, until_day=UNTIL, service="GAS"
        )

    assert (found.quantity, found.unit, found.total, found.energy) == (
        Decimal("1000"),
        "KWH",
        Decimal("200.26"),
        Decimal("150.00"),
    )
    assert (found.days, found.shared_days, none) == (31, 12, [])


def test_its_paper_is_a_pdf_or_a_picture(house: House) -> None:
    invoice = supplier_invoices.invoice(house.place)
    do: dict[str, Any] = {"actor": billing.ACTOR, "at": billing.LONG_AGO, "invoice": invoice.public_id}

    with house.scope(), pytest.raises(uploads.UploadRefused):
        invoice_operations.attach_invoice_file(**do, name="virus.exe", content=b"MZ\x90\x00")
    with house.scope():
        kept = invoice_operations.attach_invoice_file(**do, name="june.pdf", content=b"%PDF-1.7\n%%EOF\n")
        row, _site, content = invoice_queries.get_file(public_id=kept.public_id)

    assert (row.name, row.media_type, content[:5]) == ("june.pdf", "application/pdf", b"%PDF-")
