"""How a bus answers, through HTTP: its page and what the API tells."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from meterbook.acquisition import models, permissions
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.monitoring import line_health
from meterbook.monitoring.line_health import HourOfLine
from tests.factories import acquisition, api, identity, sites
from tests.journeys.test_topology_pages import text_of
from tests.support import pages

NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
TEN = NOW.replace(minute=0)


@pytest.fixture(autouse=True)
def _now() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def device(organization: identity_models.Organization) -> models.Device:
    bus = acquisition.bus(site=sites.site(organization=organization), name="Basement")
    return acquisition.device(organization=organization, on=bus, unit_id=7)


def count(device: models.Device) -> None:
    """12 questions: 8 answers of at most 50 ms, 3 time-outs, a wrong checksum; a clock 75 s ahead."""
    counts = {"asked": 12, "answered": 8, "timeouts": 3, "damaged": 1, "busy_ms": 3_600}
    buckets = (2, 6, 0, 0, 0, 0, 0, 0)
    hours = [
        HourOfLine(device.bus_id, None, TEN, **counts, watched_ms=12_000, buckets=buckets),
        HourOfLine(
            device.bus_id, device.pk, TEN, **counts, buckets=buckets, skews=2, skew_ms=3_000, skew_most_ms=2_500,
            clock_ms=75_000, clock_at=NOW,
        ),
    ]  # fmt: skip
    with scoping.scope([device.organization_id], actor=acquisition.ACTOR):
        line_health.add_hours(actor=acquisition.ACTOR, at=NOW, hours=hours)


class TestPage:
    def test_shows_figures_failures_and_each_meter(
        self, organization: identity_models.Organization, device: models.Device
    ) -> None:
        count(device)
        client = pages.signed_in(organization)

        shown = pages.page(client, "bus_health", organization, device.bus.public_id)

        text = text_of(shown)
        for each in (
            "Requests 12 4 failed",
            "Answered 66.7 % 8 answers",
            "Half of the answers within ≤ 50 ms 95 of 100 within ≤ 50 ms",
            "Budget used 30.0 %",
            "Time-outs 3 CRC errors 1 Foreign or late answers 0",
            "20 to 50 ms 6",
            "1.5 s at most 2.5 s +75 s",
        ):
            assert each in text
        assert 'id="bus-times-data"' in shown
        assert reverse("bus_health", args=[organization.public_id, device.bus.public_id]) in pages.page(
            client, "topology_bus", organization, device.bus.public_id
        )

    @pytest.mark.parametrize("period", ["week", "month", "nonsense"])
    def test_of_longer_times_is_there_too(
        self, organization: identity_models.Organization, device: models.Device, period: str
    ) -> None:
        count(device)

        shown = pages.page(
            pages.signed_in(organization), "bus_health", organization, device.bus.public_id, period=period
        )

        assert "Requests 12" in text_of(shown)

    def test_says_why_there_is_nothing(self, organization: identity_models.Organization, device: models.Device) -> None:
        client = pages.signed_in(organization)
        empty = acquisition.bus(site=device.bus.site, name="Attic", port=503)

        assert "the collector does not run" in pages.page(client, "bus_health", organization, device.bus.public_id)
        assert "No meters yet" in pages.page(client, "bus_health", organization, empty.public_id)

    def test_of_others_is_not_there(self, organization: identity_models.Organization, device: models.Device) -> None:
        elsewhere = sites.site(organization=organization)
        client = pages.signed_in(identity.organization())
        client.force_login(identity.user(organization=organization, role=RoleCode.INTEGRATOR, site_id=elsewhere.pk))

        answer = client.get(reverse("bus_health", args=[organization.public_id, device.bus.public_id]))

        assert answer.status_code == 404


def test_the_api_tells_the_same(organization: identity_models.Organization, device: models.Device) -> None:
    count(device)
    program = api.program(organization=organization, permissions=[permissions.VIEW_DEVICE])

    told = program.get(f"/buses/{device.bus.public_id}/health", hours="2").json()

    assert told["counts"] == {
        "requests": 12, "answered": 8, "failed": 4, "timeouts": 3, "crc_errors": 1, "foreign": 0, "refused": 0,
        "unconnected": 0, "within_ms": [2, 6, 0, 0, 0, 0, 0, 0], "busy_ms": 3_600,
    }  # fmt: skip
    assert (told["budget_percent"], told["since"]) == ("30.0", "2026-06-16T09:00:00Z")
    assert [each["counts"]["requests"] for each in told["hours"]] == [0, 12]
    assert [(each["address"], each["skew_mean_ms"], each["clock_ms"]) for each in told["meters"]] == [
        ("7", 1_500, 75_000)
    ]
    assert program.get(f"/buses/{device.bus.public_id}/health", hours="9999").status_code == 422
