"""All meters of a place or of a tenant at once: what a formula by area or by tenant begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from meterbook.web import access

PLACE, TENANT = "place", "tenant"
MOST = 300  # of each kind, that are offered at a site
_Found = tuple[tuple[tuple[str, str], ...], dict[str, tuple[metering_queries.Candidate, ...]]]


@dataclass(frozen=True)
class Groups:
    """What can be taken: key and caption each, and the meters of each key."""

    places: tuple[tuple[str, str], ...]
    tenants: tuple[tuple[str, str], ...]
    members: dict[str, tuple[metering_queries.Candidate, ...]]


def find(
    request: access.Request,
    sites: Sequence[site_queries.SiteRow],
    candidates: Iterable[metering_queries.Candidate],
    at: datetime,
) -> Groups:
    """This will return the places and tenants of sites with their meters; virtual meters belong to none of them.

    Names of tenants are told to those only who may see customers there.
    """
    real = [each for each in candidates if not each.is_virtual]
    found = Groups((), (), {})
    for site in sites:
        here = [each for each in real if each.site_id == site.id]
        prefix = f"{site.name} · " if len(sites) > 1 else ""
        places, of_places = _places(site, here, prefix)
        may_see = request.access.allows(customer_permissions.VIEW_CUSTOMER, site.id)
        tenants, of_tenants = _tenants(site, here if may_see else [], at, prefix)
        found = Groups(found.places + places, found.tenants + tenants, {**found.members, **of_places, **of_tenants})
    return found


def _places(site: site_queries.SiteRow, here: Sequence[metering_queries.Candidate], prefix: str) -> _Found:
    nodes = {each.id: each for each in site_queries.list_nodes(site_id=site.id)}
    members: dict[str, list[metering_queries.Candidate]] = {f"{PLACE}:{site.public_id}": list(here)} if here else {}
    for each in here:
        node = nodes.get(each.node_id) if each.node_id is not None else None
        while node is not None:
            if node.kind is not NodeKind.UNIT:
                members.setdefault(f"{PLACE}:{node.public_id}", []).append(each)
            node = nodes.get(node.parent_id) if node.parent_id is not None else None
    captions = [(f"{PLACE}:{site.public_id}", site.name)]
    captions += [(f"{PLACE}:{node.public_id}", prefix + (node.name or node.code)) for node in nodes.values()]
    return (
        tuple(pair for pair in captions if pair[0] in members)[:MOST],
        {key: tuple(found) for key, found in members.items()},
    )


def _tenants(
    site: site_queries.SiteRow, here: Sequence[metering_queries.Candidate], at: datetime, prefix: str
) -> _Found:
    names = customer_queries.tenants_at(meter_point_ids=[each.id for each in here], at=at)
    members: dict[str, list[metering_queries.Candidate]] = {}
    for each in here:
        if each.id in names:
            members.setdefault(f"{TENANT}:{site.id}:{names[each.id]}", []).append(each)
    captions = tuple((f"{TENANT}:{site.id}:{name}", prefix + name) for name in sorted(set(names.values()))[:MOST])
    return captions, {key: tuple(found) for key, found in members.items()}
