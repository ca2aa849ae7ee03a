"""A run with a tenant and a cost center: one bill with number and tax, one statement without, and a journal of zero."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pypdf
import pytest

from meterbook.billing import models, operations, queries
from meterbook.billing.operations import correcting, crediting
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import numbers as number_queries
from meterbook.billing.queries import printed_notes
from meterbook.customers import operations as customer_operations
from meterbook.documents import queries as document_queries
from meterbook.documents import register_queries
from meterbook.documents.values import DocumentKind, caption_of
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries
from tests.factories import billing, corrections, customers, metering
from tests.factories.identity import ACTOR, LONG_AGO

DAYS = billing.FEBRUARY
YEAR = {"starts_on": date(2026, 1, 1), "ends_on": date(2027, 1, 1)}


def department(place: billing.Place, *, number: str, rise: int = 25) -> metering.Installed:
    meter = billing.metered(place, name=f"Meter {number}")
    billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at, rise=rise)
    account = customers.account(
        organization=place.organization,
        site=place.site,
        name=f"Department {number}",
        number=number,
        email="dean@example.org",
        is_internal=True,
    )
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
    return meter


@pytest.fixture
def place(database: str) -> billing.Place:
    return billing.place(code="CAMPUS")


def bills(run: models.BillRun) -> Sequence[models.Bill]:
    found = models.Bill.objects.filter(run=run).select_related("draft", "account")
    return list(found.order_by("account__number"))


@pytest.mark.spec("M-063", "M-105")
def test_statements_have_no_tax_and_no_number_and_the_journal_balances_to_zero(place: billing.Place) -> None:
    billing.shop(place, name="Campus Books", days=DAYS)
    department(place, number="4100")
    department(place, number="4200", rise=40)

    run = billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day)

    with scoping.scope([place.organization.pk], actor=ACTOR):
        issued = bills(run)
        statements = [each for each in issued if each.account.mode == "INTERNAL"]
        sold = [each for each in issued if each.account.mode == "POSTPAID"]
        assert [each.number for each in statements] == ["CB-4100-2026-02-01", "CB-4200-2026-02-01"]
        assert sorted(each.number for each in sold)[0] == "CAMPUS-2026-000001"
        assert [(each.kind, each.issued) for each in document_queries.list_series()] == [(DocumentKind.BILL, len(sold))]
        for each in statements:
            content = json.loads(bytes(each.draft.content))
            assert content["taxes"] == []
            assert Decimal(content["tax"]) == 0
            assert each.draft.total == each.draft.net > 0
            assert {code for code, _minor in json.loads(each.draft.postings)} == {"REC-EUR-ELECTRICITY"}
            assert queries.standing_of(public_id=each.public_id) is None
        assert any(json.loads(bytes(each.draft.content))["taxes"] for each in sold)
        kinds = {each.number: each.kind for each in register_queries.list_documents(search="", kind=None, page=1)[0]}
        assert kinds["CB-4100-2026-02-01"] is DocumentKind.CHARGE_BACK

        journal = queries.journal_of_charge_backs(**YEAR)

        assert journal.is_sound
        (check,) = journal.checks
        assert check.charged.amount == sum(each.draft.total for each in statements)
        assert check.debits.amount == -check.credits.amount > 0
        assert {each.account_code for each in journal.lines} == {"CC-4100", "CC-4200", "REC-EUR-ELECTRICITY"}
        shares = {each.cost_center.number: each.amount.amount for each in queries.recovered(journal.lines)}
        assert shares == {each.account.number: each.draft.total for each in statements}
        assert all(not each.amount for each in ledger_queries.trial_balance().values())
        other = queries.journal_of_charge_backs(**YEAR, site_id=place.site.pk + 1)
        assert (other.lines, other.checks) == ((), ())

        file = operations.issue_pdf(actor=ACTOR, at=LONG_AGO, bill=statements[0].public_id)
        assert file is not None
        assert file.name == "CB-4100-2026-02-01.pdf"
        assert operations.is_reproduced(bill=statements[0].public_id)


def test_a_wrong_statement_is_taken_back_outside_of_all_series(place: billing.Place) -> None:
    meter = department(place, number="4100")
    run = billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day)
    made = corrections.Billed(place, (meter,), run)
    corrections.misread(made, counts=1_000)
    bill = corrections.bill_of(made, "Department 4100")

    with scoping.scope([made.owner], actor=ACTOR):
        proposed = correcting.propose_correction(
            actor=ACTOR,
            at=corrections.LATER,
            bill=bill.public_id,
            reason="The digit was misread.",
        )
        note = correcting.approve_correction(
            actor=Actor.user(0, "checker", source=""), at=corrections.LATER, correction=proposed.public_id
        )
        assert note.replacement is not None
        assert (note.number, note.replacement.number) == ("CB-4100-2026-02-01-R", "CB-4100-2026-02-01-2")
        assert caption_of(DocumentKind.CREDIT_NOTE, note.number) == "Charge-back taken back"
        assert document_queries.list_series() == []
        journal = queries.journal_of_charge_backs(**YEAR)
        assert journal.is_sound
        assert journal.checks[0].charged.amount == note.replacement.draft.total
        assert number_queries.months_with_numbers() == []
        assert number_queries.number_report(month=date(2026, 3, 1)).voids == ()
        assert printed_notes.paper_of(note=note.public_id) is None
        assert note_queries.get_credit_note(public_id=note.public_id).is_internal
        file = crediting.issue_pdf(actor=ACTOR, at=corrections.LATER, note=note.public_id)
        _row, pdf = document_queries.file_content(public_id=file.public_id)
    text = " ".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert "Charge-back taken back" in text
    assert "Credited to the cost center" in text
    assert "Credit note" not in text
    assert "VAT" not in text


def test_the_account_of_vacancies_is_no_cost_center(place: billing.Place) -> None:
    with scoping.scope([place.organization.pk], actor=ACTOR), pytest.raises(customer_operations.LandlordInternal):
        customer_operations.open_account_with_customer(
            actor=ACTOR, at=LONG_AGO, site=place.site, number="4300", name="Both", is_landlord=True, is_internal=True
        )
