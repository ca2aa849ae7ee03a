"""The roles of an organization in words, new ones of its own, and for which of them a second step is asked."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.identity import operations as identity_operations
from meterbook.identity import people as identity_people
from meterbook.identity import permissions, second_factor
from meterbook.identity import two_people as identity_two_people
from meterbook.identity import values as identity_values
from meterbook.identity.values import Module
from meterbook.web import access, once
from meterbook.web.people import forms, words


@dataclass(frozen=True)
class Shown:
    """A role with what it allows."""

    title: str
    is_own: bool
    areas: tuple[words.Area, ...]
    count: int


@dataclass(frozen=True)
class Asked:
    """A built-in role whose holders are asked for a second step, or work that two people are asked for, or not."""

    code: str
    title: str
    is_asked: bool


@require_GET
@access.page(permission=permissions.VIEW_USERS, module=Module.CORE)
def roles(request: access.Request) -> HttpResponse:
    """This will show every role with what it allows."""
    shown = [
        Shown(each.title, each.public_id is not None, words.areas(each.permissions), len(each.permissions))
        for each in identity_people.list_roles()
    ]
    asked = [
        Asked(each.value, str(identity_values.ROLE_CAPTIONS[each]), each in request.organization.second_factor_roles)
        for each in identity_values.RoleCode
    ]
    pairs = [
        Asked(each.value, str(caption), each not in request.organization.alone_allowed)
        for each, caption in identity_values.TWO_PEOPLE_CAPTIONS.items()
    ]
    context = {
        "roles": shown,
        "asked": asked,
        "pairs": pairs,
        "may_edit": permissions.EDIT_USERS in request.permissions,
        "may_rule": permissions.EDIT_ORGANIZATION in request.permissions,
    }
    return render(request, "people/roles.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a role of the organization's own, and make one."""
    form = forms.OwnRoleForm(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _create(request, form):
        messages.success(request, _("The role %(name)s is there.") % {"name": form.cleaned_data["name"]})
        return redirect("roles", request.organization.public_id)
    chosen = set(request.POST.getlist("permissions"))
    context = {"form": form, "areas": words.areas(request.permissions), "chosen": chosen}
    return render(request, "people/role_new.html", context, status=422 if form.errors else 200)


@require_POST
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.CORE)
def second_step(request: access.Request) -> HttpResponse:
    """This will set for which roles a second step is asked."""
    asked, known = request.POST.getlist("role"), set(identity_values.RoleCode)
    if not known.issuperset(asked):
        return _unknown(request)
    wanted = [identity_values.RoleCode(each) for each in asked]
    second_factor.change_policy(actor=request.actor, at=request.at, roles=wanted)
    messages.success(request, _("Saved. Who has no second step yet is led to it at the next click."))
    return redirect("roles", request.organization.public_id)


@require_POST
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.CORE)
def two_people(request: access.Request) -> HttpResponse:
    """This will set for which work two people are asked."""
    asked, known = request.POST.getlist("work"), set(identity_values.TwoPeople)
    if not known.issuperset(asked):
        return _unknown(request)
    wanted = [identity_values.TwoPeople(each) for each in asked]
    identity_two_people.change_policy(actor=request.actor, at=request.at, needed_for=wanted)
    messages.success(request, _("Saved. It counts from the next approval on."))
    return redirect("roles", request.organization.public_id)


def _unknown(request: access.Request) -> HttpResponse:
    """What is not understood must not switch a safeguard off."""
    messages.error(request, _("Nothing was changed: something was chosen that is not there. Choose again."))
    return redirect("roles", request.organization.public_id)


def _create(request: access.Request, form: forms.OwnRoleForm) -> bool:
    name = form.cleaned_data["name"]
    try:
        with transaction.atomic():
            identity_operations.create_role(
                actor=request.actor, at=request.at, name=name, permissions=form.cleaned_data["permissions"]
            )
    except IntegrityError:
        form.add_error("name", _("There is a role “%(name)s” already; take another name.") % {"name": name})
    except identity_operations.GrantExceedsOwn as error:
        form.add_error("permissions", str(error))
    return not form.errors
