"""Which sites a user sees, and which one is chosen in the top bar. Needs a running scope."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest

from meterbook.sites import permissions as site_permissions
from meterbook.sites import queries as site_queries
from meterbook.web import access

SESSION = "sites_chosen"
USED = "sites_used"
KNOWN = "_visible_sites"


def visible_sites(
    request: access.Request, permission: str = site_permissions.VIEW_SITES
) -> tuple[site_queries.SiteRow, ...]:
    """This will return the sites where the user holds the permission, by name."""
    known = all_sites(request)
    allowed = request.access.sites(permission)
    return known if allowed is None else tuple(site for site in known if site.id in allowed)


def all_sites(request: HttpRequest) -> tuple[site_queries.SiteRow, ...]:
    """This will return all sites of the organization, whoever asks, read once a request; for rules, not for showing."""
    known: tuple[site_queries.SiteRow, ...] | None = getattr(request, KNOWN, None)
    if known is None:
        known = tuple(site_queries.list_sites())
        setattr(request, KNOWN, known)
    return known


def chosen_site(request: access.Request) -> site_queries.SiteRow | None:
    """This will return the site chosen in the top bar; None means all that the user sees. A single site is chosen."""
    sites = visible_sites(request)
    if len(sites) == 1:
        return sites[0]
    wanted = request.session.get(SESSION, {}).get(str(request.organization.public_id))
    return next((site for site in sites if str(site.public_id) == wanted), None)


def usual_site(request: access.Request, permission: str = site_permissions.VIEW_SITES) -> site_queries.SiteRow | None:
    """This will return the site that a form proposes: the chosen one, the one the person used last, the only one.

    None where the person must be asked: another site's bills are made sooner than anybody notices.
    """
    sites = visible_sites(request, permission)
    chosen = chosen_site(request)
    if chosen is not None and any(each.id == chosen.id for each in sites):
        return chosen
    if len(sites) == 1:
        return sites[0]
    used = request.session.get(USED, {}).get(str(request.organization.public_id))
    return next((each for each in sites if str(each.public_id) == used), None)


def note_used(request: access.Request, site: object) -> None:
    """This will remember the site that the person worked at last; forms propose it until signing out."""
    request.session[USED] = {**request.session.get(USED, {}), str(request.organization.public_id): str(site)}


def clock_zone(request: access.Request) -> ZoneInfo:
    """This will return whose clock a page shows: the chosen site's, else that of the first site that was set up."""
    sites = visible_sites(request)
    shown = chosen_site(request) or min(sites, key=lambda each: each.id, default=None)
    return ZoneInfo("UTC") if shown is None else shown.zone


def site_ids(request: access.Request, permission: str) -> frozenset[int] | None:
    """This will return the sites that a page is about: of those where the user holds the permission the chosen one.

    None means every site of the organization.
    """
    chosen, allowed = chosen_site(request), request.access.sites(permission)
    if chosen is None:
        return allowed
    return frozenset({chosen.id}) if allowed is None else allowed & {chosen.id}


def choose(request: HttpRequest, organization: str, site: str) -> None:
    """This will remember the choice until signing out; an empty `site` means all."""
    request.session[SESSION] = {**request.session.get(SESSION, {}), organization: site}
