"""Words of field gateways: profiles, how one is doing, and what was wrong with messages in its name."""

from __future__ import annotations

import enum
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

CODE_LIFETIME = timedelta(minutes=15)  # real time: somebody stands before the gateway
CLOCK_WINDOW = timedelta(minutes=5)  # how far the time of a message may be from ours, in real time
LONGEST_OVERLAP_DAYS = 30
KEY_OVERLAP = timedelta(days=7)  # how long the former key works after a gateway exchanged it
SILENT_AFTER = timedelta(minutes=10)  # of product time; a gateway says something each minute
BATCHES_KEPT = timedelta(days=45)  # longer than a gateway keeps what was not acknowledged
FUTURE, PAST = timedelta(hours=1), timedelta(days=400)  # of instants of readings, from now
USUAL_LIMIT, MOST_OF_CARD = 6, 1000


class GatewayProfile(enum.StrEnum):
    """What kind of gateway it is: a card beside a few meters, or a computer with many buses."""

    CARD = "CARD"
    CENTRAL = "CENTRAL"


PROFILE_CAPTIONS = {
    GatewayProfile.CARD: _("Field card with a limit of meters"),
    GatewayProfile.CENTRAL: _("Central gateway without a limit"),
}


class GatewayState(enum.StrEnum):
    """How a gateway is doing."""

    WAITING = "WAITING"
    ONLINE = "ONLINE"
    SILENT = "SILENT"
    REVOKED = "REVOKED"


STATE_CAPTIONS = {
    GatewayState.WAITING: _("Not enrolled yet"),
    GatewayState.ONLINE: _("Sends"),
    GatewayState.SILENT: _("Silent"),
    GatewayState.REVOKED: _("Revoked"),
}


class IncidentKind(enum.StrEnum):
    """What was wrong with a message in the name of a gateway."""

    SIGNATURE = "SIGNATURE"
    TIME = "TIME"
    REVOKED = "REVOKED"
    CONTENT = "CONTENT"
    CLONE = "CLONE"
    REPLAY = "REPLAY"


# Told without an alarm: it changes nothing, and a line that breaks does it.
HARMLESS = frozenset({IncidentKind.REPLAY})

INCIDENT_CAPTIONS = {
    IncidentKind.SIGNATURE: _("Altered, or signed with another key"),
    IncidentKind.TIME: _("Signed at another time"),
    IncidentKind.REVOKED: _("Sent with a revoked key"),
    IncidentKind.CONTENT: _("Another content under a known number"),
    IncidentKind.CLONE: _("Two gateways send with one key"),
    IncidentKind.REPLAY: _("Sent again; nothing was changed"),
}
