"""The first-run wizard: one group of questions a page, left and resumed at any time: what exists is its memory."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.identity import naming as identity_naming
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.kernel import currency as currencies
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions as site_permissions
from meterbook.web import access, once
from meterbook.web.sites import choice
from meterbook.web.sites import forms as site_forms
from meterbook.web.start import forms, state
from meterbook.web.start.state import Progress, Step

LONGEST_KEPT = 300  # characters of a field; more fits into none


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
        given, initial=known, is_nameless=getattr(request.user, "name", "") in state.words_of("Administrator")
    )
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
    if is_leaving(request):
        return go_back(request, progress)
    suggested = site_forms.suggested(choice.all_sites(request), request.organization.language)
    suggested |= kept(request, Step.SITE)
    given = request.POST if request.method == "POST" else None
    form = site_forms.SiteForm(given, initial=suggested)
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
    shown = {**context, "progress": progress, "body": f"start/_{progress.current.step}.html"}
    return render(request, "start/page.html", shown, status=status)


def is_leaving(request: access.Request) -> bool:
    """This will tell whether somebody goes back from a form; what was typed is then kept, right or not."""
    return request.method == "POST" and "back" in request.POST


def go_back(request: access.Request, progress: Progress) -> HttpResponse:
    """This will keep what was typed, for when the person comes to this step again, and lead to the step before."""
    skipped = {once.TOKEN, "back", "sure", "correct"}
    typed = {name: text[:LONGEST_KEPT] for name, text in request.POST.items() if name not in skipped}
    request.session[_key(request, progress.current.step)] = typed
    if progress.before is None:
        return redirect("home", request.organization.public_id)
    return HttpResponseRedirect(progress.before.href)


def kept(request: access.Request, step: Step) -> dict[str, Any]:
    """This will return what the person typed at a step before going back from it."""
    return dict(request.session.get(_key(request, step), {}))


def _key(request: access.Request, step: Step) -> str:
    return f"first-start {request.organization.public_id} {step}"


def go_on(request: access.Request, progress: Progress) -> HttpResponse:
    """This will lead to the next step, home after the final one."""
    request.session.pop(_key(request, progress.current.step), None)
    if progress.following is None:
        return redirect("home", request.organization.public_id)
    return HttpResponseRedirect(progress.following.href)
