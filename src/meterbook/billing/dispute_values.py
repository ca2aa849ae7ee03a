"""Words of disputes."""

from __future__ import annotations

import enum

from django.utils.translation import pgettext_lazy

WORDS = 4_000  # signs of what somebody writes
MOST_FILES = 5  # at one entry
SOON_HOURS = 24  # before a deadline it is marked, and somebody is reminded
PROTECTED_DAYS = 14  # after a refusal that the customer does not answer


class DisputeReason(enum.StrEnum):
    """What somebody says is wrong."""

    READING = "READING"
    METER = "METER"
    TARIFF = "TARIFF"
    SHARE = "SHARE"
    PAYMENT = "PAYMENT"
    PERIOD = "PERIOD"
    OTHER = "OTHER"


REASON_CAPTIONS = {
    DisputeReason.READING: pgettext_lazy("dispute", "The reading is wrong"),
    DisputeReason.METER: pgettext_lazy("dispute", "The meter counts wrongly, or is not mine"),
    DisputeReason.TARIFF: pgettext_lazy("dispute", "The price or tariff is wrong"),
    DisputeReason.SHARE: pgettext_lazy("dispute", "My share of shared use is wrong"),
    DisputeReason.PAYMENT: pgettext_lazy("dispute", "A payment is missing"),
    DisputeReason.PERIOD: pgettext_lazy("dispute", "The days are wrong"),
    DisputeReason.OTHER: pgettext_lazy("dispute", "Something else"),
}


class DisputeState(enum.StrEnum):
    """Where a dispute stands (B-79)."""

    OPENED = "OPENED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    INVESTIGATING = "INVESTIGATING"
    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CLOSED = "CLOSED"
    ESCALATED = "ESCALATED"


STATE_CAPTIONS = {
    DisputeState.OPENED: pgettext_lazy("dispute", "Opened"),
    DisputeState.ACKNOWLEDGED: pgettext_lazy("dispute", "Received"),
    DisputeState.INVESTIGATING: pgettext_lazy("dispute", "Being looked into"),
    DisputeState.PROPOSED: pgettext_lazy("dispute", "Answer proposed"),
    DisputeState.ACCEPTED: pgettext_lazy("dispute", "Answer accepted"),
    DisputeState.REJECTED: pgettext_lazy("dispute", "Answer not accepted"),
    DisputeState.CLOSED: pgettext_lazy("dispute", "Closed"),
    DisputeState.ESCALATED: pgettext_lazy("dispute", "Handed to a body outside"),
}
# While it is in one of these the disputed amount is not asked for.
OPEN_STATES = frozenset(
    {
        DisputeState.OPENED,
        DisputeState.ACKNOWLEDGED,
        DisputeState.INVESTIGATING,
        DisputeState.PROPOSED,
        DisputeState.ACCEPTED,
        DisputeState.REJECTED,
        DisputeState.ESCALATED,
    }
)
UNDECIDED = frozenset({DisputeState.OPENED, DisputeState.ACKNOWLEDGED, DisputeState.INVESTIGATING})
# What an operator may do next; a tenant accepts or rejects what is proposed.
STEPS = {
    DisputeState.OPENED: (DisputeState.ACKNOWLEDGED,),
    DisputeState.ACKNOWLEDGED: (DisputeState.INVESTIGATING,),
    DisputeState.INVESTIGATING: (DisputeState.PROPOSED,),
    DisputeState.PROPOSED: (DisputeState.ACCEPTED, DisputeState.REJECTED),
    DisputeState.ACCEPTED: (DisputeState.CLOSED,),
    DisputeState.REJECTED: (DisputeState.PROPOSED, DisputeState.CLOSED, DisputeState.ESCALATED),
    DisputeState.ESCALATED: (DisputeState.PROPOSED, DisputeState.CLOSED),
    DisputeState.CLOSED: (),
}
