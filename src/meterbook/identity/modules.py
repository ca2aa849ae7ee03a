"""Modules that are on at one site and off at another: the change, and what it takes from a user's rights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from meterbook.foundation import operation, scoping
from meterbook.identity import models, queries, registry, trail, values
from meterbook.kernel.actor import Actor


class NotForOneSite(ValueError):
    """The basics are always on, and the API is on or off for the whole organization."""


@operation.operation
def change_site_module(
    *, actor: Actor, at: datetime, site_id: int, site_label: str, module: values.Module, is_on: bool | None
) -> queries.OrganizationRow:
    """This will switch a module on or off at one site; None lets the site follow the organization again.

    Nothing is removed: on again, all is there as before. What is so already stays unrecorded.

    :param site_id: a site of the scope's organization; sites are above identity, so the caller looked it up
    :param site_label: what the trail calls the site
    :raises NotForOneSite: for a module that no site can differ in
    """
    if module not in values.SITE_MODULES:
        raise NotForOneSite(NotForOneSite.__doc__)
    organizations = models.Organization.objects.select_for_update()
    found = organizations.filter(pk=scoping.current().organization_id).first()
    if found is None:
        raise queries.OrganizationNotFound(queries.OrganizationNotFound.__doc__)
    kept: dict[str, bool] = found.site_modules.get(str(site_id), {})
    before = kept.get(module.value)
    if before == is_on:
        return queries.get_organization()
    changed = {each: on for each, on in kept.items() if each != module}
    if is_on is not None:
        changed[module.value] = is_on
    others = {each: differing for each, differing in found.site_modules.items() if each != str(site_id)}
    found.site_modules = others | ({str(site_id): changed} if changed else {})
    found.save(update_fields=["site_modules"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:change_module",
        subject=found,
        before={"site": site_label, "module": module.value, "is_on": before},
        after={"site": site_label, "module": module.value, "is_on": is_on},
    )
    return queries.get_organization()


def within(access: values.Access, organization: queries.OrganizationRow, site_ids: Collection[int]) -> values.Access:
    """This will return the access with what is switched off at single sites taken away there.

    :param site_ids: all sites of the organization
    """
    if not organization.site_modules:
        return access
    off = {
        module: frozenset(each for each in site_ids if not organization.has_module_at(module, each))
        for module in values.SITE_MODULES
    }
    known = {each: registry.module_of(each) for each in registry.known()}
    return replace(
        access,
        off={each: off[module] for each, module in known.items() if off.get(module)},
        on={each: frozenset(site_ids) - off[module] for each, module in known.items() if off.get(module)},
    )


def narrowed(
    organization: queries.OrganizationRow, site_ids: Collection[int], chosen: int | None
) -> queries.OrganizationRow:
    """This will return the organization with the modules that are on at the chosen site, or without one: at any site.

    :param site_ids: all sites of the organization
    """
    if not organization.site_modules or not site_ids:
        return organization
    looked_at = [chosen] if chosen is not None else site_ids
    on = {
        each.value
        for each in values.SITE_MODULES
        if any(organization.has_module_at(each, site_id) for site_id in looked_at)
    }
    others = {each for each in organization.modules if each not in set(values.SITE_MODULES)}
    return replace(organization, modules=frozenset(on | others))
