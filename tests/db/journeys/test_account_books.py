"""Customers, accounts and contracts from a workbook: dry run, one transaction, and back."""

from __future__ import annotations

import io
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from meterbook.audit import models as audit_models
from meterbook.customers import models as customer_models
from meterbook.customers import tenancies
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys import models as journey_models
from meterbook.journeys.accounts import exporting, files
from meterbook.journeys.building.planning import Plan
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from tests.db.journeys.building_desk import Desk as BuildingDesk
from tests.factories import account_books, billing, buildings, identity

ACTOR = Actor.system("test")
NOW = datetime(2026, 6, 2, 10, tzinfo=UTC)
ANA = ("C1", "Ana Ruiz", "Person", "ana@ruiz.example", "600 1\n600 2", "es")
OWN = ("A1", "C1", "HM", None, None)
PAYS = ("W0000", date(2026, 1, 1), "A1", "T1", None)


class Desk:
    """An organization with meters and a tariff, and somebody who brings workbooks of accounts."""

    def __init__(self, organization: identity_models.Organization | None = None, *, units: int = 3) -> None:
        self.organization = organization or identity.organization()
        meters = [
            (f"W{number:04}", f"Flat {number}", "Electricity", None, "HM", None, f"SN{number}")
            for number in range(units)
        ]
        BuildingDesk(self.organization).bring(buildings.building(points=meters), at=NOW - timedelta(days=600))
        billing.tariff(organization=self.organization)

    def upload(self, content: bytes, *, name: str = "accounts.xlsx", actor: Actor = ACTOR) -> uuid.UUID:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return files.upload_workbook(actor=actor, at=NOW, content=content, name=name)

    def check(self, content: bytes) -> tuple[uuid.UUID, Plan]:
        public_id = self.upload(content)
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return public_id, files.check_workbook(public_id=public_id, language="en", at=NOW)

    def faults(self, **rows: Any) -> list[tuple[str, str]]:  # noqa: ANN401
        _id, plan = self.check(account_books.workbook(**rows))
        return [(each.place, each.problem) for each in plan.problems]

    def bring(self, content: bytes) -> files.Imported:
        public_id, plan = self.check(content)
        assert plan.problems == ()
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return files.import_workbook(actor=ACTOR, at=NOW, public_id=public_id, expected=plan.digest, language="en")

    def export(self) -> bytes:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return exporting.export(at=NOW)

    def contracts(self) -> list[customer_models.Contract]:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            rows = customer_models.Contract.objects.filter(organization_id=self.organization.pk)
            return list(rows.select_related("account", "tariff").order_by("meter_point__code", "during"))


def test_three_hundred_tenants_by_one_file_and_back_unchanged() -> None:
    desk = Desk(units=301)
    landlord = ("L1", "C0", "HM", "Landlord", "T1")
    content = account_books.workbook(
        customers=[
            ("C0", "House", "Company"),
            *((f"C{n}", f"Tenant {n}", None, f"t{n}@x.example") for n in range(1, 301)),
        ],
        accounts=[landlord, *((f"A{n}", f"C{n}") for n in range(1, 301))],
        contracts=[(f"W{n:04}", date(2026, 1, 1), f"A{n}", "T1") for n in range(1, 301)],
    )

    began = time.monotonic()
    done = desk.bring(content)
    took = time.monotonic() - began

    assert {key: count for key, count in done.counts.items() if count} == {
        "CUSTOMERS_NEW": 301,
        "ACCOUNTS_NEW": 301,
        "CONTRACTS_NEW": 300,
    }
    assert took < 60, took
    contracts = desk.contracts()
    assert len(contracts) == 300
    assert contracts[0].during.lower == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert contracts[0].account.number == "A1"
    exported = desk.export()
    _id, again = desk.check(exported)
    assert (again.problems, again.changes) == ((), [])
    assert sum(again.unchanged.values()) == 902
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        own = {"organization_id": desk.organization.pk}
        entry = audit_models.AuditEntry.objects.filter(**own, action="customers:import_accounts").get()
        house = customer_models.Account.objects.get(**own, is_landlord=True)
        assert house.vacancy_tariff is not None
    assert entry.row_count == 902
    assert load_workbook(io.BytesIO(exported)).sheetnames == ["Customers", "Accounts", "Contracts", "Notes"]


def test_says_what_is_wrong_by_cell_and_writes_nothing() -> None:
    desk = Desk()
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        metering_models.MeterPoint.objects.filter(organization_id=desk.organization.pk, code="W0002").update(
            service="COLD_WATER"
        )

    faults = desk.faults(
        customers=[ANA, ("C1", "Again"), ("C2", None), ("C3", "B", "Robot"), ("C4", "D", None, "no-address")],
        accounts=[
            OWN,
            ("A2", "C9"),
            ("A3", "C1", "XX"),
            ("L1", "C1", None, "Landlord", "T9"),
            ("L2", "C1", None, "Landlord"),
        ],
        contracts=[
            PAYS,
            ("W9999", date(2026, 1, 1), "A1", "T1"),
            ("W0001", "1.1.2026", "A1", "T1"),
            ("W0001", date(2026, 2, 1), "A9", "T9", date(2026, 1, 1)),
            ("W0002", date(2026, 1, 1), "A1", "T1"),
            ("W0000", date(2026, 3, 1), "A1", "T1"),
        ],
    )

    assert faults == [
        ("Customers, row 3, Code", "Row 2 has the code “C1” already."),
        ("Customers, row 4, Name", "The cell is empty."),
        ("Customers, row 5, Person or company", "“Robot” is not one of the choices."),
        ("Customers, row 6, E-mail", "“no-address” is no e-mail address."),
        ("Accounts, row 3, Customer", "There is no “C9”."),
        ("Accounts, row 4, Site", "There is no “XX”."),
        ("Accounts, row 5, Tariff of vacant units", "There is no “T9”."),
        ("Accounts, row 6, Whose account", "Account “L1” is the landlord's account of this site."),
        ("Contracts, row 3, Meter point", "There is no “W9999”."),
        ("Contracts, row 4, First day", "“1.1.2026” is no day."),
        ("Contracts, row 5, Account", "There is no “A9”."),
        ("Contracts, row 5, Tariff", "There is no “T9”."),
        ("Contracts, row 5, Last day", "It is before the first day."),
        ("Contracts, row 6, Tariff", "It prices kWh, which this meter does not count."),
        ("Contracts, row 7, First day", "Row 2 covers that time already."),
    ]
    public_id = desk.upload(account_books.workbook(customers=[("C2", None)]))
    with scoping.scope([desk.organization.pk], actor=ACTOR), pytest.raises(files.AccountBookFaulty):
        files.import_workbook(actor=ACTOR, at=NOW, public_id=public_id, expected="", language="en")
    assert desk.contracts() == []


def test_what_changes_is_changed_and_what_may_not_is_refused_in_words() -> None:
    desk = Desk()
    first = account_books.workbook(customers=[ANA, ("C2", "Bo")], accounts=[OWN, ("A2", "C2")], contracts=[PAYS])
    desk.bring(first)
    _id, again = desk.check(first)
    assert (again.problems, again.changes) == ((), [])

    refused = desk.faults(
        accounts=[("A1", "C2", "HM")], contracts=[("W0000", date(2026, 1, 1), "A2", "T1", date(2025, 1, 1))]
    )
    assert [place for place, _problem in refused] == [
        "Accounts, row 2, Customer",
        "Contracts, row 2, Account",
        "Contracts, row 2, Last day",
    ]

    done = desk.bring(
        account_books.workbook(
            customers=[("C1", "Ana Ruiz Gil", "Person", None, "600 1\n600 2", None)],
            contracts=[
                ("W0000", date(2026, 1, 1), "A1", "T1", date(2026, 5, 31)),
                ("W0000", date(2026, 6, 1), "A2", "T1", None),
                ("W0000", date(2025, 6, 1), "A2", "T1", date(2025, 12, 31)),
            ],
        )
    )

    assert {key: count for key, count in done.counts.items() if count} == {
        "CUSTOMERS_CHANGED": 1,
        "CONTRACTS_CHANGED": 1,
        "CONTRACTS_NEW": 2,
    }
    before, own, after = desk.contracts()
    assert [each.account.number for each in (before, own, after)] == ["A2", "A1", "A2"]
    assert before.during.upper == own.during.lower
    assert own.during.upper == after.during.lower == datetime(2026, 5, 31, 22, tzinfo=UTC)
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        ana = customer_models.Customer.objects.get(organization_id=desk.organization.pk, code="C1")
    assert (ana.name, ana.email, ana.phones, ana.language) == ("Ana Ruiz Gil", "", ["600 1", "600 2"], "es")
    _id, unchanged = desk.check(desk.export())
    assert (unchanged.problems, unchanged.changes) == ((), [])
    late = desk.faults(contracts=[("W0000", date(2026, 1, 1), "A1", "T1", date(2026, 7, 31))])
    assert late[0] == ("Contracts, row 2, Last day", "The end was agreed for 2026-05-31.")


def test_full_width_numbers_are_the_usual_ones_and_a_day_before_the_meter_is_hinted_at() -> None:
    desk = Desk()
    wide = account_books.workbook(
        customers=[ANA],
        accounts=[("\uff21\uff11", "\uff23\uff11", "HM", None, None)],
        contracts=[("W0000", date(2024, 9, 1), "A\uff11", "T1"), ("W0001", date(2026, 1, 1), "A1", "T1")],
    )

    _id, plan = desk.check(wide)
    desk.bring(wide)
    twice = desk.faults(accounts=[("A\uff11", "C9", "HM", None, None)])

    assert [(each.place, each.problem) for each in plan.hints] == [
        ("Contracts, row 2, First day", "The meter hangs there since 2024-10-10; nothing was counted before.")
    ]
    assert [each.account.number for each in desk.contracts()] == ["A1", "A1"]
    assert ("Accounts, row 2, Customer", "It is “C1” already.") in twice


def test_time_that_is_billed_stays() -> None:
    place = billing.place(code="HM")
    shop = billing.shop(place, name="Shop 1", days=billing.FEBRUARY)
    billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
    code = shop.point.code

    def faults(*contracts: tuple[object, ...]) -> list[tuple[str, str]]:
        content = account_books.workbook(customers=[ANA], accounts=[OWN], contracts=contracts)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            public_id = files.upload_workbook(actor=ACTOR, at=NOW, content=content, name="a.xlsx")
            plan = files.check_workbook(public_id=public_id, language="en", at=NOW)
        return [(each.place, each.problem) for each in plan.problems]

    with scoping.scope([place.organization.pk], actor=ACTOR):
        contract = customer_models.Contract.objects.select_related("account", "tariff").get(
            organization_id=place.organization.pk
        )
    february = (code, date(2026, 2, 1), contract.account.number, contract.tariff.code)
    assert faults((*february, date(2026, 2, 20)), (code, date(2026, 2, 21), "A1", "T1")) == [
        ("Contracts, row 2, Last day", "Bills reach until 2026-03-01."),
        ("Contracts, row 3, First day", "The time of this meter point is billed until 2026-03-01."),
    ]
    assert faults((*february, date(2026, 2, 28)), (code, date(2026, 3, 1), "A1", "T1")) == []


def test_somebody_who_changes_accounts_meanwhile_is_not_overwritten_and_faulty_files_go() -> None:
    desk = Desk()
    faulty = desk.upload(account_books.workbook(customers=[("C1", None)]), name="faulty.xlsx")
    others = desk.upload(account_books.workbook(customers=[("C1", None)]), actor=Actor.system("other"))
    public_id, plan = desk.check(account_books.workbook(customers=[ANA], accounts=[OWN], contracts=[PAYS]))
    given: dict[str, Any] = {"actor": ACTOR, "at": NOW, "public_id": public_id, "language": "en"}
    with scoping.scope([desk.organization.pk], actor=ACTOR), pytest.raises(files.AccountsChanged):
        files.import_workbook(**given, expected="another")
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        done = files.import_workbook(**given, expected=plan.digest)
    assert done.dismissed == ("faulty.xlsx",)
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        waiting = journey_models.AccountBook.objects.filter(
            organization_id=desk.organization.pk, imported_at=None
        ).values_list("public_id", flat=True)
        assert list(waiting) == [others]
        with pytest.raises(files.AccountBookNotFound):
            files.get_workbook(public_id=faulty)
        with pytest.raises(files.AccountBookDone):
            files.import_workbook(**given, expected=plan.digest)
        with pytest.raises(files.AccountBookDone):
            files.discard_workbook(actor=ACTOR, at=NOW, public_id=public_id)
        contract = customer_models.Contract.objects.get(organization_id=desk.organization.pk)
        tenancies.end_contract_at(
            actor=ACTOR, at=NOW, contract=contract.public_id, ends_at=datetime(2026, 3, 4, 12, tzinfo=UTC)
        )
    _id, plan = desk.check(desk.export())  # an end in the middle of a day is no difference
    assert (plan.problems, plan.changes) == ((), [])
