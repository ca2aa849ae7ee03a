"""Give a person everything that is kept about them, and forget who they were."""

from __future__ import annotations

import uuid

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.customers import erasing, permissions, records
from meterbook.identity.values import Module
from meterbook.journeys import privacy
from meterbook.web import access, typed
from meterbook.web.customer_records import record
from meterbook.web.tables import file_safe


class EraseForm(typed.Form):
    """The name of who is to be forgotten, typed once more."""

    name = django_forms.CharField(label=gettext_lazy("Name of the customer"), max_length=200)

    def __init__(self, data: object = None, *, wanted: str) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        self.wanted = wanted

    def clean_name(self) -> str:
        """This will refuse any other name."""
        given = str(self.cleaned_data["name"])
        if given.strip() != self.wanted.strip():
            raise django_forms.ValidationError(_("Write the name as it stands above."))
        return given


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
def export(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will give out everything about a customer as one ZIP, and note who took it."""
    found = record.find(customer)
    content = privacy.export_customer(
        actor=request.actor,
        at=request.at,
        customer=customer,
        with_vulnerability=permissions.KNOW_VULNERABILITY in request.permissions,
    )
    name = f"{file_safe(found.code)}_{request.at:%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/zip", headers=headers)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.ERASE_CUSTOMER, module=Module.BILLING)
def erase(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will show what erasing does and what stands in its way, and do it when the name was typed once more."""
    found = record.find(customer)
    obstacles = privacy.obstacles(customer=customer, at=request.at)
    form = EraseForm(request.POST if request.method == "POST" else None, wanted=found.facts.name)
    if form.is_bound and form.is_valid():
        try:
            privacy.erase_customer(actor=request.actor, at=request.at, customer=customer)
        except (privacy.NotErasable, erasing.StillCustomer, records.CustomerClosed) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The customer was erased; bills and books stay."))
            return redirect("customers", request.organization.public_id)
    context = {
        "form": form,
        "customer": found,
        "obstacles": obstacles,
        "back": reverse("customer", args=[request.organization.public_id, customer]),
        "list_href": reverse("customers", args=[request.organization.public_id]),
    }
    return render(request, "customer_records/erase.html", context, status=422 if form.errors else 200)
