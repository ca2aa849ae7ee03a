"""Settings > Encryption: what is served, its certificate, and how other devices come to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.documents import uploads
from meterbook.foundation.tls import authority, choice, files, given
from meterbook.identity.values import Module
from meterbook.installation import encryption, permissions
from meterbook.installation import queries as installation_queries
from meterbook.kernel import clock
from meterbook.web import access, typed
from meterbook.web.people import shown as people_shown
from meterbook.web.settings import operator
from meterbook.web.sites import choice as site_choice

SOON = timedelta(days=30)
NOTHING = 204
ROOT_PATH = "/authority.crt"


ROUTE = "https"
MODES: Mapping[choice.Mode, str | Promise] = {
    choice.Mode.OWN: gettext_lazy("Encrypt with Meterbook's own authority"),
    choice.Mode.GIVEN: gettext_lazy("Encrypt with a certificate of yours"),
    choice.Mode.OFF: gettext_lazy("Do not encrypt"),
}
# What is wrong with a certificate that was given, and at which of the two files.
REFUSALS: Mapping[type[files.CertificateRefused], tuple[str, str | Promise]] = {
    files.NoCertificate: ("certificate", gettext_lazy("This file holds no certificate in PEM form.")),
    files.NoKey: ("key", gettext_lazy("This file holds no private key in PEM form; an RSA or EC key is needed.")),
    files.KeyEncrypted: ("key", gettext_lazy("The key has a password. Take it off: openssl pkey -in KEY -out NEW")),
    given.KeyDiffers: ("key", gettext_lazy("The key does not belong to the certificate.")),
    given.ChainBroken: (
        "certificate",
        gettext_lazy("The chain is broken. Put the server's certificate first, then each issuer in turn."),
    ),
    given.Ended: ("certificate", gettext_lazy("The certificate, or one that vouches for it, has ended. Renew it.")),
    given.NotYet: (
        "certificate", gettext_lazy("The certificate does not hold yet. Check the clock of the server.")
    ),
    given.WrongUse: (
        "certificate",
        gettext_lazy("The certificate was not issued for a web server, so browsers refuse it. Ask for one that is."),
    ),
    given.HandshakeFails: (
        "key",
        gettext_lazy("No browser could connect with this key. Take RSA with 2048 bits or more, or EC P-256."),
    ),
    given.NoNames: ("certificate", gettext_lazy("The certificate names no host, so no browser takes it.")),
}  # fmt: skip


class EncryptionForm(typed.Form):
    """How the next start serves."""

    mode = forms.ChoiceField(
        label=gettext_lazy("From the next start on"),
        choices=[(each.value, caption) for each, caption in MODES.items()],
        help_text=gettext_lazy("Unencrypted only behind a proxy that encrypts, or where this machine alone is served."),
    )
    certificate = forms.FileField(label=gettext_lazy("Certificate"), required=False, allow_empty_file=True)
    key = forms.FileField(label=gettext_lazy("Private key"), required=False, allow_empty_file=True)

    def clean_certificate(self) -> bytes:
        """This will return the file's content; nothing without a file."""
        return _content(self.cleaned_data["certificate"])

    def clean_key(self) -> bytes:
        """This will return the file's content; nothing without a file."""
        return _content(self.cleaned_data["key"])

    def clean(self) -> dict[str, Any]:
        """This will ask for both files, or for none where they lie there already."""
        found = super().clean() or {}
        if found.get("mode") != choice.Mode.GIVEN or self.errors:
            return found
        there = choice.pair(settings.DATA_DIR)
        is_there = there.certificate.exists() and there.key.exists()
        for name, other in (("certificate", "key"), ("key", "certificate")):
            if not found.get(name) and (found.get(other) or not is_there):
                self.add_error(name, _("Choose the file."))
        return found


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
def https(request: access.Request) -> HttpResponse:
    """This will show whether HTTPS is served, by which certificate, and how devices come to trust it; and take how
    the next start shall serve.
    """
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    chosen = choice.read(settings.DATA_DIR)
    initial = {"mode": chosen or (choice.Mode.OWN if settings.IS_HTTPS else choice.Mode.OFF)}
    is_sent = request.method == "POST" and settings.IS_HTTPS_BY_PAGE
    form = EncryptionForm(request.POST if is_sent else None, request.FILES if is_sent else None, initial=initial)
    if form.is_bound and form.is_valid() and _keep(request, form):
        return redirect(ROUTE, request.organization.public_id)
    return _page(request, form, chosen)


def _keep(request: access.Request, form: EncryptionForm) -> bool:
    mode = choice.Mode(form.cleaned_data["mode"])
    is_given = mode is choice.Mode.GIVEN
    try:
        found = encryption.choose(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            mode=mode,
            certificate=form.cleaned_data["certificate"] if is_given else b"",
            key=form.cleaned_data["key"] if is_given else b"",
        )
    except files.CertificateRefused as error:
        name, words = REFUSALS.get(type(error), ("certificate", _("The certificate cannot be read.")))
        form.add_error(name, str(words))
        return False
    is_now = settings.IS_HTTPS and mode is not choice.Mode.OFF
    if is_now:
        messages.success(request, _("Kept. The certificate is taken within a minute; nothing needs to be started."))
    else:
        messages.success(request, _("Kept. Start Meterbook again: it holds from then on."))
    host = urlsplit(installation_queries.public_address()).hostname or ""
    if found is not None and not files.covers(found.names, host):
        messages.warning(
            request,
            _("The certificate holds for %(names)s, but the public address names %(host)s. Change the address.")
            % {"names": ", ".join(found.names), "host": host},
        )
    return True


def _content(file: Any) -> bytes:  # noqa: ANN401 - Django's uploaded file, or nothing
    if not file:
        return b""
    content: bytes = file.read(uploads.MOST_PEM + 1)
    try:
        uploads.require_pem(content)
    except uploads.UploadRefused as error:
        raise forms.ValidationError(str(error)) from error
    return content


def _page(request: access.Request, form: EncryptionForm, chosen: choice.Mode | None) -> HttpResponse:
    address = installation_queries.public_address()
    is_given = _is_given_on_page(chosen)
    is_own = settings.IS_HTTPS and not settings.IS_CERTIFICATE_GIVEN and not is_given
    served, root = _facts(is_own=is_own)
    # A phone that does not trust us yet takes the certificate unencrypted; the fingerprint tells the truth.
    # The port stands there although it is the usual one: without an "s" another one would be.
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    root_address = f"http://{parts.netloc.removesuffix(f':{port}')}:{port}{ROOT_PATH}"
    context = {
        "is_https": settings.IS_HTTPS,
        "is_proxied": request.is_secure() and not settings.IS_HTTPS,
        "is_own": is_own,
        "served": served,
        "root": root,
        "ends_soon": served is not None and served.ends_at - clock.real_now() < SOON,
        "root_address": root_address,
        "picture": people_shown.qr(root_address) if root is not None else "",
        "may_change": operator.is_operator(request),
        "form": form,
        "is_by_page": settings.IS_HTTPS_BY_PAGE,
        "waits": _waits(chosen),
        "is_broken": chosen is choice.Mode.GIVEN and not _holds(),
        "given": choice.Mode.GIVEN,
        "zone": site_choice.clock_zone(request),
    }
    return render(request, "settings/https.html", context, status=422 if form.errors else 200)


@require_GET
@access.public(reason="A certificate is public; devices need it before they trust the page for signing in.")
def root_certificate(request: HttpRequest) -> HttpResponseBase:
    """This will give out the certificate of our own authority; nothing (204) where there is none."""
    path = authority.root_path(settings.DATA_DIR)
    if not path.exists():
        return HttpResponse(status=NOTHING)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename="meterbook.crt", content_type="application/x-x509-ca-cert"
    )


def _holds() -> bool:
    try:
        choice.facts(settings.DATA_DIR, at=clock.real_now())
    except files.CertificateRefused:
        return False
    return True


def _is_given_on_page(chosen: choice.Mode | None) -> bool:
    """Whether what was given on the page is what is served; our own takes its place where it does not hold."""
    is_chosen = settings.IS_HTTPS_BY_PAGE and settings.IS_HTTPS and chosen is choice.Mode.GIVEN
    return is_chosen and not settings.IS_CERTIFICATE_GIVEN and _holds()


def _waits(chosen: choice.Mode | None) -> bool:
    """Whether a choice waits for the next start."""
    return settings.IS_HTTPS_BY_PAGE and chosen is not None and (chosen is not choice.Mode.OFF) != settings.IS_HTTPS


def _facts(*, is_own: bool) -> tuple[files.Facts | None, files.Facts | None]:
    """Of the certificate that is served, and of our authority's; None where there is none."""
    if not settings.IS_HTTPS:
        return None, None
    if is_own:
        return _read(authority.pair(settings.DATA_DIR).certificate), _read(authority.root_path(settings.DATA_DIR))
    given_path = settings.CERTIFICATE if settings.IS_CERTIFICATE_GIVEN else choice.pair(settings.DATA_DIR).certificate
    return _read(given_path), None


def _read(path: object) -> files.Facts | None:
    try:
        return files.facts(files.read_chain(path)[0])  # type: ignore[arg-type]
    except files.CertificateRefused:
        return None  # the page says that it cannot be read
