"""Have a meter send by HTTP: one that hangs already, or a new one at a new meter point. All of it, or nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, plans
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.library import documents
from meterbook.foundation import operation, scoping
from meterbook.journeys.add_meter import MeterRefused, blaming
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models


@dataclass(frozen=True)
class SendingMeter:
    """A meter that shall send by HTTP: `meter` (its public id) that hangs there, or a new one by all the rest."""

    site: uuid.UUID
    model_code: str
    facts: acquisition_operations.SenderFacts
    meter: uuid.UUID | None = None
    code: str = ""
    name: str = ""
    serial_number: str = ""


@operation.operation
def add_sender(
    *, actor: Actor, at: datetime, plan: SendingMeter, starts_at: datetime
) -> acquisition_operations.MadeSender:
    """This will have a meter send by HTTP, and return its address with the token, which nobody can see again.

    Of a new meter those registers are set up that the mapping names.

    :param starts_at: since when a new meter hangs there
    :raises MeterRefused: naming the field that cannot be
    """
    with blaming("model_code", documents.ModelUnknown):
        model = catalogue.current().load(plan.model_code)
    if not model.is_heard:
        raise MeterRefused("model_code", _("A meter of this model is asked; choose one that sends JSON."))
    if plan.meter is not None:
        meter = _there(plan.site, plan.meter)
    else:
        meter = _hang(actor, at, plan, starts_at, service=model.service)
    refused = acquisition_operations.AddressTaken, acquisition_operations.DeviceMisconfigured
    try:
        with blaming("meter", *refused):
            return acquisition_operations.create_sender(
                actor=actor, at=at, meter=meter, site=plan.site, facts=plan.facts, model_code=plan.model_code
            )
    except acquisition_operations.SenderMisconfigured as error:
        raise MeterRefused(error.field, str(error)) from error


def _there(site: uuid.UUID, meter: uuid.UUID) -> metering_models.Meter:
    hung = metering_models.Installation.objects.filter(
        organization_id=scoping.current().organization_id,
        meter__public_id=meter,
        meter_point__site__public_id=site,
        during__upper_inf=True,
    )
    found = hung.select_related("meter").first()
    if found is None:
        raise MeterRefused("meter", _("Choose a meter that hangs at this site."))
    return found.meter


def _hang(
    actor: Actor, at: datetime, plan: SendingMeter, starts_at: datetime, *, service: str
) -> metering_models.Meter:
    organization_id = scoping.current().organization_id
    site = site_models.Site.objects.get(organization_id=organization_id, public_id=plan.site)
    with blaming("code", metering_operations.CodeTaken):
        point = metering_operations.create_meter_point(
            actor=actor,
            at=at,
            site=site,
            code=plan.code,
            name=plan.name,
            service=metering_values.Service(service),
            node=None,
        )
    with blaming("serial_number", metering_operations.CodeTaken):
        meter = metering_operations.create_meter(
            actor=actor,
            at=at,
            organization_id=organization_id,
            serial_number=plan.serial_number,
            model_code=plan.model_code,
            is_primary=catalogue.current().is_primary(plan.model_code),
        )
    metering_operations.install_meter(
        actor=actor,
        at=at,
        meter_point=point,
        meter=meter,
        starts_at=starts_at,
        registers=plans.registers_of_model(plan.model_code, only=plan.facts.mapping.registers),
    )
    return meter
