"""The live part of a meter page: read again after each notice about one of its series, and nothing else."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponseBase
from django.template.response import TemplateResponse

from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import captions, finding, pages, sheet


@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def live(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will answer with the head's state, the key figures and the live table, as a fragment."""
    subject = finding.find(request, meter)
    shown = context(subject, today_of(subject, request.at), request.at)
    return TemplateResponse(request, "meters/_live.html", {**shown, "is_part": True})


def today_of(subject: finding.Subject, at: datetime) -> metering_queries.Usage | None:
    """This will return today's usage of the main series, if the point has one."""
    detail = subject.detail
    if detail.main_series is None:
        return None
    return metering_queries.usage(
        series=detail.main_series,
        view=metering_queries.View.DAY,
        day=civil.local_date(at, detail.zone),
        zone=detail.zone,
        at=at,
        installed=[(each.starts_at, each.ends_at) for each in detail.installations],
    )


def context(subject: finding.Subject, today: metering_queries.Usage | None, at: datetime) -> dict[str, Any]:
    """This will return what the live fragment shows."""
    seen_at = max((row.at for row in subject.rows if row.at), default=None)
    since, why = pages.state_words(state=subject.state, seen_at=seen_at, device=subject.device)
    return {
        "detail": subject.detail,
        "now": at,
        "state": captions.METER_STATES[subject.state],
        "is_silent": subject.state in (metering_queries.MeterState.SILENT, metering_queries.MeterState.LATE),
        "seen_at": seen_at,
        "silent_since": since,
        "why": why,
        "doubt": pages.doubt_words(subject.device),
        "figures": pages.figures(
            detail=subject.detail,
            rows=subject.rows,
            stale_after=subject.stale_after,
            today=today,
            today_decimals=sheet.decimals_of(today) if today else 0,
        ),
        "live": pages.live_table(subject.detail, subject.rows, subject.stale_after),
    }
