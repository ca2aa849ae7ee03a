"""Customers, accounts and contracts from workbooks: send one, see what it would do, import it; template and export."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.http import HttpResponse
from django.utils import translation
from ninja import File, Router
from ninja.files import UploadedFile

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import buildings
from meterbook.customers import permissions
from meterbook.identity.values import Module
from meterbook.journeys.accounts import exporting, files
from meterbook.journeys.accounts.sheets import AccountSheet
from meterbook.journeys.building import book, planning, problems

router = Router(tags=["Accounts"])


class AccountSheetPlan(values.Told):
    """How many rows of a sheet are made, changed, and stay as they are."""

    sheet: AccountSheet
    made: int
    changed: int
    unchanged: int


class AccountRowChange(values.Told):
    """A row of the workbook that makes or changes something; `code` is code, number, or meter point and first day."""

    sheet: AccountSheet
    line: int
    code: str
    name: str
    is_new: bool
    differences: list[buildings.Difference]


class AccountCellFault(values.Told):
    """What is wrong in a cell, and what to do; `sheet` null is the whole file, `line` 0 the whole sheet."""

    sheet: AccountSheet | None
    line: int
    column: str
    problem: str
    remedy: str


class AccountWorkbookPlan(values.Told):
    """What importing a workbook would do now. Send `expected` to import just that; faults must be put right first.

    `hints` may be mistakes; they are imported all the same.
    """

    expected: str
    sheets: list[AccountSheetPlan]
    changes: list[AccountRowChange]
    total_changes: int
    faults: list[AccountCellFault]
    total_faults: int
    hints: list[AccountCellFault]


class AccountWorkbook(values.Told):
    """A workbook; `imported_at` null while it waits. `outcome` counts what it made and changed."""

    id: uuid.UUID
    name: str
    sha256: str
    author: str
    uploaded_at: values.InstantTold
    imported_at: values.InstantTold | None
    outcome: dict[str, int]
    plan: AccountWorkbookPlan | None


class AccountWorkbooks(values.Told):
    """The newest twenty workbooks, without plans."""

    items: list[AccountWorkbook]


@endpoint(
    router,
    "GET",
    "/account-workbooks",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=AccountWorkbooks,
)
def list_account_workbooks(request: entry.Request) -> AccountWorkbooks:
    """This will return the newest workbooks."""
    return AccountWorkbooks(items=[_told(each) for each in files.list_workbooks()])


@endpoint(
    router,
    "POST",
    "/account-workbooks",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=AccountWorkbook,
    status=201,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def upload_account_workbook(request: entry.Request, file: Annotated[UploadedFile, File()]) -> AccountWorkbook:
    """This will keep a workbook (XLSX) and tell what importing it would do; nothing else changes."""
    caller = request.caller
    made = files.upload_workbook(
        actor=caller.actor,
        at=caller.at,
        content=file.read(book.MOST_BYTES + 1),
        name=values.file_name(file.name or "accounts.xlsx", 200),
    )
    return _with_plan(request, made)


@endpoint(
    router,
    "GET",
    "/account-workbooks/{uuid:account_book}",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=AccountWorkbook,
)
def get_account_workbook(request: entry.Request, account_book: uuid.UUID) -> AccountWorkbook:
    """This will return a workbook with what importing it would do now; of an imported one what it did."""
    return _with_plan(request, account_book)


@endpoint(
    router,
    "POST",
    "/account-workbooks/{uuid:account_book}/import",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=AccountWorkbook,
)
def import_account_workbook(
    request: entry.Request, account_book: uuid.UUID, given: buildings.BuildingImport
) -> AccountWorkbook:
    """This will import a workbook, all or nothing, if it does what was looked at."""
    caller = request.caller
    files.import_workbook(
        actor=caller.actor, at=caller.at, public_id=account_book, expected=given.expected, language=_language()
    )
    return _with_plan(request, account_book)


@endpoint(
    router,
    "POST",
    "/account-workbooks/{uuid:account_book}/discard",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=AccountWorkbook,
)
def discard_account_workbook(request: entry.Request, account_book: uuid.UUID) -> AccountWorkbook:
    """This will forget a workbook that was not imported; it is answered as it was."""
    row = files.get_workbook(public_id=account_book)
    files.discard_workbook(actor=request.caller.actor, at=request.caller.at, public_id=account_book)
    return _told(row)


@endpoint(
    router,
    "GET",
    "/account-workbooks/template",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=None,
)
def get_account_workbook_template(request: entry.Request) -> HttpResponse:
    """This will return the empty workbook in the language that is asked for."""
    return buildings.file(exporting.template(), "meterbook-accounts.xlsx")


@endpoint(
    router,
    "GET",
    "/account-workbooks/export",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    answers=None,
)
def export_account_workbook(request: entry.Request) -> HttpResponse:
    """This will return the present customers, open accounts and their contracts as a workbook."""
    return buildings.file(exporting.export(at=request.caller.at), "accounts.xlsx")


def _with_plan(request: entry.Request, public_id: uuid.UUID) -> AccountWorkbook:
    row = files.get_workbook(public_id=public_id)
    if row.imported_at is not None:
        return _told(row)
    return _told(row, files.check_workbook(public_id=public_id, language=_language(), at=request.caller.at))


def _language() -> str:
    return (translation.get_language() or "en").partition("-")[0]


def _told(row: files.BookRow, plan: planning.Plan | None = None) -> AccountWorkbook:
    return AccountWorkbook(
        id=row.public_id,
        name=row.name,
        sha256=row.digest,
        author=row.author,
        uploaded_at=values.instant(row.uploaded_at),
        imported_at=values.maybe_instant(row.imported_at),
        outcome=dict(row.outcome),
        plan=None if plan is None else _plan(plan),
    )


def _plan(plan: planning.Plan) -> AccountWorkbookPlan:
    return AccountWorkbookPlan(
        expected=plan.digest,
        sheets=[
            AccountSheetPlan(
                sheet=sheet,
                made=plan.count(sheet, is_new=True),
                changed=plan.count(sheet, is_new=False),
                unchanged=plan.unchanged[sheet],
            )
            for sheet in AccountSheet
        ],
        changes=[
            AccountRowChange(
                sheet=AccountSheet(each.sheet),
                line=each.line,
                code=each.code,
                name=each.name,
                is_new=each.is_new,
                differences=buildings.differences(each),
            )
            for each in plan.changes[: buildings.MOST_CHANGES]
        ],
        total_changes=len(plan.changes),
        faults=[_fault(each) for each in plan.problems],
        total_faults=plan.total_problems,
        hints=[_fault(each) for each in plan.hints],
    )


def _fault(found: problems.CellProblem) -> AccountCellFault:
    return AccountCellFault(
        sheet=AccountSheet(found.sheet) if found.sheet else None,
        line=found.line,
        column=found.column,
        problem=found.problem,
        remedy=found.remedy,
    )
