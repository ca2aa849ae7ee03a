"""Modules that are off at single sites: what a page then shows, and which pages are not there. Needs a running scope.

Costs nothing for an organization whose sites are alike: the row that says so is read for every page anyway.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from meterbook.identity import modules as identity_modules
from meterbook.identity import values as identity_values
from meterbook.identity.queries import OrganizationRow
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access
from meterbook.web.sites import choice


def narrow(request: access.Request, module: identity_values.Module, parameters: Iterable[object]) -> None:
    """This will take from the request's rights and modules what is off, and refuse a page whose module is.

    :param parameters: what the path holds; objects of a site where the module is off are not found
    :raises Http404: when the module is off at the chosen site, at all sites, or at the site of an object
    """
    organization: OrganizationRow = request.organization
    if not organization.site_modules:
        return
    ids = [each.id for each in choice.all_sites(request)]
    request.access = identity_modules.within(request.access, organization, ids)
    chosen = choice.chosen_site(request)
    request.organization = identity_modules.narrowed(organization, ids, None if chosen is None else chosen.id)
    if not request.organization.has_module(module) or not _has_at_objects(organization, module, parameters):
        raise access.switched_off(module)


def sites_without(request: access.Request, module: identity_values.Module) -> frozenset[int]:
    """This will return the ids of the sites where the module is off, for lists over the whole organization."""
    organization: OrganizationRow = request.organization
    if not organization.site_modules:
        return frozenset()
    return frozenset(each.id for each in choice.all_sites(request) if not organization.has_module_at(module, each.id))


def _has_at_objects(
    organization: OrganizationRow, module: identity_values.Module, parameters: Iterable[object]
) -> bool:
    named = [each for each in parameters if isinstance(each, uuid.UUID)]
    if module not in identity_values.SITE_MODULES or not named:
        return True
    return all(organization.has_module_at(module, each) for each in monitoring_queries.sites_of(public_ids=named))
