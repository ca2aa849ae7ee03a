"""The page of modules: what is on where, and the switch with what it does said before."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.identity import modules as identity_modules
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions
from meterbook.identity import queries as identity_queries
from meterbook.identity import values as identity_values
from meterbook.identity.values import Module
from meterbook.sites import queries as site_queries
from meterbook.web import access
from meterbook.web.modules import words
from meterbook.web.sites import choice

STATES: dict[str, bool | None] = {"on": True, "off": False, "follow": None}


@dataclass(frozen=True)
class SiteLine:
    """A site with how it stands to a module; `state` is on, off or follow."""

    site: site_queries.SiteRow
    state: str
    is_on: bool


@dataclass(frozen=True)
class Line:
    """A module with where it is on."""

    code: str
    caption: str | Promise
    effect: str | Promise
    is_on: bool
    sites: tuple[SiteLine, ...]
    differing: int


@require_GET
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.CORE)
def modules(request: access.Request) -> HttpResponse:
    """This will show the modules with what each is for and where it is on."""
    organization, sites = identity_queries.get_organization(), choice.all_sites(request)
    return render(request, "modules/page.html", {"lines": [_line(organization, each, sites) for each in words.EFFECTS]})


@require_POST
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.CORE)
def change(request: access.Request) -> HttpResponseBase:
    """This will switch `module` for the organization, or at `site`, to `state`: on, off or follow; it asks once before
    something goes away, and `sure` answers.
    """
    module, site, state = _asked(request)
    is_on = STATES[state]
    organization = identity_queries.get_organization()
    goes_away = is_on is False or (is_on is None and module not in organization.default_modules)
    if goes_away and not request.POST.get("sure"):
        return render(request, "modules/confirm.html", _question(module, site, state))
    actor, at = request.actor, request.at
    if site is None:
        identity_operations.change_module(actor=actor, at=at, module=module, is_on=bool(is_on))
    else:
        identity_modules.change_site_module(
            actor=actor, at=at, site_id=site.id, site_label=site.name, module=module, is_on=is_on
        )
    messages.success(request, _said(module, site, is_on))
    return redirect(reverse("modules", args=[request.organization.public_id]))


def _line(
    organization: identity_queries.OrganizationRow, module: Module, sites: tuple[site_queries.SiteRow, ...]
) -> Line:
    shown = sites if module in identity_values.SITE_MODULES and len(sites) > 1 else ()
    names = {is_on: state for state, is_on in STATES.items()}
    lines = tuple(
        SiteLine(
            site=each,
            state=names[organization.site_modules.get(each.id, {}).get(module)],
            is_on=organization.has_module_at(module, each.id),
        )
        for each in shown
    )
    return Line(
        code=module.value,
        caption=identity_values.MODULE_CAPTIONS[module],
        effect=words.EFFECTS[module],
        is_on=module in organization.default_modules,
        sites=lines,
        differing=sum(each.state != "follow" for each in lines),
    )


def _asked(request: access.Request) -> tuple[Module, site_queries.SiteRow | None, str]:
    """What the form asks for; a form that our page did not make is refused."""
    code, wanted, state = (request.POST.get(name, "") for name in ("module", "site", "state"))
    site = next((each for each in choice.all_sites(request) if str(each.public_id) == wanted), None)
    is_known = code in {each.value for each in words.EFFECTS} and state in STATES
    if not is_known or (wanted and site is None) or (site is None and state == "follow"):
        raise BadRequest(_("There is no such module or site."))
    module = Module(code)
    if site is not None and module not in identity_values.SITE_MODULES:
        raise BadRequest(_("There is no such module or site."))
    return module, site, state


def _question(module: Module, site: site_queries.SiteRow | None, state: str) -> dict[str, object]:
    return {
        "module": module.value,
        "caption": identity_values.MODULE_CAPTIONS[module],
        "effect": words.EFFECTS[module],
        "site": site,
        "state": state,
    }


def _said(module: Module, site: site_queries.SiteRow | None, is_on: bool | None) -> str:
    facts = {"module": identity_values.MODULE_CAPTIONS[module], "site": site.name if site else ""}
    if is_on is None:
        return _("“%(module)s” at %(site)s follows the organization now.") % facts
    if site is None:
        return (_("“%(module)s” is on.") if is_on else _("“%(module)s” is off; nothing was removed.")) % facts
    told = _("“%(module)s” is on at %(site)s.") if is_on else _("“%(module)s” is off at %(site)s; nothing was removed.")
    return told % facts
