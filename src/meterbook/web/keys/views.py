"""Keys of programs: the list, a new one, a new secret, and the end of one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.customers import queries as customer_queries
from meterbook.identity import api_keys, permissions
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import Module, ScopeKind
from meterbook.kernel import civil
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access, once, parameters, second_step
from meterbook.web.keys import forms
from meterbook.web.people import words
from meterbook.web.sites import choice

LONGEST_REASON = 300
Names = Mapping[ScopeKind, Mapping[int, str]]
REFUSALS = (api_keys.KeyUnusable, api_keys.KeyRevoked, api_keys.OnlyPeople, identity_operations.GrantExceedsOwn)


@dataclass(frozen=True)
class Line:
    """One key as the list shows it; `state` is empty while it works."""

    row: api_keys.KeyRow
    state: str
    tone: str
    icon: str
    rights: tuple[str, ...]
    places: tuple[str, ...]
    is_working: bool


@require_GET
@access.page(permission=permissions.VIEW_API_KEYS, module=Module.API)
def keys(request: access.Request) -> HttpResponse:
    """This will show the keys of the organization."""
    rows = api_keys.list_keys(at=request.at)
    names = _names(rows)
    context = {
        "lines": [_line(each, names, request.at) for each in rows],
        "now": request.at,
        "zone": choice.clock_zone(request),
        "may_manage": permissions.MANAGE_API_KEYS in request.permissions,
    }
    return render(request, "keys/list.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_API_KEYS, module=Module.API)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a key, make one, and show its secret this once."""
    refused = second_step.required_now(request)
    if refused is not None:
        return refused
    zone = choice.clock_zone(request)
    form = forms.KeyForm(
        request.POST if request.method == "POST" else None,
        permissions=sorted(request.permissions),
        sites=choice.visible_sites(request),
        today=civil.local_date(request.at, zone),
    )
    given = form.given(zone) if form.is_bound and form.is_valid() else None
    if given is not None and not form.errors:
        try:
            made = api_keys.create_key(actor=request.actor, at=request.at, **given)
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            return _shown_once(request, made, _("The key “%(name)s” is there") % {"name": made.row.name})
    context = {
        "form": form,
        "areas": words.areas(request.permissions),
        "chosen": set(form.data.getlist("permissions")) if form.is_bound else set(),  # type: ignore[attr-defined]
        "chosen_sites": set(form.data.getlist("sites")) if form.is_bound else set(),  # type: ignore[attr-defined]
    }
    return render(request, "keys/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_API_KEYS, module=Module.API)
@once.carried_out_once
def rotate(request: access.Request, key: uuid.UUID) -> HttpResponse:
    """This will ask for how long the former secret works, make a new one, and show it this once."""
    row = _find(request, key)
    refused = second_step.required_now(request)
    if refused is not None:
        return refused
    form = forms.RotateForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = api_keys.rotate_key(actor=request.actor, at=request.at, public_id=key, overlap=form.length())
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            return _shown_once(request, made, _("“%(name)s” has a new secret") % {"name": row.name})
    context = {"form": form, "key": row, "back": _list(request)}
    return render(request, "keys/rotate.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_API_KEYS, module=Module.API)
def revoke(request: access.Request, key: uuid.UUID) -> HttpResponse:
    """This will ask whether a key ends now, and why, and end it."""
    row = _find(request, key)
    reason = parameters.written(request.POST.get("reason", ""), LONGEST_REASON)
    if request.method == "POST" and reason:
        api_keys.revoke_key(actor=request.actor, at=request.at, public_id=key, reason=reason)
        messages.success(request, _("The key “%(name)s” no longer works.") % {"name": row.name})
        return redirect("api_keys", request.organization.public_id)
    is_lacking = request.method == "POST"
    context = {"key": row, "back": _list(request), "is_reason_lacking": is_lacking}
    return render(request, "keys/revoke.html", context, status=422 if is_lacking else 200)


def _shown_once(request: access.Request, made: api_keys.MadeKey, title: str) -> HttpResponse:
    address = request.build_absolute_uri(f"{reverse('api_document').removesuffix('openapi.json')}organization")
    context = {"title": title, "token": made.token, "key": made.row, "back": _list(request), "address": address}
    return once.done(render(request, "keys/made.html", {**context, "zone": choice.clock_zone(request)}))


def _find(request: access.Request, key: uuid.UUID) -> api_keys.KeyRow:
    try:
        return api_keys.get_key(public_id=key, at=request.at)
    except api_keys.KeyNotFound as error:
        raise Http404(str(error)) from error


def _list(request: access.Request) -> str:
    return reverse("api_keys", args=[request.organization.public_id])


def _names(rows: Iterable[api_keys.KeyRow]) -> Names:
    """What keys are limited to, by kind and id, in three queries."""
    alone = {each for row in rows for each in row.singles}
    points = metering_queries.points_by_id(ids=[each.id for each in alone if each.kind is ScopeKind.METER])
    ids = [each.id for each in alone if each.kind is ScopeKind.ACCOUNT]
    accounts = customer_queries.accounts_by_id(ids=ids) if ids else {}
    return {
        ScopeKind.SITE: {each.id: each.name for each in site_queries.list_sites()},
        ScopeKind.METER: {each.id: each.code for each in points},
        ScopeKind.ACCOUNT: {key: each.number for key, each in accounts.items()},
    }


def _places(row: api_keys.KeyRow, names: Names) -> tuple[str, ...]:
    """What a key is limited to, in words; empty where it reaches as far as its owner."""
    sites = sorted(names[ScopeKind.SITE].get(each, "?") for each in row.site_ids or ())
    return (*sites, *sorted(names[each.kind].get(each.id, "?") for each in row.singles))


def _line(row: api_keys.KeyRow, names: Names, at: datetime) -> Line:
    state, tone, icon = _("Works"), "ok", "check"
    if row.revoked_at is not None:
        state, tone, icon = _("Revoked"), "", "cross"
    elif row.is_expired(at):
        state, tone, icon = _("Expired"), "", "clock"
    elif row.overlap_until is not None:
        state, tone, icon = _("Two secrets work"), "warn", "exchange"
    return Line(
        row=row,
        state=state,
        tone=tone,
        icon=icon,
        rights=tuple(right.words for area in words.areas(row.permissions) for right in area.rights),
        places=_places(row, names),
        is_working=row.revoked_at is None and not row.is_expired(at),
    )
