"""Data quality: how complete each meter's days are, and how sure; its sums by day and by site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, parameters, services, tables
from meterbook.web.meters import captions, list_filters
from meterbook.web.quality import asking, cells
from meterbook.web.sites import choice

MOST_CELLS = 400_000  # that are summed for one page: 12,000 meters by the days of a month
guard = access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)


@dataclass(frozen=True)
class Line:
    """One meter point as the grid shows it."""

    row: metering_queries.CompletenessRow
    href: str
    icon: str
    place: str
    finding: str  # what waits there for a person
    percent: str
    tone: str
    strip: SafeString


@dataclass(frozen=True)
class SumLine:
    """A site, or everything."""

    caption: str
    points: int
    percent: str
    tone: str
    missing: int
    strip: SafeString


@guard
def quality(request: access.Request) -> HttpResponseBase:
    """This will show a month by days: `?month=2026-11`, `?show=gaps` or `end`; or a year by months: `?year=2026`."""
    asked = asking.read(request)
    found = choose(request, asked)
    ids, is_cut = narrowed(request, asked, found.ids)
    number = min(parameters.page_number(request), max(1, -(-len(ids) // tables.PAGE)))
    shown = ids[(number - 1) * tables.PAGE : number * tables.PAGE]
    rows = metering_queries.completeness(point_ids=shown, grid=asked.grid, at=request.at)
    names = names_of(asked)
    waiting = metering_queries.open_findings_by_code(codes=[each.code for each in rows])
    has_sites = len(choice.visible_sites(request)) > 1 and choice.chosen_site(request) is None
    context: dict[str, Any] = {
        "asked": asked,
        "heads": cells.heads(asked.grid, is_year=asked.is_year, today=asked.today),
        "lines": [_line(request, asked, row, names, waiting.get(row.code), has_sites=has_sites) for row in rows],
        "legend": cells.legend(),
        "total": len(ids),
        "is_empty": not found.everything and not asked.wanted.search,
        "is_cut": is_cut,
        "pages": tables.pages(asked.query, number, len(ids)),
        # Those of one page are there at once; of more they follow, so that the page does not wait for them.
        "sums": _sums(request, asked, ids) if 0 < len(ids) <= tables.PAGE else None,
        "sums_href": _href(request, "quality_sums", asked),
        "may_manage": request.access.allows_somewhere(permissions.MANAGE_METER),
        "may_enter": request.access.allows_somewhere(permissions.ENTER_READING),
        **_controls(request, asked, found),
    }
    return TemplateResponse(request, "quality/quality.html", context)


@guard
def sums(request: access.Request) -> HttpResponseBase:
    """This will answer with the sums of all meters that the page finds, on its other pages too."""
    asked = asking.read(request)
    ids, _is_cut = narrowed(request, asked, choose(request, asked).ids)
    context: dict[str, Any] = {
        "asked": asked,
        "heads": cells.heads(asked.grid, is_year=asked.is_year, today=asked.today),
        "sums": _sums(request, asked, ids),
    }
    return TemplateResponse(request, "quality/_sums.html", context)


def choose(request: access.Request, asked: asking.Asked) -> monitoring_queries.PointChoice:
    """This will return which meters the filters find, whatever their gaps."""
    site_ids = choice.site_ids(request, permissions.VIEW_METER)
    return monitoring_queries.choose_points(at=request.at, wanted=asked.wanted, site_ids=site_ids)


def narrowed(request: access.Request, asked: asking.Asked, ids: Sequence[int]) -> tuple[Sequence[int], bool]:
    """This will leave the meters with gaps, where only they are asked for; and whether too many were there to look."""
    if asked.show is asking.Show.ALL:
        return ids, False
    looked = ids[: _most(asked)]
    look = metering_queries.points_with_open_end if asked.show is asking.Show.END else metering_queries.points_with_gaps
    return look(point_ids=looked, grid=asked.grid, at=request.at), len(looked) < len(ids)


def names_of(asked: asking.Asked) -> list[str]:
    """This will return how the columns are called in words: 3 March, or March 2026."""
    form = "YEAR_MONTH_FORMAT" if asked.is_year else "MONTH_DAY_FORMAT"
    return [str(formats.date_format(day, form)) for day in asked.grid.starts]


def _most(asked: asking.Asked) -> int:
    return MOST_CELLS // (asked.grid.until - asked.grid.starts[0]).days


def _sums(request: access.Request, asked: asking.Asked, ids: Sequence[int]) -> list[SumLine] | None:
    """Each site where there are several, and all; None where that are too many meters for so long a time."""
    if len(ids) > _most(asked):
        return None
    found = metering_queries.completeness_sums(point_ids=ids, grid=asked.grid, at=request.at)
    names = names_of(asked)
    each_site = [(each.name, each.points, each.cells, each.whole) for each in found.sites]
    listed = each_site if len(each_site) > 1 else []
    listed.append(
        (
            _("These meters") if asked.is_narrowed else _("All meters"),
            sum(each.points for each in found.sites),
            found.cells,
            found.whole,
        )
    )
    return [
        SumLine(caption, points, cells.percent(whole), cells.tone(whole), whole.missing, cells.sums(by_cell, names))
        for caption, points, by_cell, whole in listed
    ]


def _line(
    request: access.Request,
    asked: asking.Asked,
    row: metering_queries.CompletenessRow,
    names: Sequence[str],
    waiting: metering_queries.OpenFinding | None,
    *,
    has_sites: bool,
) -> Line:
    page = reverse("meter", args=[request.organization.public_id, row.public_id])
    return Line(
        row=row,
        href=f"{page}?view={'year' if asked.is_year else 'month'}&day={asked.first.isoformat()}",
        icon=services.ICONS[row.service],
        place=" · ".join(each for each in (row.node_name, row.site_name if has_sites else "") if each),
        finding=str(captions.FINDINGS[waiting.kind]) if waiting else "",
        percent=cells.percent(row.total),
        tone=cells.tone(row.total),
        strip=cells.strip(
            row,
            asked.grid,
            names,
            f"{page}?view={'month' if asked.is_year else 'day'}&day=",
            _gap_base(request, asked, row),
        ),
    )


def _gap_base(request: access.Request, asked: asking.Asked, row: metering_queries.CompletenessRow) -> str:
    """Where a gap of the meter is filled, up to the day or, of a year, up to the month's first day."""
    if not request.access.allows(permissions.CORRECT_READING, row.site_id):
        return ""
    page = reverse("meter_gap", args=[request.organization.public_id, row.public_id])
    return f"{page}?{'month' if asked.is_year else 'day'}="


def _controls(request: access.Request, asked: asking.Asked, found: monitoring_queries.PointChoice) -> dict[str, Any]:
    query = asked.query
    menus = []
    service = [each for each in found.options["service"] if each.count or each.code == asked.wanted.service]
    if len(service) > 1 or asked.wanted.service:
        menus.append(_menu(asked, "service", _("Service"), service, str(asked.wanted.service or "")))
    places = found.options["place"]
    if len(places) > 1 or asked.wanted.place:
        is_over_sites = choice.chosen_site(request) is None
        title = _("Site") if is_over_sites else _("Building")
        menus.append(_menu(asked, "place", title, list(places), str(asked.wanted.place or "")))
    chips = [
        list_filters.Chip(words, None, tables.link(query, show=show.value), asked.show is show)  # type: ignore[arg-type]
        for show, words in (
            (asking.Show.ALL, pgettext("meters", "All")),
            (asking.Show.GAPS, _("Only with gaps")),
            (asking.Show.END, _("No register at the end")),
        )
    ]
    return {
        "menus": menus,
        "chips": chips,
        "kept": [(key, value) for key, value in query.items() if key != "q"],
        "all_href": asked.of_period(asked.first, is_year=asked.is_year) if not asked.is_narrowed else _plain(asked),
        "earlier": asked.step(forwards=False),
        "later": asked.step(forwards=True),
        "by_month": asked.of_period(asked.today if asked.first.year == asked.today.year else asked.first, is_year=False)
        if asked.is_year
        else "",
        "by_year": "" if asked.is_year else asked.of_period(asked.first, is_year=True),
        "csv_href": _href(request, "quality_file", asked, kind=tables.CSV),
        "xlsx_href": _href(request, "quality_file", asked, kind=tables.XLSX),
    }


def _plain(asked: asking.Asked) -> str:
    return tables.link({key: value for key, value in asked.query.items() if key in ("month", "year")})


def _menu(
    asked: asking.Asked, code: str, title: str, options: Sequence[monitoring_queries.Option], current: str
) -> list_filters.Menu:
    def caption(option: monitoring_queries.Option) -> str:
        return str(SERVICE_CAPTIONS[Service(option.code)]) if code == "service" else option.caption

    listed = [
        list_filters.Chip(
            caption(each), each.count, tables.link(asked.query, **{code: each.code.lower()}), each.code == current
        )
        for each in options
    ]
    count = sum(each.count for each in options)
    every = list_filters.Chip(pgettext("filter", "All"), count, tables.link(asked.query, **{code: ""}), not current)
    chosen = next((each.caption for each in listed if each.is_chosen), _("Unknown") if current else "")
    return list_filters.Menu(title, chosen, (every, *listed))


def _href(request: access.Request, route: str, asked: asking.Asked, **more: str) -> str:
    return reverse(route, args=[request.organization.public_id]) + tables.link(asked.query, **more)
