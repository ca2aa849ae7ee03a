"""Find a shared cost, a sheet or an amount at the sites where the reader may do what the page does."""

from __future__ import annotations

import uuid

from django.http import Http404
from django.utils.translation import gettext as _

from meterbook.billing.queries import pools as pool_queries
from meterbook.web import access


def find_pool(request: access.Request, public_id: uuid.UUID, permission: str) -> pool_queries.PoolRow:
    """This will return a shared cost.

    :raises Http404: when there is none
    """
    try:
        found = pool_queries.get_pool(public_id=public_id)
    except pool_queries.PoolNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permission, found.site_id):
        raise Http404(_("There is no such shared cost."))
    return found


def find_sheet(
    request: access.Request, public_id: uuid.UUID, permission: str
) -> tuple[pool_queries.SheetRow, pool_queries.PoolRow, bytes]:
    """This will return a sheet with its pool and content.

    :raises Http404: when there is none
    """
    try:
        found = pool_queries.get_sheet(public_id=public_id)
    except pool_queries.SheetNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permission, found[1].site_id):
        raise Http404(_("There is no such allocation sheet."))
    return found
