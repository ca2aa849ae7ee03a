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
    # What came in the name of a field gateway and was refused, or is suspicious.
    GATEWAY_SIGNATURE = "GATEWAY_SIGNATURE"
    GATEWAY_TIME = "GATEWAY_TIME"
    GATEWAY_REVOKED = "GATEWAY_REVOKED"
    GATEWAY_CONTENT = "GATEWAY_CONTENT"
    GATEWAY_CLONE = "GATEWAY_CLONE"
    GATEWAY_SILENT = "GATEWAY_SILENT"


SEVERITY_CAPTIONS = {
    Severity.CRITICAL: _("Critical"),
    Severity.WARNING: _("Warning"),
    Severity.INFO: _("Info"),
}

SEVERITY_OF = {
    AlarmKind.METER_SILENT: Severity.WARNING,
    AlarmKind.BUS_SILENT: Severity.CRITICAL,
    AlarmKind.GATEWAY_SIGNATURE: Severity.CRITICAL,
    AlarmKind.GATEWAY_TIME: Severity.WARNING,
    AlarmKind.GATEWAY_REVOKED: Severity.CRITICAL,
    AlarmKind.GATEWAY_CONTENT: Severity.CRITICAL,
    AlarmKind.GATEWAY_CLONE: Severity.CRITICAL,
    AlarmKind.GATEWAY_SILENT: Severity.CRITICAL,
}

# Filled with the alarm's details when shown, in the reader's language.
TITLES = {
    AlarmKind.METER_SILENT: _("%(name)s is silent"),
    AlarmKind.BUS_SILENT: _("All meters on bus %(name)s are silent"),
    AlarmKind.GATEWAY_SIGNATURE: _("A message in the name of gateway %(name)s was altered, or signed with another key"),
    AlarmKind.GATEWAY_TIME: _("A message in the name of gateway %(name)s was signed at another time"),
    AlarmKind.GATEWAY_REVOKED: _("A message with a revoked key of gateway %(name)s was refused"),
    AlarmKind.GATEWAY_CONTENT: _("Gateway %(name)s sent another content under a known number"),
    AlarmKind.GATEWAY_CLONE: _("Two gateways send as %(name)s: its key was copied"),
    AlarmKind.GATEWAY_SILENT: _("Field gateway %(name)s is silent"),
}
