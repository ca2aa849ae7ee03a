"""All my clients: the one list over several organizations, for somebody who works for more than one (M-003).

Each line is read in a scope of its own organization alone, with the rights held there; the numbers stand side by side
and nothing of two organizations is ever added up or mixed.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.identity import modules as identity_modules
from meterbook.identity import queries as identity_queries
from meterbook.identity import second_factor
from meterbook.identity.values import Access, Module
from meterbook.metering import permissions as metering_permissions
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring.values import MeterState
from meterbook.sites import queries as site_queries
from meterbook.web import access

STALE = (MeterState.SILENT, MeterState.LATE, MeterState.NEVER)


@dataclass(frozen=True)
class Line:
    """One client; None where the reader may not see that, or the module is off."""

    organization: identity_queries.OrganizationRow
    company: str  # on behalf of which company the reader comes; empty: with a role of one's own
    alarms: int | None = None
    runs: int | None = None
    stale_meters: int | None = None
    needs_second_step: bool = False


@require_GET
@access.signed_in(reason="Shows the organizations that the user may enter, each with the rights held there.")
def clients(request: HttpRequest) -> HttpResponse:
    """This will list the organizations by name with what waits there: open alarms, runs to review, stale meters."""
    organizations: tuple[identity_queries.OrganizationRow, ...] = request.organizations  # type: ignore[attr-defined]
    lines = []
    for each in organizations:
        with scoping.scope([each.id], actor=request.actor):  # type: ignore[attr-defined]
            lines.append(_line(request, each))
    return render(request, "clients/list.html", {"lines": lines})


def _line(request: HttpRequest, organization: identity_queries.OrganizationRow) -> Line:
    user_id, at = int(request.user.pk or 0), request.at  # type: ignore[attr-defined]
    own = identity_queries.access_of(user_id=user_id, at=at)
    if second_factor.is_required(own, organization) and not second_factor.has_one(user_id=user_id):
        return Line(organization, own.company, needs_second_step=True)
    if organization.site_modules:
        own = identity_modules.within(own, organization, [each.id for each in site_queries.list_sites()])
    alarms = runs = stale = None
    if _sees(organization, own, Module.ALARMS, alarm_permissions.VIEW_ALARMS):
        sites = own.sites(alarm_permissions.VIEW_ALARMS)
        alarms = alarm_queries.get_zone(site_ids=sites, newest=0).total
    if _sees(organization, own, Module.BILLING, billing_permissions.VIEW_BILL):
        sites = own.sites(billing_permissions.VIEW_BILL)
        runs = len(billing_queries.waiting_runs(site_ids=sites, limit=100))
    if _sees(organization, own, Module.METERING, metering_permissions.VIEW_METER):
        found = monitoring_queries.availability(at=at, site_ids=own.sites(metering_permissions.VIEW_METER))
        stale = sum(found.count(each) for each in STALE)
    return Line(organization, own.company, alarms, runs, stale)


def _sees(organization: identity_queries.OrganizationRow, own: Access, module: Module, permission: str) -> bool:
    return organization.has_module(module) and own.allows_somewhere(permission)
