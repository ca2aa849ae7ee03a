"""The form of a customer: a new record, or a changed one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.customers import permissions, records
from meterbook.identity.values import Module
from meterbook.web import access, once
from meterbook.web.billing import signs
from meterbook.web.customer_records import forms, record

# Who is limited to single sites makes customers with their accounts: a record alone would be at no site.
guard = access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING)


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new customer, and keep what is sent back."""
    form = forms.RecordForm(
        request.POST if request.method == "POST" else None, initial={"language": request.organization.language}
    )
    if form.is_bound and form.is_valid():
        made = records.create_record(actor=request.actor, at=request.at, code=_code(), facts=form.facts())
        messages.success(request, _("%(name)s is known now.") % {"name": made.name})
        signs.warn(request, form.cleaned_data["name"], form.cleaned_data["address"])
        return redirect("customer", request.organization.public_id, made.public_id)
    context = {"form": form, "list_href": reverse("customers", args=[request.organization.public_id])}
    return render(request, "customer_records/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
def edit(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will show the form of a customer, and keep what is sent back; issued bills keep what they say."""
    found = record.find(customer)
    form = forms.RecordForm(request.POST if request.method == "POST" else None, initial=forms.initial(found.facts))
    if form.is_bound and form.is_valid():
        try:
            records.change_record(actor=request.actor, at=request.at, customer=customer, facts=form.facts())
        except records.CustomerClosed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The customer was changed; bills already issued keep what they say."))
            signs.warn(request, form.cleaned_data["name"], form.cleaned_data["address"])
            return redirect("customer", request.organization.public_id, customer)
    context = {
        "form": form,
        "customer": found,
        "list_href": reverse("customers", args=[request.organization.public_id]),
        "back": reverse("customer", args=[request.organization.public_id, customer]),
    }
    return render(request, "customer_records/edit.html", context, status=422 if form.errors else 200)


def _code() -> str:
    """Nobody needs to think of a code: it is only the name in files and addresses."""
    return f"C-{uuid.uuid4().hex[:8].upper()}"
