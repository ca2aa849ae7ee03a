"""The part of a meter's and of a place's page about work in the field: jobs and swap tests there."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from meterbook.fieldwork import permissions, values
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.values import JobState
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Service
from meterbook.sites import queries as site_queries
from meterbook.web import access
from meterbook.web.jobs import views
from meterbook.web.meters import finding

MOST = 5
SHOWN = (JobState.PROPOSED, *values.WAITING)
guard = access.page(permission=metering_permissions.VIEW_METER, module=Module.METERING, by_site=True)


@require_safe
@access.page(permission=metering_permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def of_meter(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will answer the part of a meter's page: open jobs, and the newest swap tests that say something of it."""
    detail = finding.find_point(request, meter, is_assigned_enough=True)
    hanging = metering_queries.find_hanging(public_id=detail.public_id)
    is_electric = detail.service is Service.ELECTRICITY and not detail.is_virtual
    return _part(
        request,
        detail.site_id,
        node=hanging.node if hanging is not None and is_electric else None,
        about={"meter": detail.public_id},
        jobs={"meter_point": detail.public_id},
        tests={"meter_point": detail.public_id},
    )


@require_safe
@guard
def of_place(request: access.Request, node: uuid.UUID) -> HttpResponse:
    """This will answer the part of a place's page: open jobs, and the newest swap tests of it."""
    try:
        place = site_queries.get_node(public_id=node)
    except site_queries.PlaceNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(metering_permissions.VIEW_METER, place.site_id):
        raise Http404(_("There is no such place."))
    return _part(
        request,
        place.site_id,
        node=None if place.archived_at else place.public_id,
        about={"place": place.public_id},
        jobs={"node": place.public_id},
        tests={"node": place.public_id},
    )


def _part(
    request: access.Request,
    site_id: int,
    *,
    node: uuid.UUID | None,
    about: dict[str, uuid.UUID],
    jobs: dict[str, Any],
    tests: dict[str, Any],
) -> HttpResponse:
    organization, may = request.organization.public_id, request.access.allows
    may_do, may_manage = may(permissions.DO_JOBS, site_id), may(permissions.MANAGE_JOBS, site_id)
    rows = []
    if may_do or may_manage:
        rows = fieldwork_queries.list_jobs(
            states=SHOWN,
            managed_at=frozenset({site_id} if may_manage else ()),
            done_at=frozenset({site_id} if may_do else ()),
            user_id=request.actor.id,
            limit=MOST,
            **jobs,
        )
    swap_href = f"{reverse('swap_test_new', args=[organization])}?{urlencode({'place': node})}" if node else ""
    context = {
        "lines": [views.line_of(request, each) for each in rows],
        "tests": fieldwork_queries.list_swap_tests(site_ids=[site_id], limit=MOST, **tests),
        "may_manage": may_manage,
        "new_href": f"{reverse('job_new', args=[organization])}?{urlencode(about)}",
        "swap_href": swap_href if may_do else "",
    }
    return render(request, "jobs/_part.html", context)
