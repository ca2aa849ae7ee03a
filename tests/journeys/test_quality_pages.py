"""Data quality through HTTP and API: what the grid shows, how it narrows, its files, and registers at midnight."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client

from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.kernel.quality import Quality
from meterbook.metering.values import Service
from tests.factories import api, billing, identity, metering, sites, usage
from tests.journeys import house

NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_june() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


class Mall:
    """Three meters of a site and one of another: complete, with a gap, without an end, without data."""

    def __init__(self) -> None:
        self.place = billing.place()
        self.organization = self.place.organization
        self.annex = sites.site(organization=self.organization, name="Annex")
        common = {"organization": self.organization, "site": self.place.site}
        self.whole = metering.installed_meter(**common, code="A-1", name="Bakery")  # type: ignore[arg-type]
        self.short = metering.installed_meter(**common, code="A-2", name="Café <b>")  # type: ignore[arg-type]
        self.open = metering.installed_meter(**common, code="A-3", name="Florist")  # type: ignore[arg-type]
        self.bare = metering.installed_meter(
            organization=self.organization, site=self.annex, code="B-1", name="Cellar", service=Service.GAS
        )
        usage.flat_days(self.whole.energy, date(2026, 4, 30), 32)
        usage.flat_days(self.short.energy, date(2026, 4, 30), 8)
        usage.day_block(self.short.energy, date(2026, 5, 8), quality=dict.fromkeys(range(4), Quality.MISSING))
        usage.flat_days(self.short.energy, date(2026, 5, 9), 23)
        usage.flat_days(self.open.energy, date(2026, 4, 30), 30)
        self.user = identity.user(organization=self.organization)
        self.client = house.signed_in(self.user)

    def path(self, tail: str = "") -> str:
        return f"/o/{self.organization.public_id}/quality/{tail}"

    def names(self, **query: str) -> list[str]:
        found = self.client.get(self.path(), {"month": "2026-05", **query})
        assert found.status_code == 200
        return [each.row.name for each in found.context["lines"]]


@pytest.fixture(scope="module")
def mall(database: str) -> Mall:
    with clock.use(clock.SettableClock(NOW)):
        return Mall()


def answered(organization: identity_models.Organization, path: str) -> dict[str, Any]:
    answer = api.Program(api.key(organization=organization).token).get(path)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


class TestGrid:
    @pytest.mark.spec("M-022/1")
    def test_shows_each_day_with_its_gaps_and_leads_to_it(self, mall: Mall) -> None:
        found = mall.client.get(mall.path(), {"month": "2026-05"})
        html = found.content.decode()

        assert [each.row.name for each in found.context["lines"]] == ["Bakery", "Café <b>", "Cellar", "Florist"]
        assert "Café &lt;b&gt;" in html
        assert [each.percent for each in found.context["lines"]] == ["100.0 %", "99.8 %", "–", "93.8 %"]
        cell = re.search(r'<a class="q q-gap" href="([^"]+)" aria-label="([^"]+)"[^>]*>4</a>', html)
        assert cell is not None
        assert cell[2] == "May 8: partly missing, 4 of 96 intervals"
        gap = mall.client.get(cell[1].replace("&amp;", "&"))  # what can be done about it, and the day itself
        assert mall.client.get(gap.context["day_href"]).context["usage"].usage.missing == 4

    def test_sums_by_day_by_site_and_as_a_whole(self, mall: Mall) -> None:
        lines = mall.client.get(mall.path(), {"month": "2026-05"}).context["sums"]
        alone = mall.client.get(mall.path("sums"), {"month": "2026-05", "q": "A-"}).context["sums"]

        assert [(each.caption, each.points, each.missing) for each in lines] == [
            ("Annex", 1, 0),
            ("Harbor Mall", 3, 188),
            ("All meters", 4, 188),
        ]
        assert lines[-1].percent == "97.8 %"
        assert [(each.caption, each.missing) for each in alone] == [("These meters", 188)]

    def test_is_narrowed_by_gaps_ends_words_service_and_site(self, mall: Mall) -> None:
        assert mall.names(show="gaps") == ["Café <b>", "Florist"]
        assert mall.names(show="end") == ["Florist"]
        assert mall.names(q="bak") == ["Bakery"]
        assert mall.names(service="gas") == ["Cellar"]
        assert mall.names(place=str(mall.annex.public_id)) == ["Cellar"]
        assert mall.names(place=str(mall.organization.public_id)) == []

    def test_of_a_year_has_its_months(self, mall: Mall) -> None:
        found = mall.client.get(mall.path(), {"year": "2026"})

        assert [each.caption for each in found.context["heads"]][:3] == ["Jan", "Feb", "Mar"]
        assert len(found.context["lines"][0].row.cells) == 12

    @pytest.mark.parametrize(
        "query",
        [
            "month=2026-13", "month=x", "year=0", "year=99999", "show=all", "service=x&place=x", "page=9999",
            "month=2999-01", "year=1989", "q=%25_", "month=1990-01", "page=-1",
        ],
    )  # fmt: skip
    def test_takes_nonsense_for_what_is_usual(self, mall: Mall, query: str) -> None:
        assert mall.client.get(f"{mall.path()}?{query}").status_code == 200

    def test_says_what_to_do_where_there_is_no_meter(self) -> None:
        organization = identity.organization()
        client = house.signed_in(identity.user(organization=organization))

        assert "Add the first meter" in client.get(f"/o/{organization.public_id}/quality/").content.decode()


class TestAccess:
    def test_is_of_those_who_see_meters_at_their_sites(self, mall: Mall) -> None:
        cashier = house.signed_in(identity.user(organization=mall.organization, role=RoleCode.CASHIER))
        other = identity.user(organization=mall.organization, role=RoleCode.MONITOR, site_id=mall.annex.pk)
        narrow = house.signed_in(other)

        assert cashier.get(mall.path()).status_code == 403
        found = narrow.get(mall.path(), {"month": "2026-05"})
        assert [each.row.name for each in found.context["lines"]] == ["Cellar"]
        foreign = mall.path(f"meters/{mall.whole.point.public_id}/midnights")
        assert (narrow.get(foreign).status_code, mall.client.get(foreign).status_code) == (404, 200)

    def test_is_nobody_elses(self, mall: Mall) -> None:
        stranger: Client = house.signed_in(identity.user(organization=identity.organization()))

        assert stranger.get(mall.path()).status_code == 404


class TestFiles:
    def test_tell_what_the_page_shows(self, mall: Mall) -> None:
        answer = mall.client.get(mall.path("file"), {"month": "2026-05", "show": "gaps", "kind": "csv"})
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        book = openpyxl.load_workbook(
            io.BytesIO(mall.client.get(mall.path("file"), {"month": "2026-05", "kind": "xlsx"}).content)
        )

        assert [(row["Name"], row["Intervals"], row["Missing"], row["Complete (%)"]) for row in rows] == [
            ("Café <b>", "2976", "4", "99.8"),
            ("Florist", "2976", "184", "93.8"),
        ]
        assert rows[0]["2026-05-08"] == "partly missing, 4 of 96 intervals"
        assert len(list(book.worksheets[0].rows)) == 5


class TestMidnights:
    def test_are_a_table_a_file_and_an_answer_with_the_same_numbers(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        start = datetime(2026, 4, 30, 22, tzinfo=UTC)
        billing.count(meter.energy, start, start + timedelta(days=3))
        client = house.signed_in(identity.user(organization=place.organization))
        path = f"/o/{place.organization.public_id}/quality/meters/{meter.point.public_id}/midnights"

        html = client.get(path, {"month": "2026-05"}).content.decode()
        rows = list(
            csv.DictReader(io.StringIO(client.get(f"{path}/file", {"month": "2026-05"}).content.decode("utf-8-sig")))
        )
        told = answered(
            place.organization, f"/meter-points/{meter.point.public_id}/midnight-registers?month=2026-05-01"
        )

        assert "1,024.00" in html
        assert [row["Register"] for row in rows][:5] == ["1000.00", "1024.00", "1048.00", "1072.00", ""]
        assert [row["Used (kWh)"] for row in rows][:3] == ["", "24.000", "24.000"]
        assert [each["value"] for each in told["items"]][:5] == ["1000.00", "1024.00", "1048.00", "1072.00", None]
        assert (told["items"][1]["at"], told["items"][1]["source"]) == ("2026-05-01T22:00:00Z", "METER")


class TestAnswers:
    def test_of_completeness_are_those_of_the_page(self, mall: Mall) -> None:
        told = answered(mall.organization, "/completeness?month=2026-05-17&limit=3")
        rest = answered(mall.organization, f"/completeness?month=2026-05-17&limit=3&cursor={told['next']}")

        listed = [*told["items"], *rest["items"]]
        assert [(each["code"], each["missing"], each["is_end_open"]) for each in listed] == [
            ("A-1", 0, False),
            ("A-2", 4, False),
            ("A-3", 184, True),
            ("B-1", 0, False),
        ]
        assert listed[1]["days"][7] == {"day": "2026-05-08", "expected": 96, "missing": 4, "state": "PARTLY"}
        assert rest["next"] is None


class TestRun:
    @pytest.mark.spec("M-023/1")
    def test_is_started_with_the_way_to_the_meters_whose_month_has_no_end(self, mall: Mall) -> None:
        answer = mall.client.get(
            f"/o/{mall.organization.public_id}/runs/new",
            {"site": str(mall.place.site.public_id), "month": "2026-05"},
        )

        assert answer.context["preview"].open_ends == 1
        href = answer.context["preview"].open_ends_href
        assert [each.row.name for each in mall.client.get(href).context["lines"]] == ["Florist"]
