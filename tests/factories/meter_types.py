"""Meter types of an organization, for tests; published through the operation that people use."""

from __future__ import annotations

import functools
import uuid

from meterbook.acquisition import operations, plans, type_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from tests.factories import acquisition, metering

ACTOR = Actor.system("factory")
CODE = "own_meter"
DOCUMENT = """\
code: own_meter
manufacturer: Calder
name: T1
service: ELECTRICITY
protocol: MODBUS
word_order: big
source: made for this test
registers:
  - code: energy_import
    caption: {en: Energy, es: Energía}
    function: 3
    address: 10
    type: uint32
    scale: "1/100"
    unit: KWH
    kind: CUMULATIVE
    decimals: 2
  - code: power
    caption: {en: Power at present, es: Potencia actual}
    function: 3
    address: 12
    type: int16
    unit: W
    kind: INSTANT
    decimals: 0
"""


def document() -> str:
    """This will return a document under a code that nobody has."""
    return DOCUMENT.replace(CODE, f"m{uuid.uuid4().hex[:8]}")


@functools.cache
def code_of(organization: identity_models.Organization) -> str:
    """This will return the code of a type that no other organization has; outside a scope."""
    return published(organization, document()).code


def published(
    organization: identity_models.Organization, text: str = DOCUMENT, *, base: int = 0
) -> type_models.MeterType:
    """This will publish a version; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.publish_type(actor=ACTOR, at=acquisition.AT, text=text, base=base)


def hung(organization: identity_models.Organization, *, site: site_models.Site, code: str = CODE) -> metering.Installed:
    """This will hang a meter of an own type with all its registers; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        registers = plans.registers_of_model(code)
    return metering.installed_meter(organization=organization, site=site, model_code=code, registers=registers)
