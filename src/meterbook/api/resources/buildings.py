"""Buildings from workbooks: send one, see what it would do, import it all or nothing; template and export."""

from __future__ import annotations

import os
import uuid
from typing import Annotated

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from ninja import File, Router
from ninja.files import UploadedFile
from pydantic import Field

from meterbook.acquisition import networks
from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.journeys.building import book, exporting, files, planning
from meterbook.journeys.building.sheets import Sheet
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries

router = Router(tags=["Buildings"])
MOST_CHANGES = 500


class SheetPlan(values.Told):
    """How many rows of a sheet are made, changed, and stay as they are."""

    sheet: Sheet
    made: int
    changed: int
    unchanged: int


class Difference(values.Told):
    """A column that changes: what it holds, and what it will hold."""

    column: str
    was: str
    now: str


class RowChange(values.Told):
    """A row of the workbook that makes or changes something."""

    sheet: Sheet
    line: int
    code: str
    name: str
    is_new: bool
    differences: list[Difference]


class CellFault(values.Told):
    """What is wrong in a cell, and what to do; `sheet` null is the whole file, `line` 0 the whole sheet."""

    sheet: Sheet | None
    line: int
    column: str
    problem: str
    remedy: str


class BuildingPlan(values.Told):
    """What importing a workbook would do now. Send `expected` to import just that; faults must be put right first."""

    expected: str
    sheets: list[SheetPlan]
    changes: list[RowChange]
    total_changes: int
    faults: list[CellFault]
    total_faults: int


class Building(values.Told):
    """A workbook; `imported_at` null while it waits. `outcome` counts what it made and changed."""

    id: uuid.UUID
    name: str
    sha256: str
    author: str
    uploaded_at: values.InstantTold
    imported_at: values.InstantTold | None
    outcome: dict[str, int]
    plan: BuildingPlan | None


class Buildings(values.Told):
    """The newest twenty workbooks, without plans."""

    items: list[Building]


class BuildingImport(values.Given):
    """`expected` of the plan that was looked at."""

    expected: Annotated[values.Words, Field(min_length=1, max_length=200)]


@endpoint(
    router,
    "GET",
    "/buildings",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Buildings,
)
def list_buildings(request: entry.Request) -> Buildings:
    """This will return the newest workbooks."""
    return Buildings(items=[_told(each) for each in site_queries.list_building_files()])


@endpoint(
    router,
    "POST",
    "/buildings",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Building,
    status=201,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def upload_building(request: entry.Request, file: Annotated[UploadedFile, File()]) -> Building:
    """This will keep a workbook (XLSX) and tell what importing it would do; nothing else changes."""
    caller = request.caller
    made = files.upload_workbook(
        actor=caller.actor,
        at=caller.at,
        content=file.read(book.MOST_BYTES + 1),
        name=values.file_name(file.name or "building.xlsx", 200),
    )
    return _with_plan(made)


@endpoint(
    router,
    "GET",
    "/buildings/{uuid:building}",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Building,
)
def get_building(request: entry.Request, building: uuid.UUID) -> Building:
    """This will return a workbook with what importing it would do now; of an imported one what it did."""
    return _with_plan(building)


@endpoint(
    router,
    "POST",
    "/buildings/{uuid:building}/import",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Building,
)
def import_building(request: entry.Request, building: uuid.UUID, given: BuildingImport) -> Building:
    """This will import a workbook, all or nothing, if it does what was looked at."""
    caller = request.caller
    files.import_workbook(
        actor=caller.actor,
        at=caller.at,
        public_id=building,
        expected=given.expected,
        language=_language(),
        allowed=_allowed(),
    )
    return _with_plan(building)


@endpoint(
    router,
    "POST",
    "/buildings/{uuid:building}/discard",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=Building,
)
def discard_building(request: entry.Request, building: uuid.UUID) -> Building:
    """This will forget a workbook that was not imported; it is answered as it was."""
    row, _content = site_queries.get_building_file(public_id=building)
    files.discard_workbook(actor=request.caller.actor, at=request.caller.at, public_id=building)
    return _told(row)


@endpoint(
    router,
    "GET",
    "/buildings/template",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=None,
)
def get_building_template(request: entry.Request) -> HttpResponse:
    """This will return the empty workbook in the language that is asked for."""
    return file(exporting.template(), "meterbook-building.xlsx")


@endpoint(
    router,
    "GET",
    "/buildings/export",
    permission=permissions.EDIT_SITES,
    module=Module.CORE,
    answers=None,
)
def export_buildings(request: entry.Request) -> HttpResponse:
    """This will return the present sites, places and meter points as a workbook."""
    return file(exporting.export(), "building.xlsx")


def file(content: bytes, name: str) -> HttpResponse:
    """This will answer with a workbook."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=exporting.MEDIA_TYPE, headers=headers)


def _with_plan(public_id: uuid.UUID) -> Building:
    row, _content = site_queries.get_building_file(public_id=public_id)
    if row.imported_at is not None:
        return _told(row)
    plan = files.check_workbook(public_id=public_id, language=_language(), allowed=_allowed())
    return _told(row, plan)


def _language() -> str:
    return (translation.get_language() or "en").partition("-")[0]


def _allowed() -> networks.AllowedNetworks:
    return networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)


def _told(row: site_queries.BuildingFileRow, plan: planning.Plan | None = None) -> Building:
    return Building(
        id=row.public_id,
        name=row.name,
        sha256=row.digest,
        author=row.author,
        uploaded_at=values.instant(row.uploaded_at),
        imported_at=values.maybe_instant(row.imported_at),
        outcome=dict(row.outcome),
        plan=None if plan is None else _plan(plan),
    )


def _plan(plan: planning.Plan) -> BuildingPlan:
    return BuildingPlan(
        expected=plan.digest,
        sheets=[
            SheetPlan(
                sheet=sheet,
                made=plan.count(sheet, is_new=True),
                changed=plan.count(sheet, is_new=False),
                unchanged=plan.unchanged[sheet],
            )
            for sheet in Sheet
        ],
        changes=[_change(each) for each in plan.changes[:MOST_CHANGES]],
        total_changes=len(plan.changes),
        faults=[
            CellFault(
                sheet=Sheet(each.sheet) if each.sheet else None,
                line=each.line,
                column=each.column,
                problem=each.problem,
                remedy=each.remedy,
            )
            for each in plan.problems
        ],
        total_faults=plan.total_problems,
    )


def _change(change: planning.Change) -> RowChange:
    return RowChange(
        sheet=Sheet(change.sheet),
        line=change.line,
        code=change.code,
        name=change.name,
        is_new=change.is_new,
        differences=differences(change),
    )


def differences(change: planning.Change) -> list[Difference]:
    """This will tell which columns of a row change."""
    return [
        Difference(column=str(column.caption), was=planning.shown(column, was), now=planning.shown(column, now))
        for column, was, now in change.differences
    ]
