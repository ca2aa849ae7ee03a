"""Change what is known of a customer: where bills go, in which language, and whose name stands on them."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.customers import operations as customer_operations
from meterbook.customers import permissions
from meterbook.identity.values import Module
from meterbook.web import access, typed
from meterbook.web.billing import signs
from meterbook.web.customers import opening_forms, views


@dataclass(frozen=True)
class Known:
    """What the form begins with."""

    name: str
    email: str
    language: str
    tax_number: str
    address: str


class CustomerForm(typed.Form):
    """Name, e-mail, language, tax number and address; issued bills keep what they say."""

    name = forms.CharField(label=gettext_lazy("Customer"), max_length=200)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("Bills go there; without an address they are printed."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the bills"), choices=opening_forms.LANGUAGES)
    tax_number = forms.CharField(label=gettext_lazy("Tax number"), max_length=40, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), required=False, widget=forms.Textarea(attrs={"rows": 3}))


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
def change(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will show the form of a customer, and keep what is sent back."""
    row = views.find(account)
    known = Known(row.customer_name, row.email, row.language, row.tax_number, row.address)
    form = CustomerForm(request.POST if request.method == "POST" else None, initial=asdict(known))
    if form.is_bound and form.is_valid():
        customer_operations.change_customer(
            actor=request.actor, at=request.at, account=row.public_id, **form.cleaned_data
        )
        messages.success(request, _("The customer was changed; bills already issued keep what they say."))
        signs.warn(request, form.cleaned_data["name"], form.cleaned_data["address"])
        return redirect("account", request.organization.public_id, row.public_id)
    context = {
        "form": form,
        "account": row,
        "list_href": reverse("accounts", args=[request.organization.public_id]),
        "back": reverse("account", args=[request.organization.public_id, row.public_id]),
    }
    return render(request, "customers/change.html", context, status=422 if form.errors else 200)
