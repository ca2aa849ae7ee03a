"""The balance sheet of energy: what a supplier delivered is what tenants, stairs, empty units and the wires used."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering.values import PointRole
from meterbook.reporting import balancing
from meterbook.reporting.balancing import Bearer, Part
from meterbook.reporting.queries import site_sheets
from tests.factories import billing, customers, identity, supplier_invoices

FIRST, UNTIL = date(2026, 2, 1), date(2026, 2, 8)
DAYS = billing.Days(FIRST, UNTIL)
SLOTS = 7 * 96


@dataclass
class House:
    """A main meter, a shop, an empty shop, the stairs; what each counts a quarter of an hour, in 0.01 kWh."""

    rises: tuple[int, int, int, int] = (100, 40, 10, 20)
    invoiced: str | None = "672"
    place: billing.Place = field(default_factory=billing.place)

    def __post_init__(self) -> None:
        for name, role, rise in zip(
            ("Main", "Shop 1", "Shop 2", "Stairs"),
            (PointRole.MAIN, PointRole.TENANT, PointRole.TENANT, PointRole.COMMON),
            self.rises,
            strict=True,
        ):
            meter = billing.metered(self.place, name=name, role=role)
            billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at, rise=rise)
            if role is PointRole.TENANT:  # the second shop is empty until the days are over
                starts_at = DAYS.starts_at if name == "Shop 1" else DAYS.ends_at
                account = customers.account(organization=self.place.organization, site=self.place.site, name=name)
                customers.contract(account=account, point=meter.point, tariff=self.place.tariff, starts_at=starts_at)
        billing.issued(self.place, first_day=FIRST, until_day=UNTIL)
        if self.invoiced is not None:
            supplier_invoices.invoice(
                self.place, first_day=FIRST.isoformat(), until_day=UNTIL.isoformat(), quantity=self.invoiced
            )

    def sheet(self, first: date = FIRST, until: date = UNTIL) -> site_sheets.SiteSheet:
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            return site_sheets.sheet_of(site_id=self.place.site.pk, first_day=first, until_day=until)

    def client(self, user: identity_models.User | None = None) -> Client:
        client = Client()
        client.force_login(user or identity.user(organization=self.place.organization))
        return client

    def path(self, route: str = "energy_balance", **query: str) -> str:
        asked = {"site": str(self.place.site.public_id), "first": "2026-02-01", "last": "2026-02-07", **query}
        words = "&".join(f"{key}={value}" for key, value in asked.items())
        return f"{reverse(route, args=[self.place.organization.public_id])}?{words}"


@pytest.fixture(scope="module")
def house(database: str) -> House:
    """A week of a house in which all is billed."""
    return House()


@pytest.mark.spec("I-05")
class TestSheet:
    def test_says_where_each_kilowatt_hour_went(self, house: House) -> None:
        (electricity,) = house.sheet().services

        kilowatt_hours = {part: Fraction(amount) for part, amount in electricity.sheet.parts.items()}
        assert kilowatt_hours == {
            Part.TENANTS: Fraction(SLOTS * 4, 10),
            Part.COMMON: Fraction(SLOTS * 2, 10),
            Part.VACANCY: Fraction(SLOTS, 10),
            Part.UNMETERED: Fraction(SLOTS * 3, 10),
        }
        assert Fraction(electricity.sheet.through or 0) == SLOTS
        assert electricity.sheet.difference == 0

    def test_sets_the_suppliers_quantity_beside_the_main_meter(self, house: House) -> None:
        sheet = house.sheet()

        assert [(each.service, Fraction(each.quantity)) for each in sheet.invoiced] == [("ELECTRICITY", Fraction(672))]
        assert sheet.invoiced[0].quantity == sheet.services[0].sheet.through

    def test_says_who_bears_what_was_paid(self, house: House) -> None:
        (money,) = house.sheet().moneys

        assert money.sheet.difference == 0
        assert money.sheet.paid == Decimal("200.26")
        assert money.sheet.bearers.keys() == {Bearer.TARIFF, Bearer.VACANCY, Bearer.REMAINDER}
        assert sum(money.sheet.bearers.values()) == money.sheet.paid

    def test_is_checked_against_registers_and_books(self, house: House) -> None:
        checks = house.sheet().checks

        assert [each.kind for each in checks] == ["REGISTER", "LINES", "BOOKS"]
        assert [each.difference for each in checks] == [0, 0, 0]
        assert all(each.left > 0 for each in checks)

    def test_takes_the_share_of_the_days_of_an_invoice(self, house: House) -> None:
        sheet = house.sheet(until=FIRST + timedelta(days=1))

        (cost,) = sheet.moneys[0].sheet.costs
        assert (cost.amount, cost.is_part) == (Decimal("28.61"), True)
        assert sheet.services[0].sheet.difference == 0
        assert Part.ELSEWHERE in sheet.services[0].sheet.parts  # the bills reach beyond the day
        assert sheet.moneys[0].outside

    @settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rises=st.tuples(*[st.integers(0, 500)] * 4))
    def test_has_no_difference_whatever_was_used(self, database: str, rises: tuple[int, int, int, int]) -> None:
        made = House(rises=rises, invoiced=None)

        sheet = made.sheet()

        assert [each.sheet.difference for each in sheet.services] == [0]
        assert all(each.difference == 0 for each in sheet.checks)
        parts: dict[balancing.Part, Any] = sheet.services[0].sheet.parts
        assert parts.get(Part.TENANTS, 0) * 100 == SLOTS * rises[1]
        assert parts.get(Part.UNMETERED, 0) * 100 == SLOTS * (rises[0] - sum(rises[1:]))


@pytest.mark.spec("I-05")
class TestPage:
    def test_shows_every_part_with_its_unit_and_way_down(self, house: House) -> None:
        shown = house.client().get(house.path()).content.decode()

        assert "difference 0.000 kWh" in shown
        assert "all checks agree" in shown
        assert "The suppliers and the main meters agree" in shown
        assert shown.count("flow-band") == 4
        assert "Harbor Power, 2026-0513" in shown
        assert "/bills/" in shown
        assert "/meters/" in shown

    def test_shows_the_newest_billed_month_where_nothing_is_asked(self, house: House) -> None:
        path = reverse("energy_balance", args=[house.place.organization.public_id])

        assert "February 2026" in house.client().get(path).content.decode()

    def test_says_what_to_do_where_nothing_was_measured(self, house: House) -> None:
        shown = house.client().get(house.path(first="2020-01-01", last="2020-01-31")).content.decode()

        assert "Nothing was measured or billed on these days" in shown or "0.000" in shown

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ({"last": "2026-01-01"}, "lies before the first one"),
            ({"last": "2028-01-01"}, "at most 400 days"),
            ({"first": "soon"}, "Write the day as"),
            ({"site": "elsewhere"}, "elsewhere"),
        ],
        ids=["order", "length", "no day", "no site"],
    )
    def test_says_what_is_wrong_with_what_is_asked(self, house: House, query: dict[str, str], words: str) -> None:
        answer = house.client().get(house.path(**query))

        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_file_sums_to_the_main_meter(self, house: House) -> None:
        content = house.client().get(house.path("energy_balance_file", kind="csv")).content.decode("utf-8-sig")

        rows = [row for row in csv.reader(io.StringIO(content)) if row[7] == "kWh"]
        came = sum(Decimal(row[6]) for row in rows if row[1] == "Came in")
        went = sum(Decimal(row[6]) for row in rows if row[1] == "Went out")
        assert came == went == Decimal("672.000")

    def test_is_not_there_for_others(self, house: House) -> None:
        stranger = identity.user(organization=identity.organization())

        assert house.client(stranger).get(house.path()).status_code == 404


@pytest.mark.spec("I-05")
class TestInterface:
    def get(self, house: House, first: str, until: str) -> Any:  # noqa: ANN401
        headers = {"Meterbook-Organization": str(house.place.organization.public_id)}
        path = f"/api/v1/sites/{house.place.site.public_id}/energy-balance?first_day={first}&until_day={until}"
        return house.client().get(path, headers=headers)

    def test_tells_the_same(self, house: House) -> None:
        found = self.get(house, "2026-02-01", "2026-02-08").json()

        (service,) = found["services"]
        assert (service["through"], service["supplied"], service["difference"]) == (
            "672.000000",
            "672.000000",
            "0.000000",
        )
        assert sum(Decimal(each["quantity"]) for each in service["rows"]) == 672
        (money,) = found["money"]
        assert Decimal(money["difference"]) == 0
        assert {each["difference"] for each in found["checks"]} == {"0.000000"}

    @pytest.mark.parametrize(("first", "until"), [("2026-02-08", "2026-02-08"), ("2020-01-01", "2026-01-01")])
    def test_refuses_days_that_are_none(self, house: House, first: str, until: str) -> None:
        assert self.get(house, first, until).status_code == 422
