"""Words of the site tree."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from meterbook.kernel import signs


class NodeKind(enum.StrEnum):
    """Levels of the tree below a site, from large to small."""

    BUILDING = "BUILDING"
    FLOOR = "FLOOR"
    ZONE = "ZONE"
    UNIT = "UNIT"


NODE_KIND_CAPTIONS = {
    NodeKind.BUILDING: _("Building"),
    NodeKind.FLOOR: _("Floor"),
    NodeKind.ZONE: _("Zone"),
    NodeKind.UNIT: _("Unit"),
}


class AreaUnit(enum.StrEnum):
    """What floor space is counted in."""

    M2 = "M2"
    FT2 = "FT2"


AREA_UNIT_CAPTIONS = {AreaUnit.M2: "m²", AreaUnit.FT2: "ft²"}


class CapacityUnit(enum.StrEnum):
    """What the supply of a place is rated in."""

    KW = "KW"
    KVA = "KVA"
    A = "A"


CAPACITY_UNIT_CAPTIONS = {CapacityUnit.KW: "kW", CapacityUnit.KVA: "kVA", CapacityUnit.A: "A"}


class UsageType(enum.StrEnum):
    """What a place is used for."""

    HOME = "HOME"
    SHOP = "SHOP"
    OFFICE = "OFFICE"
    FOOD = "FOOD"
    HOTEL = "HOTEL"
    INDUSTRY = "INDUSTRY"
    STORAGE = "STORAGE"
    PARKING = "PARKING"
    PLANT = "PLANT"
    COMMON = "COMMON"
    OTHER = "OTHER"


USAGE_TYPE_CAPTIONS = {
    UsageType.HOME: _("Dwelling"),
    UsageType.SHOP: _("Shop"),
    UsageType.OFFICE: _("Office"),
    UsageType.FOOD: _("Restaurant or kitchen"),
    UsageType.HOTEL: _("Hotel"),
    UsageType.INDUSTRY: _("Workshop or industry"),
    UsageType.STORAGE: _("Storage"),
    UsageType.PARKING: _("Parking"),
    UsageType.PLANT: _("Plant room"),
    UsageType.COMMON: _("Common area"),
    UsageType.OTHER: _("Other"),
}


class FieldType(enum.StrEnum):
    """What a custom field holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    CHOICE = "CHOICE"


FIELD_TYPE_CAPTIONS = {
    FieldType.TEXT: _("Any text"),
    FieldType.NUMBER: _("Number"),
    FieldType.DATE: _("Date"),
    FieldType.CHOICE: _("Choice"),
}

LANGUAGES = ("en", "es")
CODE_LENGTH, NAME_LENGTH = 40, 200
ADDRESS_LENGTH, CONTACTS_LENGTH = 300, 500
NUMBER_DIGITS, NUMBER_DECIMALS = 12, 4  # of areas and capacities
MOST_HEADCOUNT = 1_000_000
MOST_FIELDS, MOST_CHOICES, FIELD_TEXT_LENGTH = 20, 50, 200
MOST_PHOTOS = 12  # of one place
KEY_LENGTH = 40


@dataclass(frozen=True)
class NodeFacts:
    """What is known of a place beside its name; None and empty are "not known".

    `area` in `area_unit`, `rated_capacity` in `capacity_unit`: exact numbers with at most four decimals. `language` is
    the default of those who live or work there; empty: that of the site. `custom` holds texts by the keys of the
    organization's custom fields: numbers as 12.5, dates as 2026-05-15.
    """

    area: Decimal | None = None
    area_unit: AreaUnit = AreaUnit.M2
    headcount: int | None = None
    usage: UsageType | None = None
    address: str = ""
    rated_capacity: Decimal | None = None
    capacity_unit: CapacityUnit = CapacityUnit.KW
    contacts: str = ""
    language: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)


NO_FACTS = NodeFacts()


@dataclass(frozen=True)
class SiteFacts:
    """A property as it is described. `portfolio` names the group of properties that it belongs to; it may be empty."""

    code: str
    name: str
    time_zone: str
    currency: str
    language: str
    portfolio: str = ""
    address: str = ""
    contacts: str = ""


@dataclass(frozen=True)
class FieldDeclaration:
    """A custom field of an organization's places; `choices` are those of a CHOICE."""

    key: str
    name: str
    type: FieldType
    choices: tuple[str, ...] = ()


class FieldValueInvalid(ValueError):
    """The value does not fit its custom field."""


def field_value(declared: FieldDeclaration, text: str) -> str:
    """This will return a value of a custom field as it is stored; an empty one stays empty.

    >>> field_value(FieldDeclaration("keys", "Keys", FieldType.NUMBER), "12.50")
    '12.5'

    :raises FieldValueInvalid: in words, when the text is too long, no number, no day or no choice
    """
    text = text.strip()
    if not text:
        return ""
    if len(text) > FIELD_TEXT_LENGTH:
        raise FieldValueInvalid(_("Write at most %(most)s characters.") % {"most": FIELD_TEXT_LENGTH})
    found = signs.find(text)
    if found is not None:
        facts = {"sign": found.shown, "place": found.place}
        raise FieldValueInvalid(_("Take out the invisible sign %(sign)s at place %(place)s, or type it anew.") % facts)
    if declared.type is FieldType.NUMBER:
        return _number(text)
    if declared.type is FieldType.DATE:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise FieldValueInvalid(_("Write the day as year-month-day, such as 2026-07-01.")) from error
    if declared.type is FieldType.CHOICE and text not in declared.choices:
        raise FieldValueInvalid(_("Choose one of: %(choices)s.") % {"choices": ", ".join(declared.choices)})
    return text


def _number(text: str) -> str:
    whole, _point, decimals = text.removeprefix("-").partition(".")
    if not (text.isascii() and whole.isdigit() and (decimals.isdigit() or "." not in text) and len(text) <= 20):
        raise FieldValueInvalid(_("Write a number, such as 12.5."))
    shortened = f"{Decimal(text):f}"
    return shortened.rstrip("0").rstrip(".") if "." in shortened else shortened
