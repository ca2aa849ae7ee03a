"""Two organizations built from nothing through the pages: a landlord alone on a phone, an office of 300 at a desk."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import landlords
from tests.factories import buildings, identity
from tests.support import browser as browsing

IS_LONG = bool(os.environ.get("MB_SOAK_SECONDS"))
PRICE = landlords.Price(energy=Decimal("0.1837"), month=Decimal("4.35"), tax_percent=Decimal(21))


def counted(codes: list[str]) -> dict[str, tuple[Decimal, Decimal]]:
    """What each counter showed at the beginning and the end of the month; no two used the same."""
    return {
        code: (Decimal("1204.3") * number, Decimal("1204.3") * number + Decimal("211.37") + Decimal("3.113") * number)
        for number, code in enumerate(codes, 1)
    }


def expected(shown: dict[str, tuple[Decimal, Decimal]], customers: list[str]) -> dict[str, Decimal]:
    """The totals of the bills by an independent calculation."""
    used = [after - before for before, after in shown.values()]
    return {name: PRICE.total(quantity) for name, quantity in zip(customers, used, strict=True)}


def workbook(units: int, first_day: date) -> bytes:
    """Floors of 50 units, each with a meter that is read by files."""
    floors = [(f"F{n}", f"Floor {n}", "Floor", "OF", None, None) for n in range(-(-units // 50))]
    shops = [(f"U{n:03}", f"Office {n}", "Unit", "OF", f"F{n // 50}", 24 + n % 9) for n in range(units)]
    points = [
        (f"E{n:03}", f"Office {n}", "Electricity", None, "OF", f"U{n:03}", f"SN{n}", None, first_day)
        for n in range(units)
    ]
    return buildings.workbook(
        {
            "Sites": [buildings.SITES, ("OF", "Linden House", "Europe/Madrid", "EUR", "en")],
            "Places": [buildings.PLACES, *floors, *shops],
            "Meter points": [(*buildings.POINTS[:8], "Hangs there since"), *points],
        }
    )


@pytest.mark.soak
def test_a_landlord_alone_bills_a_house_on_a_phone(browser: Browser, site_server: browsing.Site) -> None:
    units = [f"Flat {n}" for n in range(1, (20 if IS_LONG else 2) + 1)]
    organization = identity.organization(name="Maple Court")
    first_day, until_day = landlords.last_month()
    customers = [f"Ana Ruiz {n}" for n in range(len(units))]

    with browsing.visit(browser, site_server, width=360) as watched:
        desk = landlords.Desk(watched, organization, "house")
        watched.enter(identity.user(organization=organization, name="Rosa Field"))
        desk.set_up_site("Maple Court 4")
        desk.add_units(units)
        codes = desk.add_meters(units, first_day)
        desk.write_tariff(PRICE, first_day)
        desk.open_accounts(first_day, customers)
        shown = counted(codes)
        desk.bring_readings(shown, first_day, until_day)
        desk.bill(len(units))
        wanted = expected(shown, customers)
        desk.open("bills/")
        expect(watched.page.locator("main")).to_contain_text(f"{wanted[customers[0]]}")
        desk.look("bills")
        watched.check()

    assert desk.billed() == wanted


@pytest.mark.soak
def test_an_office_comes_in_by_a_workbook_and_is_billed(browser: Browser, site_server: browsing.Site) -> None:
    units = 300 if IS_LONG else 60
    organization = identity.organization(name="Linden Offices")
    first_day, until_day = landlords.last_month()
    customers = [f"Tenant {n}" for n in range(units)]
    shown = counted([f"E{n:03}" for n in range(units)])

    with browsing.visit(browser, site_server, width=1280) as watched:
        desk = landlords.Desk(watched, organization, "office")
        watched.enter(identity.user(organization=organization, name="Maria Ortega"))
        desk.open("sites/workbooks/")
        given = {"name": "linden.xlsx", "mimeType": "application/xlsx", "buffer": workbook(units, first_day)}
        watched.page.set_input_files("input[type=file]", given)  # type: ignore[arg-type]
        desk.press("Upload and look at it", "h2:has-text('What it would do')")
        desk.look("workbook")
        desk.press("Import", "h2:has-text('What it did')")
        desk.write_tariff(PRICE, first_day)
        desk.open_accounts(first_day, customers)
        desk.bring_readings(shown, first_day, until_day)
        desk.bill(units)
        desk.open("bills/")
        expect(watched.page.locator("main")).to_contain_text("Tenant")
        watched.check()

    billed, wanted = desk.billed(), expected(shown, customers)
    assert (len(billed), sum(billed.values())) == (units, sum(wanted.values()))
    assert billed == wanted
