"""What can be done about a person, each behind a page that says what follows from it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity import activity as identity_activity
from meterbook.identity import authority as identity_authority
from meterbook.identity import configuring as identity_configuring
from meterbook.identity import invitations as identity_invitations
from meterbook.identity import operations as identity_operations
from meterbook.identity import password_links as identity_password_links
from meterbook.identity import people as identity_people
from meterbook.identity import permissions, second_factor
from meterbook.identity import previews as identity_previews
from meterbook.identity import sessions as identity_sessions
from meterbook.identity.values import Module
from meterbook.web import access, parameters, seeing
from meterbook.web.people import forms, shown
from meterbook.web.people import person as person_pages

REFUSALS = (
    identity_authority.HoldsMore,
    identity_authority.UserOfOthers,
    identity_configuring.NotAMonitor,
    identity_operations.GrantExceedsOwn,
    identity_operations.LastAdministrator,
    identity_previews.NotViewable,
    identity_sessions.SessionNotFound,
)


@dataclass(frozen=True)
class Question:
    """What is asked: `effects` are sentences; `reason` the label of its field, empty: none is asked for."""

    title: str
    effects: tuple[str, ...]
    action: str
    icon: str
    back: str
    reason: str = ""
    is_dangerous: bool = False


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def end_role(request: access.Request, person: uuid.UUID, grant: uuid.UUID) -> HttpResponse:
    """This will end a role with a reason."""
    row = person_pages.find(request, person)
    held = next((each for each in shown.held(request, row.grants) if each.public_id == grant), None)
    if held is None:
        past = shown.held(request, identity_people.ended_grants(at=request.at, user_id=row.user.id))
        if not any(each.public_id == grant for each in past):
            raise Http404(_("There is no such role of this person."))
        messages.info(request, _("This role has ended already."))
        return redirect(_page(request, row))
    facts = {"role": held.title, "name": _name(row), "place": held.place}
    question = Question(
        title=_("End the role %(role)s of %(name)s?") % facts,
        effects=(
            _("It counts in: %(place)s. From the next click on it no longer does.") % facts,
            _("What was done with it stays, and so does the record of who had it when."),
        ),
        action=_("End the role"),
        icon="cross",
        back=_page(request, row),
        reason=_("Why it ends"),
        is_dangerous=True,
    )
    return _ask(
        request,
        question,
        lambda reason: identity_operations.revoke_grant(
            actor=request.actor, at=request.at, public_id=grant, reason=reason
        ),
        done=_("The role has ended."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def switch_off(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will shut a person out: all roles end; the account stays on when others employ the person too."""
    row = person_pages.find(request, person)

    def act(reason: str) -> None:
        actor, at = request.actor, request.at
        try:
            identity_activity.deactivate_user(actor=actor, at=at, public_id=person, reason=reason)
        except identity_authority.UserOfOthers:
            identity_activity.end_all_grants(actor=actor, at=at, public_id=person, reason=reason)

    question = Question(
        title=_("Shut %(name)s out?") % {"name": _name(row)},
        effects=(
            _("All roles in %(organization)s end now, and open pages stop working.")
            % {"organization": request.organization.name},
            _("The account is switched off, unless the person works for another organization too."),
            _("Roles do not come back by themselves when you let the person in again."),
        ),
        action=_("Shut out"),
        icon="lock",
        back=_page(request, row),
        reason=_("Why"),
        is_dangerous=True,
    )
    return _ask(request, question, act, done=_("%(name)s is shut out.") % {"name": _name(row)})


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def switch_on(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will let a person sign in again."""
    row = person_pages.find(request, person)
    question = Question(
        title=_("Let %(name)s in again?") % {"name": _name(row)},
        effects=(_("The person can sign in with the old password, but has no role until you give one."),),
        action=_("Let in again"),
        icon="check",
        back=_page(request, row),
    )
    return _ask(
        request,
        question,
        lambda _reason: identity_activity.reactivate_user(actor=request.actor, at=request.at, public_id=person),
        done=_("%(name)s can sign in again. Give a role now.") % {"name": _name(row)},
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def new_password(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will make a link by which the person chooses a new password, and show it once."""
    row = person_pages.find(request, person)
    question = Question(
        title=_("A link for a new password for %(name)s?") % {"name": _name(row)},
        effects=(
            _("It is shown once, works for one day and for one use. Hand it over yourself."),
            _("When it is used all browsers are signed out. A second step stays as it is."),
        ),
        action=_("Make the link"),
        icon="key",
        back=_page(request, row),
    )
    if not _is_sure(request):
        return _show(request, question)
    try:
        token = identity_password_links.make_link(actor=request.actor, at=request.at, public_id=person)
    except REFUSALS as error:
        return _refuse(request, question, error)
    context = {
        "link": shown.secret_link("use_password_link", token),
        "title": _("Link for %(name)s") % {"name": _name(row)},
        "advice": _("Whoever has it can choose the password. It works once, until tomorrow at this time."),
        "back": question.back,
    }
    return render(request, "people/link.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def remove_second_step(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will take a lost second factor away."""
    row = person_pages.find(request, person)
    question = Question(
        title=_("Take the second step of %(name)s away?") % {"name": _name(row)},
        effects=(
            _("Authenticator app, passkeys and recovery codes no longer work, and all browsers are signed out."),
            _("Make sure that it is really this person who lost the phone."),
        ),
        action=_("Take it away"),
        icon="shield-lock",
        back=_page(request, row),
        is_dangerous=True,
    )
    return _ask(
        request,
        question,
        lambda _reason: second_factor.remove(actor=request.actor, at=request.at, public_id=person),
        done=_("The second step is gone; the person sets up a new one after signing in."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def sign_out(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will sign a person out of one browser, or of all."""
    row = person_pages.find(request, person)
    session = _uuid(request.POST.get("session") or request.GET.get("session") or "")
    question = Question(
        title=(_("Sign %(name)s out of this browser?") if session else _("Sign %(name)s out everywhere?"))
        % {"name": _name(row)},
        effects=(_("What is typed there and not sent is lost. The person can sign in again."),),
        action=_("Sign out"),
        icon="sign-out",
        back=_page(request, row),
        is_dangerous=True,
    )
    return _ask(
        request,
        question,
        lambda _reason: identity_sessions.end_sessions(
            actor=request.actor, at=request.at, public_id=person, session=session
        ),
        done=_("%(name)s is signed out.") % {"name": _name(row)},
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def change_configuring(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will let a monitor change the configuration (`?may=1`), or no longer."""
    row = person_pages.find(request, person)
    may = (request.POST.get("may") or request.GET.get("may")) == "1"
    title = _("Let %(name)s change the configuration?") if may else _("Stop %(name)s changing the configuration?")
    question = Question(
        title=title % {"name": _name(row)},
        effects=(
            (
                _("Sites, meters and devices that this monitor sees can then be changed too."),
                _("Readings, tariffs and bills stay closed."),
            )
            if may
            else (
                _("From the next click on this monitor only looks; buttons to change something are gone."),
                _("What was changed stays."),
            )
        ),
        action=_("Allow changes") if may else _("Only look"),
        icon="edit" if may else "eye",
        back=_page(request, row),
    )
    return _ask(
        request,
        question,
        lambda _reason: identity_configuring.change_configuring(
            actor=request.actor, at=request.at, public_id=person, may_configure=may
        ),
        done=_("Saved. It counts from the person's next click on."),
        kept={"may": "1" if may else "0"},
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def see_as(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will show the organization as the person sees it, until ended."""
    row = person_pages.find(request, person)
    question = Question(
        title=_("See %(organization)s as %(name)s?") % {"organization": request.organization.name, "name": _name(row)},
        effects=(
            _("You see the pages with that person's roles, and can change nothing."),
            _("A band at the top ends it; by itself it ends after one hour. Beginning and end are recorded."),
        ),
        action=_("See as this person"),
        icon="eye",
        back=_page(request, row),
    )
    if not _is_sure(request):
        return _show(request, question)
    try:
        identity_previews.begin(actor=request.actor, at=request.at, public_id=person)
    except REFUSALS as error:
        return _refuse(request, question, error)
    seeing.begin(request, organization_id=request.organization.id, person=person, at=request.at)
    return redirect("home", request.organization.public_id)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
def revoke_invitation(request: access.Request, invitation: uuid.UUID) -> HttpResponse:
    """This will make an invitation useless."""
    waiting = identity_invitations.list_waiting(at=request.at)
    found = next((each for each in waiting if each.public_id == invitation), None)
    if found is None:
        raise Http404(_("There is no such invitation; it may have been accepted, revoked, or grown too old."))
    question = Question(
        title=_("Take the invitation of %(email)s back?") % {"email": found.email},
        effects=(_("The link no longer works. You can invite again at any time."),),
        action=_("Take it back"),
        icon="cross",
        back=reverse("people", args=[request.organization.public_id]),
        is_dangerous=True,
    )
    return _ask(
        request,
        question,
        lambda _reason: identity_invitations.revoke_invitation(
            actor=request.actor, at=request.at, public_id=invitation
        ),
        done=_("The invitation is taken back."),
    )


def _ask(
    request: access.Request,
    question: Question,
    act: Callable[[str], object],
    *,
    done: str,
    kept: Mapping[str, str] = MappingProxyType({}),
) -> HttpResponse:
    """The page before, and with the answer the deed; `kept` comes back with the answer."""
    if not _is_sure(request):
        return _show(request, question, kept=kept)
    reason = parameters.written(request.POST.get("reason", ""), forms.LONGEST_REASON)
    if question.reason and not reason:
        return _show(request, question, is_reason_lacking=True, kept=kept)
    try:
        act(reason)
    except REFUSALS as error:
        return _refuse(request, question, error)
    messages.success(request, done)
    return redirect(question.back)


def _is_sure(request: access.Request) -> bool:
    return request.method == "POST" and request.POST.get("sure") == "1"


def _show(
    request: access.Request,
    question: Question,
    *,
    is_reason_lacking: bool = False,
    kept: Mapping[str, str] = MappingProxyType({}),
) -> HttpResponse:
    context = {
        "kept": dict(kept),
        "question": question,
        "is_reason_lacking": is_reason_lacking,
        "session": request.POST.get("session") or request.GET.get("session") or "",
    }
    return render(request, "people/confirm.html", context, status=422 if is_reason_lacking else 200)


def _refuse(request: access.Request, question: Question, error: Exception) -> HttpResponse:
    messages.error(request, str(error))
    return redirect(question.back)


def _page(request: access.Request, row: identity_people.PersonRow) -> str:
    return reverse("person", args=[request.organization.public_id, row.user.public_id])


def _name(row: identity_people.PersonRow) -> str:
    return row.user.name or row.user.email


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise Http404(_("There is no such session; it may have ended already.")) from error
