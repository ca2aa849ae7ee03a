"""What the sheets of a building's workbook hold: the columns of sites, places and meter points."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import values as acquisition_values
from meterbook.metering import assets
from meterbook.metering import values as metering_values
from meterbook.sites import values as site_values

LANGUAGES = site_values.LANGUAGES
CUSTOM = "custom_"  # before the key of a custom field


class Kind(enum.StrEnum):
    """A sheet of a workbook; each workbook declares its own, in the order in which they build on each other."""

    @property
    def caption(self) -> str | Promise:
        """What the sheet is called."""
        raise NotImplementedError


class Sheet(Kind):
    """The sheets of a building's workbook."""

    SITES = "SITES"
    PLACES = "PLACES"
    POINTS = "POINTS"

    @property
    def caption(self) -> str | Promise:
        """What the sheet is called."""
        return SHEET_CAPTIONS[self]


SHEET_CAPTIONS = {Sheet.SITES: _("Sites"), Sheet.PLACES: _("Places"), Sheet.POINTS: _("Meter points")}


class Holds(enum.Enum):
    """What a cell must hold."""

    TEXT = enum.auto()
    LINES = enum.auto()
    NUMBER = enum.auto()
    WHOLE = enum.auto()
    CHOICE = enum.auto()
    DAY = enum.auto()
    ZONE = enum.auto()
    CURRENCY = enum.auto()
    RATIO = enum.auto()
    CUSTOM = enum.auto()


@dataclass(frozen=True)
class Column:
    """One column. `most` is characters of texts or the largest whole number; `choices` are captions by stored code.

    Rows are found by the columns that are a key; codes are compared with full-width signs as the usual ones.
    """

    key: str
    caption: str | Promise
    holds: Holds
    help: str | Promise = ""
    most: int = 0
    least: int = 0
    is_required: bool = False
    is_key: bool = False
    is_code: bool = False
    choices: Mapping[Any, str | Promise] = field(default_factory=dict)
    declared: site_values.FieldDeclaration | None = None
    width: int = 16


_LANGUAGE_CHOICES = {each: each for each in LANGUAGES}
_CODE, _NAME = site_values.CODE_LENGTH, site_values.NAME_LENGTH


def text(key: str, caption: Promise, most: int, help: Promise | str = "", **more: Any) -> Column:  # noqa: A002, ANN401
    """This will declare a column that holds one line of text."""
    return Column(key, caption, Holds.TEXT, help, most, **more)


def code(key: str, caption: Promise, most: int, help: Promise | str = "", **more: Any) -> Column:  # noqa: A002, ANN401
    """This will declare a column that holds the code or number of something."""
    return Column(key, caption, Holds.TEXT, help, most, is_code=True, **more)


def choice(key: str, caption: Promise, choices: Mapping[Any, Any], help: Promise | str = "", **more: Any) -> Column:  # noqa: A002, ANN401
    """This will declare a column that holds one of some choices."""
    return Column(key, caption, Holds.CHOICE, help, choices=choices, **more)


SITE_COLUMNS = (
    code("code", _("Code"), _CODE, _("Short and unique; rows are found by it."), is_required=True, is_key=True),
    text("name", _("Name"), _NAME, is_required=True, width=28),
    text("portfolio", _("Portfolio"), _NAME, _("The group of properties that it belongs to; may be empty.")),
    Column("time_zone", _("Time zone"), Holds.ZONE, _("Such as Europe/Madrid, or a city."), is_required=True, width=20),
    Column("currency", _("Currency"), Holds.CURRENCY, _("Three letters, such as EUR."), is_required=True),
    choice("language", _("Language"), _LANGUAGE_CHOICES, is_required=True),
    Column("address", _("Address"), Holds.LINES, most=site_values.ADDRESS_LENGTH, width=32),
    Column("contacts", _("Contacts"), Holds.LINES, most=site_values.CONTACTS_LENGTH, width=32),
)
PLACE_COLUMNS = (
    code(
        "code", _("Code"), _CODE, _("Unique in the organization; rows are found by it."), is_required=True, is_key=True
    ),
    text("name", _("Name"), _NAME, is_required=True, width=28),
    choice("kind", _("Kind"), site_values.NODE_KIND_CAPTIONS, is_required=True),
    code("site", _("Site"), _CODE, _("Code of the site; may be empty when there is only one.")),
    code("parent", _("Inside"), _CODE, _("Code of the larger place that it lies in; empty: at the top of the site.")),
    Column("area", _("Area"), Holds.NUMBER),
    choice("area_unit", _("Area unit"), site_values.AREA_UNIT_CAPTIONS, _("m² when it is empty.")),
    Column("headcount", _("Headcount"), Holds.WHOLE, most=site_values.MOST_HEADCOUNT),
    choice("usage", _("Used as"), site_values.USAGE_TYPE_CAPTIONS, width=22),
    Column("rated_capacity", _("Rated capacity"), Holds.NUMBER),
    choice("capacity_unit", _("Capacity unit"), site_values.CAPACITY_UNIT_CAPTIONS, _("kW when it is empty.")),
    Column("address", _("Address"), Holds.LINES, most=site_values.ADDRESS_LENGTH, width=32),
    Column("contacts", _("Contacts"), Holds.LINES, most=site_values.CONTACTS_LENGTH, width=32),
    choice("language", _("Language"), _LANGUAGE_CHOICES, _("Empty: that of the site.")),
)
ASSET_COLUMNS = (
    text("location", _("Where exactly it hangs"), assets.PLACE_LENGTH, _("Such as: basement, riser 2."), width=24),
    text("seals", _("Seal numbers"), 800, _("With commas between them."), width=20),
    text("accuracy_class", _("Accuracy class"), assets.CLASS_LENGTH),
    choice(
        "approval",
        _("Mark of approval"),
        {each.value: caption for each, caption in assets.APPROVAL_CAPTIONS.items() if each.value},
    ),
    text("approval_number", _("Number beside the mark"), assets.NUMBER_LENGTH),
    Column("battery_until", _("Battery lasts until"), Holds.DAY),
    text("current_ratio", _("Current transformers, ratio"), 40, _("Such as 200/5. The multiplier is another column.")),
    text("current_serials", _("Current transformers, serial numbers"), assets.PLACE_LENGTH),
    text("voltage_ratio", _("Voltage transformers, ratio"), 40),
    text("voltage_serials", _("Voltage transformers, serial numbers"), assets.PLACE_LENGTH),
    Column("tested_on", _("Tested on"), Holds.DAY, _("Day of the latest test that was passed; empty: it stays.")),
    Column("calibrated_through", _("Holds through"), Holds.DAY, _("The last day of the calibration.")),
    text("certificate_number", _("Number of the certificate"), assets.NUMBER_LENGTH),
)
POINT_COLUMNS = (
    code("code", _("Code"), _CODE, _("Unique in the organization; it stands on bills."), is_required=True, is_key=True),
    text("name", _("Name"), _NAME, is_required=True, width=28),
    choice("service", _("Service"), metering_values.SERVICE_CAPTIONS, is_required=True, width=18),
    choice("role", _("Role"), metering_values.POINT_ROLE_CAPTIONS, _("Tenant when it is empty.")),
    code("site", _("Site"), _CODE, _("May be empty when the place says it, or there is only one.")),
    code("place", _("Place"), _CODE, _("Code of the place where it hangs.")),
    code("serial", _("Meter serial number"), 60, _("Empty: no meter hangs there yet."), width=20),
    text(
        "model",
        _("Model"),
        60,
        _("Such as Eastron SDM630, or its code; empty: it is read by hand or from files."),
        width=24,
    ),
    text(
        "registers",
        _("Further registers"),
        200,
        _("Of a meter read by hand or from files, with commas: T1, T2, T3, T4, reactive energy, energy returned."),
        width=22,
    ),
    Column("multiplier", _("Multiplier"), Holds.RATIO, _("Such as 200/5; 1 when it is empty.")),
    Column("since", _("Hangs there since"), Holds.DAY, _("Day; today when it is empty. Earlier readings are refused.")),
    text("host", _("Gateway address"), 253, _("Empty: the meter is not asked over the network."), width=20),
    Column(
        "port",
        _("Gateway port"),
        Holds.WHOLE,
        _("502 with Modbus, 10001 with M-Bus when it is empty."),
        most=acquisition_values.PORTS[-1],
        least=acquisition_values.PORTS[0],
    ),
    choice(
        "spoken",
        _("What is spoken"),
        {each: acquisition_values.BUS_PROTOCOL_CAPTIONS[each] for each in acquisition_values.ASKED},
        _("Empty: Modbus TCP, with a model of M-Bus its TCP converter."),
        width=20,
    ),
    Column(
        "unit",
        _("Unit address"),
        Holds.WHOLE,
        _("As it is set at the meter, 1 to 247; with M-Bus 0 to 250."),
        most=acquisition_values.PRIMARY_ADDRESSES[-1],
        least=acquisition_values.PRIMARY_ADDRESSES[0],
    ),
    text(
        "secondary",
        _("M-Bus number"),
        40,
        _("With M-Bus, in place of the unit address: 8 digits, or 16 with maker, version and type."),
    ),
    Column(
        "time_zone", _("Time zone"), Holds.ZONE, _("Empty: that of the site. Billed days stay as they are."), width=20
    ),
    choice(
        "language",
        _("Language of documents"),
        _LANGUAGE_CHOICES,
        _("Of bills and exports of this meter. Empty: that of the account, then of the site."),
    ),
    *ASSET_COLUMNS,
)


def columns_of(fields: Sequence[site_values.FieldDeclaration]) -> dict[Sheet, tuple[Column, ...]]:
    """This will return the columns of each sheet; places have one more for each custom field."""
    taken = {str(each.caption).casefold() for each in PLACE_COLUMNS}
    custom = tuple(
        Column(
            CUSTOM + each.key,
            f"{each.name} [{each.key}]" if each.name.casefold() in taken else each.name,
            Holds.CUSTOM,
            ", ".join(each.choices)[:200],
            declared=each,
        )
        for each in fields
    )
    return {Sheet.SITES: SITE_COLUMNS, Sheet.PLACES: PLACE_COLUMNS + custom, Sheet.POINTS: POINT_COLUMNS}


def spellings(named: Mapping[Any, str | Promise]) -> dict[str, Any]:
    """This will return codes by all that people may write for them: the code, and the caption in any language."""
    found = {}
    for language in LANGUAGES:
        with translation.override(language):
            found.update({str(caption).casefold(): code for code, caption in named.items()})
    return found | {str(code).casefold(): code for code in named}
