"""How messages and destinations look on a page."""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values
from meterbook.notifications.values import DestinationState, MessageState

LOOKS = {
    MessageState.HELD: ("clock", ""),
    MessageState.QUEUED: ("clock", ""),
    MessageState.SENDING: ("refresh", ""),
    MessageState.UNKNOWN: ("question", "warn"),
    MessageState.SENT: ("check", "ok"),
    MessageState.FAILED: ("alert", "alarm"),
}
DESTINATION_LOOKS = {
    DestinationState.UNCONFIRMED: ("clock", "warn"),
    DestinationState.CONFIRMED: ("check", "ok"),
    DestinationState.BROKEN: ("alert", "alarm"),
    DestinationState.REMOVED: ("cross", ""),
}


@dataclass(frozen=True)
class Line:
    """A message as the log shows it."""

    row: notification_queries.MessageRow
    kind: str
    channel: str
    state: str
    icon: str
    tone: str


@dataclass(frozen=True)
class Place:
    """A person's own destination as the page shows it."""

    row: notification_queries.DestinationRow
    channel: str
    state: str
    icon: str
    tone: str
    is_mail: bool
    wants_code: bool


def look(state: MessageState) -> tuple[str, str, str]:
    """This will return caption, icon and tone of a state."""
    return (str(values.STATE_CAPTIONS[state]), *LOOKS[state])


def line(row: notification_queries.MessageRow) -> Line:
    """This will dress a message."""
    state, icon, tone = look(row.state)
    return Line(row, str(values.KIND_CAPTIONS[row.kind]), str(values.CHANNEL_CAPTIONS[row.channel]), state, icon, tone)


def place(row: notification_queries.DestinationRow) -> Place:
    """This will dress a destination."""
    icon, tone = DESTINATION_LOOKS[row.state]
    is_mail = row.channel is values.ChannelKind.MAIL
    return Place(
        row=row,
        channel=str(values.CHANNEL_CAPTIONS[row.channel]),
        state=str(values.DESTINATION_CAPTIONS[row.state]),
        icon=icon,
        tone=tone,
        is_mail=is_mail,
        wants_code=is_mail and row.state is not DestinationState.CONFIRMED and row.code_expires_at is not None,
    )
