"""The meter list through HTTP: what it shows, how it narrows, what it keeps, and the files it gives out."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import saved_views
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from tests.factories import billing, customers, identity, metering, sites

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def place() -> billing.Place:
    return billing.place()


@pytest.fixture
def user(place: billing.Place) -> identity_models.User:
    return identity.user(organization=place.organization)


@pytest.fixture
def client(user: identity_models.User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def address(place: billing.Place, tail: str = "") -> str:
    return f"/o/{place.organization.public_id}/meters/{tail}"


def meter(
    place: billing.Place, name: str, code: str, *, value: int | None = None, **more: object
) -> metering.Installed:
    """A meter of the place that showed `value` (0.01 kWh) five minutes ago."""
    made = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        name=name,
        code=code,
        **more,  # type: ignore[arg-type]
    )
    if value is not None:
        at = NOON - timedelta(minutes=5)
        rows = [(made.energy.pk, metering.microseconds(at), value)]
        metering_operations.record_latest(
            organization_id=place.organization.pk,
            actor=metering.ACTOR,
            at=at,
            batch=metering_operations.ReadingBatch.of(rows),
        )
    return made


def names(html: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]*)<', html)


def page_of(client: Client, place: billing.Place, query: str = "") -> str:
    answer = client.get(address(place, query))
    assert answer.status_code == 200
    return answer.content.decode()


class TestPage:
    def test_an_empty_one_says_what_to_do(self, client: Client, place: billing.Place) -> None:
        assert "No meters yet" in page_of(client, place)

    def test_a_row_tells_value_age_state_unit_and_tenant_with_links(self, client: Client, place: billing.Place) -> None:
        made = meter(place, "Bakery", "MP-1", value=123_456)
        account = customers.account(organization=place.organization, site=place.site, name="Calder Bakery")
        customers.contract(account=account, point=made.point, tariff=place.tariff, starts_at=NOON)

        html = page_of(client, place)

        assert "1,234.56" in html
        assert "Online" in html
        assert f'href="/o/{place.organization.public_id}/accounts/{account.public_id}/"' in html
        assert f'href="{address(place)}{made.point.public_id}/"' in html
        assert 'data-stale-after="1800"' in html

    def test_a_fetch_gets_the_table_alone(self, client: Client, place: billing.Place) -> None:
        meter(place, "Bakery", "MP-1")

        html = client.get(address(place), headers=FETCH).content.decode()

        assert "Bakery" in html
        assert "<html" not in html

    def test_it_narrows_sorts_and_tells_how_many(self, client: Client, place: billing.Place) -> None:
        meter(place, "Alpha", "MP-1", value=1)
        meter(place, "Beta", "MP-2")
        meter(place, "Gamma", "MP-3", service=metering_values.Service.GAS)

        assert names(page_of(client, place, "?q=mp-2")) == ["Beta"]
        assert names(page_of(client, place, "?state=ok")) == ["Alpha"]
        assert names(page_of(client, place, "?service=electricity&sort=-name")) == ["Beta", "Alpha"]
        assert "Gas</" not in page_of(client, place, "?service=electricity&q=beta").partition("<table")[2]
        nothing = page_of(client, place, "?q=nobody")
        assert "No meter matches" in nothing
        assert names(nothing) == []

    @pytest.mark.parametrize(
        "query",
        [
            "?state=x&service=x&model=%00&role=x&place=x&sort=-x&columns=x&page=x",
            "?columns=none",
            "?place=00000000-0000-4000-8000-000000000001",
            "?page=999",
            "?sort=-",
            "?model=" + "m" * 500,
            "rows?points=x,,1",
            "rows",
            "file?kind=x&sort=x",
            "file?kind=csv&point=x",
        ],
    )
    def test_nonsense_in_the_address_is_left_out(self, client: Client, place: billing.Place, query: str) -> None:
        meter(place, "Bakery", "MP-1")

        page_of(client, place, query)

    def test_words_that_cannot_be_written_are_refused(self, client: Client, place: billing.Place) -> None:
        assert client.get(address(place, "?q=%00")).status_code == 400

    def test_columns_are_chosen_by_a_form_or_an_address(self, client: Client, place: billing.Place) -> None:
        meter(place, "Bakery", "MP-1")

        by_form = page_of(client, place, "?columns=none&columns=unit&columns=model")
        by_address = page_of(client, place, "?columns=unit,model")
        bare = page_of(client, place, "?columns=none")

        for html in (by_form, by_address):
            head = html.partition("<thead>")[2].partition("</thead>")[0]
            assert re.findall(r"<th ", head) == ["<th "] * 4  # that to choose, the meter, and two
            assert "columns=unit%2Cmodel" in html
        assert bare.partition("<thead>")[2].partition("</thead>")[0].count("<th ") == 2  # that to choose, and the meter

    def test_someone_of_one_site_sees_only_its_meters(self, place: billing.Place) -> None:
        meter(place, "Here", "MP-1")
        there = sites.site(organization=place.organization)
        other = metering.installed_meter(organization=place.organization, site=there, name="There")
        guest = Client()
        guest.force_login(identity.user(organization=place.organization, role=RoleCode.OPERATOR, site_id=place.site.pk))

        assert names(page_of(guest, place)) == ["Here"]
        assert "There" not in page_of(guest, place, f"rows?points={other.point.public_id}")
        assert "There" not in page_of(guest, place, "file?kind=csv")


class TestLiveRows:
    def test_they_are_the_cells_of_the_page(self, client: Client, place: billing.Place) -> None:
        made = meter(place, "Bakery", "MP-1", value=100)
        page = page_of(client, place)

        part = page_of(client, place, f"rows?points={made.point.public_id}")

        keys = re.findall(r'data-live-key="([^"]+)"', part)
        assert len(keys) == 6
        for key in keys:
            cell = re.compile(rf'<span[^>]*data-live-key="{key}">.*?</span>', re.DOTALL)
            assert cell.search(part).group() == cell.search(page).group()  # type: ignore[union-attr]


class TestFiles:
    def rows(self, client: Client, place: billing.Place, query: str) -> list[list[str]]:
        answer = client.get(address(place, f"file?kind=csv&{query}"))
        assert answer["Content-Disposition"] == 'attachment; filename="meters_2026-06-16.csv"'
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def test_they_hold_what_is_shown_in_its_order_on_all_pages(self, client: Client, place: billing.Place) -> None:
        for number in range(53):
            meter(place, f"Shop {number:02}", f"MP-{number:02}")
        meter(place, "Cellar", "MP-99", service=metering_values.Service.GAS)
        query = "service=electricity&sort=-name"

        head, *rows = self.rows(client, place, query)

        shown = [name for page in (1, 2) for name in names(page_of(client, place, f"?{query}&page={page}"))]
        assert [row[0] for row in rows] == shown
        assert len(rows) == 53
        assert head[:3] == ["Meter", "Point", "Service"]

    def test_they_hold_the_chosen_ones_alone(self, client: Client, place: billing.Place) -> None:
        made = {name: meter(place, name, f"MP-{name}") for name in ("Shop 10", "Shop 2", "Shop 3")}
        chosen = [made[name].point.public_id for name in ("Shop 10", "Shop 2")]

        _head, *rows = self.rows(client, place, "&".join(f"point={each}" for each in chosen))

        assert [row[0] for row in rows] == ["Shop 2", "Shop 10"]

    def test_someone_of_one_site_gets_nothing_of_another(self, place: billing.Place) -> None:
        there = sites.site(organization=place.organization)
        other = metering.installed_meter(organization=place.organization, site=there, name="There")
        guest = Client()
        guest.force_login(identity.user(organization=place.organization, role=RoleCode.OPERATOR, site_id=place.site.pk))

        assert len(self.rows(guest, place, f"point={other.point.public_id}")) == 1

    def test_both_kinds_hold_the_same_cells(self, client: Client, place: billing.Place) -> None:
        meter(place, "Bakery", "MP-1", value=123_456)
        columns = "columns=register,power,age,state"

        head, row = self.rows(client, place, columns)
        answer = client.get(address(place, f"file?kind=xlsx&{columns}"))
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
        first, second = ([cell.value for cell in line] for line in sheet.iter_rows())

        assert head == first
        assert row == [
            "Bakery",
            "MP-1",
            "Electricity",
            "1234.56",
            "kWh",
            "",
            "",
            "2026-06-16T12:15:00+02:00",
            "Online",
        ]
        assert ["" if each is None else str(each) for each in second] == row
        assert isinstance(second[3], float | Decimal)

    @pytest.mark.spec("X-13/1")
    def test_a_name_that_looks_like_a_formula_stays_text(self, client: Client, place: billing.Place) -> None:
        meter(place, '=HYPERLINK("http://evil")', "MP-1")

        _head, row = self.rows(client, place, "columns=none")

        assert row[0] == '\'=HYPERLINK("http://evil")'


class TestKeptViews:
    def post(self, client: Client, place: billing.Place, **given: str) -> object:
        return client.post(address(place, "views"), given)

    def kept(self, place: billing.Place, user: identity_models.User) -> list[tuple[str, str]]:
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            found = saved_views.list_views(user_id=user.pk, page="meters")
        return [(each.name, each.query) for each in found]

    def test_what_is_shown_is_kept_under_a_name_and_offered(
        self, client: Client, place: billing.Place, user: identity_models.User
    ) -> None:
        meter(place, "Bakery", "MP-1")
        query = "q=bak&state=ok&sort=-age&columns=unit%2Cstate"

        answer = self.post(client, place, do="save", name="Mine", query=f"{query}&page=7&other=x")

        assert answer.status_code == 302  # type: ignore[attr-defined]
        assert answer["Location"] == address(place, f"?{query}")  # type: ignore[index]
        assert self.kept(place, user) == [("Mine", query)]
        html = page_of(client, place, f"?{query}")
        assert f'<a href="?{query.replace("&", "&amp;")}" aria-current="true">Mine' in html

    def test_a_name_that_cannot_be_is_explained_and_nothing_typed_is_lost(
        self, client: Client, place: billing.Place, user: identity_models.User
    ) -> None:
        meter(place, "Bakery", "MP-1")
        meter(place, "Florist", "MP-2")

        answer = self.post(client, place, do="save", name="x" * 90, query="q=bakery")

        html = answer.content.decode()  # type: ignore[attr-defined]
        assert "Take a name of at most 80 characters." in html
        assert f'value="{"x" * 81}"' in html
        assert names(html) == ["Bakery"]
        assert self.kept(place, user) == []

    def test_it_is_renamed_and_deleted(self, client: Client, place: billing.Place, user: identity_models.User) -> None:
        self.post(client, place, do="save", name="Mine", query="state=late")
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            [kept] = saved_views.list_views(user_id=user.pk, page="meters")

        self.post(client, place, do="rename", name="Late ones", view=str(kept.public_id))
        renamed = self.kept(place, user)
        self.post(client, place, do="delete", view=str(kept.public_id))

        assert renamed == [("Late ones", "state=late")]
        assert self.kept(place, user) == []

    def test_nobody_touches_a_view_of_somebody_else(
        self, client: Client, place: billing.Place, user: identity_models.User
    ) -> None:
        meter(place, "Bakery", "MP-1")
        self.post(client, place, do="save", name="Mine", query="")
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            [kept] = saved_views.list_views(user_id=user.pk, page="meters")
        other = Client()
        other.force_login(identity.user(organization=place.organization))

        answer = self.post(other, place, do="delete", view=str(kept.public_id))

        assert "You have no such view" in answer.content.decode()  # type: ignore[attr-defined]
        assert self.kept(place, user) == [("Mine", "")]
