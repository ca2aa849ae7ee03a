"""Which registers fed a series during a bill's time, and how many times they counted from when on."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import F

from meterbook.billing.calculating import facts
from meterbook.foundation import many, scoping
from meterbook.kernel import quantity
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import ratios


class Hanging(NamedTuple):
    """A register of a meter that hung at the point during [start, end); `changes` are its multipliers in order.

    A change is when, how many times it counts from then on, what it showed then (None: nobody noted it), and by how
    much a test of the meter corrects that (None: not at all).
    """

    serial: str
    model: str
    register: str
    unit: Unit
    decimals: int
    wrap: int | None
    start: datetime
    end: datetime | None
    opening: int | None
    closing: int | None
    is_closing_estimated: bool
    changes: tuple[ratios.Change[datetime], ...]

    def scale(self, series: facts.Series) -> Fraction:
        """This will return what one count is in the series' scale, before the multiplier."""
        return _scale(self.unit, series.unit, series.decimals - self.decimals)


@functools.lru_cache(maxsize=256)
def _scale(unit: Unit, wanted: Unit, decimals: int) -> Fraction:
    return quantity.factor(unit, wanted) * Fraction(10) ** decimals


_UNITS = {each.value: each for each in Unit}
_fraction = functools.lru_cache(maxsize=256)(Fraction)  # meters of a building have few multipliers


def load(series_ids: list[int], period: Period) -> dict[int, list[Hanging]]:
    """This will load the registers of series that hung in a period, in three queries, in order of time."""
    rows = _rows(series_ids, period)
    changes = _changes({row[1] for row in rows})
    corrected = metering_queries.standing_ratios(series_ids=series_ids, period=period)
    found: dict[int, list[Hanging]] = defaultdict(list)
    row: tuple[Any, ...]
    for row in rows:
        series_id, installation_id, start, end, serial, model, register, unit, decimals, *others = row
        wrap, opening, closing, is_estimated = others
        own = [ratios.Change(at, factor, shown.get(str(series_id))) for at, factor, shown in changes[installation_id]]
        if not own or own[0].at > start:
            own.insert(0, ratios.Change(start, Fraction(1), None))
        found[series_id].append(
            Hanging(
                serial=serial,
                model=model,
                register=register,
                unit=_UNITS[unit],
                decimals=decimals,
                wrap=wrap,
                start=start,
                end=end,
                opening=opening,
                closing=closing,
                is_closing_estimated=bool(is_estimated),
                changes=ratios.overlay(own, corrected.get(series_id, []), end=end),
            )
        )
    return dict(found)


def _rows(series_ids: Sequence[int], period: Period) -> list[Any]:
    registers = metering_models.InstallationRegister.objects.filter(
        many.among("series_id", series_ids),
        organization_id=scoping.current().organization_id,
        installation__during__overlap=(period.start, period.end),
    )
    return many.rows(
        registers.order_by("installation__during", "id").values_list(
            "series_id",
            "installation_id",
            *many.both_ends(F("installation__during")),
            "installation__meter__serial_number",
            "installation__meter__model_code",
            "register_code",
            "unit",
            "decimals",
            "wrap",
            "opening",
            "closing",
            "is_closing_estimated",
        )
    )


def _changes(installation_ids: set[int]) -> dict[int, list[tuple[datetime, Fraction, Any]]]:
    found: dict[int, list[tuple[datetime, Fraction, Any]]] = defaultdict(list)
    segments = metering_models.MultiplierSegment.objects.filter(
        many.among("installation_id", installation_ids), organization_id=scoping.current().organization_id
    ).order_by("starts_at", "id")
    for installation_id, starts_at, above, below, shown in many.rows(
        segments.values_list("installation_id", "starts_at", "numerator", "denominator", "registers")
    ):
        found[installation_id].append((starts_at, _fraction(above, below), shown))
    return found
