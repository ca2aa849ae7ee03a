"""The same month from a file and from the bus is the same to the bill (M-027)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meterbook.billing import queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering.importing.mapping import Mapping
from tests.factories import billing, customers, imports, metering

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
START, END = (civil.start_of_day(day, billing.MADRID) for day in (FIRST, UNTIL))


@pytest.mark.spec("M-027/1")
def test_a_file_and_a_bus_give_the_same_bill() -> None:
    place = billing.place()
    bus, registers, intervals = (billing.metered(place, name=name, code=name) for name in ("bus", "shown", "used"))
    rises = [25, 31, 0, 7]
    shown = [100_000 + sum(rises) * (number // 4) + sum(rises[: number % 4]) for number in range(745 * 4 + 1)]
    metering.record(bus.energy, [(START + billing.STEP * number, value) for number, value in enumerate(shown)])
    metering.record(intervals.energy, [(START, shown[0])])
    clock = [
        (START + billing.STEP * number).astimezone(billing.MADRID).replace(tzinfo=None) for number in range(745 * 4 + 1)
    ]
    written = [f"{each:%Y-%m-%d %H:%M}" for each in clock]
    by_register = [(at, f"{value / 100:.2f}") for at, value in zip(written, shown, strict=True)]
    used = [(at, f"{(after - value) / 100:.2f}") for at, value, after in zip(written, shown, shown[1:], strict=False)]
    imports.load(place.organization, imports.csv_file(by_register), Mapping(point="shown", kind="REGISTERS"))
    imports.load(place.organization, imports.csv_file(used), Mapping(point="used", kind="INTERVALS"))
    billing.derive(place.organization.pk)
    for meter in (bus, registers, intervals):
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)

    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))

    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        bills = [billing.bill_of(each).content for each in rows if each.bill_public_id is not None]
    first, *others = [_figures(each) for each in bills]
    assert (len(others), others) == (2, [first, first])


def _figures(bill: dict[str, Any]) -> dict[str, Any]:
    """All that a customer pays by, without names and where readings came from."""
    (point,) = bill["meter_points"]
    (segment,) = point["segments"]
    return {
        "total": bill["total"],
        "taxes": bill["taxes"],
        "charges": point["charges"],
        "quality": point["quality"],
        "registers": [segment[end]["value"] for end in ("previous", "present")],
    }
