"""A landlord or an office who bills a site through the pages alone: tariff, accounts, readings, run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from playwright.sync_api import Page, expect

from meterbook.billing import models as billing_models
from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil, clock
from tests.factories import billing, identity, imports
from tests.support import browser as browsing

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """What a kilowatt hour and a month cost, with the tax on the sum of both lines."""

    energy: Decimal
    month: Decimal
    tax_percent: Decimal

    def total(self, quantity: Decimal) -> Decimal:
        """This will return what a month of a quantity costs: each line rounded by itself, then the tax."""
        net = _rounded(quantity * self.energy) + _rounded(self.month)
        return net + _rounded(net * self.tax_percent / 100)


def last_month() -> tuple[date, date]:
    """This will return the first day of the month that is over, and the first day after it."""
    until = civil.local_date(clock.now(), billing.MADRID).replace(day=1)
    before = until.month == 1
    return date(until.year - before, 12 if before else until.month - 1, 1), until


@dataclass
class Desk:
    """Somebody at a screen of one width, in an organization of their own; each page they open must fit."""

    watched: browsing.Watched
    organization: identity_models.Organization
    name: str

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.watched.page

    def look(self, name: str = "") -> None:
        """This will fail when the page is wider than the screen; with a name it must be accessible, and is pictured."""
        assert self.watched.overflow() <= 0, self.page.url
        if name:
            found = self.watched.axe()
            assert found == [], f"{name}: {found}"
            browsing.picture(self.page, f"two-{self.name}-{name}")

    def open(self, path: str) -> None:
        """This will open a page of the organization."""
        self.watched.go(f"/o/{self.organization.public_id}/{path}")
        self.look()

    def fill(self, **given: str) -> None:
        """This will type into fields by their names."""
        for name, text in given.items():
            self.page.fill(f"[name={name}]", text)

    def press(self, button: str, then: str) -> None:
        """This will press what has a caption and wait for what comes then."""
        self.watched.follow(f"main :is(button, a.action, a.row-link):has-text('{button}')")
        self.page.wait_for_selector(then)
        self.look()

    def set_up_site(self, name: str) -> None:
        """This will set up the first site, from the home page of an organization without one."""
        self.open("")
        self.press_link("Set up a site", "[name=time_zone]")
        self.fill(name=name, time_zone="Europe/Madrid", currency="EUR")
        self.press("Set up the site", "main .first-steps")

    def add_units(self, names: Sequence[str]) -> None:
        """This will add units at the top of the only site, one form after the other."""
        self.open("sites/")
        self.watched.follow("main a.row-link")
        self.press("Edit places", "h1:has-text('Edit places')")
        self.press("Add the first place", "#id_name")
        self.page.select_option("#id_kind", "UNIT")
        self.fill(code="F01")  # the later ones follow it
        for name in names:
            self.fill(name=name)
            self.press("Add, then another", f".notice.ok:has-text('“{name}” was added.')")
        self.look("units")

    def add_meters(self, units: Sequence[str], first_day: date) -> list[str]:
        """This will hang a meter of files in each unit, from the first unit's page on; it returns their codes."""
        page = self.page
        self.press_link(units[0], f".edit-panel h2:has-text('{units[0]}')")
        self.press("Add a meter here", "h1:has-text('Add a meter')")
        page.select_option("[name=model_code]", "imported")
        self.fill(code="M-01", first_day=first_day.isoformat())
        codes = []
        for number, name in enumerate(units, 1):
            # What the form knows already: the unit, its name, and all that is like the meter before.
            expect(page.locator("[name=place] option:checked")).to_have_text(name)
            expect(page.locator("[name=name]")).to_have_value(name)
            codes.append(page.input_value("[name=code]"))
            self.fill(serial_number=f"SN-{number}")
            self.look("meter-form")
            is_last = number == len(units)
            self.press(
                "Set up the meter" if is_last else "Set up, then another",
                f".notice.ok:has-text('“{name}” is set up.')",
            )
        return codes

    def write_tariff(self, price: Price, first_day: date) -> None:
        """This will write a tariff of one price by the form and put it in force from a day on."""
        self.open("tariffs/")
        self.press("Write the first tariff", "h1:has-text('New tariff')")
        self.press_link("One price", "#f-components-0-price")
        page = self.page
        page.fill("#f-components-0-price", str(price.energy))
        page.fill("#f-components-1-price", str(price.month))
        page.fill("#f-taxes-0-rate", str(price.tax_percent))
        self.look("tariff")
        self.press("Save draft", "#publish")
        self.fill(first_day=first_day.isoformat())
        self.press("Publish", ".version.in-force")

    def press_link(self, caption: str, then: str) -> None:
        """This will follow a link in the text of the page."""
        self.watched.follow(f"main a:has-text('{caption}')")
        self.page.wait_for_selector(then)
        self.look()

    def open_accounts(self, first_day: date, customers: Sequence[str]) -> None:
        """This will open an account for every unit without a payer, as many at once as the page offers."""
        rest = list(customers)
        while rest:
            self.open("moves/openings")
            rows = self.page.locator("table.openings tbody tr")
            count = rows.count()
            assert 0 < count <= len(rest)
            for each, name in zip(rows.all(), rest[:count], strict=True):
                each.locator("[name^=name_]").fill(name)
            self.page.get_by_label("Choose all on this page").check()
            self.fill(day=first_day.isoformat())
            self.look("openings")
            said = f"{count} account{'s are' if count > 1 else ' is'} open."
            self.press("Open the accounts", f"text={said}")
            del rest[:count]

    def bring_readings(self, shown: Mapping[str, tuple[Decimal, Decimal]], first_day: date, until_day: date) -> None:
        """This will import what the counters showed on two days, by the codes of their meter points."""
        rows = [
            (code, f"{day.isoformat()} 00:00", value)
            for code, values in shown.items()
            for day, value in zip((first_day, until_day), values, strict=True)
        ]
        content = imports.csv_file(rows, header="Meter,Read on,Reading kWh")
        self.open("imports/")
        given = {"name": "readings.csv", "mimeType": "text/csv", "buffer": content}
        self.page.set_input_files("input[type=file]", given)  # type: ignore[arg-type]
        self.press("Upload and look at it", "h2:has-text('How it is read')")
        self.look("mapping")
        expect(self.page.locator("[name=point_column]")).to_have_value("Meter")
        self.press("Show what it brings", "h2:has-text('What it brings')")
        self.look("dry-run")
        expect(self.page.locator("main")).to_contain_text("The file fits")
        self.press("Import", f"text={len(rows)} new readings were stored.")

    def bill(self, count: int) -> None:
        """This will bill the month that is over, approve it alone and have it issued."""
        self.open("runs/")
        self.press("Start the first run", "#run-preview")
        self.look("plan")
        self.press("Start the run", "text=Waits for its first step.")
        # What the worker does.
        billing.derive(self.organization.pk)
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            run = billing_models.BillRun.objects.get(organization_id=self.organization.pk)
        billing.advance(run)
        bills = f"{count} bill{'s' if count > 1 else ''}"
        expect(self.page.locator("main")).to_contain_text(f"Approve {bills}")
        self.look("review")
        self.press(f"Approve {bills}", "form.confirm")
        self.look("approve")
        self.press("Approve", "text=Approved by you alone")
        billing.advance(run)
        is_one = count == 1
        expect(self.page.locator("main")).to_contain_text(f"{bills} {'is' if is_one else 'are'} issued and posted.")
        self.look("issued")

    def billed(self) -> dict[str, Decimal]:
        """This will return the totals of the issued bills by customer, as the records have them."""
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            run = billing_models.BillRun.objects.get(organization_id=self.organization.pk)
            members = billing_queries.run_bills(run_public_id=run.public_id, limit=1_000).rows
            return {each.customer_name: each.total.amount for each in members if each.number and each.total}


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
