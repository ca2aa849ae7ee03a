"""Import readings: upload a file, say how it is read, see what it brings, import it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.metering.importing.problems import FileInvalid
from meterbook.web import access, once
from meterbook.web.imports import changed, columns, forms
from meterbook.web.sites import choice

PERMISSION = metering_permissions.IMPORT_READINGS
guard = access.page(permission=PERMISSION, module=Module.METERING, by_site=True)


@dataclass(frozen=True)
class PointLine:
    """What came to one meter point, as it is shown: times at the place, the total with its decimals."""

    row: metering_operations.PointOutcome
    starts_at: datetime
    ends_at: datetime
    total: Decimal | None
    decimals: int
    caption: str
    changes: changed.Changes | None


def point_lines(points: Iterable[metering_operations.PointOutcome]) -> tuple[PointLine, ...]:
    """This will make what an outcome tells of each meter point readable: it is kept as text."""
    found, points = [], tuple(points)
    waited = {each.changes.proposal for each in points if each.changes is not None and each.changes.proposal}
    decided = metering_queries.proposal_states(public_ids=waited) if waited else {}
    for each in points:
        total = Decimal(each.total) if each.total else None
        decimals = max(0, -int(total.as_tuple().exponent)) if total is not None else 0
        starts_at, ends_at = datetime.fromisoformat(each.starts_at), datetime.fromisoformat(each.ends_at)
        kind = metering_values.series_types().get(each.series)
        caption = str(kind.caption) if kind else ""
        changes = None if each.changes is None else changed.of(each.changes, decided.get(each.changes.proposal))
        found.append(PointLine(each, starts_at, ends_at, total, decimals, caption, changes))
    return tuple(found)


@dataclass(frozen=True)
class DryRun:
    """What a file would bring, or why it cannot."""

    outcome: metering_operations.ImportOutcome | None = None
    refusal: FileInvalid | None = None
    words: str = ""

    @property
    def lines(self) -> tuple[PointLine, ...]:
        """What came to each meter point."""
        return point_lines(self.outcome.points) if self.outcome else ()

    @property
    def changed(self) -> tuple[PointLine, ...]:
        """The meter points of which stored values differ."""
        return tuple(each for each in self.lines if each.changes is not None)

    @property
    def is_offered(self) -> bool:
        """Whether there is something to take, with a reason since some of it differs."""
        is_new = self.outcome is not None and self.outcome.inserted > 0
        return any(each.changes.is_offered or is_new for each in self.lines if each.changes is not None)

    @property
    def is_refused(self) -> bool:
        """Whether it is for somebody else to take what differs."""
        return any(each.changes.is_not_allowed for each in self.lines if each.changes is not None)

    @property
    def needs_second(self) -> bool:
        """Whether a second person must approve some of it."""
        return any(each.changes.needs_second for each in self.lines if each.changes is not None)

    @property
    def more(self) -> int:
        """How many faults are not listed."""
        return self.refusal.total - len(self.refusal.problems) if self.refusal else 0


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def imports(request: access.Request) -> HttpResponse:
    """This will show what was imported and take a new file."""
    form = forms.UploadForm(request.POST, request.FILES) if request.method == "POST" else forms.UploadForm()
    if request.method == "POST" and form.is_valid():
        made = metering_operations.upload_import_file(
            actor=request.actor, at=request.at, content=form.cleaned_data["file"], name=form.file_name
        )
        return HttpResponseRedirect(_href(request, "import_file", made))
    context = {"form": form, "rows": metering_queries.list_imports(), "zone": _zone(request)}
    return render(request, "imports/list.html", context)


@require_http_methods(["GET", "POST"])
@guard
def import_file(request: access.Request, file: uuid.UUID) -> HttpResponse:
    """This will show a file with its mapping and, once that was chosen, what importing it brings."""
    row = _find(file)
    if row.imported_at is not None:
        lines = point_lines(_kept_points(row))
        context = {
            "row": row,
            "zone": _zone(request),
            "lines": lines,
            "changed": [each for each in lines if each.changes is not None],
        }
        return render(request, "imports/done.html", context)
    shape = columns.with_points(metering_operations.describe_import_file(public_id=file))
    given = request.POST if request.method == "POST" else None
    sites = choice.visible_sites(request, PERMISSION)
    form = forms.MappingForm(given, shape=shape, sites=sites, new_meters_at=row.new_meters_at)
    if given is not None and form.is_valid():
        metering_operations.change_import_mapping(
            actor=request.actor,
            at=request.at,
            public_id=file,
            mapping=form.mapping,
            new_meters_at=form.site_of_new_meters,
        )
        return HttpResponseRedirect(_href(request, "import_file", file))
    is_mapped = bool(row.mapping.point or row.mapping.point_column or row.mapping.columns)
    context = {
        "row": row,
        "shape": shape,
        "form": form,
        "dry_run": _dry_run(request, file) if is_mapped and given is None else None,
        "longest_reason": forms.LONGEST_REASON,
        "zone": _zone(request),
    }
    return render(request, "imports/file.html", context)


@require_POST
@guard
def run(request: access.Request, file: uuid.UUID) -> HttpResponse:
    """This will import a file by its mapping, all or nothing, and show what came of it.

    With a reason what differs from stored values is taken as a correction.
    """
    _find(file)
    try:
        outcome = metering_operations.import_file(
            actor=request.actor,
            at=request.at,
            public_id=file,
            site_ids=request.access.sites(PERMISSION),
            correcting=_correcting(request),
        )
    except FileInvalid:
        messages.error(request, _("Nothing was imported: the file does not fit any more. See its faults below."))
    except (
        metering_operations.CorrectionIncomplete,
        metering_operations.CorrectionNotAllowed,
        metering_operations.ImportDone,
        metering_operations.StoreBusy,
    ) as error:
        messages.error(request, str(error))
    else:
        text = ngettext("%(count)s new reading was stored.", "%(count)s new readings were stored.", outcome.inserted)
        told = [text % {"count": outcome.inserted}, *changed.said(outcome)]
        messages.success(request, " ".join(told))
    return HttpResponseRedirect(_href(request, "import_file", file))


@require_POST
@guard
def discard(request: access.Request, file: uuid.UUID) -> HttpResponse:
    """This will forget a file that was not imported."""
    row = _find(file)
    try:
        metering_operations.discard_import_file(actor=request.actor, at=request.at, public_id=file)
    except metering_operations.ImportDone as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_href(request, "import_file", file))
    messages.success(request, _("“%(name)s” was discarded; nothing was imported.") % {"name": row.name})
    return HttpResponseRedirect(_href(request, "imports"))


def _correcting(request: access.Request) -> metering_operations.Correcting | None:
    if "reason" not in request.POST:
        return None
    may_correct = request.access.sites(metering_permissions.CORRECT_READING)
    return metering_operations.Correcting(request.POST["reason"][: forms.LONGEST_REASON], may_correct)


def _dry_run(request: access.Request, file: uuid.UUID) -> DryRun:
    try:
        sites = request.access.sites(PERMISSION)
        reviewing = metering_operations.Reviewing(
            request.actor, request.at, request.access.sites(metering_permissions.CORRECT_READING)
        )
        outcome = metering_operations.check_import_file(public_id=file, site_ids=sites, reviewing=reviewing)
        return DryRun(outcome=outcome)
    except FileInvalid as error:
        return DryRun(refusal=error)
    except uploads.UploadRefused as error:
        return DryRun(words=str(error))


def _find(file: uuid.UUID) -> metering_queries.ImportRow:
    try:
        return metering_queries.get_import(public_id=file)
    except metering_queries.ImportNotFound as error:
        raise Http404(_("There is no such file. It may belong to another organization.")) from error


def _kept_points(row: metering_queries.ImportRow) -> list[metering_operations.PointOutcome]:
    """What came to each meter point, as it was stored when the file was imported."""
    points = row.outcome.get("points")
    return [changed.kept_point(each) for each in points] if isinstance(points, list) else []


def _zone(request: access.Request) -> ZoneInfo:
    site = choice.chosen_site(request) or next(iter(choice.visible_sites(request)), None)
    return site.zone if site is not None else ZoneInfo("UTC")


def _href(request: access.Request, route: str, *more: Any) -> str:  # noqa: ANN401
    return reverse(route, args=[request.organization.public_id, *more])
