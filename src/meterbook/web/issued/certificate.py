"""Settings > Signature: the certificate that signs documents. Keys are taken and never shown."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.documents import certificates, permissions, signing, uploads
from meterbook.identity.values import Module
from meterbook.web import access, typed
from meterbook.web.sites import choice

MOST_BYTES = uploads.MOST_PEM


class CertificateForm(typed.Form):
    """A certificate with its key: one PKCS#12 file, or two in PEM."""

    file = forms.FileField(
        label=gettext_lazy("Certificate"),
        allow_empty_file=True,
        help_text=gettext_lazy("A PKCS#12 file (.p12, .pfx) with the key in it, or the chain in PEM."),
    )
    key = forms.FileField(
        label=gettext_lazy("Private key"),
        allow_empty_file=True,
        required=False,
        help_text=gettext_lazy("Only for PEM, where the key lies in a file of its own."),
    )
    password = forms.CharField(
        label=gettext_lazy("Password of the file"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("It opens the file now and is not kept."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CERTIFICATE, module=Module.BILLING)
def certificate(request: access.Request) -> HttpResponse:
    """This will show the certificate in use, take another one, or with `act` "new" make a self-signed one."""
    if request.method == "POST" and request.POST.get("act") == "new":
        certificates.make_self_signed(actor=request.actor, at=request.at)
        messages.success(request, _("Documents are signed with the new self-signed certificate from now on."))
        return redirect("signing_certificate", request.organization.public_id)
    form = CertificateForm(request.POST, request.FILES) if request.method == "POST" else CertificateForm()
    if form.is_bound and form.is_valid() and _take(request, form):
        messages.success(
            request, _("Documents are signed with this certificate from now on; signed ones stay as they are.")
        )
        return redirect("signing_certificate", request.organization.public_id)
    found = certificates.find()
    context = {
        "form": form,
        "found": found,
        "is_over": found is not None and found.valid_until <= request.at,
        "zone": choice.clock_zone(request),
    }
    return render(request, "issued/certificate.html", context, status=422 if form.errors else 200)


def _take(request: access.Request, form: CertificateForm) -> bool:
    content = form.cleaned_data["file"].read(MOST_BYTES + 1)
    given = form.cleaned_data["key"]
    key = given.read(MOST_BYTES + 1) if given else content
    password = form.cleaned_data["password"]
    if max(len(content), len(key)) > MOST_BYTES:
        form.add_error("file", _("The file is too large for a certificate."))
        return False
    try:
        if b"-----BEGIN " in content:
            credential = signing.read_pem(content, key, password, at=request.at)
        else:
            credential = signing.read_pkcs12(content, password, at=request.at)
    except signing.CertificateRefused as error:
        form.add_error("file", str(error))
        return False
    certificates.set_own(actor=request.actor, at=request.at, credential=credential)
    return True
