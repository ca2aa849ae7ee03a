"""Prices that change by the hour, which tariff documents name by their code."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from ninja import Router
from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.tariffs import permissions, sources

router = Router(tags=["Tariffs"])
PriceGiven = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,8})?$", max_length=24)]


class HourlyPrices(values.Given):
    """Prices of consecutive intervals from an instant on; those that are there already are replaced.

    `code` has small letters, digits, - and _. A price is for a unit of the tariffs that name the series.
    """

    code: values.Code
    name: values.Name
    step_minutes: Literal[15, 30, 60]
    start: values.InstantGiven
    prices: Annotated[list[PriceGiven], Field(min_length=1, max_length=sources.MOST_PRICES)]


class PriceSeriesRow(values.Told):
    """A series of prices: from when on and until when it is known."""

    code: str
    name: str
    step_minutes: int
    first_at: values.InstantTold | None
    until_at: values.InstantTold | None
    prices: int


class PriceSeriesList(values.Told):
    """All series of the organization."""

    series: list[PriceSeriesRow]


@endpoint(
    router,
    "GET",
    "/tariffs/hourly-prices",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    answers=PriceSeriesList,
)
def list_hourly_prices(request: entry.Request) -> PriceSeriesList:
    """This will list the series of prices, and how far each is known."""
    return PriceSeriesList(series=[_row(each) for each in sources.list_series()])


@endpoint(
    router,
    "POST",
    "/tariffs/hourly-prices",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=PriceSeriesRow,
)
def put_hourly_prices(request: entry.Request, given: HourlyPrices) -> PriceSeriesRow:
    """This will keep prices; a series of a new code is begun."""
    caller = request.caller
    sources.put_prices(
        actor=caller.actor,
        at=caller.at,
        code=given.code,
        name=given.name,
        step=given.step_minutes,
        start=given.start,
        prices=list(map(Decimal, given.prices)),
    )
    return next(_row(each) for each in sources.list_series() if each.code == given.code)


def _row(series: sources.SeriesRow) -> PriceSeriesRow:
    return PriceSeriesRow(
        code=series.code,
        name=series.name,
        step_minutes=series.step,
        first_at=values.instant(series.first_at) if series.first_at else None,
        until_at=values.instant(series.until_at) if series.until_at else None,
        prices=series.count,
    )
