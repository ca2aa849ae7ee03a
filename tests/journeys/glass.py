"""A shop billed fourteen months ago, whose readings were corrected since, with its tenant and its meter's papers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from meterbook.acquisition import operations as acquisition_operations
from meterbook.billing import models as billing_models
from meterbook.customers import models as customer_models
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import acquisition, billing, customers, identity, metering

DAYS = billing.Days(date(2025, 2, 1), date(2025, 3, 1))
STAMPS = ("20250131T230000Z", "20250228T230000Z")  # both midnights in Madrid
LATER = datetime(2026, 3, 20, 9, tzinfo=UTC)  # more than a year after the bill
CORRECTED_AT = datetime(2025, 2, 10, 12, tzinfo=UTC)
REQUEST, RESPONSE = "0103000000020c0b", "010304000186a0" + "fa43"


@dataclass
class OldBill:
    """`client` is a manager's, `tenant` that of the shop's own sign-in, `other` that of another shop's tenant."""

    place: billing.Place = field(default_factory=billing.place)
    meter: metering.Installed = field(init=False)
    account: customer_models.Account = field(init=False)
    bill: uuid.UUID = field(init=False)
    manager: identity_models.User = field(init=False)
    renter: identity_models.User = field(init=False)
    neighbor: identity_models.User = field(init=False)

    def __post_init__(self) -> None:
        organization, site = self.place.organization, self.place.site
        self.meter = billing.metered(self.place, name="Shop 12")
        billing.count(self.meter.energy, DAYS.starts_at, DAYS.ends_at)
        self.account = self._tenant("Ana Ruiz", self.meter)
        next_door = billing.metered(self.place, name="Shop 13")
        billing.count(next_door.energy, DAYS.starts_at, DAYS.ends_at)
        other = self._tenant("Bo Lind", next_door)
        self._keep_frame()
        run = billing.issued(self.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            bills = billing_models.Bill.objects.filter(organization_id=organization.pk, run=run)
            self.bill = bills.get(account=self.account).public_id
        self.manager = identity.user(organization=organization)
        self.renter, self.neighbor = (self._sign_in(each) for each in (self.account, other))
        assert site.time_zone == "Europe/Madrid"

    def correct(self) -> None:
        """A year later somebody corrects a reading in the middle of the billed month."""
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            metering_operations.correct_readings(
                actor=identity.ACTOR,
                at=LATER,
                series=self.meter.energy,
                kind=CorrectionKind.SET,
                corrected_at=CORRECTED_AT,
                value=100_000 + 25 * ((CORRECTED_AT - DAYS.starts_at) // billing.STEP) + 9,
                reason="The display was read wrongly",
            )
        metering_operations.derive_dirty_days(
            organization_id=self.place.organization.pk, actor=identity.ACTOR, at=LATER
        )

    def path(self, route: str, *arguments: Any) -> str:  # noqa: ANN401
        """The address of a page of the organization."""
        return reverse(route, args=[self.place.organization.public_id, *arguments])

    def client_of(self, user: identity_models.User) -> Client:
        """Somebody's browser."""
        client = Client()
        client.force_login(user)
        return client

    def _tenant(self, name: str, meter: metering.Installed) -> customer_models.Account:
        account = customers.account(organization=self.place.organization, site=self.place.site, name=name)
        customers.contract(
            account=account, point=meter.point, tariff=self.place.tariff, starts_at=DAYS.starts_at - timedelta(days=1)
        )
        return account

    def _sign_in(self, account: customer_models.Account) -> identity_models.User:
        made = identity.user(organization=self.place.organization, role=None)
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=account.public_id, user_id=made.pk)
        return made

    def _keep_frame(self) -> None:
        """What went over the wire when the month began and ended."""
        device = acquisition.device(
            organization=self.place.organization, on=acquisition.bus(site=self.place.site), meter=self.meter.meter
        )
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            frames = [
                acquisition_operations.FrameToKeep(device.pk, at, REQUEST, RESPONSE, took_ms=31)
                for at in (DAYS.starts_at, DAYS.ends_at)
            ]
            acquisition_operations.keep_frames(actor=identity.ACTOR, at=LATER, frames=frames)
