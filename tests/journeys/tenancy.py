"""A meter that passed from one tenant to the next on 10 June 2026, and the second one's sign-in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.test import Client
from django.urls import reverse

from meterbook.customers import models as customer_models
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from tests.factories import billing, customers, identity, metering, usage

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid
MOVED = datetime(2026, 6, 9, 22, tzinfo=UTC)  # 10 June 00:00 there
OLD, NEW = 7_770, 800  # what an interval has before and after


@dataclass
class Tenancy:
    """Two tenants of one meter; `client` is signed in as the second, who moved in at `moved`, a midnight in Madrid."""

    moved: datetime = MOVED
    place: billing.Place = field(default_factory=lambda: billing.place(code="TN"))
    meter: metering.Installed = field(init=False)
    before: customer_models.Account = field(init=False)
    account: customer_models.Account = field(init=False)
    user: identity_models.User = field(init=False)
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.meter = billing.metered(self.place, name="Local 12")
        day, slots = self.moved.date(), (self.moved.hour * 60 + self.moved.minute) // 15
        usage.flat_days(self.meter.energy, day - timedelta(days=39), 39, value=OLD)
        usage.day_block(self.meter.energy, day, [OLD] * slots + [NEW] * (96 - slots))
        usage.flat_days(self.meter.energy, day + timedelta(days=1), 6, value=NEW)
        quarters = [self.moved + timedelta(minutes=15 * number) for number in range(-8, 9)]
        metering.record(self.meter.energy, [(at, 1_000 + place) for place, at in enumerate(quarters)])
        organization, site = self.place.organization, self.place.site
        self.before = customers.account(organization=organization, site=site, name="Old Tenant")
        self.account = customers.account(organization=organization, site=site, name="New Tenant")
        self.contract(self.before, self.moved - timedelta(days=40), self.moved)
        self.contract(self.account, self.moved)
        self.user = self.tenant(self.account)
        self.client.force_login(self.user)

    def contract(
        self, account: customer_models.Account, starts_at: datetime, ends_at: datetime | None = None
    ) -> customer_models.Contract:
        """This will let an account pay for the meter."""
        return customers.contract(
            account=account,
            point=self.meter.point,
            tariff=self.place.tariff,
            starts_at=starts_at,
            ends_at=ends_at,
        )

    def tenant(self, account: customer_models.Account, *, name: str = "Nora Stone") -> identity_models.User:
        """This will make somebody who signs in as the tenant of an account."""
        made = identity.user(organization=self.place.organization, role=None, name=name)
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=account.public_id, user_id=made.pk)
        return made

    def path(self, route: str, *arguments: uuid.UUID) -> str:
        """This will return the address of a page of the organization."""
        return reverse(route, args=[self.place.organization.public_id, *arguments])

    @property
    def use_path(self) -> str:
        """The page of the meter's use."""
        return self.path("tenant_use", self.meter.point.public_id)
