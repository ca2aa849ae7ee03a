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
    GATEWAY_CLOCK = "GATEWAY_CLOCK"
    METER_CLOCK = "METER_CLOCK"
    METER_CLOCKS = "METER_CLOCKS"  # those of several meters on a bus
    # Nothing came for more than a day, for whatever reason: of a meter, or of all that share a line or a gateway.
    NO_DATA = "NO_DATA"
    NO_DATA_BUS = "NO_DATA_BUS"
    NO_DATA_GATEWAY = "NO_DATA_GATEWAY"


class Cause(enum.StrEnum):
    """What is most likely behind an alarm about communication."""

    METER_SILENT = "METER_SILENT"
    METER_UNPOWERED = "METER_UNPOWERED"
    LINE_CUT = "LINE_CUT"
    CONVERTER_OFFLINE = "CONVERTER_OFFLINE"
    GATEWAY_OFFLINE = "GATEWAY_OFFLINE"
    CLOCK_DRIFT = "CLOCK_DRIFT"
    METER_CLOCK_DRIFT = "METER_CLOCK_DRIFT"


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
    AlarmKind.GATEWAY_CLOCK: Severity.WARNING,
    AlarmKind.METER_CLOCK: Severity.WARNING,
    AlarmKind.METER_CLOCKS: Severity.WARNING,
    AlarmKind.NO_DATA: Severity.WARNING,
    AlarmKind.NO_DATA_BUS: Severity.CRITICAL,
    AlarmKind.NO_DATA_GATEWAY: Severity.CRITICAL,
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
    AlarmKind.GATEWAY_CLOCK: _("The clock of field gateway %(name)s is wrong"),
    AlarmKind.METER_CLOCK: _("The clock of %(name)s is wrong"),
    AlarmKind.METER_CLOCKS: _("The clocks of several meters on bus %(name)s are wrong"),
    AlarmKind.NO_DATA: _("No data from %(name)s for more than a day"),
    AlarmKind.NO_DATA_BUS: _("No data from the meters on bus %(name)s for more than a day"),
    AlarmKind.NO_DATA_GATEWAY: _("No data from the meters behind gateway %(name)s for more than a day"),
}

CAUSES = {
    Cause.METER_SILENT: _("Only this meter does not answer: look at its wiring, its address and the meter itself."),
    Cause.METER_UNPOWERED: _(
        "All meters at this place are silent while others on their lines answer: the supply is probably off there."
    ),
    Cause.LINE_CUT: _("The converter answers, but no meter behind it does: the line is cut, or has no power."),
    Cause.CONVERTER_OFFLINE: _("The converter of this bus cannot be reached: look at its power and its network."),
    Cause.GATEWAY_OFFLINE: _("The gateway does not report: look at its power and its network."),
    Cause.CLOCK_DRIFT: _("Intervals are assigned by this clock: set it, or let it be set over the network."),
    Cause.METER_CLOCK_DRIFT: _(
        "Set the clock of the meter: its tariffs, stored values and memory follow it. Readings have our time and are"
        " right."
    ),
}
NO_DATA_KINDS = (AlarmKind.NO_DATA, AlarmKind.NO_DATA_BUS, AlarmKind.NO_DATA_GATEWAY)
# What tells that the supply of a meter is off, filled with the alarm's evidence.
LAST_GASP = _("The meter said itself that its supply failed: look at its fuse.")
DEAD_PHASE_OF_MAIN = _("The supply is off: the main meter %(name)s shows %(volts)s V at phase L%(phase)s.")
DEAD_PHASE_NEAR = _("The supply is probably off: %(name)s beside it shows %(volts)s V at phase L%(phase)s.")
