"""Runs of bills: the list, and a run with its steps, its accounts and what is to be decided."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.values import MemberState, RunState
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.web import access, parameters
from meterbook.web.billing import stages, words

PAGE = 50
FILTERS = {
    "held": (MemberState.HELD,),
    "ready": (MemberState.DRAFTED,),
    "issued": (MemberState.ISSUED,),
    "left-out": (MemberState.EXCLUDED,),
}
UNHELD = tuple(each for code, group in FILTERS.items() if code != "held" for each in group)


@dataclass(frozen=True)
class RunLine:
    """A run in the list."""

    run: billing_queries.RunRow
    href: str
    title: str
    tone: str
    icon: str
    caption: str | Promise


@dataclass(frozen=True)
class FilterChip:
    """A way to narrow the accounts of a run."""

    caption: str
    href: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Group:
    """Accounts that need the same attention."""

    code: str
    caption: str
    remark: str
    rows: tuple[billing_queries.MemberRow, ...]


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def runs(request: access.Request) -> HttpResponse:
    """This will show the runs, the newest first."""
    organization = request.organization.public_id
    lines = []
    for each in billing_queries.list_runs():
        tone, icon, caption = stages.chip(each.state)
        href = reverse("run", args=[organization, each.public_id])
        lines.append(RunLine(each, href, title(each), tone, icon, caption))
    context = {
        "lines": lines,
        "may_start": permissions.MANAGE_RUN in request.permissions,
        "new_href": reverse("run_new", args=[organization]),
        "bills_href": reverse("bills", args=[organization]),
    }
    return render(request, "billing/runs.html", context)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def run(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will show a run: `?show=held|ready|issued|left-out`, `?search=`, `?page=2`."""
    return render(request, "billing/run.html", _context(request, run))


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def body(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will show everything of a run below its way back; it asks again while the run works."""
    return render(request, "billing/_run.html", _context(request, run))


def title(run: billing_queries.RunRow) -> str:
    """This will name a run by its month, or its days."""
    return words.title(_period(run))


def _period(run: billing_queries.RunRow) -> dict[str, Any]:
    zone = ZoneInfo(run.zone)
    return {
        "from": civil.start_of_day(run.first_day, zone).astimezone(zone).isoformat(),
        "until": civil.start_of_day(run.until_day, zone).astimezone(zone).isoformat(),
    }


def _find(run: uuid.UUID) -> billing_queries.RunDetail:
    try:
        return billing_queries.get_run(public_id=run)
    except billing_queries.RunNotFound as error:
        raise Http404(_("There is no such run.")) from error


def _context(request: access.Request, run: uuid.UUID) -> dict[str, Any]:
    detail = _find(run)
    row, organization = detail.run, request.organization.public_id
    shown, search = request.GET.get("show", ""), parameters.search(request, "search")
    number = parameters.page_number(request)
    # Without a filter the held ones stand above the first page, all of them.
    states = FILTERS.get(shown, () if search else UNHELD)
    page = billing_queries.run_bills(
        run_public_id=run, states=states, search=search, offset=(number - 1) * PAGE, limit=PAGE
    )
    held = detail.held if not shown and number == 1 and not search else ()
    zone = ZoneInfo(row.zone)
    period = _period(row)
    tone, icon, caption = stages.chip(row.state)
    step, steps = stages.step_of(row)
    pages = max(1, -(-page.count // PAGE))
    can_act = row.state is RunState.REVIEW
    return {
        "detail": detail,
        "run": row,
        "title": title(row),
        "edges": words.edges(period, zone),
        "hours": words.hours(_minutes(period)),
        "zone": zone,
        "tone": tone,
        "icon": icon,
        "caption": caption,
        "stages": stages.stages(row),
        "step": step,
        "steps": steps,
        "progress": stages.progress(row),
        "groups": _groups(held, page.rows),
        "chips": _chips(row.counts, shown),
        "search": search,
        "shown": shown,
        "page": number,
        "pages": pages,
        "previous_href": _page_href(shown, search, number - 1) if number > 1 else "",
        "next_href": _page_href(shown, search, number + 1) if number < pages else "",
        "may_manage": permissions.MANAGE_RUN in request.permissions,
        "may_decide": can_act and permissions.MANAGE_RUN in request.permissions,
        "may_approve": can_act and permissions.APPROVE_RUN in request.permissions,
        "may_cancel": permissions.MANAGE_RUN in request.permissions and _is_before_approval(row.state),
        "is_mine": row.started_by_id == request.actor.id,
        "self_href": request.get_full_path(),
        "body_href": f"{reverse('run_body', args=[organization, run])}?{urlencode({'show': shown, 'search': search})}",
        "runs_href": reverse("runs", args=[organization]),
        "bills_href": reverse("bills", args=[organization]),
    }


def _minutes(period: dict[str, Any]) -> int:
    start, end = (datetime.fromisoformat(period[each]) for each in ("from", "until"))
    return (end - start) // timedelta(minutes=1)


def _is_before_approval(state: RunState) -> bool:
    return stages.ORDER.index(state) <= stages.ORDER.index(RunState.REVIEW) if state in stages.ORDER else False


def _groups(
    held: tuple[billing_queries.MemberRow, ...], rows: tuple[billing_queries.MemberRow, ...]
) -> tuple[Group, ...]:
    def those(*states: MemberState, is_estimated: bool | None = None) -> tuple[billing_queries.MemberRow, ...]:
        return tuple(each for each in rows if each.state in states and is_estimated in (None, each.is_estimated))

    groups = (
        Group("held", _("Needs a decision"), _("no bill until it is decided"), held or those(MemberState.HELD)),
        Group(
            "estimated",
            _("Ready, estimated"),
            _("with a mark on the bill"),
            those(MemberState.DRAFTED, is_estimated=True),
        ),
        Group("ready", _("Ready"), _("every check passed"), those(MemberState.DRAFTED, is_estimated=False)),
        Group("issued", pgettext("bills", "Issued"), _("numbered and posted"), those(MemberState.ISSUED)),
        Group("excluded", _("Left out"), _("a later run of these days takes them"), those(MemberState.EXCLUDED)),
    )
    return tuple(each for each in groups if each.rows)


def _chips(counts: billing_queries.RunCounts, shown: str) -> tuple[FilterChip, ...]:
    offered = (
        ("", _("All"), counts.accounts),
        ("held", _("To decide"), counts.held),
        ("ready", _("Ready"), counts.drafted),
        ("issued", pgettext("bills", "Issued"), counts.issued),
        ("left-out", _("Left out"), counts.excluded),
    )
    return tuple(
        FilterChip(caption, f"?show={code}" if code else "?", count, code == shown)
        for code, caption, count in offered
        if count or code in ("", shown)
    )


def _page_href(shown: str, search: str, page: int) -> str:
    asked = {"show": shown, "search": search, "page": page if page > 1 else ""}
    return "?" + urlencode({key: value for key, value in asked.items() if value})
