"""What the sites use: by service and period, hour by hour, who uses most. Needs a running scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SERVICE_CAPTIONS, PointRole, Service
from meterbook.sites import queries as site_queries
from meterbook.web import access, services
from meterbook.web.home import consumers
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

SPARK = (88, 32)  # width and height
FEW_DECIMALS = 1_000  # larger figures are written without decimals
QUARTERS_AN_HOUR = 4


@dataclass(frozen=True)
class Cell:
    """The use of one period: the figure, what is not measured in it, and the change to the period before."""

    value: Decimal | None  # None where no meter has told anything
    decimals: int
    unit: str
    change: Decimal | None
    estimated: Decimal | None
    known: Decimal | None
    against: str

    @property
    def rises(self) -> bool:
        """Whether the change is upward."""
        return self.change is not None and self.change > 0

    @property
    def change_size(self) -> Decimal | None:
        """The change without its sign: an arrow and a word tell the direction."""
        return None if self.change is None else abs(self.change)


@dataclass(frozen=True)
class Bar:
    """One hour of the little picture, in the picture's own units."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class ServiceRow:
    """One service with its three periods; `basis` says which meters are summed."""

    code: str
    caption: str
    icon: str
    tone: str
    unit: str
    basis: str
    today: Cell
    yesterday: Cell
    month: Cell
    bars: tuple[Bar, ...]
    href: str
    is_shown: bool


@dataclass(frozen=True)
class Power:
    """What the sites take now, and where the figure comes from."""

    value: Decimal | None
    unit: str
    basis: str
    at: datetime | None
    is_stale: bool


@dataclass(frozen=True)
class HourRow:
    """One line of the table beside the chart."""

    time: str
    value: Decimal | None
    estimated: Decimal | None
    before: Decimal | None


@dataclass(frozen=True)
class Part:
    """A part of what a main meter counts today."""

    caption: str
    value: Decimal
    share: Decimal | None


@dataclass(frozen=True)
class Use:
    """The page's figures of use; `chart` is what the island draws, `hours` the same as a table."""

    services: tuple[ServiceRow, ...]
    power: Power | None
    shown: ServiceRow | None
    hours: tuple[HourRow, ...]
    chart: dict[str, Any]
    parts: tuple[Part, ...]
    consumers: tuple[consumers.ConsumerRow, ...]
    consumers_unit: str
    has_too_many_sites: bool  # for the consumers to be ranked; one has to be chosen


def collect(request: access.Request, asked: Service | None) -> Use | None:
    """This will collect the figures over the chosen site, or all sites whose meters the user may see."""
    sites = _sites(request)
    found = metering_queries.service_use(
        places=[metering_queries.Place(site.id, site.zone) for site in sites], at=request.at
    )
    if not found:
        return None
    shown = next((each for each in found if each.service is asked), found[0])
    rows = tuple(_row(request, each, is_shown=each is shown) for each in found)
    hours = _hours(shown)
    return Use(
        services=rows,
        power=_power(request, [site.id for site in sites], found),
        shown=next(row for row in rows if row.is_shown),
        hours=hours,
        chart=_chart(shown, request.at),
        parts=_parts(shown),
        consumers=consumers.collect(request, sites, shown),
        consumers_unit=shown.unit.symbol,
        has_too_many_sites=consumers.are_too_many(sites),
    )


def _sites(request: access.Request) -> list[site_queries.SiteRow]:
    chosen = choice.chosen_site(request)
    allowed = choice.visible_sites(request, permissions.VIEW_METER)
    return [site for site in allowed if chosen is None or site.id == chosen.id]


def _row(request: access.Request, found: metering_queries.ServiceUse, *, is_shown: bool) -> ServiceRow:
    home = reverse("home", args=[request.organization.public_id])
    return ServiceRow(
        code=found.service.lower(),
        caption=str(SERVICE_CAPTIONS[found.service]),
        icon=services.ICONS[found.service],
        tone=services.tone(found.service),
        unit=found.unit.symbol,
        basis=_basis(found),
        today=_cell(found, found.today, _("vs the same hours yesterday")),
        yesterday=_cell(found, found.yesterday, _("vs the day before")),
        month=_cell(found, found.month, _("vs the same days of last month")),
        bars=_bars(found.hours),
        href=f"{home}?service={found.service.lower()}",
        is_shown=is_shown,
    )


def _basis(found: metering_queries.ServiceUse) -> str:
    if found.main == 0:
        words = ngettext("%(count)s meter", "sum of %(count)s meters", found.points)
    elif found.main == found.points:
        words = ngettext("%(count)s main meter", "%(count)s main meters", found.points)
    else:
        words = _("%(count)s meters, main meters where there are")
    return words % {"count": tags.number(found.points)}


def _cell(found: metering_queries.ServiceUse, figure: metering_queries.Figure, against: str) -> Cell:
    value = found.number(figure.total)
    known = figure.known_percent
    is_unknown = figure.total == 0 and figure.missing >= figure.expected
    return Cell(
        value=None if is_unknown else value,
        decimals=0 if value >= FEW_DECIMALS else 1,
        unit=found.unit.symbol,
        change=figure.change,
        estimated=found.number(figure.estimated) if figure.estimated else None,
        known=known if known is not None and known < 100 else None,
        against=against,
    )


def _bars(hours: Sequence[metering_queries.Hour]) -> tuple[Bar, ...]:
    width, height = SPARK
    most = max((each.value or 0 for each in hours), default=0)
    if most <= 0:
        return ()
    step = width // len(hours)
    tall = [(place, max(1, (each.value or 0) * height // most)) for place, each in enumerate(hours) if each.value]
    return tuple(Bar(place * step, height - size, step - 1, size) for place, size in tall)


def _power(request: access.Request, site_ids: list[int], found: Sequence[metering_queries.ServiceUse]) -> Power | None:
    electricity = next((each for each in found if each.service is Service.ELECTRICITY), None)
    if electricity is None:
        return None
    live = metering_queries.live_power(site_ids=site_ids, at=request.at)
    if live is not None and live.value is not None:
        if live.is_main:
            words = ngettext("%(fresh)s of %(count)s main meter", "%(fresh)s of %(count)s main meters", live.expected)
        else:
            words = ngettext("%(fresh)s of %(count)s meter", "sum of %(fresh)s of %(count)s meters", live.expected)
        basis = words % {"fresh": tags.number(live.fresh), "count": tags.number(live.expected)}
        return Power(live.value, live.unit, basis, live.oldest_at, is_stale=False)
    if electricity.load is None or electricity.load_at is None:
        return Power(None, "kW", _("no power register has answered lately"), None, is_stale=True)
    start = electricity.load_at.astimezone(_zone(electricity))
    end = start + timedelta(hours=1) / QUARTERS_AN_HOUR
    words = _("mean from %(start)s to %(end)s, %(basis)s") % {
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
        "basis": _basis(electricity),
    }
    mean = electricity.number(electricity.load * QUARTERS_AN_HOUR)
    return Power(mean, "kW", words, end, is_stale=request.at - end > timedelta(hours=1))


def _hours(found: metering_queries.ServiceUse) -> tuple[HourRow, ...]:
    return tuple(
        HourRow(
            time=f"{each.start:%H:%M}",
            value=None if each.value is None else found.number(each.value),
            estimated=found.number(each.estimated) if each.estimated else None,
            before=None if each.before is None else found.number(each.before),
        )
        for each in found.hours
    )


def _chart(found: metering_queries.ServiceUse, at: datetime) -> dict[str, Any]:
    rows = _hours(found)
    now = next((place for place, each in enumerate(found.hours) if each.start + timedelta(hours=1) > at), len(rows))
    part = (at - found.hours[now].start) / timedelta(hours=1) if now < len(rows) else 0
    return {
        "service": found.service.lower(),
        "unit": found.unit.symbol,
        "now": round(now + part, 2),
        "nowText": f"{at.astimezone(_zone(found)):%H:%M}",
        "hours": [
            {
                "time": row.time,
                "value": _text(row.value),
                "estimated": _text(row.estimated),
                "before": _text(row.before),
                "whole": each.is_whole,
                "gap": each.value is None and place < now,
            }
            for place, (row, each) in enumerate(zip(rows, found.hours, strict=True))
        ],
        "texts": {
            "today": _("Today"),
            "yesterday": _("Yesterday"),
            "estimated": _("Estimated or apportioned"),
            "gap": _("No data"),
            "partly": _("not complete"),
        },
    }


def _zone(found: metering_queries.ServiceUse) -> tzinfo | None:
    """The zone of the site whose hours are drawn, of several that of the first."""
    return found.hours[0].start.tzinfo if found.hours else None


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _parts(found: metering_queries.ServiceUse) -> tuple[Part, ...]:
    """What the parts of a service add up to, where main meters count all of it; the rest nobody counts."""
    whole = found.parts.get(PointRole.MAIN)
    if whole is None or found.main != found.points or len(found.parts) == 1:
        return ()
    tenants, common = (found.parts.get(role, 0) for role in (PointRole.TENANT, PointRole.COMMON))
    named = (
        (_("Main meters"), whole),
        (_("Tenants"), tenants),
        (_("Common areas"), common),
        (_("Not accounted for"), whole - tenants - common),
    )
    return tuple(Part(caption, found.number(value), consumers.percent(value, whole)) for caption, value in named)
