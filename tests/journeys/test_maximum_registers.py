"""A meter with a register of maximum demand: set up, read, doubted where it looks wrong, and found behind its bill."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations
from meterbook.metering.values import Source
from tests.factories import api, billing, customers, identity, metering, tariffs
from tests.journeys.hand_read import DECEMBER, NOW
from tests.journeys.several_registers import DAYS
from tests.journeys.test_meter_registers import Place

LATE = "20250302T080000Z"  # a day and nine hours after February ended in Madrid
CHARGED = tariffs.document(
    currency="EUR",
    components=[
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.10"},
        {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "5", "demand": {"source": "REGISTER"}},
    ],
)


class Factory:
    """A factory behind a transformer whose bill of February goes by a register of maximum demand, read a day late."""

    def __init__(self) -> None:
        self.place = billing.place(raw=CHARGED)
        organization, units = self.place.organization, {"energy_import": Unit.KWH, "power_maximum": Unit.KW}
        meter = metering.installed_meter(
            organization=organization,
            site=self.place.site,
            name="Factory",
            model_code="imported",
            multiplier=Fraction(40),
            registers=tuple(operations.RegisterPlan(code, code, unit, 3) for code, unit in units.items()),
        )
        begin, end = DAYS.starts_at, DAYS.ends_at
        read_at = end + timedelta(days=1, hours=9)
        metering.record(meter.series["energy_import"], [(begin, 1_000_000), (end, 1_500_000)], source=Source.FIELD)
        metering.record(meter.series["power_maximum"], [(begin, 9_000), (read_at, 2_500)], source=Source.FIELD)
        billing.derive(organization.pk)
        account = customers.account(organization=organization, site=self.place.site, name="Ana Ruiz")
        customers.contract(account=account, point=meter.point, tariff=self.place.tariff, starts_at=begin)
        run = billing.issued(self.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            found = billing_models.Bill.objects.filter(organization_id=organization.pk, run=run)
            self.bill = found.get(account=account).public_id
        self.client = Client()
        self.client.force_login(identity.user(organization=organization))

    def get(self, route: str, *arguments: object, query: str = "") -> str:
        answer = self.client.get(reverse(route, args=[self.place.organization.public_id, *arguments]) + query)
        assert answer.status_code == 200, route
        return html.unescape(answer.content.decode())


@pytest.fixture(scope="module")
def factory(database: str) -> Factory:
    """Its bill."""
    return Factory()


@pytest.fixture
def place() -> Iterator[Place]:
    with clock.use(clock.SettableClock(NOW)):
        yield Place()


@pytest.mark.spec("M-026/7")
def test_a_maximum_is_set_up_and_read_and_may_be_less_than_before(place: Place) -> None:
    place.set_up(registers="MAXIMUM", shown_power_maximum="20")
    page = html.unescape(place.client.get(place.path("readings_enter")).content.decode())
    same = json.loads(place.send(part=True, value="1300", register_power_maximum="20"))
    high = json.loads(place.send(part=True, value="1300", register_power_maximum="61"))

    right = place.send(value="1300", register_power_maximum="12,5")

    assert "Maximum demand" in page
    assert not same["isSaved"]
    assert "was the register reset then?" in html.unescape(same["html"])
    assert "more than three times the highest before, 20.000 kW" in html.unescape(high["html"])
    assert "MP-7: 12.500\u00a0kW is saved." in right
    assert place.readings() == {
        "energy_import": [(DECEMBER, Decimal(1300))],
        "power_maximum": [(DECEMBER, Decimal("12.5"))],
    }
    detail = html.unescape(place.client.get(place.path("meter", place.point().public_id)).content.decode())
    assert "Maximum demand" in detail
    assert "12.500" in detail


@pytest.mark.spec("M-026/7")
def test_programs_and_files_bring_maxima(place: Place) -> None:
    place.set_up(registers="MAXIMUM")
    point = str(place.point().public_id)
    program = api.program(organization=place.organization)
    hand = {"meter_point": point, "at": "2026-11-20T23:00:00Z", "value": "7.5", "series": "power_maximum"}

    taken = program.post("/hand-readings", {"readings": [hand, {**hand, "at": "2026-11-25T23:00:00Z", "value": "5"}]})
    listed = program.get(f"/meter-points/{point}").json()

    assert [each["outcome"] for each in taken.json()["items"]] == ["STORED", "STORED"]
    assert ("power_maximum", "MAXIMUM") in [(each["code"], each["kind"]) for each in listed["series"]]
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        series = models.Series.objects.get(organization_id=place.organization.pk, code="power_maximum")
        assert not models.SeriesDay.objects.filter(organization_id=place.organization.pk, series_id=series.pk).exists()


@pytest.mark.spec("M-026/7")
def test_an_exchange_notes_what_the_old_meter_showed(place: Place) -> None:
    place.set_up(registers="MAXIMUM", shown_power_maximum="20")
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        old = models.Meter.objects.get(organization_id=place.organization.pk)
    sent = {
        "old_meter": str(old.public_id),
        "exchanged_at": "2026-11-20T12:00:00Z",
        "serial_number": "SN8",
        "finals": {"energy_import": {"value": "1300"}, "power_maximum": {"value": "17.25"}},
        "openings": {"energy_import": "0"},
        "reason": "calibration period over",
    }
    program, path = api.program(organization=place.organization), f"/meter-points/{place.point().public_id}/exchange"
    finer = {"energy_import": {"value": "1300"}, "power_maximum": {"value": "17.2501"}}

    refused = program.post(path, {**sent, "finals": finer})
    done = program.post(path, sent)

    assert {each["pointer"] for each in api.problem(refused)["errors"]} == {"/body/finals/power_maximum"}
    assert done.status_code == 200, done.content
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        rows = models.InstallationRegister.objects.filter(
            organization_id=place.organization.pk, series__code="power_maximum"
        )
        assert list(rows.order_by("id").values_list("closing", flat=True)) == [17_250, None]


@pytest.mark.spec("M-088/2")
def test_from_the_demand_line_to_the_reading_behind_it(factory: Factory) -> None:
    page = factory.get("bill", factory.bill)
    inside = factory.get("bill_line", factory.bill, 0, 0, 1)
    reading = factory.get("bill_reading", factory.bill, 0, LATE, query="?register=power_maximum")
    program = api.program(organization=factory.place.organization)
    told = program.get(f"/bills/{factory.bill}/explanation").json()["lines"]
    raw = program.get(f"/bills/{factory.bill}/points/0/readings/{LATE}?register=power_maximum")
    elsewhere = program.get(f"/bills/{factory.bill}/points/0/readings/20250309T080000Z?register=power_maximum")
    intervals = program.get(f"/bills/{factory.bill}/points/0/intervals?register=power_maximum")

    assert "The register of maximum demand showed 2.5\u00a0kW on" in page
    assert "times 40 it is 100\u00a0kW." in page
    assert f"points/0/readings/{LATE}?register=power_maximum" in inside
    assert '<dd class="mono">2500</dd>' in reading
    assert "Maximum demand" in reading
    assert [(each["code"], each["readings"]) for each in told][1] == ("demand", ["2025-03-02T08:00:00Z"])
    assert raw.status_code == 200, raw.content
    assert (elsewhere.status_code, intervals.status_code) == (404, 404)
