"""Settings > Bill head: how an organization names itself on bills: tax number, address, contact, logo."""

from __future__ import annotations

import base64
from dataclasses import asdict

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.documents import logos as document_logos
from meterbook.documents import operations as document_operations
from meterbook.documents import permissions, uploads
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.foundation import scoping
from meterbook.identity.values import Module
from meterbook.web import access, typed
from meterbook.web.billing import signs

MOST_LINES = 4  # of an address; the head of a bill has no room for more


class LetterheadForm(typed.Form):
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


class LogoForm(typed.Form):
    """A picture."""

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        allow_empty_file=True,
        help_text=gettext_lazy("PNG or JPEG, best on a transparent or white ground. It is printed 10 mm high."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def letterhead(request: access.Request) -> HttpResponse:
    """This will show what stands at the head of bills, and keep what is sent back."""
    known = document_queries.letterhead(organization_id=scoping.current().organization_id)
    form = LetterheadForm(request.POST if request.method == "POST" else None, initial=asdict(known))
    if form.is_bound and form.is_valid():
        facts = document_values.LetterheadFacts(**form.cleaned_data, logo=known.logo)
        document_operations.change_letterhead(actor=request.actor, at=request.at, facts=facts)
        messages.success(
            request, _("The bill head was changed; bills already calculated or issued keep what they say.")
        )
        signs.warn(request, *(each for each in form.cleaned_data.values() if isinstance(each, str)))
        return redirect("letterhead", request.organization.public_id)
    return _page(request, known, form, LogoForm())


@require_POST
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def logo(request: access.Request) -> HttpResponse:
    """This will take a picture, or with `act` "remove" take it away."""
    known = document_queries.letterhead(organization_id=scoping.current().organization_id)
    if request.POST.get("act") == "remove":
        document_logos.remove_logo(actor=request.actor, at=request.at)
        messages.success(request, _("The logo was removed; bills already calculated or issued keep it."))
        return redirect("letterhead", request.organization.public_id)
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            given = form.cleaned_data["picture"].read(document_logos.MOST_BYTES + 1)
            document_logos.set_logo(actor=request.actor, at=request.at, content=given)
        except uploads.UploadRefused as error:
            form.add_error("picture", str(error))
        else:
            messages.success(request, _("The logo stands on bills that are calculated from now on."))
            return redirect("letterhead", request.organization.public_id)
    return _page(request, known, LetterheadForm(initial=asdict(known)), form)


def _page(
    request: access.Request, known: document_values.LetterheadFacts, form: LetterheadForm, logo_form: LogoForm
) -> HttpResponse:
    picture = document_logos.find_content(digest=known.logo)
    context = {
        "form": form,
        "logo_form": logo_form,
        "logo": f"data:image/png;base64,{base64.b64encode(picture).decode()}" if picture else "",
        "shown": known,
        "lines": known.address.splitlines(),
    }
    is_wrong = form.errors or logo_form.errors
    return render(request, "letterhead/page.html", context, status=422 if is_wrong else 200)
