"""Words of customers and accounts."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AccountMode(enum.StrEnum):
    """When an account pays: after a bill, before use, or never, because it is a cost center of the organization."""

    POSTPAID = "POSTPAID"
    PREPAID = "PREPAID"
    INTERNAL = "INTERNAL"


class AccountState(enum.StrEnum):
    """Where an account stands in its life."""

    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


ACCOUNT_MODE_CAPTIONS = {
    AccountMode.POSTPAID: _("Postpaid"),
    AccountMode.PREPAID: _("Prepaid"),
    AccountMode.INTERNAL: _("Cost center"),
}
# Those that bill runs calculate: tenants who pay after a bill, and cost centers.
BILLED_MODES = (AccountMode.POSTPAID, AccountMode.INTERNAL)
ACCOUNT_STATE_CAPTIONS = {AccountState.ACTIVE: _("Active"), AccountState.CLOSED: _("Closed")}


class OverrideState(enum.StrEnum):
    """How another tariff than the default stands: nothing changes while it waits, or once it was refused."""

    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


OVERRIDE_STATE_CAPTIONS = {
    OverrideState.WAITING: _("Waits for a second person"),
    OverrideState.APPROVED: pgettext_lazy("another tariff", "Approved"),
    OverrideState.REFUSED: pgettext_lazy("another tariff", "Refused"),
}


class CustomerKind(enum.StrEnum):
    """Who a customer is before the law."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"


class CustomerState(enum.StrEnum):
    """Whether a customer's record is in use."""

    ACTIVE = "ACTIVE"
    MERGED = "MERGED"  # into another record of the same customer
    ERASED = "ERASED"  # who it was is forgotten; bills and books stay


class ContactRole(enum.StrEnum):
    """What a contact of a customer is asked about."""

    PAYER = "PAYER"
    CONSUMPTION = "CONSUMPTION"


class ConsentKind(enum.StrEnum):
    """To what a customer agrees."""

    MESSAGES = "MESSAGES"
    DETAILED_USE = "DETAILED_USE"
    SHARING = "SHARING"


CUSTOMER_KIND_CAPTIONS = {CustomerKind.PERSON: _("Person"), CustomerKind.COMPANY: _("Company")}
CUSTOMER_STATE_CAPTIONS = {
    CustomerState.ACTIVE: _("In use"),
    CustomerState.MERGED: _("Merged"),
    CustomerState.ERASED: _("Erased"),
}
CONTACT_ROLE_CAPTIONS = {ContactRole.PAYER: _("Pays"), ContactRole.CONSUMPTION: _("Answers about use")}
CONSENT_KIND_CAPTIONS = {
    ConsentKind.MESSAGES: _("Messages that are not bills"),
    ConsentKind.DETAILED_USE: _("Use in detail, hour by hour"),
    ConsentKind.SHARING: _("Passing data on to others"),
}
NAME_LENGTH = 200
PHONE_LENGTH = 40
MESSAGING_LENGTH = 100
NOTES_LENGTH = 4_000
REASON_LENGTH = 500
MOST_LINES = 20  # phones, addresses, custom fields of one customer
MOST_OCCUPANTS = 30_000


class Granularity(enum.StrEnum):
    """How finely use is shown to the landlord."""

    DAY = "DAY"
    INTERVAL = "INTERVAL"


class PlaceClass(enum.StrEnum):
    """Whether people live where a meter counts."""

    DWELLING = "DWELLING"
    COMMERCIAL = "COMMERCIAL"


class LookWay(enum.StrEnum):
    """How somebody looked at use in detail."""

    PAGE = "PAGE"
    FILE = "FILE"
    API = "API"


GRANULARITY_CAPTIONS = {Granularity.DAY: _("Days only"), Granularity.INTERVAL: _("Every interval (15 minutes)")}
PLACE_CLASS_CAPTIONS = {PlaceClass.DWELLING: _("Dwellings"), PlaceClass.COMMERCIAL: _("Commercial premises")}
LOOK_WAY_CAPTIONS = {
    LookWay.PAGE: _("on screen"),
    LookWay.FILE: _("as a file"),
    LookWay.API: _("by a program"),
}
GRANULARITY_AT_FIRST = {PlaceClass.DWELLING: Granularity.DAY, PlaceClass.COMMERCIAL: Granularity.INTERVAL}


class ReadingOrigin(enum.StrEnum):
    """How it is known what a meter showed when a contract began or ended."""

    METER = "METER"  # its own readings say so
    PERSON = "PERSON"  # somebody read it there


READING_ORIGIN_CAPTIONS = {ReadingOrigin.METER: _("from the meter"), ReadingOrigin.PERSON: _("read by a person")}


@dataclass(frozen=True)
class SeenReading:
    """What the display of a meter showed, in `unit`; `is_between` when it was worked out from readings around."""

    value: Decimal
    unit: str
    origin: ReadingOrigin
    is_between: bool = False

    def plain(self) -> dict[str, object]:
        """This will return the reading for storing."""
        return {
            "value": f"{self.value:f}",
            "unit": self.unit,
            "origin": self.origin.value,
            "is_between": self.is_between,
        }

    @classmethod
    def of(cls, plain: dict[str, str | bool]) -> SeenReading:
        """This will read what `plain` has written."""
        return cls(
            value=Decimal(str(plain["value"])),
            unit=str(plain["unit"]),
            origin=ReadingOrigin(str(plain["origin"])),
            is_between=bool(plain["is_between"]),
        )


@dataclass(frozen=True)
class SeenMeter:
    """What a meter showed: its main register, None where that is not known, and further ones by series code."""

    main: SeenReading | None
    further: Mapping[str, SeenReading] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return self.main is not None or bool(self.further)

    def plain(self) -> dict[str, object]:
        """This will return it for storing: the main register as by itself, with `further` beside it."""
        found = {} if self.main is None else self.main.plain()
        if self.further:
            found["further"] = {code: each.plain() for code, each in self.further.items()}
        return found

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> SeenMeter:
        """This will read what `plain` has written; nothing from nothing."""
        further = {code: SeenReading.of(each) for code, each in plain.get("further", {}).items()}
        return cls(SeenReading.of(dict(plain)) if "value" in plain else None, further)


class CustomerFacts(TypedDict, total=False):
    """What may be known of a customer when they are added; `email` is where bills go, empty: they are printed."""

    email: str
    language: str
    tax_number: str
    address: str


NOTHING_KNOWN = CustomerFacts(email="", language="en", tax_number="", address="")
