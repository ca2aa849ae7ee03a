"""Customers, accounts and contracts from a workbook: template, export, upload, dry run, import."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.customers import permissions
from meterbook.identity.values import Module
from meterbook.journeys.accounts import exporting, files
from meterbook.journeys.accounts.sheets import SHEET_CAPTIONS
from meterbook.journeys.building import book
from meterbook.kernel import civil
from meterbook.web import access, once
from meterbook.web.sites import choice, workbooks

# In the whole organization: a workbook names customers of all sites.
guard = access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING)


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def books(request: access.Request) -> HttpResponse:
    """This will offer the template and the present accounts, and take a workbook."""
    form = workbooks.WorkbookForm(request.POST, request.FILES) if request.method == "POST" else workbooks.WorkbookForm()
    if form.is_bound and form.is_valid():
        made = files.upload_workbook(
            actor=request.actor, at=request.at, content=form.cleaned_data["file"], name=form.file_name
        )
        return redirect("account_book", request.organization.public_id, made)
    context = {"form": form, "rows": files.list_workbooks(), "zone": choice.clock_zone(request)}
    return render(request, "customers/books.html", context, status=422 if form.errors else 200)


@require_GET
@guard
def template(request: access.Request) -> HttpResponse:
    """This will give the empty workbook out, in the reader's language."""
    return workbooks.file(exporting.template(), "meterbook-accounts.xlsx")


@require_GET
@guard
def export(request: access.Request) -> HttpResponse:
    """This will give the present customers, accounts and contracts out."""
    day = civil.local_date(request.at, choice.clock_zone(request))
    return workbooks.file(exporting.export(at=request.at), f"accounts-{day.isoformat()}.xlsx")


@require_GET
@guard
def workbook(request: access.Request, account_book: uuid.UUID) -> HttpResponse:
    """This will show what a workbook would do, or what is wrong with it; of an imported one what it did."""
    row = _find(account_book)
    context: dict[str, Any] = {"row": row, "zone": choice.clock_zone(request), "form": workbooks.WorkbookForm()}
    if row.imported_at is not None:
        done = [
            workbooks.SheetCounts(
                str(caption), row.outcome.get(f"{sheet}_NEW", 0), row.outcome.get(f"{sheet}_CHANGED", 0), 0
            )
            for sheet, caption in SHEET_CAPTIONS.items()
        ]
        return render(request, "customers/book.html", context | {"counts": done})
    try:
        plan = files.check_workbook(public_id=account_book, language=workbooks.language(), at=request.at)
    except book.WorkbookRefused as error:
        return render(request, "customers/book.html", context | {"refusal": str(error)})
    return render(request, "customers/book.html", context | workbooks.shown(plan))


@require_POST
@guard
def run(request: access.Request, account_book: uuid.UUID) -> HttpResponse:
    """This will import a workbook as it was looked at, all or nothing."""
    _find(account_book)
    try:
        done = files.import_workbook(
            actor=request.actor,
            at=request.at,
            public_id=account_book,
            expected=request.POST.get("expected", ""),
            language=workbooks.language(),
        )
    except (files.AccountBookFaulty, files.AccountsChanged, files.AccountBookDone, book.WorkbookRefused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The workbook was imported."))
        if done.dismissed:
            messages.info(request, workbooks.dismissed(done.dismissed))
    return redirect("account_book", request.organization.public_id, account_book)


@require_POST
@guard
def discard(request: access.Request, account_book: uuid.UUID) -> HttpResponse:
    """This will forget a workbook that was not imported."""
    row = _find(account_book)
    try:
        files.discard_workbook(actor=request.actor, at=request.at, public_id=account_book)
    except files.AccountBookDone as error:
        messages.error(request, str(error))
        return redirect("account_book", request.organization.public_id, account_book)
    messages.success(request, _("“%(name)s” was discarded; nothing was imported.") % {"name": row.name})
    return redirect("account_books", request.organization.public_id)


def _find(public_id: uuid.UUID) -> files.BookRow:
    try:
        return files.get_workbook(public_id=public_id)
    except files.AccountBookNotFound as error:
        raise Http404(str(error)) from error
