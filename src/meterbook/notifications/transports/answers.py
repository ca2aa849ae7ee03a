"""What a transport brings back, whatever the channel, and what it is given to carry."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LONGEST_WORDS = 500


class Verdict(enum.StrEnum):
    """How a try ended."""

    DELIVERED = "DELIVERED"
    LATER = "LATER"  # this message cannot be taken now
    REFUSED_ADDRESS = "REFUSED_ADDRESS"  # for good: there is no such mailbox, the bot is blocked
    REFUSED_MESSAGE = "REFUSED_MESSAGE"  # for good: this message is not taken
    CHANNEL_DOWN = "CHANNEL_DOWN"  # nothing can be sent this way now
    DOUBTFUL = "DOUBTFUL"  # the line broke when the message may have been taken


@dataclass(frozen=True)
class Answer:
    """How a try ended, in the other side's words; `wait` when it says how long."""

    verdict: Verdict
    words: str = ""
    wait: timedelta | None = None


@dataclass(frozen=True)
class File:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """One message as a transport carries it."""

    message_id: str
    address: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    at: datetime
    unsubscribe_href: str = field(default="", repr=False)
    file: File | None = None


def plain_words(words: str | bytes, *, without: tuple[str, ...] = ()) -> str:
    """This will return the other side's words as a log may keep them: one line, not too long, no secrets."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in filter(None, without):
        text = text.replace(secret, "…")
    return " ".join(text.split())[:LONGEST_WORDS]
