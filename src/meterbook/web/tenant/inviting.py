"""Letting a tenant sign in for an account: an invitation by mail where that is set up, else a link shown once."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.customers import permissions, sign_ins
from meterbook.customers import queries as customer_queries
from meterbook.identity import invitations as identity_invitations
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import Module
from meterbook.notifications import queries as notification_queries
from meterbook.web import access, once, typed
from meterbook.web.people import inviting, shown


class TenantForm(typed.Form):
    """Whom to invite."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("The person signs in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, help_text=gettext_lazy("May be left to the person.")
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def invite(request: access.Request, account: uuid.UUID) -> HttpResponse:
    """This will show the form of a tenant's invitation, and make one."""
    row = _find(account)
    initial = {"language": row.language, "email": row.email, "name": row.customer_name}
    form = TenantForm(request.POST if request.method == "POST" else None, initial=initial)
    made = _make(request, row, form) if form.is_bound and form.is_valid() else None
    back = reverse("account", args=[request.organization.public_id, account])
    if made is None:
        context: dict[str, Any] = {"form": form, "account": row, "back": back}
        return render(request, "tenant/invite.html", context, status=422 if form.errors else 200)
    invitation, token = made
    link = shown.secret_link("open_invitation", token)
    if notification_queries.can_mail():
        inviting.mail(request, invitation, link.address)
        messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email})
        return redirect(back)
    context = {
        "link": link,
        "title": _("Invitation for %(email)s") % {"email": invitation.email},
        "advice": _("Mail is not set up, so hand the link over yourself. It works once, within seven days."),
        "account": row,
        "back": back,
    }
    return once.done(render(request, "tenant/link.html", context))


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
def end(request: access.Request, account: uuid.UUID, sign_in: uuid.UUID) -> HttpResponse:
    """This will end that somebody signs in for an account."""
    try:
        sign_ins.end_sign_in(actor=request.actor, at=request.at, account=account, sign_in=sign_in)
    except sign_ins.SignInNotFound as error:
        raise Http404(str(error)) from error
    messages.success(request, _("Ended. The next page that they open is closed to them."))
    return redirect("account", request.organization.public_id, account)


def _find(account: uuid.UUID) -> customer_queries.AccountRow:
    try:
        return customer_queries.get_account(public_id=account)
    except customer_queries.AccountNotFound as error:
        raise Http404(_("There is no such account.")) from error


def _make(
    request: access.Request, row: customer_queries.AccountRow, form: TenantForm
) -> tuple[identity_invitations.InvitationRow, str] | None:
    try:
        return sign_ins.invite_tenant(actor=request.actor, at=request.at, account=row.public_id, **form.cleaned_data)
    except identity_operations.GrantExceedsOwn:
        form.add_error(None, _("Your role does not include letting tenants sign in. Ask an administrator for it."))
    except sign_ins.LandlordsAccount as error:
        form.add_error(None, str(error))
    return None
