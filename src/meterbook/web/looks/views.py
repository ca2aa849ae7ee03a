"""Settings > Templates of bills: which hold where, the one that is written, and how a real bill looks by it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.billing import queries as billing_queries
from meterbook.documents import permissions, templates
from meterbook.documents.rendering import looks
from meterbook.identity.values import Module
from meterbook.sites import queries as site_queries
from meterbook.web import access
from meterbook.web.billing import signs
from meterbook.web.looks import samples
from meterbook.web.looks.forms import LookForm
from meterbook.web.sites import choice


@dataclass(frozen=True)
class Line:
    """A template as the list shows it: of a site, or of all."""

    name: str
    href: str
    version: templates.VersionRow | None
    has_draft: bool
    is_own: bool


@dataclass(frozen=True)
class Former:
    """A version in the list of all of them."""

    name: str
    row: templates.VersionRow


@require_GET
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def templates_page(request: access.Request) -> HttpResponse:
    """This will show which template holds where, and all versions."""
    versions = templates.list_versions()
    newest: dict[uuid.UUID | None, templates.VersionRow] = {}
    for each in versions:
        newest.setdefault(each.site_id, each)
    written = set(templates.drafts())
    sites = choice.visible_sites(request)
    names = {each.public_id: each.name for each in sites}
    places: list[tuple[uuid.UUID | None, str]] = [(None, _("All sites")), *names.items()]
    context = {
        "lines": [
            Line(name, _href(request, site), _own(newest, site), site in written, _own(newest, site) is not None)
            for site, name in places
        ],
        "former": [
            Former(_("All sites") if each.site_id is None else names.get(each.site_id, ""), each) for each in versions
        ],
        "zone": choice.clock_zone(request),
    }
    return render(request, "looks/list.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def edit(request: access.Request) -> HttpResponse:
    """This will show a template as it is written, keep it as a draft, or throw the draft away."""
    site = _site(request)
    site_id = site.public_id if site else None
    draft = templates.find_draft(site_id=site_id)
    look = draft.look if draft else _in_force(request, site_id)
    form = LookForm(request.POST if request.method == "POST" else None, look=look)
    if request.method == "POST" and request.POST.get("act") == "discard":
        if draft is not None:
            templates.discard_draft(actor=request.actor, at=request.at, site_id=site_id)
            messages.success(request, _("The draft was thrown away."))
        return redirect(_href(request, site_id))
    if form.is_bound and form.is_valid():
        made = form.look()
        try:
            templates.save_draft(actor=request.actor, at=request.at, site_id=site_id, look=made)
        except templates.TemplateRefused as error:
            form.refuse(error)
        else:
            messages.success(request, _("The draft was saved. Look at it with a real bill, then put it in force."))
            signs.warn(
                request, made.payee, *(text for name in templates.TEXTS for text in getattr(made, name).values())
            )
            return redirect(_href(request, site_id))
    own = templates.in_force(site_id=site_id, at=request.at) if site_id else None
    context = {
        "form": form,
        "site": site,
        "draft": draft,
        "has_own": own is not None and own.site_id is not None,
        "samples": samples.choices(site.id if site else None) or samples.choices(None),
        "zone": choice.clock_zone(request),
        "site_value": str(site_id or ""),
    }
    return render(request, "looks/edit.html", context, status=422 if form.errors else 200)


@require_GET
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def preview(request: access.Request) -> HttpResponse:
    """This will give out a real bill as PDF as the draft has it; without a draft, as the template in force has it."""
    site = _site(request)
    site_id = site.public_id if site else None
    draft = templates.find_draft(site_id=site_id)
    look = draft.look if draft else _in_force(request, site_id)
    try:
        wanted = uuid.UUID(request.GET["bill"]) if request.GET.get("bill") else None
        pdf = samples.render(request, look, bill=wanted, site_id=site.id if site else None)
    except (ValueError, billing_queries.BillNotFound) as error:
        raise Http404(_("There is no such bill.")) from error
    except samples.NoSample as error:
        messages.error(request, str(error))
        return redirect(_href(request, site_id))
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="preview.pdf"'
    return response


@require_POST
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def activate(request: access.Request) -> HttpResponse:
    """This will put the draft in force, or with `act` "give_up" let a site go back to the template of all."""
    site = _site(request)
    site_id = site.public_id if site else None
    try:
        if request.POST.get("act") == "give_up" and site_id is not None:
            templates.give_up(actor=request.actor, at=request.at, site_id=site_id)
            messages.success(request, _("Bills of the site have the template of all sites from now on."))
        else:
            made = templates.activate(actor=request.actor, at=request.at, site_id=site_id)
            words = _("Version %(version)s holds for bills that are issued from now on; issued bills keep theirs.")
            messages.success(request, words % {"version": made.version})
    except (templates.NothingToActivate, templates.TemplateRefused) as error:
        messages.error(request, str(error))
        return redirect(_href(request, site_id))
    return redirect("bill_templates", request.organization.public_id)


def _own(newest: dict[uuid.UUID | None, templates.VersionRow], site: uuid.UUID | None) -> templates.VersionRow | None:
    found = newest.get(site)
    return found if found is not None and found.look is not None else None


def _in_force(request: access.Request, site_id: uuid.UUID | None) -> looks.Look:
    at = request.at
    found = templates.in_force(site_id=site_id, at=at) if site_id else templates.newest_of_all(at=at)
    return looks.Look() if found is None else templates.read(found.facts or {})


def _site(request: access.Request) -> site_queries.SiteRow | None:
    """The site that the address names; all sites where it names none."""
    named = request.POST.get("site") or request.GET.get("site") or ""
    if not named:
        return None
    for each in choice.visible_sites(request):
        if str(each.public_id) == named:
            return each
    raise Http404(_("There is no such site."))


def _href(request: access.Request, site: uuid.UUID | None) -> str:
    href = reverse("bill_template", args=[request.organization.public_id])
    return f"{href}?{urlencode({'site': site})}" if site else href
