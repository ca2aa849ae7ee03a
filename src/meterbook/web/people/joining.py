"""What a link leads to before anybody is signed in: accepting an invitation, choosing a new password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.internal.flows import login as login_flow
from allauth.account.models import Login
from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity import invitations as identity_invitations
from meterbook.identity import password_links as identity_password_links
from meterbook.identity import password_rules
from meterbook.identity import queries as identity_queries
from meterbook.identity import sign_in as identity_sign_in
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.web import access, second_step, typed

METHOD = "invitation"  # what the library calls this among the ways of signing in
GONE, TOO_MANY = 410, 429


class PasswordForm(typed.Form):
    """A password, written twice."""

    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters; a few words are easiest to remember."),
    )
    password2 = forms.CharField(
        label=gettext_lazy("Password once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, email: str, *arguments: Any, organizations: Sequence[str] = (), **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        self.email, self.organizations = email, organizations

    def clean_password1(self) -> str:
        """This will refuse what is easily guessed."""
        password = str(self.cleaned_data["password1"])
        name = self.data.get("name", "")
        password_rules.check(password, email=self.email, name=name, organizations=self.organizations)
        return password

    def clean(self) -> dict[str, Any]:
        """This will refuse two different ones."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("password1") and cleaned.get("password2") != cleaned["password1"]:
            self.add_error("password2", _("The two are not the same; type the password again."))
        return cleaned


class JoinForm(PasswordForm):
    """The account of an invited person."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    field_order = ("name", "language", "password1", "password2")


@require_http_methods(["GET", "POST"])
@access.public(reason="An invited person has no account yet; the token in the link is what lets in.")
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """This will show what the link invites to, and accept it for a new or for the signed-in person."""
    if not ratelimit.consume(request, action="open_invitation"):
        return _too_many(request)
    try:
        invitation, organization = identity_invitations.find(token=token, at=clock.now())
        if request.user.is_authenticated:
            return _join_signed_in(request, token, invitation, organization)
        return _join_new(request, token, invitation, organization)
    except identity_invitations.InvitationUnusable:
        return render(request, "people/gone.html", {"is_invitation": True}, status=GONE)


@require_http_methods(["GET", "POST"])
@access.public(reason="Who has lost the password cannot sign in; the token in the link is what lets in.")
def use_password_link(request: HttpRequest, token: str) -> HttpResponse:
    """This will have the person choose a new password."""
    if not ratelimit.consume(request, action="use_link"):
        return _too_many(request)
    at = clock.now()
    try:
        user = identity_password_links.find(token=token, at=at)
        form = PasswordForm(user.email, request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            identity_password_links.use(
                token=token, at=at, password=form.cleaned_data["password1"], source=access.client_address(request)
            )
            messages.success(request, _("Password saved. You can sign in with it now."))
            return redirect("account_login")
    except identity_password_links.LinkUnusable:
        return render(request, "people/gone.html", {"is_invitation": False}, status=GONE)
    return render(
        request, "people/choose_password.html", {"form": form, "email": user.email}, status=422 if form.errors else 200
    )


def _join_new(
    request: HttpRequest,
    token: str,
    invitation: identity_invitations.InvitationRow,
    organization: identity_queries.OrganizationRow,
) -> HttpResponse:
    initial = {"name": invitation.name, "language": invitation.language or (get_language() or "en")[:2]}
    given = request.POST if request.method == "POST" else None
    form = JoinForm(invitation.email, given, initial=initial, organizations=[organization.name])
    if form.is_bound and form.is_valid():
        try:
            made = identity_invitations.accept_as_new(
                token=token,
                at=clock.now(),
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password1"],
                language=form.cleaned_data["language"],
                source=access.client_address(request),
            )
        except identity_invitations.AccountExists as error:
            form.add_error(None, str(error))
        else:
            return _sign_in(request, made.id, invitation, organization)
    context = {
        "form": form,
        "invitation": invitation,
        "organization": organization,
        "sign_in_href": f"{reverse('account_login')}?next={request.path}",
    }
    return render(request, "people/join.html", context, status=422 if form.errors else 200)


def _join_signed_in(
    request: HttpRequest,
    token: str,
    invitation: identity_invitations.InvitationRow,
    organization: identity_queries.OrganizationRow,
) -> HttpResponse:
    is_mine = getattr(request.user, "email", "") == invitation.email
    if request.method == "POST" and is_mine:
        actor = Actor.user(int(request.user.pk or 0), str(request.user), source=access.client_address(request))
        identity_invitations.accept(actor=actor, at=clock.now(), token=token)
        _welcome(request, invitation, organization)
        return redirect("home", organization.public_id)
    context = {"invitation": invitation, "organization": organization, "is_mine": is_mine}
    return render(request, "people/join_signed_in.html", context)


def _sign_in(
    request: HttpRequest,
    user_id: int,
    invitation: identity_invitations.InvitationRow,
    organization: identity_queries.OrganizationRow,
) -> HttpResponse:
    """The password was typed a moment ago, and only the link's receiver could: nobody is asked for it again.

    The library begins a new session, as after a password, and our second step is asked where the organization wants it.
    """
    user = identity_sign_in.account(user_id=user_id)
    second_step.forget_provider(request)
    login_flow.record_authentication(request, user, METHOD)
    _welcome(request, invitation, organization)
    target = reverse("home", args=[organization.public_id])
    return login_flow.perform_login(request, Login(user=user, redirect_url=target))  # type: ignore[no-any-return]


def _welcome(
    request: HttpRequest,
    invitation: identity_invitations.InvitationRow,
    organization: identity_queries.OrganizationRow,
) -> None:
    words = (
        _("Your use and bills at %(name)s are shown here now.")
        if invitation.is_tenant
        else _("You work for %(name)s now.")
    )
    messages.success(request, words % {"name": organization.name})


def _too_many(request: HttpRequest) -> HttpResponse:
    return render(request, "people/too_many.html", status=TOO_MANY)
