"""The monthly report on the numbers of documents: no gap, or which numbers lack; as a page and as a file."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing.queries import numbers as number_queries
from meterbook.documents import permissions
from meterbook.documents.values import DOCUMENT_KIND_CAPTIONS
from meterbook.identity.values import Module
from meterbook.web import access, tables


@require_GET
@access.page(permission=permissions.VIEW_DOCUMENT, module=Module.BILLING)
def numbers(request: access.Request) -> HttpResponse:
    """This will show the numbers of a month by series: `?month=2026-03`, the newest month by default."""
    months = number_queries.months_with_numbers()
    month = _month(request.GET.get("month", "")) or next(iter(months), None) or request.at.date().replace(day=1)
    report = number_queries.number_report(month=month)
    context = {
        "report": report,
        "lines": [(each, DOCUMENT_KIND_CAPTIONS[each.kind]) for each in report.series],
        "months": months if month in months else [month, *months],
        "code": f"{month:%Y-%m}",
    }
    return render(request, "issued/numbers.html", context)


@require_GET
@access.page(permission=permissions.VIEW_DOCUMENT, module=Module.BILLING)
def file(request: access.Request) -> HttpResponse:
    """This will give out the report of a month as CSV: `?month=2026-03`."""
    month = _month(request.GET.get("month", "")) or request.at.date().replace(day=1)
    report = number_queries.number_report(month=month)
    captions = [_("Kind"), _("Series"), _("Documents"), _("From"), _("To"), _("Taken back"), _("Gaps")]
    rows: list[list[str | int]] = []
    for each in report.series:
        lacking = ", ".join(f"{gap.first} – {gap.final}" if gap.count > 1 else gap.first for gap in each.lacking)
        said = lacking or (_("no gap") if each.is_sound else _("a number is there twice"))
        kind = str(DOCUMENT_KIND_CAPTIONS[each.kind])
        rows.append([kind, each.prefix, each.count, each.first, each.final, each.voids, said])
    if not report.series:
        rows.append([_("No number was given in this month.")])
    if report.voids:
        rows += [[], [_("Taken back"), _("Credit note"), _("Billed instead")]]
    rows += [[each.number, each.note_number, each.instead] for each in report.voids]
    return tables.file("csv", f"numbers-{month:%Y-%m}", captions, rows)


def _month(text: str) -> date | None:
    """None for what is no month."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == len("2026-03") else None
    except ValueError:
        return None
