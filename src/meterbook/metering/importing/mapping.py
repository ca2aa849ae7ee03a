"""How a file is to be read: which columns, which format, which unit, which zone."""

from __future__ import annotations

import enum
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, fields

from django.utils.translation import gettext_lazy as _

ISO = "ISO"
SERIAL, UNIX = "EXCEL", "UNIX"  # days since 1899-12-30 as spreadsheets count them; seconds or milliseconds since 1970
DAY = 1_440  # minutes; a step of this length is a local day of 23 to 25 hours
STEPS = (1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60, DAY)


class Kind(enum.StrEnum):
    """What the value column holds."""

    INTERVALS = "INTERVALS"  # what was used in each stretch of time
    REGISTERS = "REGISTERS"  # what the counter showed
    DAILY = "DAILY"  # what a counter showed that begins again at each local midnight


class Label(enum.StrEnum):
    """Which end of its interval a row's time names."""

    START = "START"
    END = "END"


class Midnight(enum.StrEnum):
    """The date that a row at 0:00 carries: that of the day that begins, or that of the one that just ended."""

    NEXT = "NEXT"
    SAME = "SAME"


class Gaps(enum.StrEnum):
    """What to do about intervals that are not in the file."""

    REFUSE = "REFUSE"
    ZERO = "ZERO"  # the register stands still; the screen shows such time as estimated


KIND_CAPTIONS = {
    Kind.INTERVALS: _("Usage of each interval"),
    Kind.REGISTERS: _("What the register showed"),
    Kind.DAILY: _("What a counter showed that begins again each day"),
}
LABEL_CAPTIONS = {Label.START: _("The interval's start"), Label.END: _("The interval's end")}
MIDNIGHT_CAPTIONS = {
    Midnight.NEXT: _("The day that begins"),
    Midnight.SAME: _("The day that just ended"),
}
GAPS_CAPTIONS = {Gaps.REFUSE: _("Refuse the file"), Gaps.ZERO: _("Take them as nothing used")}


@dataclass(frozen=True)
class Mapping:
    """Empty fields are guessed from the file (`guessing.complete`).

    `point` names one meter point for all rows, `point_column` a column with its code. `time_column` may be two columns
    joined by “+”. `time_format` is ISO, SERIAL, UNIX or a pattern of strptime. `step` is in minutes. `zone` empty:
    that of the meter point. `grouping` is the sign between thousands, always by the file. `columns` are several columns
    of values with their meter points and quantities (`targets.written`), in the place of `value_column`.
    """

    series: str = "energy_import"
    point: str = ""
    point_column: str = ""
    time_column: str = ""
    value_column: str = ""
    time_format: str = ""
    decimal_separator: str = ""
    grouping: str = ""
    delimiter: str = ""
    sheet: str = ""
    kind: str = ""
    unit: str = ""
    zone: str = ""
    label: str = ""
    midnight: str = ""
    step: int = 0
    gaps: str = Gaps.REFUSE
    columns: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether the rows become amounts used, which are summed to a register; else they are the register."""
        return self.kind != Kind.REGISTERS

    def plain(self) -> dict[str, str | int]:
        """This will return the mapping for storing and for programs."""
        return asdict(self)

    @classmethod
    def of(cls, stored: AnyMapping[str, object]) -> Mapping:
        """This will make a mapping from what `plain` returned; unknown names are passed over."""
        known = {each.name: each for each in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})  # type: ignore[arg-type]
