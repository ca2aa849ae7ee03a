"""Hot water and heating costs through a whole run: volume and heat, area and use, from meters to bills (B-53)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models
from meterbook.billing.pools import recompute
from meterbook.foundation import scoping
from meterbook.metering.values import Service
from meterbook.sites.values import NodeKind
from tests.factories import billing, customers, pools, services

DAYS = billing.FEBRUARY
HOT_WATER = services.document(
    services.text("Hot water", "Agua caliente"),
    "M3",
    "1.20",
    {
        "code": "heat",
        "name": services.text("Heat of the hot water", "Calor del agua caliente"),
        "charge": "ENERGY",
        "service": "HEATING",
        "price": "0.11",
        "linked": {"factor": "58.15", "unit": "KWH"},
    },
)
NO_CHARGE = services.document(services.text("Heat", "Calor"), "KWH", "0")
PARTS = [{"key": "AREA", "percent": "40"}, {"key": "USAGE", "percent": "60", "secondary": "AREA"}]


@pytest.mark.spec("B-53")
def test_each_bears_heating_by_area_and_use_and_pays_the_water_and_its_heat() -> None:
    place = billing.place()
    accounts = {}
    for name, area, rise in (("A", "60", 1), ("B", "90", 3)):
        unit = pools.unit(place, area=area, code=f"U-{name}", name=name, kind=NodeKind.UNIT)
        accounts[name] = customers.account(organization=place.organization, site=place.site, name=f"T {name}")
        for service, register, prices, counts in (
            (Service.HEATING, services.HEAT, NO_CHARGE, rise),
            (Service.HOT_WATER, services.VOLUME, HOT_WATER, 2),
        ):
            own = prices | {"code": f"{service.value[:3]}-{name}".lower()}
            services.meter(place, accounts[name], service, register, own, counts, node=unit, code=own["code"])
    pool = pools.pool(
        place, code="HEATING", name="Heating", kind="HEATING", service="HEATING", rule="HEATING_COSTS", parts=PARTS
    )
    pools.amount(pool, "1000.00", first_day=DAYS.first_day, until_day=DAYS.until_day)

    run = billing.advance(billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day))

    # 400.00 by 60 : 90 m2, and 600.00 by 268.8 : 806.4 kWh
    bills = {name: _bill(run, account) for name, account in accounts.items()}
    assert {name: [each["amount"] for each in bill["shared_costs"]] for name, bill in bills.items()} == {
        "A": ["160.00", "150.00"],
        "B": ["240.00", "450.00"],
    }
    # 5.376 m3 at 1.20, and 5.376 x 58.15 = 312.614 kWh at 0.11
    (water,) = [each for each in bills["A"]["meter_points"] if each["service"] == "HOT_WATER"]
    lines = [(each["code"], each["quantity"], each["unit"], each["amount"]) for each in water["charges"][0]["lines"]]
    assert lines == [("use", "5.376", "M3", "6.45"), ("heat", "312.614", "KWH", "34.39")]
    assert Decimal(bills["A"]["net"]) == Decimal("310.00") + Decimal("6.45") + Decimal("34.39")
    with scoping.scope([place.organization.pk], actor=billing.ACTOR):
        sheet = models.PoolSheet.objects.get(organization_id=place.organization.pk, pool=pool)
    assert sheet.reasons == []
    assert recompute.differences(json.loads(bytes(sheet.content))) == []


def _bill(run: models.BillRun, account: Any) -> dict[str, Any]:  # noqa: ANN401 - an Account
    with scoping.scope([run.organization_id], actor=billing.ACTOR):
        draft = models.BillDraft.objects.get(organization_id=run.organization_id, run=run, account_id=account.pk)
        return json.loads(bytes(draft.content))  # type: ignore[no-any-return]
