"""A meter with a zone and a language of its own, through pages, files and API; a contract's end behind bills."""

from __future__ import annotations

import io
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from meterbook.audit import queries as audit_queries
from meterbook.billing import models as billing_models
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import civil, clock
from meterbook.metering import models as metering_models
from meterbook.web import language
from tests.factories import api, billing, customers, identity, metering, sites, usage

NOON = civil.start_of_day(date(2026, 6, 16), ZoneInfo("UTC")).replace(hour=3)  # 05:00 in Madrid, 21:00 in Mexico
MEXICO = ZoneInfo("America/Mexico_City")
FIRST, UNTIL = date(2026, 5, 1), date(2026, 5, 16)


@pytest.fixture(autouse=True)
def _at_night() -> object:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


class House:
    """A site in Madrid with one meter, and whoever may do all."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, time_zone="Europe/Madrid", language="en")
        self.meter = metering.installed_meter(organization=self.organization, site=self.site, code="MP-7")
        usage.flat_days(self.meter.energy, date(2026, 6, 8), 8, value=1_000)
        self.client = self.signed_in()

    def signed_in(self, **given: object) -> Client:
        found = Client()
        found.force_login(identity.user(organization=self.organization, **given))  # type: ignore[arg-type]
        return found

    def href(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *(more or [self.meter.point.public_id])])

    def put(self, **given: str) -> str:
        answer = self.client.post(self.href("meter_zone"), {"time_zone": "", "language": "", **given}, follow=True)
        return answer.content.decode()

    def point(self) -> metering_models.MeterPoint:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            points = metering_models.MeterPoint.objects.select_related("site")
            return points.get(organization_id=self.organization.pk, pk=self.meter.point.pk)


@pytest.fixture
def house() -> House:
    return House()


class TestPage:
    def test_gives_a_meter_its_own_zone_and_tells_of_it(self, house: House) -> None:
        shown = house.client.get(house.href("meter_zone")).content.decode()
        assert "another zone counts for all its days" in shown

        page = house.put(time_zone="america/mexico city", language="es")

        assert "America/Mexico_City" in page
        assert "Español" in page
        point = house.point()
        assert (point.time_zone, point.language, point.zone) == ("America/Mexico_City", "es", MEXICO)
        # At five in the morning of Madrid's 16 June it is still the 15th at the meter.
        assert "15 June 2026" in house.client.get(house.href("meter_usage")).content.decode()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            [entry] = audit_queries.list_entries(action="metering:set_zone_and_language")
        assert entry.after == {"time_zone": "America/Mexico_City", "language": "es", "from_day": None}

    def test_keeps_what_was_typed_where_there_is_no_such_zone(self, house: House) -> None:
        page = house.put(time_zone="Mars/Olympus", language="es")

        assert "time zone" in page
        assert 'value="Mars/Olympus"' in page
        assert house.point().language == ""

    def test_is_for_those_who_may_change_sites(self, house: House) -> None:
        for role in (RoleCode.MONITOR, RoleCode.CASHIER):
            client = house.signed_in(role=role)
            assert client.post(house.href("meter_zone"), {"time_zone": "UTC"}).status_code == 403
            assert "Time zone and language" not in client.get(house.href("meter")).content.decode()
        assert house.point().time_zone == ""

    def test_is_reached_from_the_tree(self, house: House) -> None:
        page = house.client.get(house.href("site_editor", house.site.public_id)).content.decode()

        assert house.href("meter_zone") in page


@pytest.mark.spec("M-021/2")
def test_the_length_of_intervals_is_set_on_the_page_and_by_a_program(house: House) -> None:
    page = house.client.get(house.href("meter")).content.decode()
    assert house.href("meter_interval") in page
    shown = house.client.get(house.href("meter_interval")).content.decode()
    assert 'value="15" selected' in shown
    wrong = house.client.post(house.href("meter_interval"), {"minutes": "7"})
    assert wrong.status_code == 422

    house.client.post(house.href("meter_interval"), {"minutes": "5"})

    def steps() -> set[int]:
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            rows = metering_models.Series.objects.filter(organization_id=house.organization.pk, kind="CUMULATIVE")
            return set(rows.values_list("step", flat=True))

    assert steps() == {5}
    program = api.program(organization=house.organization)
    path = f"/meter-points/{house.meter.point.public_id}"
    assert program.ask("PATCH", path, {"interval": 30}).status_code == 200
    assert steps() == {30}
    assert program.ask("PATCH", path, {"interval": 7}).status_code == 422
    assert program.ask("PATCH", path, {"time_zone": "Asia/Kathmandu"}).status_code == 200
    refused = program.ask("PATCH", path, {"interval": 60})
    assert (refused.status_code, "1, 5, 15" in refused.content.decode()) == (422, True)
    assert house.signed_in(role=RoleCode.MONITOR).get(house.href("meter_interval")).status_code == 403


@pytest.mark.spec("M-012/1")
def test_files_of_a_meter_are_in_its_language_whoever_takes_them(house: House) -> None:
    other = metering.installed_meter(organization=house.organization, site=house.site, code="MP-8")
    usage.flat_days(other.energy, date(2026, 6, 8), 8, value=1_000)
    house.put(language="es")
    house.meter = other
    house.put(language="en")
    english, spanish = house.client, house.signed_in()
    spanish.cookies[language.LANGUAGE_COOKIE] = "es"

    def head(client: Client, point: metering_models.MeterPoint) -> list[object]:
        answer = client.get(house.href("meter_workbook", point.public_id) + "?view=month&day=2026-06-10")
        book = load_workbook(io.BytesIO(answer.content))
        return [each.value for each in book.worksheets[0][1]]

    points = metering_models.MeterPoint.objects
    with scoping.scope([house.organization.pk], actor=identity.ACTOR):
        first = points.get(organization_id=house.organization.pk, code="MP-7")
    for client in (english, spanish):
        assert head(client, first)[:3] == ["Hora", "Inicio", "Fin"]
        assert head(client, other.point)[:3] == ["Time", "Start", "End"]
    answer = english.get(house.href("meter_data", first.public_id) + "?view=month&day=2026-06-10")
    assert answer.content.decode().lstrip("\ufeff").startswith("Hora,Inicio,Fin")
    assert "Hora" in head(english, first)
    house.put(language="")
    assert head(spanish, other.point)[0] == "Hora"


@pytest.mark.spec("M-013/1")
def test_files_and_readings_tell_the_days_of_the_meter(house: House) -> None:
    house.put(time_zone="America/Mexico_City")
    program = api.program(organization=house.organization)
    path = f"/meter-points/{house.meter.point.public_id}"

    csv = house.client.get(house.href("meter_data") + "?view=month&day=2026-06-10").content.decode()
    told = program.get(path).json()

    assert "2026-06-10T00:00-06:00" in csv
    assert (told["time_zone"], told["own_time_zone"], told["language"]) == (MEXICO.key, MEXICO.key, None)
    listed = program.get("/meter-points").json()["items"]
    assert listed[0]["time_zone"] == MEXICO.key


@pytest.mark.spec("M-013/1")
def test_a_time_typed_for_all_meters_is_that_of_the_clock_at_each(house: House) -> None:
    here = metering.installed_meter(
        organization=house.organization, site=house.site, code="MP-8", registers=(metering.ENERGY,)
    )
    house.put(time_zone="America/Mexico_City")
    keys = [house.meter.point.public_id, here.point.public_id]
    given = {f"{key}-value": "1000" for key in keys}

    house.client.post(enter(house), {"at": "2026-06-01T00:00", **given})

    with scoping.scope([house.organization.pk], actor=identity.ACTOR):
        readings = metering_models.Reading.objects.filter(organization_id=house.organization.pk)
        found = dict(readings.values_list("series_id", "at"))
    assert found == {
        house.meter.energy.pk: civil.start_of_day(date(2026, 6, 1), MEXICO),
        here.energy.pk: civil.start_of_day(date(2026, 6, 1), ZoneInfo("Europe/Madrid")),
    }


def enter(house: House) -> str:
    return reverse("readings_enter", args=[house.organization.public_id])


def test_the_api_changes_what_is_sent_and_nothing_else(house: House) -> None:
    program = api.program(organization=house.organization)
    path = f"/meter-points/{house.meter.point.public_id}"

    assert program.ask("PATCH", path, {"time_zone": MEXICO.key, "language": "es"}).status_code == 200
    told = program.ask("PATCH", path, {"time_zone": ""}).json()

    assert (told["time_zone"], told["own_time_zone"], told["language"]) == ("Europe/Madrid", None, "es")
    assert program.ask("PATCH", path, {"time_zone": "Mars/Olympus"}).status_code == 422
    assert program.ask("PATCH", path, {"language": "fr"}).status_code == 422
    seeing = api.program(organization=house.organization, permissions=["metering:view_meter"])
    assert seeing.ask("PATCH", path, {"language": "en"}).status_code == 403


class Billed(House):
    """A meter in Mexico City whose tenant was billed for a month."""

    def __init__(self) -> None:
        place = billing.place()
        self.organization, self.site = place.organization, place.site
        self.meter = billing.metered(place)
        self.client = self.signed_in()
        self.put(time_zone=MEXICO.key)
        billing.count(self.meter.energy, civil.start_of_day(FIRST, MEXICO), civil.start_of_day(UNTIL, MEXICO))
        self.account = customers.account(organization=self.organization, site=self.site)
        href = self.href("contract_start", self.account.public_id)
        given = {"meter_point": self.meter.point.public_id, "tariff": place.tariff.public_id}
        self.client.post(href, {**given, "first_day": FIRST.isoformat()})
        approver = identity.actor(identity.user(organization=self.organization))
        billing.issued(place, first_day=FIRST, until_day=UNTIL, approver=approver)

    def contract(self) -> customer_models.Contract:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return customer_models.Contract.objects.get(organization_id=self.organization.pk)

    @property
    def end_href(self) -> str:
        return self.href("contract_end", self.account.public_id, self.contract().public_id)


class TestEndBehindBills:
    def test_is_warned_of_with_the_bills_and_done_when_the_person_is_sure(self) -> None:
        house = Billed()
        # The first day of the contract began at the meter's midnight.
        assert house.contract().during.lower == civil.start_of_day(FIRST, MEXICO)
        day = FIRST.replace(day=10)

        warned = house.client.post(house.end_href, {"until_day": day.isoformat()})

        page = warned.content.decode()
        assert "Issued bills reach beyond that day" in page
        assert "16 May 2026 00:00" in page
        assert house.contract().during.upper is None
        done = house.client.post(house.end_href, {"until_day": day.isoformat(), "sure": "1"}, follow=True)
        assert "the unit is vacant from then on" in done.content.decode()
        assert house.contract().during.upper == civil.start_of_day(day, MEXICO)

    def test_the_bill_and_its_lines_are_in_the_meters_zone(self) -> None:
        house = Billed()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            bill = billing_models.Bill.objects.get(organization_id=house.organization.pk)

        page = house.client.get(house.href("bill", bill.public_id)).content.decode()
        line = house.client.get(house.href("bill_line", bill.public_id, 0, 0, 0) + "?day=2026-05-15").content.decode()

        assert "1 May 2026 00:00 CST" in page
        assert MEXICO.key in page
        assert "08:00–08:15" in line  # the first of the peak hours, at the meter

    def test_at_the_end_of_the_bills_needs_no_word(self) -> None:
        house = Billed()

        done = house.client.post(house.end_href, {"until_day": UNTIL.isoformat()}, follow=True)

        assert "the unit is vacant from then on" in done.content.decode()

    def test_is_a_problem_of_its_own_for_programs_until_they_confirm(self) -> None:
        house = Billed()
        program = api.program(organization=house.organization)
        path = f"/accounts/{house.account.public_id}/contracts/{house.contract().public_id}/end"
        given = {"until_day": FIRST.replace(day=10).isoformat()}

        refused = program.post(path, given)
        told = api.problem(refused)

        assert (refused.status_code, told["code"]) == (409, "billed")
        assert [each["pointer"] for each in told["errors"]] == ["/body/until_day"]
        assert program.post(path, {**given, "confirm_bills": True}).json()["time_zone"] == MEXICO.key


def test_a_person_without_the_site_finds_no_page(house: House) -> None:
    elsewhere = sites.site(organization=house.organization)
    client = house.signed_in(role=RoleCode.MANAGER, site_id=elsewhere.pk)

    assert client.get(house.href("meter_zone")).status_code == 404
