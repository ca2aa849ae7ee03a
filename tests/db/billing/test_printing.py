"""Bills on paper: which go into a file, in which order, and that a killed job ends with the same pages."""

from __future__ import annotations

import io
import uuid
from datetime import date
from zoneinfo import ZoneInfo

import pypdf
import pytest

from meterbook.billing import models, operations, queries
from meterbook.billing.operations import print_files
from meterbook.billing.queries import prints
from meterbook.customers import models as customer_models
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil, order
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.ledger import posting
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.factories import billing, customers, identity, ledger

ACTOR = Actor.system("test")
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
MADRID = ZoneInfo("Europe/Madrid")
START, MIDDLE, END = (civil.start_of_day(each, MADRID) for each in (SEPTEMBER, OCTOBER, NOVEMBER))
SHOPS = (("G-10", "a@harbor.example"), ("G-9", ""), ("1-02", ""), ("G-2", ""), ("1-01", "b@harbor.example"))


def shop(place: billing.Place, unit: str, email: str) -> customer_models.Account:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        node = site_operations.create_node(
            actor=ACTOR, at=START, site=place.site, kind=site_values.NodeKind.UNIT, code=unit, name=unit
        )
    meter = billing.metered(place, name=f"Shop {unit}", node=node)
    billing.count(meter.energy, START, END)
    account = customers.account(organization=place.organization, site=place.site, name=f"Shop {unit}", email=email)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    return account


@pytest.fixture(scope="module")
def run(database: str) -> models.BillRun:
    """September of five shops, billed; three of them have no e-mail address."""
    place = billing.place(code="HM")
    for unit, email in SHOPS:
        shop(place, unit, email)
    return billing.issued(place, first_day=SEPTEMBER, until_day=OCTOBER)


def asked(run: models.BillRun, *, is_everything: bool = False) -> list[models.PrintFile]:
    with scoping.scope([run.organization_id], actor=ACTOR):
        return operations.print_bills(actor=ACTOR, at=END, run=run.public_id, is_everything=is_everything)


def made(wanted: models.PrintFile) -> tuple[queries.PrintRow, list[str]]:
    """What the job makes of it, and the units that its pages name, a page each."""
    operations.make_print_file(organization_id=wanted.organization_id, actor=ACTOR, at=END, print_id=wanted.public_id)
    with scoping.scope([wanted.organization_id], actor=ACTOR):
        row = queries.get_print(public_id=wanted.public_id)
        assert row.file_id is not None
        _file, content = document_queries.file_content(public_id=row.file_id)
    pages = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    units = [next((unit for unit, _email in SHOPS if f"Shop {unit} " in page), "") for page in pages]
    return row, units


class TestPrintFile:
    def test_holds_the_bills_of_those_without_an_address_in_the_order_of_units(self, run: models.BillRun) -> None:
        (wanted,) = asked(run)

        row, units = made(wanted)

        assert list(dict.fromkeys(units)) == ["1-02", "G-2", "G-9"]
        assert (row.bills, row.done, row.is_ready) == (3, 3, True)
        assert units[::2] == units[1::2]  # two pages each, beside each other

    def test_holds_all_of_them_when_asked_for(self, run: models.BillRun) -> None:
        (wanted,) = asked(run, is_everything=True)

        _row, units = made(wanted)

        assert list(dict.fromkeys(units)) == ["1-01", "1-02", "G-2", "G-9", "G-10"]

    def test_prints_the_very_pages_that_are_kept(self, run: models.BillRun) -> None:
        (wanted,) = asked(run)
        made(wanted)

        with scoping.scope([run.organization_id], actor=ACTOR):
            kept = [operations.issue_pdf(actor=ACTOR, at=END, bill=each) for each in wanted.bill_ids]
            contents = [document_queries.file_content(public_id=each.public_id)[1] for each in kept if each is not None]
            row = queries.get_print(public_id=wanted.public_id)
            assert row.file_id is not None
            _file, printed = document_queries.file_content(public_id=row.file_id)

        single = [page.extract_text() for each in contents for page in pypdf.PdfReader(io.BytesIO(each)).pages]
        assert [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages] == single

    def test_keeps_who_was_chosen_when_it_was_asked_for(self, run: models.BillRun) -> None:
        (wanted,) = asked(run)

        with scoping.scope([run.organization_id], actor=ACTOR):
            assert wanted.bill_ids == prints.printed_bills(run_public_id=run.public_id, is_everything=False)
            assert queries.count_printed(run_public_id=run.public_id) == (3, 5)

    def test_is_made_once(self, run: models.BillRun) -> None:
        (wanted,) = asked(run)
        first, _units = made(wanted)

        again, _units = made(wanted)

        assert again.file_id == first.file_id

    def test_goes_into_several_where_one_would_be_too_large(
        self, run: models.BillRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(print_files, "BILLS_A_FILE", 2)

        files = asked(run)

        assert [(each.part, each.parts, each.bills) for each in files] == [(1, 2, 2), (2, 2, 1)]
        assert [unit for each in files for unit in dict.fromkeys(made(each)[1])] == ["1-02", "G-2", "G-9"]

    def test_is_refused_where_nothing_is_issued(self) -> None:
        place = billing.place()
        shop(place, "1-01", "")
        reviewed = billing.advance(billing.plan(place, first_day=SEPTEMBER, until_day=OCTOBER))

        with pytest.raises(operations.NothingToPrint):
            asked(reviewed)

    def test_is_invisible_to_other_organizations(self, run: models.BillRun) -> None:
        (wanted,) = asked(run)
        stranger = identity.organization()

        with scoping.scope([stranger.pk], actor=ACTOR), pytest.raises(queries.PrintNotFound):
            queries.get_print(public_id=wanted.public_id)
        with pytest.raises(queries.PrintNotFound):
            operations.make_print_file(organization_id=stranger.pk, actor=ACTOR, at=END, print_id=wanted.public_id)


class TestStanding:
    def test_leads_from_what_was_owed_to_what_is_owed_and_stays_so(self) -> None:
        place = billing.place(code="HM")
        account = shop(place, "1-01", "")
        first = bill_of(billing.issued(place, first_day=SEPTEMBER, until_day=OCTOBER))
        pay(place, account, "-200.00")
        second = bill_of(billing.issued(place, first_day=OCTOBER, until_day=NOVEMBER))
        pay(place, account, "-77.00")

        with scoping.scope([place.organization.pk], actor=ACTOR):
            opening = queries.standing_of(public_id=first)
            later = queries.standing_of(public_id=second)
            total = queries.get_bill(public_id=second).total

        # 30 days of 24 kWh, 14 hours at peak: 126 + 30 + 16.50, and 21 %.
        assert opening == queries.Standing(Money.zero("EUR"), Money.zero("EUR"), Money.of("208.73", "EUR"))
        assert later == queries.Standing(
            Money.of("208.73", "EUR"), Money.of("-200.00", "EUR"), Money.of("8.73", "EUR") + total
        )

    def test_is_on_the_paper(self) -> None:
        place = billing.place(code="HM")
        account = shop(place, "1-01", "")
        billing.issued(place, first_day=SEPTEMBER, until_day=OCTOBER)
        pay(place, account, "-200.00")
        second = bill_of(billing.issued(place, first_day=OCTOBER, until_day=NOVEMBER))

        with scoping.scope([place.organization.pk], actor=ACTOR):
            kept = operations.issue_pdf(actor=ACTOR, at=END, bill=second)
            assert kept is not None
            _file, content = document_queries.file_content(public_id=kept.public_id)

        said = " ".join(pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
        assert "Balance after the bill before €208.73" in said
        assert "Payments and corrections since −€200.00" in said

    def test_is_none_of_a_draft(self) -> None:
        place = billing.place()
        shop(place, "1-01", "")
        reviewed = billing.advance(billing.plan(place, first_day=SEPTEMBER, until_day=OCTOBER))
        with scoping.scope([place.organization.pk], actor=ACTOR):
            (row,) = queries.run_bills(run_public_id=reviewed.public_id).rows
            assert row.bill_public_id is not None

            assert queries.standing_of(public_id=row.bill_public_id) is None
            assert operations.issue_pdf(actor=ACTOR, at=END, bill=row.bill_public_id) is None


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["G-10", "G-9", "G-2"], ["G-2", "G-9", "G-10"]),
        (["B1", "12", "A", "2"], ["2", "12", "A", "B1"]),
        (["1-02", "1-1", ""], ["", "1-1", "1-02"]),
    ],
)
def test_units_are_sorted_as_people_count_them(codes: list[str], expected: list[str]) -> None:
    assert sorted(codes, key=order.natural) == expected


def bill_of(run: models.BillRun) -> uuid.UUID:
    with scoping.scope([run.organization_id], actor=ACTOR):
        (row,) = queries.run_bills(run_public_id=run.public_id).rows
    assert row.bill_public_id is not None
    return row.bill_public_id


def pay(place: billing.Place, account: customer_models.Account, amount: str) -> None:
    """What a customer paid comes into the books: cash against the receivable."""
    cash = ledger.account(organization=place.organization)
    with scoping.scope([account.organization_id], actor=ACTOR):
        posting.post(
            actor=ACTOR,
            at=END,
            plan=ledger.plan(
                (account.receivable, amount), (cash, amount.removeprefix("-")), posted_date=OCTOBER, text="Payment"
            ),
        )
