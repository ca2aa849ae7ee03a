"""What the pages of commissioning find: buses and meters of sites where the person may manage devices."""

from __future__ import annotations

import os
import uuid

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _

from meterbook.acquisition import commissionings, networks, permissions
from meterbook.identity.values import Module
from meterbook.web import access

guarded = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


def find_bus(request: access.Request, bus: uuid.UUID) -> commissionings.SearchState:
    """This will return how far a bus is searched.

    :raises Http404: when there is none at a site where the person may manage devices
    """
    try:
        state = commissionings.get_search_of_bus(bus=bus)
    except commissionings.CommissioningNotFound as error:
        raise Http404(_("There is no such bus.")) from error
    if not request.access.allows(permissions.MANAGE_DEVICE, state.bus.site_id):
        raise Http404(_("There is no such bus."))
    return state


def find_meter(request: access.Request, found: uuid.UUID) -> commissionings.SurveyedMeter:
    """This will return a meter that was found.

    :raises Http404: when there is none at a site where the person may manage devices
    """
    try:
        meter = commissionings.get_found(public_id=found)
    except commissionings.CommissioningNotFound as error:
        raise Http404(_("There is no such meter.")) from error
    if not request.access.allows(permissions.MANAGE_DEVICE, meter.bus.site_id):
        raise Http404(_("There is no such meter."))
    return meter


def allowed() -> networks.AllowedNetworks:
    """This will return where connections may go.

    :raises networks.NetworksMisspelled: when the platform's owner wrote what cannot be read
    """
    return networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)
