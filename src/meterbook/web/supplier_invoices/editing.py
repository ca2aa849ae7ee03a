"""Enter, correct and withdraw a supplier's invoice, and hang its paper at it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.billing import permissions
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.queries import pools as pool_queries
from meterbook.billing.queries import supplier_invoices as invoice_queries
from meterbook.documents import attachments, uploads
from meterbook.identity.values import Module
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.sites import choice
from meterbook.web.supplier_invoices import forms, views

MANAGE = permissions.MANAGE_POOL


@require_http_methods(["GET", "POST"])
@access.page(permission=MANAGE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a supplier's invoice at a site, and keep it."""
    site, sites = chosen(request)
    if site is None:
        return render(request, "supplier_invoices/no_site.html")
    is_sent = request.method == "POST"
    form = forms.InvoiceForm(request.POST if is_sent else None)
    pools = pools_of(site)
    rows = forms.read(request.POST, pools) if is_sent else forms.fresh({}, pools)
    if is_sent and not rows.act and all([form.is_valid(), rows.are_valid]):
        try:
            made = invoice_operations.enter_invoice(
                actor=request.actor,
                at=request.at,
                site=site.public_id,
                document=form.document(rows.lines(), site.currency),
            )
        except invoice_operations.InvoiceImpossible as error:
            _say(form, rows, error)
        except invoice_operations.InvoiceTaken as error:
            form.add_error("number", str(error))
        else:
            choice.note_used(request, site.public_id)
            messages.success(request, _("Invoice %(number)s was entered.") % {"number": made.number})
            return redirect("supplier_invoice", request.organization.public_id, made.public_id)
    return _show(request, form, rows, {"site": site, "sites": sites})


@require_http_methods(["GET", "POST"])
@access.page(permission=MANAGE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def correct(request: access.Request, supplier_invoice: uuid.UUID) -> HttpResponse:
    """This will show what an invoice says, and keep a further version of it."""
    row = views.find(request, supplier_invoice, MANAGE)
    site = next(each for each in choice.all_sites(request) if each.id == row.site_id)
    document = invoice_queries.versions_of(invoice_id=row.id)[0].document
    data = request.POST if request.method == "POST" else None
    form, reason = forms.InvoiceForm(data, initial=forms.initial_of(document)), forms.ReasonForm(data)
    pools = pools_of(site)
    rows = forms.read(request.POST, pools) if data is not None else forms.fresh(document, pools)
    if data is not None and not rows.act and all([form.is_valid(), reason.is_valid(), rows.are_valid]):
        try:
            invoice_operations.correct_invoice(
                actor=request.actor,
                at=request.at,
                invoice=row.public_id,
                document=form.document(rows.lines(), site.currency),
                reason=reason.cleaned_data["reason"],
            )
        except invoice_operations.InvoiceImpossible as error:
            _say(form, rows, error)
        except (invoice_operations.InvoiceTaken, invoice_operations.InvoiceWithdrawn) as error:
            form.add_error("number", str(error))
        else:
            messages.success(request, _("It was saved as a further version; what it said before stays readable."))
            return redirect("supplier_invoice", request.organization.public_id, row.public_id)
    return _show(request, form, rows, {"row": row, "site": site, "reason_form": reason})


@require_POST
@access.page(permission=MANAGE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def withdraw(request: access.Request, supplier_invoice: uuid.UUID) -> HttpResponse:
    """This will let an invoice count no more."""
    row = views.find(request, supplier_invoice, MANAGE)
    form = forms.ReasonForm(request.POST)
    if form.is_valid():
        try:
            invoice_operations.withdraw_invoice(
                actor=request.actor, at=request.at, invoice=row.public_id, reason=form.cleaned_data["reason"]
            )
        except invoice_operations.InvoiceWithdrawn as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The invoice was withdrawn."))
            return redirect("supplier_invoice", request.organization.public_id, row.public_id)
    return views.show(request, row, reason=form)


@require_POST
@access.page(permission=MANAGE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def attach(request: access.Request, supplier_invoice: uuid.UUID) -> HttpResponse:
    """This will keep the paper of an invoice."""
    row = views.find(request, supplier_invoice, MANAGE)
    given = request.FILES.get("file")
    if given is None:
        return views.show(request, row, file_fault=_("Choose a PDF or a picture."))
    try:
        invoice_operations.attach_invoice_file(
            actor=request.actor,
            at=request.at,
            invoice=row.public_id,
            name=given.name or "",
            content=given.read(attachments.MOST_BYTES + 1),
        )
    except (uploads.UploadRefused, invoice_operations.TooManyInvoiceFiles) as error:
        return views.show(request, row, file_fault=str(error))
    messages.success(request, _("The file was kept."))
    return redirect("supplier_invoice", request.organization.public_id, row.public_id)


def chosen(request: access.Request) -> tuple[site_queries.SiteRow | None, tuple[site_queries.SiteRow, ...]]:
    """This will return the site that a form is about, and all it could be about."""
    sites = choice.visible_sites(request, MANAGE)
    asked = request.POST.get("site") or request.GET.get("site", "")
    usual = choice.usual_site(request, MANAGE) or (sites[0] if sites else None)
    return next((each for each in sites if str(each.public_id) == asked), usual), sites


def pools_of(site: site_queries.SiteRow) -> list[tuple[str, str]]:
    """This will return the shared costs of a site that can divide a line."""
    return [(each.code, each.name) for each in pool_queries.list_pools(site_ids=[site.id])]


def _say(form: forms.InvoiceForm, rows: forms.Rows, error: invoice_operations.InvoiceImpossible) -> None:
    if error.problems:
        forms.say(form, rows, error.problems)
    else:
        form.add_error(None, str(error))


def _show(request: access.Request, form: forms.InvoiceForm, rows: forms.Rows, more: dict[str, Any]) -> HttpResponse:
    others = [more["reason_form"]] if more.get("reason_form") else []
    is_wrong = any(each.is_bound and each.errors for each in (form, *others, *rows.forms))
    if rows.act:
        # A button beside the rows is no attempt to save: what is still empty is not told as wrong.
        for each in (form, *others):
            each.errors.clear()
    context = {
        "form": form,
        "head": form.part(*form.head),
        "figures": form.part(*form.figures),
        "rows": rows.forms,
        "count": len(rows.forms),
        **more,
    }
    return render(request, "supplier_invoices/edit.html", context, status=422 if is_wrong and not rows.act else 200)
