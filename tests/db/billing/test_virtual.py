"""A virtual meter is billed as any other: by its intervals, and nothing while one of them is incomplete."""

from __future__ import annotations

from datetime import UTC, date, datetime

from meterbook.billing import models, queries
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from tests.factories import billing, customers, metering

DAYS = billing.FEBRUARY


class Mall:
    """A main meter and a shop; the rest of both belongs to a tenant."""

    def __init__(self, *, shop_until: datetime | None = None) -> None:
        self.place = billing.place()
        main, shop = billing.metered(self.place, name="Main"), billing.metered(self.place, name="Shop")
        billing.count(main.energy, DAYS.starts_at, DAYS.ends_at, rise=100)
        billing.count(shop.energy, DAYS.starts_at, shop_until or DAYS.ends_at, rise=25)
        virtual = metering.virtual_meter(main, shop, name="Hall", starts_on=date(2026, 1, 1))
        self.series: metering_models.Series = virtual.series
        billing.derive(self.place.organization.pk)
        account = customers.account(organization=self.place.organization, site=self.place.site, name="Hall Ltd")
        customers.contract(
            account=account,
            point=self.series.meter_point,
            tariff=self.place.tariff,
            starts_at=DAYS.starts_at,
        )
        self.number = account.number

    def row(self) -> tuple[models.BillRun, queries.MemberRow]:
        run = billing.advance(billing.plan(self.place, first_day=DAYS.first_day, until_day=DAYS.until_day))
        with scoping.scope([self.place.organization.pk], actor=billing.ACTOR):
            rows = queries.run_bills(run_public_id=run.public_id).rows
        return run, next(each for each in rows if each.account_number == self.number)


def test_is_billed_by_its_intervals() -> None:
    mall = Mall()
    run, row = mall.row()

    with scoping.scope([mall.place.organization.pk], actor=billing.ACTOR):
        (point,) = billing.bill_of(row).content["meter_points"]
    assert point["quantity"] == 28 * 96 * 750
    assert run.state is not None


def test_waits_while_an_input_is_incomplete() -> None:
    mall = Mall(shop_until=datetime(2026, 2, 20, tzinfo=UTC))
    _run, row = mall.row()

    assert row.bill_public_id is None or row.reasons
