"""The data of a shown period as a file: the same numbers as the chart and its table."""

from __future__ import annotations

import csv
import io
import uuid

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import captions, finding, periods


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def data(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will give out the bars of a period as CSV: local start and end with offset, usage, estimated part, state.

    Numbers have a point as their decimal sign and all decimals of the series, so that programs read them alike.
    """
    detail = finding.find_point(request, meter)
    series = detail.main_series
    if series is None:
        raise Http404(_("This meter has no series yet."))
    bar = periods.read(request.GET, at=request.at, zone=detail.zone)
    usage = metering_queries.usage(
        series=series,
        view=bar.view,
        day=bar.day,
        zone=detail.zone,
        at=request.at,
        installed=[(each.starts_at, each.ends_at) for each in detail.installations],
    )
    text = io.StringIO()
    rows = csv.writer(text)
    unit = usage.unit
    rows.writerow(
        [
            _("Start"),
            _("End"),
            _("Usage (%(unit)s)") % {"unit": unit},
            _("Estimated part (%(unit)s)") % {"unit": unit},
            _("State"),
        ]
    )
    for slot in usage.slots:
        rows.writerow(
            [
                slot.start.astimezone(detail.zone).isoformat(timespec="minutes"),
                slot.end.astimezone(detail.zone).isoformat(timespec="minutes"),
                "" if slot.value is None else usage.number(slot.value),
                "" if slot.value is None else usage.number(slot.estimated),
                captions.SLOT_STATES[slot.state],
            ]
        )
    name = f"{_file_safe(detail.code)}_{bar.view.lower()}_{bar.day.isoformat()}.csv"
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _file_safe(code: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in code)
