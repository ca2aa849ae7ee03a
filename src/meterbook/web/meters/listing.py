"""The meter list: search, filters with counts, sorting, columns, kept views, and the list as a file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.customers import permissions as customer_permissions
from meterbook.identity import saved_views
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, parameters, tables
from meterbook.web.meters import captions, history, labels, list_address, list_columns, list_filters, pages
from meterbook.web.sites import choice

PAGE = "meters"  # under which views are kept
MOST_ROWS = 50  # that a page may ask for again


@dataclass(frozen=True)
class Line:
    """One meter point as the list shows it."""

    row: monitoring_queries.MeterRow
    chip: captions.Chip
    icon: str
    model: str
    role: str
    account_href: str


@dataclass(frozen=True)
class KeptView:
    """A view that the user keeps."""

    row: saved_views.SavedViewRow
    href: str
    is_current: bool


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, singles_to="assigned")
def meters(request: access.Request) -> HttpResponseBase:
    """This will show the meter points of the user's sites; a fetch gets the table alone."""
    return show(request)


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def rows(request: access.Request) -> HttpResponseBase:
    """This will answer with the live cells of the meter points that a page shows, and nothing else: `?points=id,id`."""
    found = monitoring_queries.shown_meters(
        at=request.at,
        public_ids=_points(request.GET.get("points", "").split(",")),
        site_ids=list_address.site_ids(request),
    )
    context = {"lines": [_line(request, row) for row in found], "now": request.at}
    return TemplateResponse(request, "meters/_live_rows.html", context)


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def file(request: access.Request) -> HttpResponseBase:
    """This will give out what the list shows, all pages of it, in its order: `?kind=csv`, `xlsx`, or `labels` to print.

    `?point=id` as often as wanted gives out those meter points instead, whatever the filter.
    """
    asked = list_address.read(request)
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    columns = (list_columns.METER, *asked.columns)
    chosen = request.GET.getlist("point")
    found = monitoring_queries.all_meters(
        at=request.at,
        wanted=asked.wanted,
        site_ids=list_address.site_ids(request),
        public_ids=_points(chosen) if chosen else None,
    )
    site = choice.chosen_site(request)
    day = civil.local_date(request.at, site.zone) if site else request.at.date()
    if request.GET.get("kind") == labels.KIND:
        return labels.sheet(request, found, day)
    return tables.file(
        kind,
        tables.file_safe(f"{_('meters')}_{day.isoformat()}"),
        [caption for column in columns for caption in column.captions()],
        ([cell for column in columns for cell in column.cells(row)] for row in found),
    )


def show(request: access.Request, *, problem: str = "", typed: str = "") -> HttpResponseBase:
    """This will answer with the list, or its table for a fetch.

    :param problem: what is wrong with the view that was to be kept under the name `typed`
    """
    asked = list_address.read(request)
    found = monitoring_queries.list_meters(
        at=request.at,
        wanted=asked.wanted,
        site_ids=list_address.site_ids(request),
        page=parameters.page_number(request),
    )
    context = {
        "page": found,
        "now": request.at,
        "lines": [_line(request, row) for row in found.rows],
        "shown": {each.code: True for each in asked.columns},
        "is_empty": not found.everything and not asked.wanted.search,
        "may_manage": request.access.allows_somewhere(permissions.MANAGE_METER),
        "may_enter": request.access.allows_somewhere(permissions.ENTER_READING),
        "services": metering_values.SERVICE_CAPTIONS,
        **_controls(request, asked, found),
        **_views(request, asked, problem, typed),
        "island": {
            "series": [value.series_id for row in found.rows for value in (row.main, row.power) if value],
            "rows": _href(request, "meter_rows", points=",".join(str(row.public_id) for row in found.rows)),
        },
    }
    is_part = not access.wants_page(request)
    return TemplateResponse(request, "meters/_list.html" if is_part else "meters/list.html", context)


def _controls(
    request: access.Request, asked: list_address.Asked, found: monitoring_queries.MeterPage
) -> dict[str, Any]:
    """What narrows, sorts and pages the list."""
    sorted_by = asked.wanted.sort.lower()
    heads = [
        tables.Column(each.caption, each.sort.lower() if each.sort else "", each.kind)
        for each in (list_columns.METER, *asked.columns)
    ]
    return {
        "search": asked.wanted.search,
        "kept": [(key, value) for key, value in asked.query.items() if key != "q"],
        "without_columns": [(key, value) for key, value in asked.query.items() if key != "columns"],
        "offered": [(each, each in asked.columns) for each in list_columns.COLUMNS],
        "chips": list_filters.state_chips(asked, found),
        "menus": list_filters.menus(asked, found, is_over_sites=list_address.site_ids_count(request) != 1),
        "is_narrowed": asked.is_narrowed,
        "all_href": tables.link({key: asked.query.get(key, "") for key in ("sort", "columns")}),
        "heads": tables.heads(heads, asked.query, sorted_by, is_descending=asked.wanted.is_descending),
        "pages": tables.pages(asked.query, found.number, found.total),
        "of_file": [(key, asked.query[key]) for key in ("sort", "columns") if key in asked.query],
        "csv_href": _href(request, "meter_file", **asked.query, kind=tables.CSV),
        "xlsx_href": _href(request, "meter_file", **asked.query, kind=tables.XLSX),
        "labels_href": _href(request, "meter_file", **asked.query, kind=labels.KIND),
    }


def _views(request: access.Request, asked: list_address.Asked, problem: str, typed: str) -> dict[str, Any]:
    kept = saved_views.list_views(user_id=request.actor.id or 0, page=PAGE)
    return {
        "query": asked.address,
        "views": [KeptView(each, f"?{each.query}", each.query == asked.address) for each in kept],
        "view_problem": problem,
        "view_typed": typed,
    }


def _line(request: access.Request, row: monitoring_queries.MeterRow) -> Line:
    organization = request.organization.public_id
    return Line(
        row=row,
        chip=captions.METER_STATES[row.state],
        icon=pages.SERVICE_ICONS[row.service],
        model=history.model_name(row.model_code) if row.model_code else "",
        role=str(metering_values.POINT_ROLE_CAPTIONS[row.role]),
        account_href=_account_href(request, organization, row.account_public_id),
    )


def _account_href(request: access.Request, organization: uuid.UUID, account: uuid.UUID | None) -> str:
    may_view = account is not None and customer_permissions.VIEW_CUSTOMER in request.permissions
    has_module = request.organization.has_module(Module.BILLING)
    return reverse("account", args=[organization, account]) if may_view and has_module else ""


def _points(texts: Sequence[str]) -> list[uuid.UUID]:
    found = []
    for each in texts[:MOST_ROWS]:
        try:
            found.append(uuid.UUID(each))
        except ValueError:
            continue
    return found


def _href(request: access.Request, route: str, **query: str) -> str:
    return reverse(route, args=[request.organization.public_id]) + f"?{urlencode(query)}"
