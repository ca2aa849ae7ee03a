"""Meter points and meters that hang nowhere yet; `installing` hangs them."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.sites import models as site_models


class CodeTaken(ValueError):
    """The code or serial number is in use already; take another one."""


@operation.operation
def create_meter_point(
    *,
    actor: Actor,
    at: datetime,
    site: site_models.Site,
    code: str,
    name: str,
    service: values.Service,
    node: site_models.SiteNode | None = None,
    role: values.PointRole = values.PointRole.TENANT,
) -> models.MeterPoint:
    """This will add a meter point to a site.

    :param role: a site's use of a service is the sum of its MAIN points, or of COMMON and TENANT where it has none
    :raises CodeTaken: when the organization has a meter point of that code
    """
    try:
        with transaction.atomic():
            point = models.MeterPoint.objects.create(
                organization_id=site.organization_id,
                site=site,
                node=node,
                code=code,
                name=name,
                service=service,
                role=role,
            )
    except IntegrityError as error:
        raise CodeTaken(_("There is a meter point “%(code)s” already; take another code.") % {"code": code}) from error
    after = {"site": site.code, "code": code, "name": name, "service": service, "role": role}
    audit_operations.record(
        actor=actor, at=at, action="metering:create_meter_point", subject=point, before=None, after=after
    )
    return point


@operation.operation
def create_meter(
    *, actor: Actor, at: datetime, organization_id: int, serial_number: str, model_code: str, is_primary: bool = False
) -> models.Meter:
    """This will add a meter that hangs nowhere yet.

    :raises CodeTaken: when the organization has a meter of that model and serial number
    """
    try:
        with transaction.atomic():
            meter = models.Meter.objects.create(
                organization_id=organization_id,
                serial_number=serial_number,
                model_code=model_code,
                is_primary=is_primary,
            )
    except IntegrityError as error:
        raise CodeTaken(
            _("There is a meter “%(number)s” of this model already; check the serial number.")
            % {"number": serial_number}
        ) from error
    after = {"serial_number": serial_number, "model_code": model_code, "is_primary": is_primary}
    audit_operations.record(actor=actor, at=at, action="metering:create_meter", subject=meter, before=None, after=after)
    return meter
