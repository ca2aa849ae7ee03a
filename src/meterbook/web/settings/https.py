"""Settings > Encryption: what is served, its certificate, and how other devices come to trust it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from meterbook.foundation.tls import authority, files
from meterbook.identity.values import Module
from meterbook.installation import permissions
from meterbook.installation import queries as installation_queries
from meterbook.kernel import clock
from meterbook.web import access
from meterbook.web.people import shown as people_shown
from meterbook.web.settings import operator
from meterbook.web.sites import choice

SOON = timedelta(days=30)
NOTHING = 204
ROOT_PATH = "/authority.crt"


@require_GET
@access.page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
def https(request: access.Request) -> HttpResponse:
    """This will show whether HTTPS is served, by which certificate, and how devices come to trust it."""
    address = installation_queries.public_address()
    is_own = settings.IS_HTTPS and not settings.IS_CERTIFICATE_GIVEN
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
        "zone": choice.clock_zone(request),
    }
    return render(request, "settings/https.html", context)


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


def _facts(*, is_own: bool) -> tuple[files.Facts | None, files.Facts | None]:
    """Of the certificate that is served, and of our authority's; None where there is none."""
    if not settings.IS_HTTPS:
        return None, None
    if not is_own:
        return _read(settings.CERTIFICATE), None
    return _read(authority.pair(settings.DATA_DIR).certificate), _read(authority.root_path(settings.DATA_DIR))


def _read(path: object) -> files.Facts | None:
    try:
        return files.facts(files.read_chain(path)[0])  # type: ignore[arg-type]
    except files.CertificateRefused:
        return None  # the page says that it cannot be read
