"""Days that were billed from a file of intervals: what the tests of corrected files share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import filling
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.importing.mapping import Mapping
from tests.factories import billing, customers, identity, imports

DAYS = billing.Days(date(2026, 3, 1), date(2026, 3, 5))
NOW = datetime(2026, 4, 6, 9, tzinfo=UTC)
CHANGED = {40: "2.5", 41: "0.5"}
REASON = "the utility sent the days again"


class BilledDays:
    """Four days in quarter hours of 1 kWh, from a file, and its bill; two people who may correct readings."""

    def __init__(self) -> None:
        self.place = billing.place()
        self.meter = billing.metered(self.place, code="SHOP-1")
        account = customers.account(organization=self.place.organization, site=self.place.site, name="Shop 1")
        customers.contract(account=account, point=self.meter.point, tariff=self.place.tariff, starts_at=DAYS.starts_at)
        self.load(days_file({}))
        self.derive()
        run = billing.issued(self.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        assert run.state == "CLOSED"
        self.users = [
            identity.user(organization=self.place.organization, role=role)
            for role in (RoleCode.MANAGER, RoleCode.BILLING_CLERK)
        ]
        self.mia, self.noa = (Actor.user(user.pk, name) for user, name in zip(self.users, ("Mia", "Noa"), strict=True))

    def scope(self, actor: Actor = identity.ACTOR) -> Any:  # noqa: ANN401
        return scoping.scope([self.place.organization.pk], actor=actor)

    def derive(self) -> None:
        billing.derive(self.place.organization.pk)

    def load(self, content: bytes, actor: Actor | None = None) -> metering_operations.PointOutcome:
        with self.scope(actor or identity.ACTOR):
            outcome = metering_operations.import_readings(
                actor=actor or identity.ACTOR,
                at=NOW,
                content=content,
                name="march.csv",
                mapping=Mapping(point="SHOP-1"),
                correcting=None if actor is None else metering_operations.Correcting(REASON),
            )
        return outcome.points[0]

    def used(self, *, days: int = 0) -> tuple[list[int], set[int]]:
        start = civil.start_of_day(DAYS.first_day + timedelta(days=days), billing.MADRID)
        with self.scope():
            (series,) = metering_queries.list_series(meter_point_ids=[self.meter.point.pk])
            run = metering_queries.get_intervals(series=series, period=Period(start, start + timedelta(days=1)))
        return run.values.tolist(), set(run.quality.tolist())

    def decide(self, actor: Actor, *, is_approved: bool = True) -> None:
        with self.scope(actor):
            (row,) = metering_queries.list_proposals()
            filling.decide(
                actor=actor,
                at=NOW,
                meter_point=self.meter.point.public_id,
                proposal=row.public_id,
                is_approved=is_approved,
            )

    def count(self, model: Any, **how: Any) -> int:  # noqa: ANN401
        with self.scope():
            return int(model.objects.filter(organization_id=self.place.organization.pk, **how).count())

    def corrected_bills(self) -> list[str]:
        with self.scope():
            return [each.meter_point for each in billing_queries.corrected_bills(since=DAYS.starts_at, limit=9)]


def days_file(changed: dict[int, str], *, days: int = 4) -> bytes:
    start, end = DAYS.starts_at, civil.start_of_day(DAYS.first_day + timedelta(days=days), billing.MADRID)
    rows = [((start + n * billing.STEP).isoformat(), changed.get(n, "1")) for n in range((end - start) // billing.STEP)]
    return imports.csv_file(rows)
