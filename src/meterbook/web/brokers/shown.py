"""How the connection to a broker is marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.acquisition.brokers import BrokerRow
from meterbook.acquisition.values import BrokerState


@dataclass(frozen=True)
class BrokerMark:
    """A state in words, with its tone and icon, since when it is so, and what to do about it."""

    words: str
    tone: str
    icon: str
    since: datetime | None
    problem: str
    remedy: str
    is_unauthenticated: bool
    is_open: bool  # neither a user nor encryption keeps others from listening


def mark(row: BrokerRow, at: datetime) -> BrokerMark:
    """This will return the mark of a broker."""
    words, tone, icon = _state(row, at)
    is_lost = row.state is BrokerState.RETRYING and row.problem is not None
    return BrokerMark(
        words=words,
        tone=tone,
        icon=icon,
        since=row.state_since,
        problem=row.problem.words if is_lost and row.problem else "",
        remedy=row.problem.remedy if is_lost and row.problem else "",
        is_unauthenticated=not row.is_authenticated,
        is_open=not row.is_encrypted,
    )


def _state(row: BrokerRow, at: datetime) -> tuple[str, str, str]:
    if not row.bus.is_enabled:
        return _("Switched off"), "", "cross"
    if row.bus.is_of_gateway:
        return _("Entered by its field gateway"), "", "server"
    if row.state is BrokerState.NEVER:
        return _("Not entered yet"), "", "clock"
    if row.is_stale(at):
        return _("Unknown: no collector looks"), "warn", "no-contact"
    if row.state is BrokerState.CONNECTED:
        return _("Connected"), "ok", "check"
    return _("Not connected, tries again"), "alarm", "no-contact"
