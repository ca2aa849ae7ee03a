"""A meter that is removed is billed until that moment; what is installed later goes on from there (decision 0022)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from meterbook.billing import models, queries
from meterbook.billing.values import MemberState
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from tests.factories import billing, customers, identity, metering

FEBRUARY = billing.FEBRUARY
REMOVED = FEBRUARY.starts_at + timedelta(days=14, hours=10)
AGAIN = FEBRUARY.starts_at + timedelta(days=20)


def let(place: billing.Place) -> metering.Installed:
    meter = billing.metered(place, code="MP-4")
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=FEBRUARY.starts_at)
    return meter


def remove(meter: metering.Installed, at: datetime, final: int) -> None:
    with scoping.scope([meter.organization_id], actor=metering.ACTOR):
        metering_operations.remove_meter(
            actor=metering.ACTOR,
            at=at,
            installation=metering_models.Installation.objects.get(
                organization_id=meter.organization_id, pk=meter.installation.pk
            ),
            ends_at=at,
            closings={"energy_import": metering_operations.Closing(final)},
            reason="shop closed",
        )


def install(meter: metering.Installed, at: datetime) -> None:
    fresh = metering.meter(organization_id=meter.organization_id)
    with scoping.scope([meter.organization_id], actor=metering.ACTOR):
        metering_operations.install_meter(
            actor=metering.ACTOR,
            at=at,
            meter_point=meter.point,
            meter=fresh,
            starts_at=at,
            registers=(metering.ENERGY,),
        )


def billed(place: billing.Place) -> list[tuple[MemberState, list[tuple[datetime, datetime]]]]:
    """The accounts of February's run that are no landlord's, with the time that each pays for."""
    billing.derive(place.organization.pk)
    run = billing.advance(billing.plan(place, first_day=date(2026, 2, 1), until_day=date(2026, 3, 1)))
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        shares = models.RunShare.objects.filter(organization_id=place.organization.pk, run=run).order_by("during")
        return [
            (
                row.state,
                [(each.during.lower, each.during.upper) for each in shares if each.account_id == row.account_id],
            )
            for row in rows
        ]


def test_a_contract_that_goes_on_is_billed_until_its_meter_was_removed() -> None:
    place = billing.place()
    meter = let(place)
    final = billing.count(meter.energy, FEBRUARY.starts_at, REMOVED)
    remove(meter, REMOVED, final)

    assert billed(place) == [(MemberState.DRAFTED, [(FEBRUARY.starts_at, REMOVED)])]


def test_goes_on_with_the_meter_that_is_installed_later() -> None:
    place = billing.place()
    meter = let(place)
    final = billing.count(meter.energy, FEBRUARY.starts_at, REMOVED)
    remove(meter, REMOVED, final)
    install(meter, AGAIN)
    billing.count(meter.energy, AGAIN, FEBRUARY.ends_at, begin=0)

    assert billed(place) == [
        (MemberState.DRAFTED, [(FEBRUARY.starts_at, REMOVED), (AGAIN, FEBRUARY.ends_at)]),
    ]


def test_begins_with_the_later_meter_when_the_former_went_before_the_period() -> None:
    place = billing.place()
    meter = let(place)
    remove(meter, FEBRUARY.starts_at - timedelta(days=3), 1)
    install(meter, AGAIN)
    billing.count(meter.energy, AGAIN, FEBRUARY.ends_at, begin=0)

    assert billed(place) == [(MemberState.DRAFTED, [(AGAIN, FEBRUARY.ends_at)])]
