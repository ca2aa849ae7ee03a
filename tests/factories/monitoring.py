"""What monitoring keeps, for tests."""

from __future__ import annotations

from datetime import date

from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering.checking.days import CheckKind
from meterbook.monitoring import models
from tests.factories import metering

ACTOR = Actor.system("factory")
FACTS = {
    CheckKind.SPIKE: {"slot": 40, "value": 9_000, "usual": 1_000, "times": 3},
    CheckKind.STUCK: {"power": 500, "intervals": 288},
    CheckKind.ZERO_OCCUPIED: {"days": 28, "mean": 24_000},
    CheckKind.USE_VACANT: {"used": 5_000, "least": 1_000},
    CheckKind.REGISTER_SUM: {"intervals": 5_000, "registers": 6_000},
    CheckKind.PARENT_SUM: {"above": 5_000, "below": 6_000, "count": 3},
    CheckKind.PHASE_MISSING: {"phase": 2, "intervals": 288},
    CheckKind.CT_REVERSED: {"exported": 5_000},
    CheckKind.DUPLICATE: {"count": 4},
    CheckKind.OFF_TIME: {"count": 96, "of": 96},
    CheckKind.TARIFF_SUM: {
        "tariffs": 450_000,
        "registers": 500_000,
        "count": 2,
        "since": "2026-02-01",
        "until": "2026-03-01",
    },
}


def day_finding(
    made: metering.Installed, kind: CheckKind = CheckKind.SPIKE, day: date = metering.FIRST_DAY
) -> models.DayFinding:
    """This will keep a finding about a day of a meter, as `check_days` would; outside a scope."""
    with scoping.scope([made.organization_id], actor=ACTOR):
        found, _is_new = models.DayFinding.objects.get_or_create(
            organization_id=made.organization_id,
            meter_point=made.point,
            kind=kind,
            settled_at=None,
            defaults={
                "first_day": day,
                "last_day": day,
                "facts": {**FACTS[kind], "unit": made.energy.unit, "decimals": made.energy.decimals},
                "found_at": metering.LONG_AGO,
            },
        )
        return found
