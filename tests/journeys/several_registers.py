"""A bakery whose meter is read by hand: T1, T2 and reactive energy are billed by two readings each; with its tenant."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Source
from tests.factories import billing, customers, identity, metering, tariffs

DAYS = billing.Days(date(2025, 2, 1), date(2025, 3, 1))
STAMPS = ("20250131T230000Z", "20250228T230000Z")  # both midnights in Madrid
DIVIDED = tariffs.document(
    currency="EUR",
    components=[
        {"code": "day", "name": "Day", "charge": "ENERGY", "channel": "IMPORT_T1", "price": "0.30"},
        {"code": "night", "name": "Night", "charge": "ENERGY", "channel": "IMPORT_T2", "price": "0.10"},
        {
            "code": "kvarh",
            "name": "Reactive",
            "charge": "POWER_FACTOR",
            "price": "0.04",
            "power_factor": {"rule": "REACTIVE_ABOVE", "tan_phi": "0.5"},
        },
        {"code": "base", "name": "Base", "charge": "FIXED_DAILY", "price": "0.50"},
    ],
)
SHOWN = {  # in thousandths, at the beginning and the end of February
    "energy_import": (1_000_000, 1_500_000),
    "energy_import_t1": (700_000, 1_050_000),
    "energy_import_t2": (300_000, 450_000),
    "energy_reactive_import": (200_000, 500_000),
}


@dataclass
class Bakery:
    """`manager` is a person of the organization, `renter` the tenant whose bill it is."""

    place: billing.Place = field(default_factory=lambda: billing.place(raw=DIVIDED))
    meter: metering.Installed = field(init=False)
    bill: uuid.UUID = field(init=False)
    manager: identity_models.User = field(init=False)
    renter: identity_models.User = field(init=False)

    def __post_init__(self) -> None:
        organization, units = self.place.organization, {"energy_reactive_import": Unit.KVARH}
        self.meter = metering.installed_meter(
            organization=organization,
            site=self.place.site,
            name="Bakery",
            model_code="imported",
            registers=tuple(
                metering_operations.RegisterPlan(each, each, units.get(each, Unit.KWH), 3) for each in SHOWN
            ),
        )
        for code, (begin, end) in SHOWN.items():
            shown = [(DAYS.starts_at, begin), (DAYS.ends_at, end)]
            metering.record(self.meter.series[code], shown, source=Source.FIELD)
        billing.derive(organization.pk)
        account = customers.account(organization=organization, site=self.place.site, name="Ana Ruiz")
        since = DAYS.starts_at - timedelta(days=1)
        customers.contract(account=account, point=self.meter.point, tariff=self.place.tariff, starts_at=since)
        run = billing.issued(self.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            found = billing_models.Bill.objects.filter(organization_id=organization.pk, run=run)
            self.bill = found.get(account=account).public_id
        self.manager = identity.user(organization=organization)
        self.renter = identity.user(organization=organization, role=None)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            sign_ins.link_user(
                actor=identity.ACTOR, at=identity.LONG_AGO, account=account.public_id, user_id=self.renter.pk
            )

    def path(self, route: str, *arguments: Any) -> str:  # noqa: ANN401
        """The address of a page of the organization."""
        return reverse(route, args=[self.place.organization.public_id, *arguments])

    def client_of(self, user: identity_models.User) -> Client:
        """Somebody's browser."""
        client = Client()
        client.force_login(user)
        return client
