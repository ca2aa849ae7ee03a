"""Delegations: what this organization entrusted to companies, what others entrusted to it, and the way to change it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.identity import delegations as identity_delegations
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions
from meterbook.identity import values as identity_values
from meterbook.identity.values import Module
from meterbook.web import access, once, parameters
from meterbook.web.delegation import forms
from meterbook.web.people import shown
from meterbook.web.sites import choice

LONGEST_REASON = 300


@dataclass(frozen=True)
class Line:
    """A delegation as the list shows it; `href` leads to ending it, or into the landlord's organization."""

    name: str
    scopes: tuple[str, ...]
    place: str
    dates: str
    state: str
    tone: str
    icon: str
    href: str
    note: str = ""


@require_GET
@access.page(permission=permissions.VIEW_DELEGATIONS, module=Module.CORE)
def delegations(request: access.Request) -> HttpResponse:
    """This will show both directions, the newest first, and the organization's own code."""
    may_manage = permissions.MANAGE_DELEGATIONS in request.permissions
    context = {
        "given": [_given(request, each, may_manage) for each in identity_delegations.list_given(at=request.at)],
        "received": [_received(request, each) for each in identity_delegations.list_received()],
        "code": request.organization.public_id,
        "may_manage": may_manage,
    }
    return render(request, "delegation/list.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_DELEGATIONS, module=Module.CORE)
@once.carried_out_once
def entrust(request: access.Request) -> HttpResponse:
    """This will show the form of a delegation, and make one."""
    form = forms.EntrustForm(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _entrust(request, form):
        messages.success(request, _("The company's people can work here now. You can end it at any time."))
        return redirect("delegations", request.organization.public_id)
    context = {
        "form": form,
        "scopes": set(request.POST.getlist("scopes")),
        "sites": set(request.POST.getlist("sites")),
    }
    return render(request, "delegation/entrust.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_DELEGATIONS, module=Module.CORE)
def revoke(request: access.Request, delegation: uuid.UUID) -> HttpResponse:
    """This will end a delegation with a reason."""
    try:
        row = identity_delegations.get_given(public_id=delegation)
    except identity_delegations.DelegationNotFound as error:
        raise Http404(str(error)) from error
    back = reverse("delegations", args=[request.organization.public_id])
    if row.has_ended(request.at):
        messages.info(request, _("This delegation has ended already."))
        return redirect(back)
    reason = parameters.written(request.POST.get("reason", ""), LONGEST_REASON)
    if request.method == "POST" and reason:
        identity_delegations.revoke(actor=request.actor, at=request.at, public_id=delegation, reason=reason)
        messages.success(request, _("Ended. Nobody of %(name)s gets in any more.") % {"name": row.manager_name})
        return redirect(back)
    is_lacking = request.method == "POST"
    context = {"row": row, "back": back, "is_reason_lacking": is_lacking}
    return render(request, "delegation/revoke.html", context, status=422 if is_lacking else 200)


def _entrust(request: access.Request, form: forms.EntrustForm) -> bool:
    starts_at, ends_at = form.dates()
    try:
        identity_delegations.entrust(
            actor=request.actor,
            at=request.at,
            manager=form.company(),
            scopes=form.scopes_given(),
            site_ids=form.site_ids(),
            starts_at=starts_at,
            ends_at=ends_at,
        )
    except (identity_delegations.CompanyNotFound, identity_delegations.DelegationToOneself) as error:
        form.add_error("code", str(error))
    except identity_delegations.DelegationEndsBeforeStart as error:
        form.add_error("last_day", str(error))
    except identity_operations.GrantExceedsOwn as error:
        form.add_error("scopes", str(error))
    return not form.errors


def _given(request: access.Request, row: identity_delegations.DelegationRow, may_manage: bool) -> Line:
    names = {each.id: each.name for each in choice.all_sites(request)}
    place = (
        _("Whole organization")
        if row.site_ids is None
        else ", ".join(names.get(each, _("Another site")) for each in row.site_ids)
    )
    is_over = row.has_ended(request.at)
    args = [request.organization.public_id, row.public_id]
    return _line(
        request,
        row.manager_name,
        row.scopes,
        place,
        (row.starts_at, row.ends_at),
        href=reverse("delegation_revoke", args=args) if may_manage and not is_over else "",
        note=_("ended by %(name)s") % {"name": row.revoked_by} if row.revoked_by else "",
    )


def _received(request: access.Request, row: identity_delegations.EntrustedRow) -> Line:
    place = (
        _("Whole organization")
        if row.sites is None
        else ngettext("%(count)s site", "%(count)s sites", row.sites) % {"count": row.sites}
    )
    can_enter = any(each.public_id == row.landlord_id for each in request.organizations)
    return _line(
        request,
        row.landlord_name,
        row.scopes,
        place,
        (row.starts_at, row.ends_at),
        href=reverse("home", args=[row.landlord_id]) if can_enter and row.is_in_force(request.at) else "",
    )


def _line(
    request: access.Request,
    name: str,
    scopes: Iterable[identity_values.DelegationScope],
    place: str,
    dates: tuple[datetime, datetime | None],
    *,
    href: str,
    note: str = "",
) -> Line:
    starts_at, ends_at = dates
    if ends_at is not None and ends_at <= request.at:
        state, tone, icon = _("Ended"), "", "cross"
    elif starts_at > request.at:
        state, tone, icon = _("not yet"), "", "clock"
    else:
        state, tone, icon = _("In force"), "ok", "check"
    captions = tuple(str(identity_values.DELEGATION_CAPTIONS[each]) for each in scopes)
    days = shown.dates(starts_at, ends_at, choice.clock_zone(request))
    return Line(name, captions, place, days, state, tone, icon, href, note)
