"""What each module is for, and what goes away with it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.identity.values import Module

EFFECTS: dict[Module, str | Promise] = {
    Module.METERING: _("Meters, readings, imports and topology. Gateways are still asked, so that no reading is lost."),
    Module.ALARMS: _("The alarm list and the zone at the top of every page. No alarm is raised or ended meanwhile."),
    Module.MONITORING: _("Live values and trends."),
    Module.BILLING: _("Accounts, tariffs, bill runs, bills and the ledger. Bill runs stand still."),
    Module.API: _("Programs get no answer; their keys stay."),
}
