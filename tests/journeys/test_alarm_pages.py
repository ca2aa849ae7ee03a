"""An alarm says why, names the meters behind it and their open billing periods, and keeps its beginning and end."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.alarms import models as alarm_models
from meterbook.alarms import silence
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import civil, clock
from meterbook.tariffs import operations as tariff_operations
from tests.factories import acquisition, api, customers, identity, metering, sites, tariffs

CUT = datetime(2026, 6, 16, 8, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


class Mall:
    """A bus with three meters, two of them of tenants, on which nobody answers any more."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.bus = acquisition.bus(site=self.site, name="North")
        self.meters = [
            metering.installed_meter(organization=self.organization, site=self.site, name=f"Shop {number}")
            for number in (1, 2, 3)
        ]
        self.devices = [
            acquisition.device(organization=self.organization, on=self.bus, unit_id=place + 1, meter=each.meter)
            for place, each in enumerate(self.meters)
        ]
        raw = {**tariffs.peak_document(), "currency": "EUR"}
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            tariff = tariff_operations.create_tariff(actor=identity.ACTOR, at=CUT, document=raw)
        for meter, name, until in (
            (self.meters[0], "Bakery", None),
            (self.meters[1], "Books", None),
            (self.meters[2], "Gone", date(2026, 6, 1)),
        ):
            customers.contract(
                account=customers.account(organization=self.organization, site=self.site, name=name),
                point=meter.point,
                tariff=tariff,
                starts_at=civil.start_of_day(date(2026, 5, 1), MADRID),
                ends_at=None if until is None else civil.start_of_day(until, MADRID),
            )

    def fail(self, at: datetime = CUT) -> None:
        for device in self.devices:
            self._note(device, at, is_silent=True)

    def answer(self, at: datetime) -> None:
        for device in self.devices:
            self._note(device, at, is_silent=False)

    def alarm(self) -> alarm_models.Alarm:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return alarm_models.Alarm.objects.get(organization_id=self.organization.pk, kind=AlarmKind.BUS_SILENT)

    def page(self, at: datetime, role: RoleCode = RoleCode.MANAGER) -> str:
        client = Client()
        client.force_login(identity.user(organization=self.organization, role=role))
        with clock.use(clock.SettableClock(at)):
            found = client.get(reverse("alarm", args=[self.organization.public_id, self.alarm().public_id]))
        return " ".join(found.content.decode().split())

    def _note(self, device: acquisition_models.Device, at: datetime, *, is_silent: bool) -> None:
        given = {"actor": acquisition.ACTOR, "at": at, "device_id": device.pk}
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            if is_silent:
                acquisition_operations.note_device_silence(failures=3, since=at, problem=acquisition.TIMEOUT, **given)
            else:
                acquisition_operations.note_device_answer(frame=None, **given)
            silence.follow(actor=acquisition.ACTOR, at=at, bus_id=self.bus.public_id, meter_id=device.meter.public_id)


@pytest.fixture
def mall() -> Mall:
    made = Mall()
    made.fail()
    return made


class TestPage:
    @pytest.mark.spec("M-024/1")
    def test_names_the_meters_and_the_open_billing_periods(self, mall: Mall) -> None:
        page = mall.page(CUT + timedelta(minutes=5))

        assert "All meters on bus North are silent" in page
        assert "the line is cut, or has no power" in page
        assert all(f"Shop {number}" in page for number in (1, 2, 3))
        assert "Bakery" in page
        assert "Books" in page
        assert page.count("Not billed yet") == 2
        assert "Gone" not in page  # what it pays for ended before

    @pytest.mark.spec("M-024/2")
    def test_keeps_when_it_began_and_ended(self, mall: Mall) -> None:
        mall.answer(CUT + timedelta(hours=2, minutes=5))

        page = mall.page(CUT + timedelta(hours=3))

        alarm = mall.alarm()
        assert alarm.cleared_at == CUT + timedelta(hours=2, minutes=5)
        assert "2 h 5 min" in page

    def test_tells_of_bills_to_those_only_who_may_see_them(self, mall: Mall) -> None:
        page = mall.page(CUT + timedelta(minutes=5), RoleCode.OPERATOR)

        assert "Shop 1" in page
        assert "Bakery" not in page

    def test_is_nothing_for_others(self, mall: Mall) -> None:
        other = Client()
        other.force_login(identity.user(organization=identity.organization()))

        answer = other.get(reverse("alarm", args=[mall.organization.public_id, mall.alarm().public_id]))

        assert answer.status_code in (403, 404)


class TestApi:
    @pytest.mark.spec("M-024/1")
    def test_tells_the_same(self, mall: Mall) -> None:
        with clock.use(clock.SettableClock(CUT + timedelta(minutes=5))):
            program = api.program(organization=mall.organization)
            told = json.loads(program.get(f"/alarms/{mall.alarm().public_id}").content)
            listed = json.loads(program.get("/alarms").content)

        assert told["cause"] == "LINE_CUT"
        assert len(told["meter_points"]) == 3
        assert [each["first_day"] for each in told["open_periods"]] == ["2026-05-01"] * 2
        assert listed["items"][0]["affected"] == 3
