"""A mall in which one meter fell silent: what the tests of filling gaps share."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import filling
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.metering import values
from meterbook.metering.estimating.inputs import Method
from tests.factories import billing, customers, identity, metering

_numbers = itertools.count(1)
MARCH = billing.Days(date(2026, 3, 1), date(2026, 4, 1))
BEGIN = civil.start_of_day(date(2026, 2, 1), billing.MADRID)
LAST = datetime(2026, 3, 20, 10, 7, tzinfo=UTC)  # the last reading, in the middle of an interval
END = MARCH.ends_at
NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
RISE = 25  # counts of 0.01 kWh a quarter of an hour: 24 kWh a day
# 11 local days and 12 h 53 min of 24 at 24 kWh a day, in whole counts; the neighbors' clocks lost an hour on the 29th:
# 275 h 53 min at 2 kWh an hour, which are the mean of 1, 2 and 3 and what 8 leave over 6.
DAILY = LIKE = 276_880
PEERS = RESIDUAL = 551_770


class Mall:
    """A main meter, three shops that were read throughout, and one whose meter fell silent on 20 March."""

    def __init__(self) -> None:
        self.place = billing.place()
        self.shops = [self.meter(f"Shop {number}", until=END, rise=RISE * number) for number in (1, 2, 3)]
        self.main = self.meter("Main", until=END, rise=RISE * 8, role=values.PointRole.MAIN)
        self.silent = self.meter("Shop 9", until=LAST)
        self.account = customers.account(organization=self.place.organization, site=self.place.site, name="Shop 9")
        customers.contract(account=self.account, point=self.silent.point, tariff=self.place.tariff, starts_at=BEGIN)
        self.derive()

    def meter(self, name: str, *, until: datetime, rise: int = RISE, **more: Any) -> metering.Installed:  # noqa: ANN401
        made = billing.metered(self.place, name=name, code=f"{name}-{next(_numbers)}", **more)
        steps = (until - BEGIN) // billing.STEP
        readings = [(BEGIN + step * billing.STEP, 100_000 + step * rise) for step in range(steps + 1)]
        if readings[-1][0] != until:
            readings.append((until, readings[-1][1] + 12))
        metering.record(made.energy, readings)
        return made

    def scope(self, actor: Actor = identity.ACTOR) -> Any:  # noqa: ANN401
        return scoping.scope([self.place.organization.pk], actor=actor)

    def derive(self) -> None:
        billing.derive(self.place.organization.pk)

    @property
    def row(self) -> metering_queries.SeriesRow:
        (found,) = metering_queries.list_series(meter_point_ids=[self.silent.point.pk])
        return found

    def preview(self, *, until: datetime = END, **more: Any) -> filling.Preview:  # noqa: ANN401
        with self.scope():
            return filling.preview(
                actor=identity.ACTOR, at=NOW, meter_point=self.silent.point.public_id, until=until, **more
            )

    def fill(self, method: Method | None = None, *, actor: Actor = identity.ACTOR, **more: Any) -> Any:  # noqa: ANN401
        given = {"until": END, "reason": "the bus was down", **more}
        with self.scope(actor):
            made = filling.fill(actor=actor, at=NOW, meter_point=self.silent.point.public_id, method=method, **given)
        self.derive()
        return made

    def used(self, start: datetime = LAST, end: datetime = END) -> tuple[int, set[int]]:
        with self.scope():
            run = metering_queries.get_intervals(series=self.row, period=Period(start, end))
            return int(run.values.sum()), set(run.quality.tolist())

    def edits(self) -> list[metering_queries.EditRow]:
        with self.scope():
            return metering_queries.list_edits(series=[self.row])

    def actions(self) -> list[str]:
        with self.scope():
            rows = audit_models.AuditEntry.objects.filter(organization_id=self.place.organization.pk)
            found = rows.filter(action__in=ACTIONS).order_by("id").values_list("action", flat=True)
            return [each.removeprefix("metering:") for each in found]


ACTIONS = [
    f"metering:{each}"
    for each in (
        "estimate",
        "withdraw_estimate",
        "propose_correction",
        "refuse_correction",
        "apportion",
        "set_estimating_order",
        "set_minimum_use",
        "keep_temperatures",
    )
]


def person(owner: Any, role: RoleCode, name: str) -> Actor:  # noqa: ANN401 - an organization
    made = identity.user(organization=owner, role=role)
    return Actor.user(made.pk, name)
