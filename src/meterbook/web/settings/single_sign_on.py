"""Settings > Single sign-on: the provider, its secret that is never shown, and a test of what it says of itself."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.identity.values import Module
from meterbook.installation import permissions
from meterbook.installation.single_sign_on import fetching, keeping, protocol, values
from meterbook.web import access, typed
from meterbook.web.settings import operator
from meterbook.web.single_sign_on import signing

ROUTE = "single_sign_on"


class ProviderForm(typed.Form):
    """What the provider gave for this installation."""

    is_on = forms.BooleanField(label=gettext_lazy("People can sign in through it"), required=False)
    issuer = forms.CharField(
        label=gettext_lazy("Address of the provider (issuer)"),
        max_length=values.LONGEST_ISSUER,
        help_text=gettext_lazy("Exactly as it names itself, such as https://login.example/realms/office."),
    )
    client_id = forms.CharField(label=gettext_lazy("Client ID"), max_length=200)
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    label = forms.CharField(
        label=gettext_lazy("What the button says"),
        max_length=values.LONGEST_LABEL,
        help_text=gettext_lazy("Such as “Sign in with your office account”."),
    )
    admits_unknown = forms.BooleanField(
        label=gettext_lazy("Also let in people whom nobody invited"),
        required=False,
        help_text=gettext_lazy("They get an account without any right, until an administrator gives them a role."),
    )
    trusts_second_step = forms.BooleanField(
        label=gettext_lazy("The provider's second step is enough"),
        required=False,
        help_text=gettext_lazy(
            "Where the provider says that it asked for two (amr or acr), Meterbook asks for no further one."
        ),
    )
    acr = forms.CharField(
        label=gettext_lazy("What it calls a sign-in with two steps (acr)"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Only where the provider says it by that; mostly empty."),
    )

    def clean_issuer(self) -> str:
        """This will return the address as it is kept."""
        try:
            return values.read_issuer(self.cleaned_data["issuer"])
        except values.IssuerRefused as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def provider(self) -> values.Provider:
        """What was entered, but the secret."""
        return values.Provider(**{name: value for name, value in self.cleaned_data.items() if name != "secret"})


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
def single_sign_on(request: access.Request) -> HttpResponse:
    """This will show the provider, and keep one that is sent."""
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    kept = keeping.get()
    initial: dict[str, Any] = {"label": _("Sign in with your office account"), "is_on": True}
    if kept.provider is not None:
        initial = dict(kept.provider.plain())
    form = ProviderForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            keeping.keep(
                actor=request.actor, at=request.at, provider=form.provider, secret=form.cleaned_data["secret"] or None
            )
        except keeping.SecretNeeded as error:
            form.add_error("secret", str(error))
        else:
            messages.success(request, _("The provider was kept. Test it."))
            return redirect(ROUTE, request.organization.public_id)
    context = {
        "form": form,
        "kept": kept,
        "returns_to": signing.returns_to(),
        "may_change": operator.is_operator(request),
    }
    return render(request, "settings/single_sign_on.html", context, status=422 if form.errors else 200)


@require_POST
@access.stream_page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
async def test(request: access.Request) -> HttpResponse:
    """This will ask the provider what it says of itself; no transaction waits for the answer."""
    return await sync_to_async(_test)(request)


def _test(request: access.Request) -> HttpResponse:
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    kept = keeping.get()
    if kept.provider is None:
        messages.warning(request, _("Enter the provider first."))
        return redirect(ROUTE, request.organization.public_id)
    try:
        protocol.test(kept.provider.issuer)
    except fetching.ProviderUnreachable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It works: the provider answers and publishes its keys. Now sign in with it once."))
    return redirect(ROUTE, request.organization.public_id)
