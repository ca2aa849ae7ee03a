"""Inviting somebody: the link goes by mail where mail is set up, else it is shown once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity import invitations as identity_invitations
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.web import access, once
from meterbook.web.people import forms, shown
from meterbook.web.sites import choice


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
@once.carried_out_once
def invite(request: access.Request) -> HttpResponse:
    """This will show the form of an invitation, and make one."""
    given = request.POST if request.method == "POST" else None
    form = forms.InvitationForm(request, given, initial={"language": request.organization.language})
    made = _make(request, form) if form.is_bound and form.is_valid() else None
    if made is None:
        return render(request, "people/invite.html", {"form": form}, status=422 if form.errors else 200)
    row, token = made
    link = shown.secret_link("open_invitation", token)
    if notification_queries.can_mail():
        mail(request, row, link.address)
        messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": row.email})
        return redirect("people", request.organization.public_id)
    context = {
        "link": link,
        "title": _("Invitation for %(email)s") % {"email": row.email},
        "advice": _("Mail is not set up, so hand the link over yourself. It works once, within seven days."),
        "back": reverse("people", args=[request.organization.public_id]),
    }
    return once.done(render(request, "people/link.html", context))


def mail(request: access.Request, row: identity_invitations.InvitationRow, link: str) -> None:
    """This will send the link of an invitation to whom it is for."""
    until = row.expires_at.astimezone(choice.clock_zone(request)).date()
    notification_operations.send(
        actor=request.actor,
        at=request.at,
        kind=notification_values.Kind.INVITATION,
        to=notification_values.To.address(row.email, language=row.language, name=row.name),
        facts={"link": link, "name": row.name, "inviter": row.invited_by, "until": until.isoformat()},
        key=f"invitation:{row.public_id}",
    )


def _make(request: access.Request, form: forms.InvitationForm) -> tuple[identity_invitations.InvitationRow, str] | None:
    gift = form.gift()
    try:
        return identity_invitations.invite(
            actor=request.actor,
            at=request.at,
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            language=form.cleaned_data["language"],
            role=gift.role,
            site_id=gift.site_id,
            starts_at=gift.starts_at,
            ends_at=gift.ends_at,
        )
    except identity_operations.GrantExceedsOwn:
        form.add_error("site", _("You do not hold this role there yourself, so you cannot give it there."))
    except identity_operations.GrantEndsBeforeStart as error:
        form.add_error("last_day", str(error))
    return None
