"""The site and the place that an address names, for those who may edit there."""

from __future__ import annotations

import uuid

from django.http import Http404
from django.utils.translation import gettext as _

from meterbook.identity.values import Module
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.web import access
from meterbook.web.sites import choice

guard = access.page(permission=permissions.EDIT_SITES, module=Module.CORE, by_site=True)


def find_site(request: access.Request, public_id: uuid.UUID) -> site_queries.SiteRow:
    """This will return a site where the person may edit.

    :raises Http404: when there is none
    """
    for site in choice.visible_sites(request, permissions.EDIT_SITES):
        if site.public_id == public_id:
            return site
    raise Http404(_("There is no such site."))


def find_node(site: site_queries.SiteRow, public_id: uuid.UUID) -> site_queries.NodeDetail:
    """This will return a place of the site, archived or not.

    :raises Http404: when there is none
    """
    try:
        detail = site_queries.get_node(public_id=public_id)
    except site_queries.PlaceNotFound as error:
        raise Http404(str(error)) from error
    if detail.site_id != site.id:
        raise Http404(_("There is no such place."))
    return detail
