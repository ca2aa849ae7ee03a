"""What is a vacancy that the landlord pays, and what is none."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing import models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering.values import PointRole
from tests.factories import billing, customers

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)


@pytest.mark.spec("B-33")
@pytest.mark.parametrize(
    ("role", "is_vacant"), [(PointRole.MAIN, False), (PointRole.OTHER, False), (PointRole.TENANT, True)]
)
def test_time_before_a_first_contract_is_one_only_where_a_part_of_the_site_is_measured(
    role: PointRole, is_vacant: bool
) -> None:
    place = billing.place()
    meters = [billing.metered(place, name="Shop 12"), billing.metered(place, name="Whole house", role=role)]
    for meter, starts_at in zip(meters, (START, END), strict=True):
        billing.count(meter.energy, START, END)
        account = customers.account(organization=place.organization, site=place.site, name=meter.point.name)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=starts_at)

    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        shares = models.RunShare.objects.filter(organization_id=place.organization.pk, run=run)
        assert [shares.filter(meter_point=meter.point).exists() for meter in meters] == [True, is_vacant]
