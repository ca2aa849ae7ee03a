"""The tree of a site: buildings, floors, units, and the meter points in them with who pays."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring.values import MeterFilter, MeterState
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NODE_KIND_CAPTIONS
from meterbook.web import access, meter_states, services
from meterbook.web.sites import choice

# A place of at most so many meter points shows all that is in it; of a larger one each part is asked for when opened.
SHOWN_AT_ONCE = 60
MOST_AT_TOP = 3  # places at the top that are open from the beginning
BAD = (MeterState.SILENT, MeterState.LATE, MeterState.NEVER)


@dataclass(frozen=True)
class BadState:
    """How many meter points of a place need somebody, in words."""

    code: str
    caption: str
    count: int


@dataclass(frozen=True)
class PointLine:
    """A meter point as the tree shows it; links are empty where the reader may not go."""

    row: monitoring_queries.MeterRow
    state: str
    service: str
    icon: str
    tone: str
    href: str
    account_href: str
    bill_number: str
    bill_href: str


@dataclass(frozen=True)
class Branch:
    """A place, what is in it (None: asked for when it is opened), and how its meters stand."""

    key: str
    kind: str
    code: str
    name: str
    href: str
    meters: int
    bad: tuple[BadState, ...]
    branches: tuple[Branch, ...] | None
    points: tuple[PointLine, ...]
    is_open: bool


@dataclass(frozen=True)
class _Tree:
    """All places of a site by their parent, and the meter points at and below each."""

    site: site_queries.SiteRow
    children: Mapping[int | None, Sequence[site_queries.NodeRow]]
    at: Mapping[int | None, Sequence[monitoring_queries.PointState]]
    below: Mapping[int, Counter[MeterState]]


@require_GET
@access.page(permission=permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def tree(request: access.Request, site: uuid.UUID) -> HttpResponse:
    """This will show the top of the tree, or what a search (`q`) finds in the site."""
    found = _find_site(request, site)
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    context = {"site": found, "search": search, "now": request.at, "may_see_meters": _may_see_meters(request, found)}
    context["may_edit"] = request.access.allows(permissions.EDIT_SITES, found.id)
    if search and context["may_see_meters"]:
        page = monitoring_queries.list_meters(
            at=request.at, wanted=MeterFilter(search=search), site_ids=frozenset({found.id})
        )
        context |= {"found": _lines(request, page.rows), "total": page.total}
    else:
        loaded = _load(request, found)
        top = loaded.children.get(None, ())
        branches = tuple(_branch(request, loaded, node, is_open=len(top) <= MOST_AT_TOP) for node in top)
        unplaced = [each.public_id for each in loaded.at.get(None, ())]
        context |= {
            "branches": branches,
            "points": _points(request, found, unplaced[:SHOWN_AT_ONCE]),
            "unplaced": len(unplaced),
            "meters": sum(len(each) for each in loaded.at.values()),
        }
    return render(request, "sites/tree.html", context)


@require_GET
@access.page(permission=permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def branch(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will show what is in one place of the tree."""
    found = _find_site(request, site)
    loaded = _load(request, found)
    row = next((each for rows in loaded.children.values() for each in rows if each.public_id == node), None)
    if row is None:
        raise Http404(_("There is no such place."))
    return render(
        request, "sites/_inside.html", {"branch": _branch(request, loaded, row, is_open=True), "now": request.at}
    )


def _find_site(request: access.Request, public_id: uuid.UUID) -> site_queries.SiteRow:
    for site in choice.visible_sites(request):
        if site.public_id == public_id:
            return site
    raise Http404(_("There is no such site."))


def _may_see_meters(request: access.Request, site: site_queries.SiteRow) -> bool:
    return request.organization.has_module(Module.METERING) and request.access.allows(
        metering_permissions.VIEW_METER, site.id
    )


def _load(request: access.Request, site: site_queries.SiteRow) -> _Tree:
    nodes = site_queries.list_nodes(site_id=site.id)
    points = monitoring_queries.point_states(at=request.at, site_id=site.id) if _may_see_meters(request, site) else []
    children: dict[int | None, list[site_queries.NodeRow]] = defaultdict(list)
    at: dict[int | None, list[monitoring_queries.PointState]] = defaultdict(list)
    below: dict[int, Counter[MeterState]] = defaultdict(Counter)
    for node in nodes:
        children[node.parent_id].append(node)
    for point in points:
        at[point.node_id].append(point)
        if point.node_id is not None:
            below[point.node_id][point.state] += 1
    for node in reversed(nodes):  # smaller places first: each hands its sum on
        if node.parent_id is not None:
            below[node.parent_id].update(below[node.id])
    return _Tree(site, children, at, below)


def _branch(request: access.Request, loaded: _Tree, node: site_queries.NodeRow, *, is_open: bool) -> Branch:
    """A place with its parts; `is_open` ones bring what is in them, and small parts bring theirs too."""
    counts = loaded.below.get(node.id, Counter())
    total = sum(counts.values())
    inner = loaded.children.get(node.id, ())
    own = [each.public_id for each in loaded.at.get(node.id, ())]
    captions = meter_states.captions()
    return Branch(
        key=f"place-{node.public_id}",
        kind=str(NODE_KIND_CAPTIONS[node.kind]),
        code=node.code,
        name=node.name,
        href=reverse("site_branch", args=[request.organization.public_id, loaded.site.public_id, node.public_id]),
        meters=total,
        bad=tuple(BadState(each.lower(), captions[each], counts[each]) for each in BAD if counts[each]),
        branches=tuple(
            _branch(request, loaded, each, is_open=total <= SHOWN_AT_ONCE and not loaded.children.get(each.id))
            for each in inner
        )
        if is_open
        else None,
        points=_points(request, loaded.site, own) if is_open else (),
        is_open=is_open,
    )


def _points(
    request: access.Request, site: site_queries.SiteRow, public_ids: Sequence[uuid.UUID]
) -> tuple[PointLine, ...]:
    if not public_ids:
        return ()
    rows = monitoring_queries.shown_meters(at=request.at, public_ids=public_ids, site_ids=frozenset({site.id}))
    return _lines(request, rows)


def _lines(request: access.Request, rows: Sequence[monitoring_queries.MeterRow]) -> tuple[PointLine, ...]:
    organization = request.organization.public_id
    has_billing = request.organization.has_module(Module.BILLING)
    may_see_accounts = has_billing and customer_permissions.VIEW_CUSTOMER in request.permissions
    may_see_bills = has_billing and billing_permissions.VIEW_BILL in request.permissions
    accounts = {row.account_public_id for row in rows if row.account_public_id}
    bills = billing_queries.latest_bills(account_public_ids=accounts) if may_see_bills and accounts else {}
    captions = {**meter_states.captions(), MeterState.NOT_LIVE: _("Not live")}
    lines = []
    for row in rows:
        bill = bills.get(row.account_public_id) if row.account_public_id else None
        account = row.account_public_id if may_see_accounts else None
        lines.append(
            PointLine(
                row=row,
                state=captions[row.state],
                service=str(metering_values.SERVICE_CAPTIONS[row.service]),
                icon=services.ICONS[row.service],
                tone=services.tone(row.service),
                href=reverse("meter", args=[organization, row.public_id]),
                account_href=reverse("account", args=[organization, account]) if account else "",
                bill_number=bill.number if bill else "",
                bill_href=reverse("bill", args=[organization, bill.public_id]) if bill else "",
            )
        )
    return tuple(lines)
