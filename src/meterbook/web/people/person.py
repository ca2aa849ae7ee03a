"""One person: roles, past roles, signed-in browsers, and what can be done about them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.identity import operations as identity_operations
from meterbook.identity import people as identity_people
from meterbook.identity import permissions
from meterbook.identity import queries as identity_queries
from meterbook.identity import sessions as identity_sessions
from meterbook.identity import values as identity_values
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.web import access, once
from meterbook.web.people import forms, shown
from meterbook.web.sites import choice


@require_GET
@access.page(permission=permissions.VIEW_USERS, module=Module.CORE)
def person(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will show one person."""
    return show(request, find(request, person), forms.RoleForm(request))


@require_POST
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
@once.carried_out_once
def give(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will give the person one more role."""
    row = find(request, person)
    form = forms.RoleForm(request, request.POST)
    if not form.is_valid() or not _give(request, row, form):
        return show(request, row, form, status=422)
    messages.success(request, _("%(name)s has the role now.") % {"name": row.user.name or row.user.email})
    return redirect("person", request.organization.public_id, person)


def find(request: access.Request, person: uuid.UUID) -> identity_people.PersonRow:
    """This will return a person of the organization.

    :raises Http404: when there is none
    """
    try:
        return identity_people.get_person(at=request.at, public_id=person)
    except identity_queries.UserNotFound as error:
        raise Http404(_("There is no such person in this organization.")) from error


def show(
    request: access.Request, row: identity_people.PersonRow, form: forms.RoleForm, *, status: int = 200
) -> HttpResponse:
    """This will show the page of a person with a form for one more role."""
    may_edit = permissions.EDIT_USERS in request.permissions
    may_manage = may_edit and _may_manage(request, row)
    context: dict[str, Any] = {
        "person": row,
        "line": shown.line(request, row),
        "past": shown.held(request, identity_people.ended_grants(at=request.at, user_id=row.user.id)),
        "form": form if may_edit and row.user.is_active else None,
        "sessions": _browsers(request, row) if may_manage else (),
        "may_edit": may_edit,
        "may_manage": may_manage,
        "monitor": _monitor(row),
        "is_oneself": row.user.id == request.actor.id,
        "is_off": row.state == identity_values.PersonState.OFF,
        "now": request.at,
        "zone": choice.clock_zone(request),
    }
    return render(request, "people/person.html", context, status=status)


def _browsers(request: access.Request, row: identity_people.PersonRow) -> tuple[shown.Browser, ...]:
    here = request.session.session_key or ""
    return shown.browsers(identity_sessions.list_sessions(user_id=row.user.id, at=clock.real_now(), here=here))


def _monitor(row: identity_people.PersonRow) -> dict[str, bool] | None:
    """Whether a monitor may change the configuration; None for who is none."""
    held = [each for each in row.grants if each.role_code == identity_values.RoleCode.MONITOR]
    return {"may_configure": all(each.may_configure for each in held)} if held else None


def _may_manage(request: access.Request, row: identity_people.PersonRow) -> bool:
    return request.access.covers(identity_queries.access_of(user_id=row.user.id, at=request.at))


def _give(request: access.Request, row: identity_people.PersonRow, form: forms.RoleForm) -> bool:
    gift = form.gift()
    try:
        identity_operations.grant_role(
            actor=request.actor,
            at=request.at,
            user_id=row.user.id,
            role=gift.role,
            site_id=gift.site_id,
            starts_at=gift.starts_at,
            ends_at=gift.ends_at,
        )
    except identity_operations.GrantExceedsOwn:
        form.add_error("site", _("You do not hold this role there yourself, so you cannot give it there."))
    except identity_operations.GrantEndsBeforeStart as error:
        form.add_error("last_day", str(error))
    return not form.errors
