"""Tariff documents and plans for tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import plan as rating_plan
from meterbook.tariffs.rating import reading

TIERS = {
    "code": "energy",
    "name": "Energy",
    "charge": "ENERGY",
    "tiers": [{"up_to": "100", "price": "0.10"}, {"up_to": "300", "price": "0.15"}, {"price": "0.20"}],
}
PEAK_WINDOWS = [
    {"from": "08:00", "to": "22:00", "period": "peak"},
    {"from": "22:00", "to": "08:00", "period": "off"},
]


def document(*, components: list[dict[str, Any]], currency: str = "USD", **more: object) -> dict[str, Any]:
    """This will return a raw tariff document."""
    return {
        "format": "meterbook-tariff/1",
        "code": "T1",
        "name": {"en": "Test", "es": "Prueba"},
        "currency": currency,
        "unit": "KWH",
        "components": components,
        **more,
    }


def peak_document(*, windows: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """This will return peak at 0.30 from 08:00 to 22:00, else 0.10."""
    return document(
        periods=[{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off-peak"}],
        calendar=[{"windows": windows or PEAK_WINDOWS}],
        components=[
            {"code": "energy", "name": "Energy", "charge": "ENERGY", "prices": {"peak": "0.30", "off": "0.10"}}
        ],
        **more,
    )


def plan(
    raw: dict[str, Any], *, first: date, until: date, zone: str = "Europe/Madrid", decimals: int = 3
) -> rating_plan.Plan:
    """This will apply a document to the local days [first, until) of a place, for usage in 10^-decimals kWh."""
    place = ZoneInfo(zone)
    period = Period(civil.start_of_day(first, place), civil.start_of_day(until, place))
    return rating_plan.Plan(reading.read(raw), place, period, rating_plan.Scale(Unit.KWH, decimals))


def usage(plan: rating_plan.Plan, value: int | list[int], *, step: timedelta = timedelta(minutes=15)) -> UsageSeries:
    """This will return intervals for the whole period of a plan: the same value in each, or a list."""
    count = plan.period.duration // step
    values = np.full(count, value, np.int64) if isinstance(value, int) else np.array(value, np.int64)
    return UsageSeries(plan.period.start, step, values, np.zeros(len(values), np.uint8))


def series(start: datetime, values: list[int], *, step: timedelta = timedelta(minutes=15)) -> UsageSeries:
    """This will return intervals from an instant on."""
    return UsageSeries(start, step, np.array(values, np.int64), np.zeros(len(values), np.uint8))
