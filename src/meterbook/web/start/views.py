"""The first-run wizard: one group of questions a page, left and resumed at any time: what exists is its memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms as forms_of_django
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.identity import naming as identity_naming
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.journeys import drafts
from meterbook.kernel import currency as currencies
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions as site_permissions
from meterbook.web import access, once
from meterbook.web.sites import choice
from meterbook.web.sites import forms as site_forms
from meterbook.web.start import forms, state
from meterbook.web.start.state import Progress, Step


@require_GET
@access.page(permission=site_permissions.VIEW_SITES, module=Module.CORE)
def first(request: access.Request) -> HttpResponse:
    """This will lead to the first step that is not done, or home when all are."""
    step = state.resume(request)
    if step is None:
        return redirect("home", request.organization.public_id)
    return HttpResponseRedirect(step.href)


@require_GET
@access.page(permission=site_permissions.VIEW_SITES, module=Module.CORE)
def ask(request: access.Request) -> HttpResponse:
    """This will tell whom to ask for a step that is not the person's."""
    step = next((each for each in Step if each.value == request.GET.get("step")), Step.ORGANIZATION)
    progress = state.progress(request, step)
    if progress.current.is_mine:
        return HttpResponseRedirect(progress.current.href)
    return render(request, "start/page.html", {"progress": progress})


@require_http_methods(["GET", "POST"])
@access.page(permission=identity_permissions.EDIT_ORGANIZATION, module=Module.CORE)
@once.carried_out_once
def organization(request: access.Request) -> HttpResponse:
    """This will ask what the organization is called; it may be changed as long as one likes."""
    progress = state.progress(request, Step.ORGANIZATION)
    known = {
        "name": request.organization.name if progress.known.is_named else "",
        "language": request.organization.language,
    }
    given = request.POST if request.method == "POST" else None
    form = forms.OrganizationForm(
        given,
        initial=known | kept(request, Step.ORGANIZATION),
        is_nameless=getattr(request.user, "name", "") in state.words_of("Administrator"),
    )
    if is_leaving(request):
        return leave(request, progress, [form], known)
    if form.is_bound and form.is_valid():
        named = form.cleaned_data.pop("person", "")
        if named:
            identity_naming.name_oneself(actor=request.actor, at=request.at, name=named)
        if form.cleaned_data != known:
            identity_operations.rename_organization(actor=request.actor, at=request.at, **form.cleaned_data)
        return go_on(request, progress)
    return page(request, progress, {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=site_permissions.EDIT_SITES, module=Module.CORE)
@once.carried_out_once
def site(request: access.Request) -> HttpResponse:
    """This will ask for the first site; the browser proposes its time zone."""
    progress = state.progress(request, Step.SITE)
    if progress.known.site is not None:
        return page(request, progress, {})
    suggested = site_forms.suggested(choice.all_sites(request), request.organization.language)
    suggested |= kept(request, Step.SITE)
    given = request.POST if request.method == "POST" else None
    form = site_forms.SiteForm(given, initial=suggested)
    if is_leaving(request):
        return leave(request, progress, [form])
    if form.is_bound and form.is_valid():
        try:
            site_operations.create_site(actor=request.actor, at=request.at, **form.cleaned_data)
        except site_operations.SiteCodeTaken as error:
            form.add_error("code", str(error))
        else:
            return go_on(request, progress)
    context = {
        "form": form,
        "time_zones": site_forms.time_zones(),
        "currencies": sorted(currencies.MINOR_UNITS),
    }
    return page(request, progress, context, status=422 if form.errors else 200)


def page(request: access.Request, progress: Progress, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """This will show a step: its form, or what it made, or what must come before it."""
    keeps = ("form" in context or "offers" in context) and progress.current.is_mine and not progress.missing
    shown = {**context, "progress": progress, "body": f"start/_{progress.current.step}.html", "keeps": keeps}
    return render(request, "start/page.html", shown, status=status)


def is_leaving(request: access.Request) -> bool:
    """This will tell whether somebody goes elsewhere from a form: back, to another step, or home to finish later."""
    return request.method == "POST" and bool({"back", "leave"} & request.POST.keys())


def leave(
    request: access.Request,
    progress: Progress,
    own: Collection[forms_of_django.BaseForm],
    known: Mapping[str, str] | None = None,
) -> HttpResponse:
    """This will keep what was typed, right or not, for when the person comes to this step again, and lead on.

    :param own: the step's forms; what belongs to none of them is not kept, nor is what is typed hidden
    :param known: what holds already; a field that says the same is no draft
    """
    typed = {name: text for name, text in _typed(request, own).items() if (known or {}).get(name) != text}
    drafts.keep_draft(actor=request.actor, at=request.at, step=progress.current.step.value, typed=typed)
    wanted = request.POST.get("leave", "")
    elsewhere = next((each for each in progress.steps if each.step.value == wanted), None)
    if "back" in request.POST:
        elsewhere = progress.before
    if elsewhere is None:
        return redirect("home", request.organization.public_id)
    return HttpResponseRedirect(elsewhere.href)


def kept(request: access.Request, step: Step) -> dict[str, Any]:
    """This will return what the person typed at a step before leaving it."""
    return dict(drafts.find_draft(user_id=request.actor.id, step=step.value))


def go_on(request: access.Request, progress: Progress) -> HttpResponse:
    """This will lead to the next step, home after the final one."""
    drafts.forget_drafts(step=progress.current.step.value)
    if progress.following is None:
        return redirect("home", request.organization.public_id)
    return HttpResponseRedirect(progress.following.href)


def _typed(request: access.Request, own: Collection[forms_of_django.BaseForm]) -> dict[str, str]:
    found = {}
    for form in own:
        for name, field in form.fields.items():
            place = form.add_prefix(name)
            if place in request.POST and not isinstance(field.widget, forms_of_django.PasswordInput):
                found[place] = request.POST[place]
    return found
