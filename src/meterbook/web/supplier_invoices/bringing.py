"""Bring suppliers' invoices in by a file: CSV, XLSX or JSON, all of them or none."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.billing import invoice_files, permissions
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.web import access, once, tables
from meterbook.web.sites import choice
from meterbook.web.supplier_invoices import editing, forms

MANAGE = permissions.MANAGE_POOL


@require_http_methods(["GET", "POST"])
@access.page(permission=MANAGE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def bring(request: access.Request) -> HttpResponse:
    """This will show how a file must look, and enter the invoices of one."""
    site, sites = editing.chosen(request)
    if site is None:
        return render(request, "supplier_invoices/no_site.html")
    is_sent = request.method == "POST"
    form = forms.BringForm(request.POST, request.FILES) if is_sent else forms.BringForm(None)
    if is_sent and form.is_valid():
        try:
            documents = invoice_files.read(
                form.cleaned_data["file"].read(invoice_files.MOST_BYTES + 1), mark=form.cleaned_data["mark"]
            )
            made = invoice_operations.enter_invoices(
                actor=request.actor, at=request.at, site=site.public_id, documents=documents
            )
        except (invoice_files.FileUnreadable, uploads.UploadRefused) as error:
            form.add_error("file", str(error))
        except (invoice_operations.InvoiceImpossible, invoice_operations.InvoiceTaken) as error:
            form.add_error(None, str(error))
        else:
            choice.note_used(request, site.public_id)
            words = ngettext("%(count)s invoice was entered.", "%(count)s invoices were entered.", len(made))
            messages.success(request, words % {"count": len(made)})
            return redirect("supplier_invoices", request.organization.public_id)
    context = {"form": form, "site": site, "sites": sites, "columns": invoice_files.COLUMNS}
    return render(request, "supplier_invoices/import.html", context, status=422 if form.errors else 200)


@require_GET
@access.page(permission=MANAGE, module=Module.BILLING, by_site=True)
def example(request: access.Request) -> HttpResponse:
    """This will give out a table with an invoice, to be filled in anew."""
    head, *rows = invoice_files.example()
    return tables.file(tables.CSV, "invoices", head, rows)
