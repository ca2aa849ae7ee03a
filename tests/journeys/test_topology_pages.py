"""The topology through HTTP: gateways, buses and meters with states, for those who may see devices."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from meterbook.acquisition import models, operations, permissions
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import permissions as metering_permissions
from tests.factories import acquisition, identity, sites
from tests.support import pages

SEEING = (permissions.VIEW_DEVICE, metering_permissions.VIEW_METER)
NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


@pytest.fixture
def devices() -> list[models.Device]:
    """Two on one bus: the second is silent and failed one question of four."""
    organization = identity.organization()
    bus = acquisition.bus(site=sites.site(organization=organization), name="Basement")
    made = [acquisition.device(organization=organization, on=bus, unit_id=unit) for unit in (1, 2)]
    with scoping.scope([organization.pk], actor=acquisition.ACTOR):
        for each in made:
            operations.note_device_answer(actor=acquisition.ACTOR, at=NOW, device_id=each.pk, frame=None)
        operations.note_device_silence(
            actor=acquisition.ACTOR,
            at=NOW,
            device_id=made[1].pk,
            failures=3,
            since=NOW,
            problem=acquisition.TIMEOUT,
        )
        tally = operations.Tally(device_id=made[1].pk, hour=NOW.replace(minute=0), asked=4, failed=1)
        operations.add_tallies(actor=acquisition.ACTOR, at=NOW, tallies=[tally])
    return made


def _organization(devices: list[models.Device]) -> identity_models.Organization:
    owner = devices[0].organization_id
    with scoping.scope([owner], actor=acquisition.ACTOR):
        return identity_models.Organization.objects.get(pk=owner)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xa0", " ").split())


@pytest.mark.spec("M-014/1")
class TestTopology:
    def test_shows_the_way_to_the_meters_with_their_states(self, devices: list[models.Device]) -> None:
        organization, bus = _organization(devices), devices[0].bus.public_id
        client = pages.signed_in(organization)

        page = text_of(pages.page(client, "topology", organization))
        inside = text_of(pages.page(client, "topology_bus", organization, bus))
        trouble = text_of(pages.page(client, "topology_bus", organization, bus, state="trouble"))

        assert "Platform 1 gateway 1 silent 1 of 2 answer 25.0 % errors" in page
        assert "127.0.0.1" in page
        assert "Basement" in page
        assert inside.count("Shop 12 MP") == 2
        assert trouble.count("Shop 12 MP") == 1
        assert "unit 7 did not answer" in trouble or "Silent" in trouble

    def test_leads_to_the_connection_for_those_who_may_change_it(self, devices: list[models.Device]) -> None:
        organization, bus = _organization(devices), devices[0].bus.public_id
        viewer = pages.signed_in(identity.organization())
        viewer.force_login(identity.user(organization=organization, role=None, permissions=SEEING))

        shown = pages.page(pages.signed_in(organization), "topology_bus", organization, bus)
        seen = pages.page(viewer, "topology_bus", organization, bus)

        assert shown.count("/connection") == 2
        assert "/connection" not in seen
        assert seen.count("row-link") == 2

    def test_gives_the_states_anew_without_the_page(self, devices: list[models.Device]) -> None:
        organization = _organization(devices)

        answer = pages.page(pages.signed_in(organization), "topology_states", organization)

        assert answer.count('hx-swap-oob="true"') == 3
        assert "<html" not in answer

    def test_is_narrowed_and_says_when_nothing_is_found(self, devices: list[models.Device]) -> None:
        organization = _organization(devices)
        client = pages.signed_in(organization)

        assert "Basement" in pages.page(client, "topology", organization, q="base 127")
        assert "Nothing found" in pages.page(client, "topology", organization, q="attic")
        assert "Basement" in pages.page(client, "topology", organization, state="trouble")
        assert "Basement" in pages.page(client, "topology", organization, state="x", bus="x")
        assert "Nothing found" not in pages.page(client, "topology", organization, bus=str(uuid.uuid4()))

    def test_says_what_to_do_when_there_is_no_gateway(self) -> None:
        organization = identity.organization()

        assert "No gateway yet" in pages.page(pages.signed_in(organization), "topology", organization)

    def test_keeps_to_the_site_of_a_grant(self, devices: list[models.Device]) -> None:
        organization = _organization(devices)
        elsewhere = sites.site(organization=organization)
        client = pages.signed_in(identity.organization())
        client.force_login(identity.user(organization=organization, role=RoleCode.INTEGRATOR, site_id=elsewhere.pk))

        bus = reverse("topology_bus", args=[organization.public_id, devices[0].bus.public_id])
        assert "Basement" not in pages.page(client, "topology", organization)
        assert client.get(bus).status_code == 404
