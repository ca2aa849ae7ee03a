"""Let another tariff hold for a contract from an instant on, unless that time is billed already."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import overriding, tenancies
from meterbook.foundation import operation
from meterbook.journeys import billed, moving_in, operations, values
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor


@operation.operation
def change_tariff(
    *, actor: Actor, at: datetime, contract: uuid.UUID, tariff: uuid.UUID, starts_at: datetime, reason: str = ""
) -> customer_models.Contract:
    """This will cut a contract in two: the second part goes on by another tariff. It returns that part.

    Where that tariff is not the default and waits for a second person, it returns the contract as it is.

    :param reason: why it is not the default, if it is not
    :raises tenancies.ContractNotThere: when the organization has no such contract
    :raises operations.JourneyRefused: saying what to do, with the step START or TARIFF at fault
    """
    found = tenancies.find_contract(contract)
    zone = found.meter_point.zone
    taken = billed.taken_after(meter_point_ids=[found.meter_point_id], instant=starts_at).get(found.meter_point_id)
    if taken is not None:
        words = _("This meter is on a bill until %(day)s. Take that day or a later one.")
        raise operations.JourneyRefused(
            values.Step.START, words % {"day": f"{taken.until.astimezone(zone):%Y-%m-%d %H:%M}"}
        )
    moving_in.require_tariff_fits(point=found.meter_point, tariff=tariff, on=civil.local_date(starts_at, zone))
    try:
        return tenancies.change_tariff(
            actor=actor, at=at, contract=contract, tariff=tariff, starts_at=starts_at, reason=reason
        )
    except tenancies.EndMisplaced as error:
        raise operations.JourneyRefused(values.Step.START, str(error)) from error
    except (
        customer_operations.ContractMisfit,
        customer_operations.NotThere,
        overriding.OverrideUnreasoned,
    ) as error:
        raise operations.JourneyRefused(values.Step.TARIFF, str(error)) from error
