"""Devices that send by HTTP, for tests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.test import Client

from meterbook.acquisition import operations
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library import documents
from meterbook.acquisition.plans import registers_of_model
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from tests.factories import acquisition, metering, sites

TEXT = "energy_import: /energy/total kWh\npower: /power W\ntime: /ts"


@dataclass
class Sending:
    """A meter that sends by HTTP, with its address and token."""

    site: site_models.Site
    meter: metering_models.Meter
    series: dict[str, metering_models.Series]
    made: operations.MadeSender

    @property
    def path(self) -> str:
        """The address, without the token."""
        return f"/push/v1/devices/{self.made.public_id}"

    def post(self, content: object, *, token: str | None = None, **more: Any) -> Any:  # noqa: ANN401 - an answer
        """This will send a message, with its token unless another is given."""
        given = self.made.token if token is None else token
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        return Client().post(self.path, content, content_type="application/json", headers=headers, **more)

    def stored(self, code: str = "energy_import") -> list[tuple[Any, int]]:
        """The readings of a register."""
        return acquisition.stored(self.series[code])


def facts(
    text: str = TEXT, *, model_code: str = "json_electricity", seconds: int = 120, is_open: bool = False
) -> operations.SenderFacts:
    """This will read a mapping as somebody typed it."""
    found = mapping.read(text, documents.load(model_code))
    return operations.SenderFacts(mapping=found, expected_seconds=seconds, is_open=is_open)


def sending(
    *,
    site: site_models.Site,
    organization: identity_models.Organization,
    text: str = TEXT,
    is_open: bool = False,
    seconds: int = 120,
) -> Sending:
    """This will hang a meter and have it send by HTTP; outside a scope."""
    given = facts(text, is_open=is_open, seconds=seconds)
    with scoping.scope([site.organization_id], actor=acquisition.ACTOR):
        registers = registers_of_model("json_electricity", only=given.mapping.registers)
    installed = metering.installed_meter(
        organization=organization, site=site, model_code="json_electricity", registers=registers
    )
    with scoping.scope([site.organization_id], actor=acquisition.ACTOR):
        made = operations.create_sender(
            actor=acquisition.ACTOR, at=acquisition.AT, meter=installed.meter, site=site.public_id, facts=given
        )
    return Sending(site, installed.meter, installed.series, made)


def sender_of(organization: identity_models.Organization) -> uuid.UUID:
    """This will have a meter of a new site send by HTTP, and return its public id."""
    return sending(site=sites.site(organization=organization), organization=organization).made.public_id
