"""The page on which an organization says how it names itself on bills: tax number, address, contact."""

from __future__ import annotations

from dataclasses import asdict

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.documents import operations as document_operations
from meterbook.documents import permissions
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.foundation import scoping
from meterbook.identity.values import Module
from meterbook.web import access

MOST_LINES = 4  # of an address; the head of a bill has no room for more


class LetterheadForm(forms.Form):
    """What is printed beside the organization's name; each may stay empty."""

    tax_number = forms.CharField(
        label=gettext_lazy("Tax number"), max_length=document_values.TAX_NUMBER_LENGTH, required=False
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=document_values.ADDRESS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("As it is printed, four lines at most."),
    )
    contact = forms.CharField(
        label=gettext_lazy("How customers reach you"),
        max_length=document_values.CONTACT_LENGTH,
        required=False,
        help_text=gettext_lazy("Telephone, e-mail, hours. It stands in the notes of every bill."),
    )

    def clean_address(self) -> str:
        """This will return the address with one kind of line end."""
        lines = [line.strip() for line in str(self.cleaned_data["address"]).splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("Write it in four lines at most."))
        return "\n".join(lines)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def letterhead(request: access.Request) -> HttpResponse:
    """This will show what stands at the head of bills, and keep what is sent back."""
    known = document_queries.letterhead(organization_id=scoping.current().organization_id)
    form = LetterheadForm(request.POST if request.method == "POST" else None, initial=asdict(known))
    if form.is_bound and form.is_valid():
        facts = document_values.LetterheadFacts(**form.cleaned_data)
        document_operations.change_letterhead(actor=request.actor, at=request.at, facts=facts)
        messages.success(
            request, _("The bill head was changed; bills already calculated or issued keep what they say.")
        )
        return redirect("letterhead", request.organization.public_id)
    shown = document_values.LetterheadFacts(**form.cleaned_data) if form.is_bound and form.is_valid() else known
    context = {
        "form": form,
        "shown": shown,
        "lines": shown.address.splitlines(),
        "runs_href": reverse("runs", args=[request.organization.public_id]),
    }
    return render(request, "letterhead/page.html", context, status=422 if form.errors else 200)
