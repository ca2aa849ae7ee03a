"""Words of notifications, and the pure rules: what may wait, how long, and what can be refused."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

LANGUAGES = ("en", "es")
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that can be taken for another sign
CODE_LENGTH = 8
CODE_LIFE = timedelta(minutes=30)
CUSTOMER_CODE_LIFE = timedelta(days=14)  # a link in a mail that nobody waits for
CODE_TRIES = 5
CODES_AN_HOUR = 5
# After a failure that may pass: minutes until the next try; the final one repeats until the message is too old.
BACK_OFF_MINUTES = (1, 2, 5, 10, 20, 30)
LONGEST_WAIT = timedelta(days=3)


class ChannelKind(enum.StrEnum):
    """By what a message travels."""

    MAIL = "MAIL"
    TELEGRAM = "TELEGRAM"


class TlsMode(enum.StrEnum):
    """How the line to the mail server is encrypted."""

    STARTTLS = "STARTTLS"
    TLS = "TLS"
    NONE = "NONE"


class OwnerKind(enum.StrEnum):
    """Whose a destination is."""

    USER = "USER"
    CUSTOMER = "CUSTOMER"
    ADDRESS = "ADDRESS"


class DestinationState(enum.StrEnum):
    """Whether a destination gets more than its code."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    BROKEN = "BROKEN"  # refused for good: no such mailbox, bot blocked
    REMOVED = "REMOVED"  # by its owner; kept because messages went there


class MessageState(enum.StrEnum):
    """Where a message stands."""

    HELD = "HELD"  # until the destination is confirmed
    QUEUED = "QUEUED"
    SENDING = "SENDING"  # a worker holds it until its lease ends
    UNKNOWN = "UNKNOWN"  # the worker ended between sending and noting
    SENT = "SENT"
    FAILED = "FAILED"


class CodeResult(enum.StrEnum):
    """What became of a code that somebody typed. Not an exception: a wrong one must stay counted."""

    CONFIRMED = "CONFIRMED"
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    TOO_MANY = "TOO_MANY"


class Outcome(enum.StrEnum):
    """What became of a request to send."""

    QUEUED = "QUEUED"
    HELD = "HELD"
    NO_CHANNEL = "NO_CHANNEL"
    NO_DESTINATION = "NO_DESTINATION"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    DUPLICATE = "DUPLICATE"


class Kind(enum.StrEnum):
    """What a message is about."""

    OPT_IN_CODE = "OPT_IN_CODE"
    TEST = "TEST"
    INVITATION = "INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - a kind of message
    SIGN_IN_CODE = "SIGN_IN_CODE"
    NEW_SIGN_IN = "NEW_SIGN_IN"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a kind of message
    ALARM_RAISED = "ALARM_RAISED"
    ALARM_CLEARED = "ALARM_CLEARED"
    BILL_ISSUED = "BILL_ISSUED"
    CREDIT_NOTE_ISSUED = "CREDIT_NOTE_ISSUED"
    JOB_ASSIGNED = "JOB_ASSIGNED"
    SWAP_SUSPECTED = "SWAP_SUSPECTED"
    DISPUTE_DUE = "DISPUTE_DUE"


class Severity(enum.StrEnum):
    """From which severity on somebody wants to hear of alarms; NONE: not at all."""

    NONE = "NONE"
    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


# From which severity on administrators hear of alarms while nobody chose to hear of them.
ALARM_DEFAULT = Severity.WARNING
RANKS = {Severity.NONE: 9, Severity.CRITICAL: 2, Severity.WARNING: 1, Severity.INFO: 0}


@dataclass(frozen=True)
class Rule:
    """How a kind of message is treated.

    `is_mandatory`: nobody can unsubscribe from it. `is_urgent`: quiet hours do not hold it. `needs_opt_in`: goes to
    confirmed destinations only. `life`: after that it is worthless and is not sent any more. `is_mail_only`: whatever
    way the recipient prefers.
    """

    is_mandatory: bool
    is_urgent: bool
    needs_opt_in: bool
    life: timedelta = LONGEST_WAIT
    is_mail_only: bool = False


RULES: dict[Kind, Rule] = {
    Kind.OPT_IN_CODE: Rule(is_mandatory=True, is_urgent=True, needs_opt_in=False, life=timedelta(days=1)),
    Kind.TEST: Rule(is_mandatory=True, is_urgent=True, needs_opt_in=False, life=timedelta(minutes=5)),
    Kind.INVITATION: Rule(is_mandatory=True, is_urgent=True, needs_opt_in=False),
    Kind.PASSWORD_RESET: Rule(is_mandatory=True, is_urgent=True, needs_opt_in=False, life=timedelta(hours=1)),
    Kind.SIGN_IN_CODE: Rule(
        is_mandatory=True, is_urgent=True, needs_opt_in=False, life=timedelta(minutes=10), is_mail_only=True
    ),
    Kind.NEW_SIGN_IN: Rule(is_mandatory=True, is_urgent=True, needs_opt_in=False),
    Kind.PASSWORD_CHANGED: Rule(is_mandatory=True, is_urgent=True, needs_opt_in=False),
    Kind.ALARM_RAISED: Rule(is_mandatory=False, is_urgent=False, needs_opt_in=True, life=timedelta(days=1)),
    Kind.ALARM_CLEARED: Rule(is_mandatory=False, is_urgent=False, needs_opt_in=True, life=timedelta(days=1)),
    Kind.BILL_ISSUED: Rule(is_mandatory=True, is_urgent=False, needs_opt_in=True, life=timedelta(days=30)),
    Kind.CREDIT_NOTE_ISSUED: Rule(is_mandatory=True, is_urgent=False, needs_opt_in=True, life=timedelta(days=30)),
    Kind.JOB_ASSIGNED: Rule(is_mandatory=True, is_urgent=False, needs_opt_in=False),
    Kind.SWAP_SUSPECTED: Rule(is_mandatory=True, is_urgent=False, needs_opt_in=False),
    Kind.DISPUTE_DUE: Rule(
        is_mandatory=True, is_urgent=False, needs_opt_in=False, life=timedelta(days=1), is_mail_only=True
    ),
}
# Waits for a mail server when none is set up, instead of being lost; so long at most.
WAITS_FOR_MAIL = frozenset({Kind.BILL_ISSUED, Kind.CREDIT_NOTE_ISSUED})
LONGEST_WITHOUT_MAIL = timedelta(days=400)
OPTIONAL_KINDS = tuple(kind for kind, rule in RULES.items() if not rule.is_mandatory)

CHANNEL_CAPTIONS = {ChannelKind.MAIL: _("E-mail"), ChannelKind.TELEGRAM: _("Telegram")}
TLS_CAPTIONS = {
    TlsMode.STARTTLS: _("STARTTLS (usually port 587)"),
    TlsMode.TLS: _("TLS from the start (usually port 465)"),
    TlsMode.NONE: _("Not encrypted (only on this machine)"),
}
KIND_CAPTIONS = {
    Kind.OPT_IN_CODE: _("Confirmation code"),
    Kind.TEST: _("Test message"),
    Kind.INVITATION: _("Invitation"),
    Kind.PASSWORD_RESET: _("Password reset"),
    Kind.SIGN_IN_CODE: _("Code for signing in"),
    Kind.NEW_SIGN_IN: _("New sign-in"),
    Kind.PASSWORD_CHANGED: _("Password changed"),
    Kind.ALARM_RAISED: _("Alarm raised"),
    Kind.ALARM_CLEARED: _("Alarm cleared"),
    Kind.BILL_ISSUED: _("Bill issued"),
    Kind.CREDIT_NOTE_ISSUED: _("Credit note issued"),
    Kind.JOB_ASSIGNED: _("Job given"),
    Kind.SWAP_SUSPECTED: _("Swapped meters suspected"),
    Kind.DISPUTE_DUE: _("Dispute to answer"),
}
STATE_CAPTIONS = {
    MessageState.HELD: _("Waits for confirmation"),
    MessageState.QUEUED: _("Waiting"),
    MessageState.SENDING: _("Being sent"),
    MessageState.UNKNOWN: _("Perhaps sent"),
    MessageState.SENT: _("Sent"),
    MessageState.FAILED: _("Failed"),
}
DESTINATION_CAPTIONS = {
    DestinationState.UNCONFIRMED: _("Not confirmed yet"),
    DestinationState.CONFIRMED: _("Confirmed"),
    DestinationState.BROKEN: _("Refused"),
    DestinationState.REMOVED: _("Removed"),
}
SEVERITY_CAPTIONS = {
    Severity.NONE: _("No alarms"),
    Severity.CRITICAL: _("Critical alarms"),
    Severity.WARNING: _("Critical alarms and warnings"),
    Severity.INFO: _("All alarms"),
}


@dataclass(frozen=True)
class To:
    """Whom a message is for. Make one with `user`, `customer` or `address`."""

    kind: OwnerKind
    key: str
    user_id: int | None = None
    mail: str = ""
    name: str = ""
    language: str = ""
    zone: str = "UTC"

    @classmethod
    def user(cls, user_id: int, *, zone: str = "") -> To:
        """This will name a person who signs in; language and e-mail address are the person's."""
        return cls(OwnerKind.USER, str(user_id), user_id=user_id, zone=zone)

    @classmethod
    def customer(cls, account: uuid.UUID, *, email: str, language: str, name: str = "", zone: str = "UTC") -> To:
        """This will name who gets the bills of an account (public id), in the language resolved for it."""
        return cls(
            OwnerKind.CUSTOMER, str(account), mail=email.strip().lower(), name=name, language=language, zone=zone
        )

    @classmethod
    def address(cls, email: str, *, language: str, name: str = "", zone: str = "UTC") -> To:
        """This will name an address that belongs to nobody yet, such as that of an invitation."""
        plain = email.strip().lower()
        return cls(OwnerKind.ADDRESS, plain, mail=plain, name=name, language=language, zone=zone)


@dataclass(frozen=True)
class MailSettings:
    """How mail leaves. The password is kept apart."""

    host: str
    port: int
    tls: TlsMode
    user: str
    sender_name: str
    sender_address: str

    def plain(self) -> dict[str, object]:
        """This will return what is stored and audited."""
        return {
            "host": self.host,
            "port": self.port,
            "tls": self.tls.value,
            "user": self.user,
            "sender_name": self.sender_name,
            "sender_address": self.sender_address,
        }

    @classmethod
    def of(cls, kept: dict[str, object]) -> MailSettings:
        """This will read what `plain` returned."""
        return cls(
            host=str(kept["host"]),
            port=int(str(kept["port"])),
            tls=TlsMode(str(kept["tls"])),
            user=str(kept["user"]),
            sender_name=str(kept["sender_name"]),
            sender_address=str(kept["sender_address"]),
        )


def quiet_until(at: datetime, *, zone: str, start: time | None, end: time | None) -> datetime | None:
    """This will return when the quiet hours [start, end) that hold `at` in the zone end, as UTC; None outside them.

    They may cross midnight: from 22:00 to 07:00 at 23:30 in Madrid in winter answers 06:00 UTC of the next day. Without
    start or end, or with both the same, there are none. An end that a clock change leaves out is when the gap is over.
    """
    if start is None or end is None or start == end:
        return None
    local = at.astimezone(ZoneInfo(zone))
    clock = local.time()
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1) if end <= clock else local.date()
    ends = datetime.combine(day, end, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    # In the hour that comes twice in autumn the end may lie behind already by its first reading: then take the second.
    if ends <= at:
        ends = datetime.combine(day, end, tzinfo=ZoneInfo(zone)).replace(fold=1).astimezone(UTC)
    return ends if ends > at else None


def back_off(tries: int) -> timedelta:
    """This will return how long to wait after so many failed tries: 1, 2, 5, 10, 20, then always 30 minutes."""
    return timedelta(minutes=BACK_OFF_MINUTES[min(max(tries, 1), len(BACK_OFF_MINUTES)) - 1])


def wants_alarm(threshold: Severity, severity: str) -> bool:
    """This will tell whether an alarm of that severity reaches the threshold."""
    return threshold is not Severity.NONE and RANKS[Severity(severity)] >= RANKS[threshold]


def masked(address: str) -> str:
    """This will return an address as a log shows it: "ann.smith@example.com" is "an…@example.com", a chat "…4711"."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:2]}…@{host}"
    return f"…{address[-4:]}" if address else ""
