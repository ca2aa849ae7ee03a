"""Another tariff than the default that somebody asked for, made through the operations that users have."""

from __future__ import annotations

import uuid
from datetime import timedelta

from meterbook.customers import models, overrides, tariff_defaults, tenancies
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.metering import values as metering_values
from meterbook.tariffs import models as tariff_models
from tests.factories import identity


def ask(contract: models.Contract, other: tariff_models.Tariff) -> uuid.UUID:
    """This will let the contract's tariff be the default of its site, ask for another one, and return which; outside
    a scope. It waits where somebody can approve it.
    """
    given = {"actor": identity.ACTOR, "at": identity.LONG_AGO}
    starts_at, point = contract.during.lower + timedelta(days=1), contract.meter_point
    with scoping.scope([contract.organization_id], actor=identity.ACTOR):
        tariff_defaults.set_default(
            **given,
            group=tariff_defaults.Group(metering_values.Service(point.service), point.site.public_id),
            tariff=contract.tariff.public_id,
            first_day=civil.local_date(starts_at, point.zone),
        )
        tenancies.change_tariff(
            **given, contract=contract.public_id, tariff=other.public_id, starts_at=starts_at, reason="agreed"
        )
        return overrides.list_overrides(account=contract.account.public_id)[0].public_id
