"""What is known of a meter as a thing: its plate and seals, the transformers before it, its tests and files. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext_lazy as _

from meterbook.metering.calibrations import CalibrationState, Tested

SEAL_LENGTH, MOST_SEALS = 40, 20
CLASS_LENGTH, NUMBER_LENGTH, PLACE_LENGTH, NOTE_LENGTH = 20, 80, 200, 500


class Approval(enum.StrEnum):
    """Which mark of approval stands on a meter's plate; NONE: nobody noted one."""

    NONE = ""
    MID = "MID"
    ANSI = "ANSI"
    TYPE = "TYPE"
    OTHER = "OTHER"


APPROVAL_CAPTIONS = {
    Approval.NONE: _("Not noted"),
    Approval.MID: _("MID mark on the plate"),
    Approval.ANSI: _("ANSI mark on the plate"),
    Approval.TYPE: _("National type approval on the plate"),
    Approval.OTHER: _("Another mark on the plate"),
}


class FileKind(enum.StrEnum):
    """What a file about a meter shows."""

    INSTALLED = "INSTALLED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"
    CERTIFICATE = "CERTIFICATE"


FILE_KIND_CAPTIONS = {
    FileKind.INSTALLED: _("Photo when it was installed"),
    FileKind.REMOVED: _("Photo when it was removed"),
    FileKind.CHANGED: _("Photo when the multiplier changed"),
    FileKind.CERTIFICATE: _("Test certificate"),
}

STATE_CAPTIONS = {
    CalibrationState.UNKNOWN: _("No test on record"),
    CalibrationState.VALID: _("Calibration holds"),
    CalibrationState.EXPIRED: _("Calibration expired"),
    CalibrationState.FAILED: _("Test failed"),
}


@dataclass(frozen=True)
class Plate:
    """What stands on a meter and hangs on it: its accuracy class, mark of approval, seals, and until when its battery
    is to last.
    """

    accuracy_class: str = ""
    approval: Approval = Approval.NONE
    approval_number: str = ""
    seals: tuple[str, ...] = ()
    battery_until: date | None = None


@dataclass(frozen=True)
class Transformers:
    """Current or voltage transformers: the ratio as it stands on them ("200/5"), their numbers and class."""

    ratio: str = ""
    serials: str = ""
    accuracy_class: str = ""

    @property
    def factor(self) -> Fraction | None:
        """How many times they divide; None where no ratio was noted."""
        return read_ratio(self.ratio) if self.ratio else None


@dataclass(frozen=True)
class Equipment:
    """What stands at a meter point whichever meter hangs there: where exactly it is, and the transformers."""

    location: str = ""
    current: Transformers = Transformers()
    voltage: Transformers = Transformers()

    @property
    def factor(self) -> Fraction | None:
        """How many times the transformers divide together; None where no ratio was noted."""
        known = [each for each in (self.current.factor, self.voltage.factor) if each is not None]
        return None if not known else known[0] if len(known) == 1 else known[0] * known[1]


@dataclass(frozen=True)
class Test:
    """A test of a meter; the days [tested_on, until_day) are those for which it says that the meter measures rightly.

    `largest_error` is in percent, as the certificate tells it.
    """

    tested_on: date
    until_day: date | None
    is_passed: bool
    laboratory: str = ""
    certificate_number: str = ""
    largest_error: Decimal | None = None
    note: str = ""

    @property
    def tested(self) -> Tested:
        """What it says of days."""
        return Tested(self.tested_on, self.until_day, self.is_passed)


class SealsUnreadable(ValueError):
    """Seals are numbers with commas between them, each of at most 40 characters."""


def read_seals(text: str) -> tuple[str, ...]:
    """This will return the seal numbers in a text: "A 12, A 13" is ("A 12", "A 13"); each once.

    :raises SealsUnreadable: when one is too long, or there are too many
    """
    found = tuple(dict.fromkeys(each.strip() for each in text.replace(";", ",").split(",") if each.strip()))
    if len(found) > MOST_SEALS or any(len(each) > SEAL_LENGTH for each in found):
        raise SealsUnreadable(SealsUnreadable.__doc__)
    return found


def read_ratio(text: str) -> Fraction:
    """This will return how many times "200/5" divides: 40.

    :raises ValueError: for anything else than two positive numbers with a slash between them
    """
    first, slash, second = text.partition("/")
    found = [Fraction(each.strip()) for each in (first, second)] if slash else []
    if len(found) != 2 or min(found) <= 0:
        raise ValueError(f"{text!r} is no ratio such as 200/5.")
    return found[0] / found[1]


def flat(equipment: Equipment) -> dict[str, str]:
    """This will return what stands at a meter point as its row holds it."""
    return {
        "location": equipment.location,
        "current_ratio": equipment.current.ratio,
        "current_serials": equipment.current.serials,
        "current_class": equipment.current.accuracy_class,
        "voltage_ratio": equipment.voltage.ratio,
        "voltage_serials": equipment.voltage.serials,
        "voltage_class": equipment.voltage.accuracy_class,
    }
