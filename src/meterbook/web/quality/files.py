"""What the data quality shows, as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SERVICE_CAPTIONS
from meterbook.web import access, tables
from meterbook.web.quality import asking, cells, views

BATCH = 500


@views.guard
def file(request: access.Request) -> HttpResponseBase:
    """This will give out all meters that the page finds, on all its pages: `?kind=csv` or `xlsx`."""
    asked = asking.read(request)
    ids, _is_cut = views.narrowed(request, asked, views.choose(request, asked).ids)
    captions = [
        *(_("Meter point"), _("Name"), _("Site"), _("Place"), _("Service")),
        *(_("Intervals"), _("Missing"), _("Held"), _("Estimated"), _("Apportioned"), _("Entered"), _("Complete (%)")),
        *(f"{day:%Y-%m}" if asked.is_year else day.isoformat() for day in asked.grid.starts),
    ]
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    name = _("data quality")
    return tables.file(kind, tables.file_safe(f"{name}_{asked.code}"), captions, _rows(request, asked, ids))


def _rows(request: access.Request, asked: asking.Asked, ids: Sequence[int]) -> Iterator[list[tables.Cell]]:
    for begin in range(0, len(ids), BATCH):
        part = ids[begin : begin + BATCH]
        for row in metering_queries.completeness(point_ids=part, grid=asked.grid, at=request.at):
            total = row.total
            yield [
                *(row.code, row.name, row.site_name, row.node_name, str(SERVICE_CAPTIONS[row.service])),
                *(total.expected, total.missing, total.held, total.estimated, total.apportioned, total.edited),
                total.percent,
                *(cells.told(each) for each in row.cells),
            ]
