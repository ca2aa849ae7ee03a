"""Bills on paper: ask for a file for the printer, follow how far it is, fetch it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import printed_notes
from meterbook.billing.queries import prints as print_queries
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.journeys import send_bills, send_credit_notes
from meterbook.web import access
from meterbook.web.billing import unsent
from meterbook.web.templatetags import meterbook as tags


def context(request: access.Request, run: billing_queries.RunRow) -> dict[str, Any]:
    """This will return what the panel of print files shows; nothing before bills are issued."""
    if not run.counts.issued:
        return {"prints": None, **unsent.of_run(request, run)}
    prints = billing_queries.list_prints(run_public_id=run.public_id)
    paper, everything = billing_queries.count_printed(run_public_id=run.public_id)
    return {
        "prints": prints,
        "paper": paper,
        "notes": printed_notes.count_printed_notes(run_public_id=run.public_id, also=send_credit_notes.unsendable()),
        "everything": everything,
        "small": print_queries.count_small(run_public_id=run.public_id) if run.calendar_id else 0,
        **unsent.of_run(request, run),
        "is_printing": any(not each.is_ready and not each.has_failed for each in prints),
        "may_print": permissions.MANAGE_RUN in request.permissions,
        "prints_href": reverse("run_prints", args=[request.organization.public_id, run.public_id]),
    }


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def prints(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will show the print files of a run; it asks again while one is being made.

    A run that issued nothing yet has none: its page says how far it is.
    """
    row = _find_run(run)
    shown = context(request, row)
    if shown["prints"] is None:
        return redirect("run", request.organization.public_id, row.public_id)
    return render(request, "billing/_prints.html", {"run": row, **shown})


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def ask(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will have the bills that cannot go by e-mail, or with `everything` all of them, put into a file."""
    row = _find_run(run)
    try:
        files = billing_operations.print_bills(
            actor=request.actor,
            at=request.at,
            run=run,
            is_everything=bool(request.POST.get("everything")),
            also=[*(each.public_id for each in send_bills.unsent(run=run)), *send_credit_notes.unsendable()],
        )
    except billing_operations.NothingToPrint as error:
        messages.error(request, str(error))
    else:
        notes = sum(len(each.note_ids) for each in files)
        messages.success(request, _being_set(sum(each.bills for each in files) - notes, notes))
    return redirect("run", request.organization.public_id, row.public_id)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def fetch(request: access.Request, print_file: uuid.UUID) -> HttpResponse:
    """This will give out a print file."""
    try:
        row = billing_queries.get_print(public_id=print_file)
    except billing_queries.PrintNotFound as error:
        raise Http404(_("There is no such print file.")) from error
    if row.file_id is None:
        messages.info(request, _("The file is still being made; this page follows it."))
        return redirect("run", request.organization.public_id, row.run_public_id)
    file, content = document_queries.file_content(public_id=row.file_id)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(content, content_type=file.media_type, headers=headers)


def _being_set(bills: int, notes: int) -> str:
    if not notes:
        said = ngettext("%(count)s bill is being set for print.", "%(count)s bills are being set for print.", bills)
        return said % {"count": tags.number(bills)}
    said = ngettext("%(count)s bill", "%(count)s bills", bills) % {"count": tags.number(bills)}
    more = ngettext("%(count)s credit note", "%(count)s credit notes", notes) % {"count": tags.number(notes)}
    return _("Being set for print: %(bills)s, %(notes)s.") % {"bills": said, "notes": more}


def _find_run(run: uuid.UUID) -> billing_queries.RunRow:
    try:
        return billing_queries.find_run_row(public_id=run)
    except billing_queries.RunNotFound as error:
        raise Http404(_("There is no such run.")) from error
