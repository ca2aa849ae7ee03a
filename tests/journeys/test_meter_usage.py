"""The usage of a meter through HTTP: ranges, comparisons, price periods, files that equal the page, ways onward."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from tests.factories import billing, customers, identity, metering, sites, usage

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    found = Client()
    found.force_login(identity.user(organization=organization))
    return found


@pytest.fixture
def installed(organization: identity_models.Organization) -> metering.Installed:
    """A meter whose 15 June has a gap, an estimated and an entered hour; 16 June is read until noon."""
    site = sites.site(organization=organization, time_zone="Europe/Madrid")
    found = metering.installed_meter(organization=organization, site=site, name="Bakery", code="MP-7")
    quality = dict.fromkeys(range(4, 8), Quality.MISSING) | dict.fromkeys(range(8, 12), Quality.ESTIMATED)
    quality |= dict.fromkeys(range(12, 14), Quality.EDITED)
    usage.flat_days(found.energy, date(2026, 6, 8), 7, value=800)
    usage.day_block(found.energy, date(2026, 6, 15), [1_250] * 96, quality=quality)
    usage.day_block(
        found.energy, date(2026, 6, 16), [1_500] * 96, quality=dict.fromkeys(range(41, 96), Quality.MISSING)
    )
    return found


def page_of(organization: identity_models.Organization, installed: metering.Installed, tail: str = "") -> str:
    """The address of a meter's page."""
    return f"/o/{organization.public_id}/meters/{installed.point.public_id}/{tail}"


def shown_table(text: str) -> list[list[str]]:
    """The cells of the page's usage table, head first, without the foot."""
    table = text[text.index('id="usage-table"') : text.index("</tbody>", text.index('id="usage-table"'))]
    rows = re.findall(r"<tr>(.*?)(?=<tr>|$)", table, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(TAG.sub("", cell)).strip() for cell in row] for row in cells]


def chart_of(text: str) -> dict[str, object]:
    """What the chart is drawn from."""
    found = re.search(r'<script id="usage-data"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, object] = json.loads(found.group(1))
    return data


def plain(cell: object) -> str:
    """A cell of a file as the page writes it in English."""
    if cell in (None, ""):
        return "\u2013"
    return str(cell)


QUERIES = (
    "view=day&day=2026-06-15",
    "view=week&day=2026-06-15",
    "view=month&day=2026-06-15&compare=no",
    "view=year&day=2026-06-15",
    "view=range&from=2026-06-10&to=2026-06-15&compare=year",
    "view=range&from=2026-06-15T03:00&to=2026-06-15T07:00",
)


class TestFiles:
    @pytest.mark.spec("M-031/3")
    @pytest.mark.parametrize("query", QUERIES)
    def test_the_csv_equals_the_table_cell_by_cell(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed, query: str
    ) -> None:
        head, *rows = shown_table(client.get(page_of(organization, installed, f"?{query}")).content.decode())

        answer = client.get(page_of(organization, installed, f"data.csv?{query}"))
        file_head, *file_rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))

        assert [*file_head[:1], *file_head[3:]] == [
            re.sub(r" (\S+)$", r" (\1)", each) if " k" in each else each for each in head
        ]
        assert [[row[0], *map(plain, row[3:])] for row in file_rows] == [
            [each.replace(",", "") if place else each for place, each in enumerate(row)] for row in rows
        ]

    @pytest.mark.spec("M-031/3")
    @pytest.mark.parametrize("query", QUERIES)
    def test_the_workbook_equals_the_csv_and_the_chart(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed, query: str
    ) -> None:
        answer = client.get(page_of(organization, installed, f"data.csv?{query}"))
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        drawn = chart_of(client.get(page_of(organization, installed, f"?{query}")).content.decode())

        answer = client.get(page_of(organization, installed, f"data.xlsx?{query}"))
        book = load_workbook(io.BytesIO(answer.content))
        cells = list(book["Usage"].iter_rows(values_only=True))

        assert list(cells[0]) == rows[0]
        assert len(cells) == len(rows)
        for cell_row, row in zip(cells[1:], rows[1:], strict=True):
            for cell, text in zip(cell_row, row, strict=True):
                assert (cell or 0) == float(text) if isinstance(cell, int | float) else plain(cell) == plain(text)
        numbers = [None if row[3] == "" else float(row[3]) for row in rows[1:]]
        assert [None if slot[2] is None else float(slot[2]) for slot in drawn["slots"]] == numbers  # type: ignore[attr-defined]
        assert ("Interval", "15 min") in list(book["About"].iter_rows(values_only=True))

    def test_a_gap_is_an_empty_cell_and_the_quality_has_a_column(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        answer = client.get(page_of(organization, installed, "data.csv?view=day&day=2026-06-15&compare=no"))

        lines = answer.content.decode("utf-8-sig").splitlines()
        assert answer["Content-Disposition"] == 'attachment; filename="MP-7_day_2026-06-15.csv"'
        assert lines[0].split(",") == [
            *("Time", "Start", "End", "Usage (kWh)", "of which estimated (kWh)", "of which entered (kWh)"),
            *("Highest mean of 15 min (kW)", "State"),
        ]
        assert lines[4] == "03:00\u201304:00,2026-06-15T03:00+02:00,2026-06-15T04:00+02:00,,,,,no data"
        assert lines[5].endswith("5.00,5.00,0.00,5.00,estimated")
        assert lines[6].endswith("5.00,0.00,2.50,5.00,entered by a person")

    @pytest.mark.spec("X-13/1")
    def test_a_name_is_no_formula(self, client: Client, organization: identity_models.Organization) -> None:
        installed = metering.installed_meter(organization=organization, name="x", code="=1+1")

        answer = client.get(page_of(organization, installed, "data.xlsx"))

        about = load_workbook(io.BytesIO(answer.content))["About"]
        assert about["B1"].data_type == "s"
        assert about["B1"].value.startswith("=1+1")
        assert about["B1"].quotePrefix


class TestRange:
    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("from=2026-06-15&to=2026-06-10", "The range ends before it begins"),
            ("from=soon&to=2026-06-10", "Choose the first and the final day"),
            ("from=2026-13-45&to=", "Choose the first and the final day"),
            ("from=0001-01-01&to=9999-12-31", "Choose the first and the final day"),
            ("from=2027-01-01&to=2027-02-01", "The range lies in the future"),
            ("from=1999-01-01&to=2026-06-10", "A range has at most three years"),
            ("from=2026-06-15T03:00+99:00&to=x", "Choose the first and the final day"),
        ],
    )
    def test_what_cannot_be_shown_is_told_in_words(
        self,
        client: Client,
        organization: identity_models.Organization,
        installed: metering.Installed,
        query: str,
        words: str,
    ) -> None:
        answer = client.get(page_of(organization, installed, f"?view=range&{query}"))

        assert answer.status_code == 200
        assert words in answer.content.decode()

    def test_an_hour_shows_its_intervals_and_the_readings_inside(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        at = datetime(2026, 6, 15, 6, tzinfo=UTC)
        metering.record(
            installed.energy, [(at + timedelta(minutes=15 * step), 100 + step) for step in range(12)], at=NOON
        )

        text = client.get(
            page_of(
                organization, installed, "?view=range&from=2026-06-15T09%3A00%2B02%3A00&to=2026-06-15T10:00%2B02:00"
            )
        ).content.decode()

        assert [row[0] for row in shown_table(text)[1:]] == [
            "09:00\u201309:15",
            "09:15\u201309:30",
            "09:30\u201309:45",
            "09:45\u201310:00",
        ]
        readings = text[text.index("readings-title") :]
        times = re.findall(r'<td class="tnum nowrap">(\d\d:\d\d:\d\d)', readings)
        assert times == ["10:00:00", "09:45:00", "09:30:00", "09:15:00", "09:00:00", "08:45:00"]

    def test_every_bar_leads_inside(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        for view, inner in (("year", "view=month"), ("month", "view=day"), ("week", "view=day"), ("day", "view=range")):
            page = page_of(organization, installed, f"?view={view}&day=2026-06-15")
            drawn = chart_of(client.get(page).content.decode())
            links = [slot[7] for slot in drawn["slots"] if slot[7]]  # type: ignore[attr-defined]

            assert links
            assert all(inner in link for link in links)
            assert client.get(page_of(organization, installed, links[-1])).status_code == 200


class TestMarks:
    def test_an_exchange_tells_both_registers(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        at = datetime(2026, 6, 15, 8, tzinfo=UTC)
        new = metering.meter(organization_id=installed.organization_id)
        plans = [metering_operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 2, opening=120)]
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            metering_operations.exchange_meter(
                actor=metering.ACTOR,
                at=at,
                installation=installed.installation,
                exchanged_at=at,
                closings={"energy_import": metering_operations.Closing(3_103_338)},
                meter=new,
                registers=plans,
                reason="calibration ran out",
            )

        text = client.get(page_of(organization, installed, "?view=day&day=2026-06-15")).content.decode()

        assert "31,033.38\u00a0kWh → 1.20\u00a0kWh" in text
        assert [mark["short"] for mark in chart_of(text)["marks"]] == ["Exchange"]  # type: ignore[attr-defined]


class TestComparing:
    def test_another_meter_stands_beside_it(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        other = metering.installed_meter(organization=organization, site=installed.point.site, name="Cafe", code="MP-8")
        usage.day_block(other.energy, date(2026, 6, 15), [625] * 96)
        query = f"view=day&day=2026-06-15&compare=meter&with={other.point.public_id}"

        head, *rows = shown_table(client.get(page_of(organization, installed, f"?{query}")).content.decode())

        assert head[-2] == "MP-8 Cafe kWh"
        assert rows[5][-2] == "2.50"

    def test_a_meter_that_is_not_to_be_seen_is_not_compared(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        stranger = metering.installed_meter(organization=identity.organization(), name="Secret")

        text = client.get(
            page_of(organization, installed, f"?compare=meter&with={stranger.point.public_id}")
        ).content.decode()

        assert "The meter to compare with does not exist" in text
        assert "Secret" not in text

    def test_peers_are_found_within_the_sites_of_the_reader(
        self, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        site = installed.point.site
        metering.installed_meter(organization=organization, site=site, name="Cafe Mar", code="MP-8")
        metering.installed_meter(organization=organization, name="Cafe Sol", code="MP-9")
        somebody = Client()
        somebody.force_login(
            identity.user(organization=organization, role=None, permissions=[permissions.VIEW_METER], site_id=site.pk)
        )

        text = somebody.get(page_of(organization, installed, "peers?view=week&day=2026-06-15&q=cafe")).content.decode()

        assert "Cafe Mar" in text
        assert "Cafe Sol" not in text
        assert "Bakery" not in text
        assert "view=week&amp;day=2026-06-15&amp;compare=meter&amp;with=" in text

    def test_nothing_to_compare_leaves_no_column(
        self, client: Client, organization: identity_models.Organization, installed: metering.Installed
    ) -> None:
        text = client.get(page_of(organization, installed, "?view=day&day=2026-06-15&compare=no")).content.decode()

        assert chart_of(text)["before"] == []
        assert "day before" not in " ".join(shown_table(text)[0])


class TestOnward:
    """From the meter to who pays and the bills, and back (M-095); and the bill's price periods in the bars."""

    @pytest.fixture
    def billed(self, organization: identity_models.Organization) -> metering.Installed:
        """A shop with a contract and the bill of May."""
        place = billing.place(organization=organization)
        shop = billing.metered(place, code="MP-12", name="Shop 12")
        start, end = datetime(2026, 4, 30, 22, tzinfo=UTC), datetime(2026, 5, 31, 22, tzinfo=UTC)
        billing.count(shop.energy, start, end)
        account = customers.account(organization=organization, site=place.site, name="Calder & Sons Bakery")
        customers.contract(account=account, point=shop.point, tariff=place.tariff, starts_at=start)
        run = billing.advance(billing.plan(place, first_day=date(2026, 5, 1), until_day=date(2026, 6, 1)))
        billing.advance(billing.approve(run, actor=Actor.user(0, "approver", source="")))
        return shop

    def test_account_tariff_and_bill_are_linked_and_lead_back(
        self, client: Client, organization: identity_models.Organization, billed: metering.Installed
    ) -> None:
        here = page_of(organization, billed)
        text = client.get(here).content.decode()
        paying = text[text.index("payer-title") :]

        onward = set(re.findall(rf'href="(/o/{organization.public_id}/(accounts|tariffs|bills)/[0-9a-f-]+/)"', paying))

        assert {kind for _href, kind in onward} == {"accounts", "tariffs", "bills"}
        for href, kind in onward:
            answer = client.get(href)
            assert answer.status_code == 200
            if kind != "tariffs":
                assert f'href="{here}"' in answer.content.decode()

    def test_who_may_not_see_accounts_sees_none(
        self, organization: identity_models.Organization, billed: metering.Installed
    ) -> None:
        somebody = Client()
        somebody.force_login(identity.user(organization=organization, role=None, permissions=[permissions.VIEW_METER]))

        text = somebody.get(page_of(organization, billed)).content.decode()

        assert "Calder" not in text
        assert "payer-title" not in text
        assert "used-title" not in text

    def test_bars_are_split_by_price_period_as_the_bill_is(
        self, client: Client, organization: identity_models.Organization, billed: metering.Installed
    ) -> None:
        text = client.get(page_of(organization, billed, "?view=month&day=2026-05-15&price=yes")).content.decode()

        head, *rows = shown_table(text)
        places = [head.index(each) for each in ("Usage kWh", "Peak kWh", "Off-peak kWh")]
        # 0.25 kWh an interval: 56 intervals from 8 to 22, 40 else.
        assert [rows[14][place] for place in places] == ["24.00", "14.00", "10.00"]
        assert len(chart_of(text)["parts"]) == 31  # type: ignore[arg-type]
        assert ">Peak <b>434.00</b>" in text

    def test_without_a_contract_all_the_time_nothing_is_split(
        self, client: Client, organization: identity_models.Organization, billed: metering.Installed
    ) -> None:
        text = client.get(page_of(organization, billed, "?view=year&day=2026-05-15&price=yes")).content.decode()

        assert chart_of(text)["prices"] == []
        assert "cannot be told apart" in text
