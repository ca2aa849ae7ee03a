"""A page that is open says what it shows; its meters are polled faster while it does, and bad words harm nobody."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.acquisition import models
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import acquisition as factory
from tests.factories import identity, lab, metering, sites


def viewer(organization: identity_models.Organization) -> Client:
    """Somebody who may see meters."""
    found = Client()
    found.force_login(identity.user(organization=organization, role=RoleCode.MONITOR))
    return found


class TestThePage:
    @pytest.mark.parametrize("series", ["x", "1,", "1;2", "-1", "1" * 20, ",".join(["1"] * 2_001)])
    def test_refuses_what_is_no_list_of_series(self, series: str) -> None:
        organization = identity.organization()

        answer = viewer(organization).post(reverse("watch", args=[organization.public_id]), {"series": series})

        assert answer.status_code == 400
        assert answer.content

    @pytest.mark.parametrize("series", ["", "1", "999999999999999999", "1,1,2"])
    def test_answers_nothing_else(self, series: str) -> None:
        organization = identity.organization()

        answer = viewer(organization).post(reverse("watch", args=[organization.public_id]), {"series": series})

        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.usefixtures("empty_database")
class TestTheMeters:
    def test_are_polled_each_second_while_somebody_looks_and_the_silent_one_harms_nobody(self) -> None:
        """Live values are configured once an hour; only who is looked at is asked again within seconds."""
        organization = identity.organization()
        site = sites.site(organization=organization)
        units = dict.fromkeys((1, 2, 3), "eastron_sdm630")
        with lab.running_gateway(units=units, clock=clock.now) as gateway:
            line = factory.bus(site=site, port=gateway.port, timeout_ms=150, retries=1)
            hung: dict[int, tuple[models.Device, metering.Installed]] = {}
            for unit in units:
                installed = factory.installed_meter(organization=organization, site=site)
                made = factory.device(
                    organization=organization, on=line, meter=installed.meter, unit_id=unit, live_seconds=3600
                )
                hung[unit] = made, installed
            with factory.running_collector():
                for device, _installed in hung.values():
                    factory.eventually(lambda device=device: factory.shown_device(device).answered_at)  # type: ignore[misc]
                gateway.control.carry_out({"do": "silent", "unit": 1})
                before = len(gateway.server.requests)
                shown = [series.pk for unit in (1, 2) for series in hung[unit][1].series.values()]
                answer = viewer(organization).post(
                    reverse("watch", args=[organization.public_id]), {"series": ",".join(map(str, shown))}
                )

                def asked(unit: int) -> int:
                    return sum(1 for each, *_rest in gateway.server.requests[before:] if each == unit)

                one_reading = 6  # an SDM630 is asked for that many blocks
                factory.eventually(lambda: asked(2) > 3 * one_reading)

        assert answer.status_code == 204
        assert asked(1) >= 1
        assert asked(3) == 0
