"""What somebody may do on a page whose rights cover single sites. Needs a running scope."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator

from django.http import Http404

from meterbook.customers import reaching as customer_reaching
from meterbook.identity import registry
from meterbook.identity import values as identity_values
from meterbook.identity.queries import OrganizationRow
from meterbook.monitoring import queries as monitoring_queries


def permissions(
    access: identity_values.Access, permission: str, parameters: Iterable[object], organization: OrganizationRow
) -> frozenset[str]:
    """This will return what the reader may do: at the site of what the address names, else at all sites of the page.

    Rights over what belongs to no site count only where they are held for the whole organization; those of a module
    that is off do not count at all, so that no page leads there.
    """
    held = _held(access, permission, parameters)
    return frozenset(each for each in held if organization.has_module(registry.module_of(each)))


def _held(access: identity_values.Access, permission: str, parameters: Iterable[object]) -> frozenset[str]:
    if not access.at_site:
        return access.everywhere
    named = [each for each in parameters if isinstance(each, uuid.UUID)]
    sites = monitoring_queries.sites_of(public_ids=named) if named else frozenset()
    if not sites and permission not in access.everywhere:
        sites = access.sites(permission) or frozenset()
    if not sites:
        return access.everywhere
    there = frozenset.intersection(*map(access.permissions, sites))
    return access.everywhere | (there - registry.matching(registry.OF_ORGANIZATION))


@contextlib.contextmanager
def not_found_outside() -> Iterator[None]:
    """This will answer "not found" where something out of reach was to be written."""
    try:
        with customer_reaching.kept():
            yield
    except customer_reaching.OutOfReach as error:
        raise Http404(str(error)) from error
