"""Words of alarms."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _


class Severity(enum.StrEnum):
    """How urgent an alarm is."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


class AlarmKind(enum.StrEnum):
    """What an alarm is about."""

    METER_SILENT = "METER_SILENT"
    BUS_SILENT = "BUS_SILENT"


SEVERITY_CAPTIONS = {
    Severity.CRITICAL: _("Critical"),
    Severity.WARNING: _("Warning"),
    Severity.INFO: _("Info"),
}

SEVERITY_OF = {
    AlarmKind.METER_SILENT: Severity.WARNING,
    AlarmKind.BUS_SILENT: Severity.CRITICAL,
}

# Filled with the alarm's details when shown, in the reader's language.
TITLES = {
    AlarmKind.METER_SILENT: _("%(name)s is silent"),
    AlarmKind.BUS_SILENT: _("All meters on bus %(name)s are silent"),
}
