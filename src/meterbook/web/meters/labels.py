"""Printable labels of the meters that a list shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.documents.rendering import labels as rendering
from meterbook.installation import queries as installation_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, tables

KIND = "labels"
MOST = 1_200  # fifty pages


def sheet(request: access.Request, rows: Iterable[monitoring_queries.MeterRow], day: date) -> HttpResponse:
    """This will answer with a PDF of one label a meter point; of more than 1,200 only the first."""
    address = installation_queries.public_address()
    made = rendering.render_labels(
        [_label(request, address, row) for row, _number in zip(rows, range(MOST), strict=False)],
        title=_("Labels of meters"),
        author=request.organization.name,
        language=(translation.get_language() or "en")[:2],
        day=day,
    )
    answer = HttpResponse(made, content_type="application/pdf")
    name = tables.file_safe(f"{_('labels')}_{day.isoformat()}")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def _label(request: access.Request, address: str, row: monitoring_queries.MeterRow) -> rendering.Label:
    page = reverse("readings_at", args=[request.organization.public_id, row.public_id])
    place = " · ".join(part for part in (row.site_name, row.unit) if part)
    serial = _("Serial %(number)s") % {"number": row.serial_number} if row.serial_number else ""
    return rendering.Label(address + page, row.name, row.code, place, serial)
