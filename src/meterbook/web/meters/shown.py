"""What a meter page shows of a period: read once, for the page, its chart, its table and its files alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.customers import queries as customer_queries
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import asking, finding, links, looking, periods, prices
from meterbook.web.meters.asking import Compare

ONE_BAR = 2  # edges


@dataclass(frozen=True)
class Shown:
    """A usage with its period bar; `usage` is None where the point has no series. `has_prices`: its price depends on
    the time; `prices`: the bars by price period, where that is asked for."""

    asked: asking.Asked
    bar: periods.PeriodBar
    series: metering_queries.SeriesRow | None
    usage: metering_queries.Usage | None
    prices: prices.PriceSplit | None
    has_prices: bool
    contracts: Sequence[customer_queries.PointContractRow] | None
    is_days_only: bool = False  # a tenant has not agreed to more


def read(
    request: access.Request, detail: metering_queries.MeterDetail, today: metering_queries.Usage | None = None
) -> Shown:
    """This will read what the address asks for.

    :param today: today's usage beside yesterday's, where the page has read it already
    """
    asked = asking.read(request.GET, at=request.at, zone=detail.zone)
    series = detail.main_series
    contracts = links.contracts(request, detail)
    if series is None:
        bar = periods.bar(asked, at=request.at, step=15)
        return Shown(asked, bar, None, None, None, False, contracts)
    span = asked.span(series.step)
    other, problem = _other(request, detail, series, asked)
    name = f"{other.code} {other.name}" if other else ""
    if asked.compare is Compare.METER and other is None:
        asked = dataclasses.replace(asked, compare=Compare.PREVIOUS)
    against = _against(detail, series, asked, span, other)
    is_limited = looking.narrow(request, detail, span, against, other)
    if is_limited:
        span = metering_queries.daily(span, detail.zone)
        against = _by_days(_against(detail, series, asked, span, other), span, detail, request.at)
    is_today = today is not None and today.span == span and asked.compare is Compare.PREVIOUS
    found = (today if is_today and not is_limited else None) or metering_queries.usage_of(
        series=series, span=span, zone=detail.zone, at=request.at, installed=installed(detail), against=against
    )
    found = metering_queries.without_detail(found) if is_limited else found
    held = _held(found, contracts)
    split = None
    if asked.by_price:
        language = (translation.get_language() or "en")[:2]
        split = prices.split(usage=found, contracts=held, zone=detail.zone, language=language)
        if split is None:
            problem = problem or _(
                "Price periods cannot be told apart here: in this period no contract with such a tariff holds all the"
                " time. Choose a period inside one contract."
            )
    bar = periods.bar(asked, at=request.at, step=series.step, other=name, problem=problem)
    return Shown(
        asked=asked,
        bar=bar,
        series=series,
        usage=found,
        prices=split,
        has_prices=prices.is_offered(held),
        contracts=contracts,
        is_days_only=is_limited,
    )


def installed(detail: metering_queries.MeterDetail) -> list[tuple[datetime, datetime | None]]:
    """This will return when a meter hung at the point."""
    return [(each.starts_at, each.ends_at) for each in detail.installations]


def _against(
    detail: metering_queries.MeterDetail,
    series: metering_queries.SeriesRow,
    asked: asking.Asked,
    span: metering_queries.Span,
    other: metering_queries.MeterDetail | None,
) -> metering_queries.Against | None:
    if asked.compare is Compare.NO:
        return None
    if other is not None and other.main_series is not None:
        return metering_queries.Against(span, other.main_series, installed(other))
    before = metering_queries.span_year_before if asked.compare is Compare.YEAR else metering_queries.span_before
    return metering_queries.Against(before(span, detail.zone, series.step), series, installed(detail))


def _by_days(
    against: metering_queries.Against | None,
    span: metering_queries.Span,
    detail: metering_queries.MeterDetail,
    at: datetime,
) -> metering_queries.Against | None:
    """A comparison of whole days; a day that still runs has none, because it is not shown by hours."""
    if against is None or (len(span.edges) <= ONE_BAR and at < span.period.end):
        return None
    return dataclasses.replace(against, span=metering_queries.daily(against.span, detail.zone))


def _other(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    series: metering_queries.SeriesRow,
    asked: asking.Asked,
) -> tuple[metering_queries.MeterDetail | None, str]:
    """The meter to compare with, or why it cannot be."""
    if asked.compare is not Compare.METER or asked.other is None:
        return None, ""
    try:
        other = finding.find_point(request, asked.other)
    except Http404:
        return None, _("The meter to compare with does not exist; choose another one.")
    if other.main_series is None or other.main_series.unit != series.unit or other.main_series.kind != series.kind:
        return None, _("%(name)s measures something else and cannot be compared; choose another meter.") % {
            "name": other.name
        }
    return other, ""


def _held(
    usage: metering_queries.Usage, contracts: Sequence[customer_queries.PointContractRow] | None
) -> list[prices.Contracted]:
    """The tariffs that hold in the period, each with its part of it."""
    found = []
    for each in contracts or ():
        start = max(each.start, usage.period.start)
        end = usage.period.end if each.end is None else min(each.end, usage.period.end)
        if start < end:
            found.append(prices.Contracted(each.tariff_id, Period(start, end)))
    return found
