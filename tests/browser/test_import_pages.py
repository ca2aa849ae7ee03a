"""Imports on a phone: every page fits and is accessible, and a file comes in by hand."""

from __future__ import annotations

import pytest

from meterbook.kernel.quantity import Unit
from meterbook.metering import operations
from tests.browser.conftest import Visit
from tests.factories import identity, imports, metering
from tests.support import browser as browsing

MORE = ("reactive_kvarh", "power_factor_of_the_plant", "seconds_since_midnight", "week_status", "day_of_the_week")
ROWS = [(f"2026-03-01 {n // 4:02}:{n % 4 * 15:02}", n, *MORE) for n in range(96)]
HEADER = ",".join(("time", "Usage_kWh", *MORE))
ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)


@pytest.mark.parametrize(("width", "theme"), [(360, "dark")])
def test_a_file_comes_in(visit: Visit, width: int, theme: str) -> None:
    organization = identity.organization(name="Northquay Property")
    user = identity.user(organization=organization, name="Maria Ortega")
    metering.installed_meter(organization=organization, code="SHOP-1", name="FreshMart", registers=(ENERGY,))
    watched = visit(width=width, theme=theme)
    page = watched.page
    watched.enter(user, f"/o/{organization.public_id}/imports/")

    def look(name: str) -> None:
        assert watched.overflow() <= 0, name
        assert watched.axe() == [], name
        browsing.picture(page, f"imports-{name}-{width}-{theme}")

    look("empty")
    faulty = imports.csv_file([*ROWS[:50], ("2026-03-01 12:30", "12.x", *MORE), *ROWS[51:]], header=HEADER)
    for name, content in (("faulty", faulty), ("sound", imports.csv_file(ROWS, header=HEADER))):
        page.set_input_files("input[type=file]", {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": content})
        watched.follow("text=Upload and look at it")
        page.wait_for_selector("text=How it is read")
        look(f"{name}-mapping")
        page.fill("[name=point]", "SHOP-1")
        watched.follow("text=Show what it brings")
        page.wait_for_selector("h2:has-text('What it brings')")
        look(f"{name}-dry-run")
        if name == "faulty":
            assert "Line 52" in page.inner_text("main")
            watched.follow("text=Discard")
            page.wait_for_selector("text=was discarded")
    watched.follow("main button:has-text('Import')")
    page.wait_for_selector("text=97 new readings were stored.")
    look("done")
    watched.follow("main .breadcrumbs a")
    page.wait_for_selector("h2:has-text('Files so far')")
    look("list")
