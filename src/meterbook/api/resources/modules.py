"""Modules: what is on in the organization and at which sites, and the switch."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity import modules as identity_modules
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions
from meterbook.identity import queries as identity_queries
from meterbook.identity import values as identity_values
from meterbook.identity.values import Module
from meterbook.sites import queries as site_queries

router = Router(tags=["Modules"])


class ModuleAtSite(values.Told):
    """Whether a module is on at a site; `follows` the organization, or was switched there by itself."""

    site: uuid.UUID
    is_on: bool
    follows: bool


class ModuleState(values.Told):
    """Whether a module is on in the organization, and where sites may differ, at each of them."""

    module: Module
    is_on: bool
    sites: list[ModuleAtSite]


class ModuleStates(values.Told):
    """All modules but the basics, which always are on."""

    items: list[ModuleState]


class ModuleSwitch(values.Given):
    """On or off, for the organization or at one site; `is_on` null lets a site follow the organization again."""

    module: Module
    is_on: bool | None
    site: uuid.UUID | None = None


@endpoint(router, "GET", "/modules", permission=permissions.EDIT_ORGANIZATION, module=Module.CORE, answers=ModuleStates)
def list_modules(request: entry.Request) -> ModuleStates:
    """This will return which modules are on where."""
    return _states()


@endpoint(
    router, "POST", "/modules", permission=permissions.EDIT_ORGANIZATION, module=Module.CORE, answers=ModuleStates
)
def switch_module(request: entry.Request, given: ModuleSwitch) -> ModuleStates:
    """This will switch a module on or off; nothing is removed. Without the API no program is answered any more."""
    caller = request.caller
    if given.module is Module.CORE:
        raise problems.invalid("/body/module", _("The basics are always on."))
    if given.site is None:
        if given.is_on is None:
            raise problems.invalid("/body/is_on", _("Only a site can follow the organization."))
        identity_operations.change_module(actor=caller.actor, at=caller.at, module=given.module, is_on=given.is_on)
        return _states()
    if given.module not in identity_values.SITE_MODULES:
        raise problems.invalid("/body/module", _("This module is on or off for the whole organization."))
    # Not by what the caller reaches: where a module is off, its rights do not count.
    site = site_queries.get_site(public_id=given.site)
    identity_modules.change_site_module(
        actor=caller.actor,
        at=caller.at,
        site_id=site.id,
        site_label=site.name,
        module=given.module,
        is_on=given.is_on,
    )
    return _states()


def _states() -> ModuleStates:
    organization, sites = identity_queries.get_organization(), site_queries.list_sites()
    return ModuleStates(
        items=[
            ModuleState(
                module=module,
                is_on=module in organization.default_modules,
                sites=[
                    ModuleAtSite(
                        site=each.public_id,
                        is_on=organization.has_module_at(module, each.id),
                        follows=module not in organization.site_modules.get(each.id, {}),
                    )
                    for each in sites
                    if module in identity_values.SITE_MODULES
                ],
            )
            for module in Module
            if module is not Module.CORE
        ]
    )
