"""An open page says which series it shows, again every few seconds: their devices are asked more often meanwhile."""

from __future__ import annotations

import re

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.acquisition import operations as acquisition_operations
from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.web import access

MOST_SERIES = 2_000
IDS = re.compile(r"[1-9][0-9]{0,17}(,[1-9][0-9]{0,17})*")


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
@require_POST
def watch(request: access.Request) -> HttpResponseBase:
    """This will take `series` (ids, separated by commas) and answer 204; 400 when it is something else."""
    given = request.POST.get("series", "")
    if given and not IDS.fullmatch(given):
        return HttpResponse(_("Series are named by their numbers, separated by commas."), status=400)
    ids = [int(each) for each in given.split(",") if each]
    if len(ids) > MOST_SERIES:
        return HttpResponse(_("One page watches 2,000 series at most."), status=400)
    acquisition_operations.watch_series(
        actor=request.actor,
        at=request.at,
        series_ids=list(dict.fromkeys(ids)),
        site_ids=request.access.sites(permissions.VIEW_METER),
        meter_point_ids=request.access.meters(permissions.VIEW_METER),
    )
    return HttpResponse(status=204)
