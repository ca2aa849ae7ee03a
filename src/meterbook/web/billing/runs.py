"""Runs of bills: the list, and a run with its steps, its accounts and what is to be decided."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.values import HoldReason, RunState
from meterbook.customers import permissions as customer_permissions
from meterbook.documents import permissions as document_permissions
from meterbook.identity import two_people
from meterbook.identity.values import Module, TwoPeople
from meterbook.kernel import civil, rounding
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import queries as site_queries
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, parameters, site_modules, tables
from meterbook.web.billing import (
    calendars,
    past_calibration,
    printing,
    replanned,
    run_table,
    shared,
    shared_words,
    signs,
    stages,
    words,
)
from meterbook.web.quality import asking as quality_asking
from meterbook.web.readings import rounds
from meterbook.web.templatetags import meterbook as tags

MOST_NAMED = 5


@dataclass(frozen=True)
class RunLine:
    """A run in the list."""

    run: billing_queries.RunRow
    href: str
    title: str
    tone: str
    icon: str
    caption: str | Promise
    started: str


@dataclass(frozen=True)
class TariffLine:
    """What a tariff brings in a run; an empty address where the reader may not open it."""

    sums: billing_queries.TariffSum
    name: str
    href: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def runs(request: access.Request) -> HttpResponse:
    """This will show the runs, the newest first."""
    organization = request.organization.public_id
    lines = []
    for each in billing_queries.list_runs(without_sites=site_modules.sites_without(request, Module.BILLING)):
        tone, icon, caption = stages.chip(each.state)
        href = reverse("run", args=[organization, each.public_id])
        lines.append(
            RunLine(each, href, title(each), tone, icon, caption, tags.local(each.started_at, ZoneInfo(each.zone)))
        )
    context = {
        "lines": lines,
        "may_start": permissions.MANAGE_RUN in request.permissions,
        "new_href": reverse("run_new", args=[organization]),
        "bills_href": reverse("bills", args=[organization]),
        "manual_href": reverse("run_manual", args=[organization]),
        "calendars_href": reverse("billing_calendars", args=[organization]),
        "letterhead_href": reverse("letterhead", args=[organization])
        if document_permissions.EDIT_LETTERHEAD in request.permissions
        else "",
    }
    return render(request, "billing/runs.html", context)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def run(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will show a run: `?show=held`, `?reason=MISSING`, `?search=`, `?sort=-total`, `?page=2`."""
    return render(request, "billing/run.html", _context(request, run))


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def body(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will show everything of a run below its way back; it asks again while the run works."""
    return render(request, "billing/_run.html", _context(request, run))


def title(run: billing_queries.RunRow) -> str:
    """This will name a run by its month, or its days, and the services that it is for alone."""
    return " · ".join([words.title(period(run)), *(str(words.service(each)) for each in run.services)])


def period(run: billing_queries.RunRow) -> dict[str, Any]:
    """This will return the days of a run as a bill writes its period."""
    zone = ZoneInfo(run.zone)
    if run.exact is not None:
        return {
            "from": run.exact.start.astimezone(zone).isoformat(),
            "until": run.exact.end.astimezone(zone).isoformat(),
        }
    return {
        "from": civil.start_of_day(run.first_day, zone).astimezone(zone).isoformat(),
        "until": civil.start_of_day(run.until_day, zone).astimezone(zone).isoformat(),
    }


def find(run: uuid.UUID) -> billing_queries.RunRow:
    """This will return the run, or answer "not found"."""
    try:
        return billing_queries.find_run_row(public_id=run)
    except billing_queries.RunNotFound as error:
        raise Http404(_("There is no such run.")) from error


def _context(request: access.Request, run: uuid.UUID) -> dict[str, Any]:
    row = find(run)
    narrowing, number = run_table.read(request), parameters.page_number(request)
    summary = billing_queries.run_summary(run_public_id=run)
    page = billing_queries.run_members(
        run_public_id=run, narrowing=narrowing, offset=(number - 1) * tables.PAGE, limit=tables.PAGE
    )
    asked = run_table.query(narrowing)
    a_year_ago = billing_queries.year_before(
        run_public_id=run, account_ids=[each.member.account_id for each in page.rows]
    )
    totals = billing_queries.members_totals(run_public_id=run, narrowing=narrowing)
    return {
        **_heading(request, row),
        **_rights(request, row),
        **approval(request, row),
        "summary": summary,
        "stale": billing_queries.stale_members(run_public_id=run, most=billing_queries.MOST_COMPARED),
        "planned_since": replanned.sentences(
            billing_operations.planned_since(run=run, most=billing_queries.MOST_COMPARED)
        ),
        "estimated": summary.counts[billing_queries.Show.ESTIMATED],
        "change": _change(summary),
        "before": _before(summary),
        "chips": run_table.chips(summary, narrowing),
        "groups": run_table.groups(page.rows, narrowing, a_year_ago),
        "totals": totals,
        "totals_change": run_table.percent(totals.then, totals.again),
        "put_aside": calendars.waiting(request, run),
        "may_estimate": metering_permissions.CORRECT_READING in request.permissions,
        "heads": tables.heads(
            run_table.columns(row.currency), asked, narrowing.sort, is_descending=narrowing.is_descending
        ),
        "narrowing": narrowing,
        "asked": asked,
        "count": page.count,
        "open_ends_href": _open_ends(request, row, summary),
        **_bringing_in(request, row, summary),
        "groups_shown": len(page.rows),
        "leave_out_href": reverse("run_leave_out", args=[request.organization.public_id, run]) + tables.link(asked),
        "include_href": reverse("run_include", args=[request.organization.public_id, run]),
        "matching": run_table.matching(page.count),
        "pages": tables.pages(asked, number, page.count),
        "sheets": shared.sheets_of(row.public_id),
        "tariffs": _tariffs(request, run),
        "missing_signs": signs.of_run(row),
        **past_calibration.context(row),
        **printing.context(request, row),
        "body_href": reverse("run_body", args=[request.organization.public_id, run])
        + tables.link(asked, page=str(number) if number > 1 else ""),
    }


def _heading(request: access.Request, row: billing_queries.RunRow) -> dict[str, Any]:
    zone, days = ZoneInfo(row.zone), period(row)
    tone, icon, caption = stages.chip(row.state)
    step, steps = stages.step_of(row)
    organization = request.organization.public_id
    return {
        "run": row,
        "title": title(row),
        "edges": words.edges(days, zone),
        "hours": words.hours(_minutes(days)),
        "zone": zone,
        "tone": tone,
        "icon": icon,
        "caption": caption,
        "stages": stages.stages(row),
        "step": step,
        "steps": steps,
        "progress": stages.progress(row),
        "runs_href": reverse("runs", args=[organization]),
        "bills_href": reverse("bills", args=[organization]) + tables.link({}, site=str(row.site_public_id)),
    }


def _rights(request: access.Request, row: billing_queries.RunRow) -> dict[str, bool]:
    can_act, may_manage = row.state is RunState.REVIEW, permissions.MANAGE_RUN in request.permissions
    return {
        "may_manage": may_manage,
        "may_decide": can_act and may_manage,
        "may_approve": can_act and permissions.APPROVE_RUN in request.permissions,
        "may_cancel": may_manage and _is_before_approval(row.state),
        "may_view_account": customer_permissions.VIEW_CUSTOMER in request.permissions,
        "may_view_meters": metering_permissions.VIEW_METER in request.permissions,
        "is_mine": row.started_by_id == request.actor.id,
    }


def approval(request: access.Request, row: billing_queries.RunRow) -> dict[str, Any]:
    """This will tell whether who started a run may approve it too, and else who does; nothing of the runs of others.

    `is_barred`: they have the right to approve, but not for this run.
    """
    if row.state is not RunState.REVIEW or row.started_by_id != request.actor.id:
        return {}
    others = two_people.name_others(
        actor=request.actor,
        at=request.at,
        permission=permissions.APPROVE_RUN,
        site_id=billing_queries.site_id_of_run(public_id=row.public_id),
    )
    is_needed, has_right = two_people.is_needed(TwoPeople.RUN), permissions.APPROVE_RUN in request.permissions
    is_alone_allowed = has_right and not (is_needed and others)
    return {
        "may_approve": is_alone_allowed,
        "is_barred": has_right and not is_alone_allowed,
        "is_alone_allowed": is_alone_allowed,
        "is_lone_choice": not is_needed,
        "approvers": ", ".join(others[:MOST_NAMED]),
        "more_approvers": max(len(others) - MOST_NAMED, 0),
    }


def _open_ends(request: access.Request, row: billing_queries.RunRow, summary: billing_queries.Summary) -> str:
    """Where the meters are whose readings do not reach the end of the run; empty where nothing is held for that."""
    is_held = HoldReason.MISSING in summary.reasons
    may_view = metering_permissions.VIEW_METER in request.permissions
    if not is_held or not may_view or not request.organization.has_module(Module.METERING):
        return ""
    last = row.until_day - timedelta(days=1)
    return quality_asking.address(request, last, quality_asking.Show.END, place=row.site_public_id)


def _bringing_in(
    request: access.Request, row: billing_queries.RunRow, summary: billing_queries.Summary
) -> dict[str, str]:
    """Where missing readings are brought in: typed where people read meters of the site, else from a file."""
    if HoldReason.MISSING not in summary.reasons or not request.organization.has_module(Module.METERING):
        return {}
    site = next((each for each in site_queries.reached_sites() if each.public_id == row.site_public_id), None)
    last = row.until_day - timedelta(days=1)
    lacking = rounds.missing_at(request, site, last.replace(day=1)) if site else 0
    imports = metering_permissions.IMPORT_READINGS in request.permissions
    return {
        "readings_href": rounds.address(request, last.replace(day=1)) if lacking else "",
        "imports_href": reverse("imports", args=[request.organization.public_id]) if imports and not lacking else "",
    }


def _minutes(days: dict[str, Any]) -> int:
    start, end = (datetime.fromisoformat(days[each]) for each in ("from", "until"))
    return (end - start) // timedelta(minutes=1)


def _is_before_approval(state: RunState) -> bool:
    return stages.ORDER.index(state) <= stages.ORDER.index(RunState.REVIEW) if state in stages.ORDER else False


def _change(summary: billing_queries.Summary) -> str:
    """By how much those billed before differ now, in percent."""
    if not summary.before:
        return ""
    permille = rounding.divide((summary.again - summary.before).minor * 1_000, abs(summary.before).minor)
    return f"{'+' if permille > 0 else ''}{tags.number(Decimal(permille) / 10, 1)}"


def _before(summary: billing_queries.Summary) -> str:
    """The days before, in words: their month, or from when to when."""
    if summary.days_before is None:
        return ""
    first, until = summary.days_before
    is_month = first.day == 1 and until == civil.next_month(first)
    if is_month:
        return formats.date_format(first, "YEAR_MONTH_FORMAT")
    final = until - timedelta(days=1)
    return words.SPREAD.join(formats.date_format(each, "SHORT_DATE_FORMAT") for each in (first, final))


def _tariffs(request: access.Request, run: uuid.UUID) -> tuple[TariffLine, ...]:
    sums = billing_queries.tariff_sums(run_public_id=run)
    named = tariff_queries.names_of(codes=[each.code for each in sums])
    pools = shared_words.pools_of([each.code for each in sums])
    may_view = tariff_permissions.VIEW_TARIFF in request.permissions
    organization = request.organization.public_id
    return tuple(
        TariffLine(
            sums=each,
            name=words.said(named[each.code].names) if each.code in named else pools.get(each.code, each.code),
            href=reverse("tariff", args=[organization, named[each.code].public_id])
            if may_view and each.code in named
            else "",
        )
        for each in sums
    )
