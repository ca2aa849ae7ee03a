"""A building from a workbook: template, export, upload, dry run, import."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.acquisition import networks
from meterbook.identity.values import Module
from meterbook.journeys.building import book, exporting, files, planning
from meterbook.journeys.building.planning import Change, Plan
from meterbook.journeys.building.sheets import SHEET_CAPTIONS
from meterbook.kernel import civil
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.web import access, once, typed
from meterbook.web.sites import choice

MOST_SHOWN = 200  # changes on the page; the counts are of all
guard = access.page(permission=permissions.EDIT_SITES, module=Module.CORE)


class WorkbookForm(typed.Form):
    """One workbook."""

    file = forms.FileField(
        label=gettext_lazy("Workbook"),
        help_text=gettext_lazy("XLSX, at most 10 MB. You see what it would do before anything is stored."),
        widget=forms.FileInput(attrs={"class": "input", "accept": ".xlsx"}),
        max_length=300,
    )
    file_name = ""

    def clean_file(self) -> bytes:
        """This will return the content of a workbook of a bearable size."""
        given = self.cleaned_data["file"]
        self.file_name = str(given.name)
        content: bytes = given.read(book.MOST_BYTES + 1)
        try:
            book.require_workbook(content)
        except book.WorkbookRefused as error:
            raise forms.ValidationError(str(error)) from error
        return content


@dataclass(frozen=True)
class SheetCounts:
    """How many rows of a sheet are made, changed, and stay as they are."""

    caption: str
    made: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class ShownChange:
    """A row of the workbook in words."""

    sheet: str
    line: int
    code: str
    name: str
    is_new: bool
    differences: tuple[tuple[str, str, str], ...]


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def workbooks(request: access.Request) -> HttpResponse:
    """This will offer the template and the present building, and take a workbook."""
    form = WorkbookForm(request.POST, request.FILES) if request.method == "POST" else WorkbookForm()
    if form.is_bound and form.is_valid():
        made = files.upload_workbook(
            actor=request.actor, at=request.at, content=form.cleaned_data["file"], name=form.file_name
        )
        return redirect("building", request.organization.public_id, made)
    context = {"form": form, "rows": site_queries.list_building_files(), "zone": choice.clock_zone(request)}
    return render(request, "sites/workbooks.html", context, status=422 if form.errors else 200)


@require_GET
@guard
def template(request: access.Request) -> HttpResponse:
    """This will give the empty workbook out, in the reader's language."""
    return file(exporting.template(), "meterbook-building.xlsx")


@require_GET
@guard
def export(request: access.Request) -> HttpResponse:
    """This will give the present sites, places and meter points out."""
    day = civil.local_date(request.at, choice.clock_zone(request))
    return file(exporting.export(), f"building-{day.isoformat()}.xlsx")


@require_GET
@guard
def workbook(request: access.Request, building: uuid.UUID) -> HttpResponse:
    """This will show what a workbook would do, or what is wrong with it; of an imported one what it did."""
    row = _find(building)
    context: dict[str, Any] = {"row": row, "zone": choice.clock_zone(request), "form": WorkbookForm()}
    if row.imported_at is not None:
        done = [
            SheetCounts(str(caption), row.outcome.get(f"{sheet}_NEW", 0), row.outcome.get(f"{sheet}_CHANGED", 0), 0)
            for sheet, caption in SHEET_CAPTIONS.items()
        ]
        return render(request, "sites/workbook.html", context | {"counts": done, "sites": choice.all_sites(request)})
    try:
        plan = files.check_workbook(public_id=building, language=language(), allowed=_allowed())
    except book.WorkbookRefused as error:
        return render(request, "sites/workbook.html", context | {"refusal": str(error)})
    return render(request, "sites/workbook.html", context | shown(plan))


@require_POST
@guard
def run(request: access.Request, building: uuid.UUID) -> HttpResponse:
    """This will import a workbook as it was looked at, all or nothing."""
    _find(building)
    try:
        done = files.import_workbook(
            actor=request.actor,
            at=request.at,
            public_id=building,
            expected=request.POST.get("expected", ""),
            language=language(),
            allowed=_allowed(),
        )
    except (files.BuildingFaulty, files.BuildingChanged, files.BuildingDone, book.WorkbookRefused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The workbook was imported."))
        if done.dismissed:
            messages.info(request, dismissed(done.dismissed))
    return redirect("building", request.organization.public_id, building)


@require_POST
@guard
def discard(request: access.Request, building: uuid.UUID) -> HttpResponse:
    """This will forget a workbook that was not imported."""
    row = _find(building)
    try:
        files.discard_workbook(actor=request.actor, at=request.at, public_id=building)
    except files.BuildingDone as error:
        messages.error(request, str(error))
        return redirect("building", request.organization.public_id, building)
    messages.success(request, _("“%(name)s” was discarded; nothing was imported.") % {"name": row.name})
    return redirect("buildings", request.organization.public_id)


def dismissed(names: Sequence[str]) -> str:
    """This will say which faulty workbooks an import replaced."""
    words = ngettext(
        "An earlier workbook with faults was discarded: %(names)s.",
        "Earlier workbooks with faults were discarded: %(names)s.",
        len(names),
    )
    return words % {"names": ", ".join(names)}


def shown(plan: Plan) -> dict[str, Any]:
    """This will return what a dry run tells, for the page."""
    counts = [
        SheetCounts(
            str(sheet.caption),
            plan.count(sheet, is_new=True),
            plan.count(sheet, is_new=False),
            plan.unchanged[sheet],
        )
        for sheet in plan.sheets
    ]
    # What changes is looked at closer than what is new.
    ordered = sorted(plan.changes, key=lambda each: (each.is_new, plan.sheets.index(each.sheet), each.line))
    return {
        "is_dry_run": True,
        "counts": counts,
        "changes": [_change(each) for each in ordered[:MOST_SHOWN]],
        "more_changes": max(0, len(ordered) - MOST_SHOWN),
        "total_changes": len(ordered),
        "problems": plan.problems,
        "hints": plan.hints,
        "total_problems": plan.total_problems,
        "more_problems": plan.total_problems - len(plan.problems),
        "expected": plan.digest,
    }


def _change(each: Change) -> ShownChange:
    return ShownChange(
        sheet=str(each.sheet.caption),
        line=each.line,
        code=each.code,
        name=each.name,
        is_new=each.is_new,
        differences=tuple(
            (str(column.caption), planning.shown(column, was) or "–", planning.shown(column, now) or "–")
            for column, was, now in each.differences
        ),
    )


def _find(public_id: uuid.UUID) -> site_queries.BuildingFileRow:
    try:
        return site_queries.get_building_file(public_id=public_id)[0]
    except site_queries.BuildingFileNotFound as error:
        raise Http404(str(error)) from error


def language() -> str:
    """This will return in which language a person reads, for decimal marks."""
    return (translation.get_language() or "en").partition("-")[0]


def _allowed() -> networks.AllowedNetworks:
    return networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)


def file(content: bytes, name: str) -> HttpResponse:
    """This will answer with a workbook."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=exporting.MEDIA_TYPE, headers=headers)
