"""Asking for a code and typing it. No answer, and no time that one takes, tells whether an address has an account."""

from __future__ import annotations

from typing import Any

from allauth.account import adapter as account_adapters
from allauth.account.internal.flows import login as login_flow
from allauth.account.models import Login
from allauth.core import ratelimit
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meterbook.identity import sign_in_codes
from meterbook.journeys import send_sign_in_codes
from meterbook.kernel import clock
from meterbook.web import access, second_step, typed

ASKED = "sign_in_code"  # of the session: what this browser asked for
METHOD = "code"  # what the library calls this among the ways of signing in
OK, INVALID, TOO_MANY = 200, 422, 429
LONGEST_TYPED = 40


class AskForm(typed.Form):
    """Where the code goes."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


class CodeForm(typed.Form):
    """The eight digits, with or without the space that they are shown with."""

    code = forms.CharField(label=gettext_lazy("Code from the mail"), max_length=LONGEST_TYPED)

    def clean_code(self) -> str:
        """This will take spaces and hyphens away, as people copy them along."""
        return "".join(each for each in str(self.cleaned_data["code"]) if not each.isspace() and each != "-")


@never_cache
@require_http_methods(["GET", "POST"])
@access.public(reason="Who signs in with a code is nobody yet; whether a code is mailed is looked at afterwards.")
def ask(request: HttpRequest) -> HttpResponse:
    """This will ask for the address and have a code mailed there, if it is a tenant's."""
    if request.user.is_authenticated:
        return redirect("start")
    if not send_sign_in_codes.is_offered(at=clock.now()):
        return render(request, "account/code_ask.html")
    form, status = AskForm(request.POST if request.method == "POST" else None), OK
    if form.is_bound and form.is_valid():
        email = str(form.cleaned_data["email"]).lower()
        if ratelimit.consume(request, action="ask_code", key=email):
            _begin(request, email)
            return redirect("sign_in_code_typed")
        form.add_error(None, _("Too many codes were asked for. Wait an hour, or sign in with your password."))
        status = TOO_MANY
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return _shown(request, "account/code_ask.html", {"form": form, "next": wanted}, status)


@never_cache
@require_http_methods(["GET", "POST"])
@access.public(reason="Who types a code is nobody yet; the code says who it is.")
def enter(request: HttpRequest) -> HttpResponse:
    """This will take the code and sign its person in; our own second step follows, as after a password."""
    asked: dict[str, Any] | None = request.session.get(ASKED)
    if request.user.is_authenticated:
        return redirect("start")
    if asked is None:
        return redirect("sign_in_code")
    form, status = CodeForm(request.POST if request.method == "POST" else None), OK
    if form.is_bound and form.is_valid():
        try:
            user = _used(request, asked, str(form.cleaned_data["code"]))
        except ValidationError as error:
            form.add_error(None, error)
            status = TOO_MANY
        else:
            if user is not None:
                return _sign_in(request, user, str(asked["next"]))
            form.add_error("code", _("This code is wrong, was used or is too old. Type it anew, or ask for another."))
    context = {
        "form": form,
        "email": asked["email"],
        "next": asked["next"],
        "minutes": int(sign_in_codes.LIFE.total_seconds() // 60),
        "tries": sign_in_codes.TRIES,
    }
    return _shown(request, "account/code_enter.html", context, status)


def _shown(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    is_wrong = status == OK and bool(context["form"].errors)
    return render(request, template, context, status=INVALID if is_wrong else status)


def _begin(request: HttpRequest, email: str) -> None:
    wanted = str(request.POST.get("next", ""))
    is_ours = account_adapters.get_adapter(request).is_safe_url(wanted)
    token = sign_in_codes.ask(real_at=clock.real_now(), email=email, source=access.client_address(request))
    request.session[ASKED] = {"token": token, "email": email, "next": wanted if is_ours else ""}


def _used(request: HttpRequest, asked: dict[str, Any], code: str) -> AbstractBaseUser | None:
    """Whom the code signs in. Wrong ones count with the wrong passwords of the address, so that both together end.

    :raises ValidationError: when there were too many
    """
    adapter = account_adapters.get_adapter(request)
    adapter.pre_authenticate(request, email=asked["email"])
    user = sign_in_codes.use(at=clock.now(), real_at=clock.real_now(), token=str(asked["token"]), code=code)
    if user is not None:
        adapter.forgive_guess()
    return user


def _sign_in(request: HttpRequest, user: AbstractBaseUser, wanted: str) -> HttpResponse:
    del request.session[ASKED]
    second_step.forget_provider(request)
    login_flow.record_authentication(request, user, METHOD)
    login = Login(user=user, redirect_url=wanted or None)
    return login_flow.perform_login(request, login)  # type: ignore[no-any-return]
