"""Settings > Public address: what links begin with, and whether it leads back here."""

from __future__ import annotations

from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.request import validate_host
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.foundation.tls import authority, hosts
from meterbook.identity.values import Module
from meterbook.installation import operations as installation_operations
from meterbook.installation import permissions, probing
from meterbook.installation import queries as installation_queries
from meterbook.installation import values as installation_values
from meterbook.web import access, typed
from meterbook.web.settings import operator

ROUTE = "public_address"
OUTCOMES = {
    probing.Outcome.OURS: gettext_lazy("It works: the address leads here."),
    probing.Outcome.NAME_UNKNOWN: gettext_lazy("The name leads nowhere. Enter it in the name service (DNS) first."),
    probing.Outcome.NOBODY: gettext_lazy("Nobody answers there. Check address, port, proxy and firewall."),
    probing.Outcome.NOT_TRUSTED: gettext_lazy(
        "The certificate there is not trusted, or is for another name. Browsers will warn, too."
    ),
    probing.Outcome.NO_TLS: gettext_lazy("What answers there does not speak HTTPS. Write http://, or set HTTPS up."),
    probing.Outcome.NAME_REFUSED: gettext_lazy(
        "The server refuses that name. Add it to MB_ALLOWED_HOSTS and start Meterbook again."
    ),
    probing.Outcome.SENT_ELSEWHERE: gettext_lazy("The address sends people elsewhere. Enter where they end up."),
    probing.Outcome.SOMETHING_ELSE: gettext_lazy("Something answers there, but it is not Meterbook."),
}


class AddressForm(typed.Form):
    """The address."""

    address = forms.CharField(
        label=gettext_lazy("Public address"),
        max_length=installation_values.LONGEST_ADDRESS,
        help_text=gettext_lazy("As people type it, such as https://meters.example or http://192.168.1.20:8000."),
    )

    def clean_address(self) -> str:
        """This will return it as it is kept."""
        try:
            found = installation_values.read_address(self.cleaned_data["address"])
        except installation_values.AddressRefused as error:
            raise forms.ValidationError(str(error)) from error
        host = urlsplit(found).hostname or ""
        if not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
            raise forms.ValidationError(
                _("The server does not answer to “%(host)s” yet. Add it to MB_ALLOWED_HOSTS, start again, then set it.")
                % {"host": host}
            )
        return found


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
def public_address(request: access.Request) -> HttpResponse:
    """This will show the address, and keep one that is sent."""
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    address = installation_queries.public_address()
    form = AddressForm(request.POST if request.method == "POST" else None, initial={"address": address})
    if form.is_bound and form.is_valid():
        try:
            installation_operations.set_public_address(
                actor=request.actor, at=request.at, address=form.cleaned_data["address"]
            )
        except installation_operations.AddressFixed as error:
            form.add_error("address", str(error))
        else:
            messages.success(request, _("The address was changed; links begin with it from now on. Test it."))
            return redirect(ROUTE, request.organization.public_id)
    parts = urlsplit(address)
    context = {
        "form": form,
        "address": address,
        "is_open": parts.scheme == "http" and not hosts.is_loopback(parts.hostname or ""),
        "is_local": hosts.is_loopback(parts.hostname or ""),
        "is_fixed": settings.IS_PUBLIC_ADDRESS_FIXED,
        "may_change": operator.is_operator(request),
    }
    return render(request, "settings/address.html", context, status=422 if form.errors else 200)


@require_POST
@access.stream_page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
async def test(request: access.Request) -> HttpResponse:
    """This will ask the address that is set and say what came of it; no transaction waits for the answer."""
    return await sync_to_async(_test)(request)


def _test(request: access.Request) -> HttpResponse:
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    root = authority.root_path(settings.DATA_DIR) if settings.IS_HTTPS else None
    outcome = probing.probe(installation_queries.public_address(), root=root)
    tell = messages.success if outcome is probing.Outcome.OURS else messages.error
    tell(request, str(OUTCOMES[outcome]))
    return redirect(ROUTE, request.organization.public_id)
