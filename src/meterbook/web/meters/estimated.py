"""What of a period is estimated and by which method, and where its gaps are filled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web import estimate_words as words
from meterbook.web.meters import finding
from meterbook.web.templatetags import meterbook as tags


def context(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    series: metering_queries.SeriesRow,
    usage: metering_queries.Usage,
) -> dict[str, Any]:
    """This will return the estimates of a period in words, and addresses for those who may fill gaps; "" for others."""
    estimates: list[str] = []
    if usage.known_estimated > usage.known_apportioned:
        found = metering_queries.standing_estimates(series_ids=[series.id], period=usage.period)
        estimates = [
            _("Estimated from %(start)s to %(end)s: %(method)s. %(author)s: %(reason)s")
            % {
                "start": tags.local(each.period.start, detail.zone),
                "end": tags.local(each.period.end, detail.zone),
                "method": words.method(each.method),
                "author": each.author,
                "reason": each.reason,
            }
            for each in found
        ]
    gap_href = edits_href = ""
    if finding.may(request, detail, permissions.CORRECT_READING):
        arguments = [request.organization.public_id, detail.public_id]
        edits_href = reverse("meter_edits", args=arguments)
        # What a virtual meter lacks, its inputs lack: their gaps are filled there.
        if usage.missing and not detail.is_virtual:
            day = civil.local_date(min(usage.period.end, request.at) - timedelta.resolution, detail.zone)
            gap_href = f"{reverse('meter_gap', args=arguments)}?{urlencode({'day': day.isoformat()})}"
    return {"estimates": estimates, "gap_href": gap_href, "edits_href": edits_href}
