"""What programs send and are told about virtual meters."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field, model_validator

from meterbook.api import values
from meterbook.kernel import water
from meterbook.metering import values as metering_values

A_DAY = 24 * 60  # minutes
Factor = Annotated[
    str,
    Field(
        pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?(/[1-9][0-9]{0,8})?$",
        max_length=30,
        description="How many times the meter counts, with its sign: a decimal or a ratio.",
    ),
]
Figure = Annotated[str, Field(pattern=r"^[0-9]{1,5}(\.[0-9]{1,6})?$", max_length=12)]
Constant = Annotated[str, Field(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$", max_length=17)]
Minute = Annotated[int, Field(ge=0, le=A_DAY)]
Weekday = Annotated[int, Field(ge=1, le=7, description="Monday is 1.")]


class HeatOfWaterGiven(values.Given):
    """Makes a row what its water carried: m3 x kelvins x density (kg/m3) x specific heat (kJ/(kg K)) / 3600, in kWh.

    The temperatures are those of the meter point itself where none is named.
    """

    flow: uuid.UUID | None = None
    returned: uuid.UUID | None = None
    density: Figure = str(water.DENSITY)
    specific_heat: Figure = str(water.SPECIFIC_HEAT)


class FormulaRow(values.Given):
    """A meter with its factor, or a constant in units an hour; it counts in these minutes of these weekdays (all)."""

    meter_point: uuid.UUID | None = None
    factor: Factor = "1"
    constant_per_hour: Constant | None = None
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    from_minute: Minute = 0
    until_minute: Minute = A_DAY
    heat: HeatOfWaterGiven | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> FormulaRow:
        if (self.meter_point is None) == (self.constant_per_hour is None):
            raise ValueError("needs either a meter point or a constant")
        if self.heat is not None and self.meter_point is None:
            raise ValueError("a constant carries no heat; name the meter point of the water")
        if self.from_minute == self.until_minute or self.from_minute == A_DAY:
            raise ValueError("would never count; take another from_minute or until_minute")
        if self.until_minute == 0:
            raise ValueError("ends at 0; write 1440 for the end of the day")
        return self


Rows = Annotated[list[FormulaRow], Field(min_length=1, max_length=200)]
Reason = Annotated[values.Words, Field(max_length=200)]


class NewVirtualMeter(values.Given):
    """A virtual meter at a site, with the formula that counts from a local day on."""

    site: uuid.UUID
    place: uuid.UUID | None = None
    code: values.Code
    name: values.Name
    service: metering_values.Service
    purpose: metering_values.VirtualPurpose
    role: metering_values.PointRole = metering_values.PointRole.OTHER
    starts_on: values.DayGiven
    rows: Rows
    reason: Reason = ""


class NewFormula(values.Given):
    """The formula that counts from a local day on; it takes the place of one of the same day."""

    starts_on: values.DayGiven
    rows: Rows
    reason: Reason = ""


class HeatOfWaterTold(values.Told):
    """What water is multiplied by; a meter point that the caller may not see is left out."""

    flow: uuid.UUID | None
    returned: uuid.UUID | None
    density: str
    specific_heat: str


class FormulaRowTold(values.Told):
    """One row; a meter that the caller may not see has no code and name."""

    meter_point: uuid.UUID | None
    code: str
    name: str
    factor: str
    weekdays: list[int]
    from_minute: int
    until_minute: int
    heat: HeatOfWaterTold | None = None


class Formula(values.Told):
    """A formula; it is in force unless another one of the same day took its place."""

    id: uuid.UUID
    starts_at: values.InstantTold
    is_in_force: bool
    author: str
    reason: str
    recorded_at: values.InstantTold
    rows: list[FormulaRowTold]


class VirtualMeterListed(values.Told):
    """A virtual meter; `id` is that of its meter point, whose series and bills are read as those of any other."""

    id: uuid.UUID
    site: uuid.UUID
    code: str
    name: str
    service: metering_values.Service
    purpose: metering_values.VirtualPurpose
    role: metering_values.PointRole
    series: str
    unit: str
    inputs: int


class VirtualMeter(VirtualMeterListed):
    """A virtual meter with its formulas through time."""

    formulas: list[Formula]


class InputUse(values.Told):
    """What a row gave: units of the virtual meter, with its sign; `missing` of the `due` intervals had no value."""

    row: FormulaRowTold
    used: str
    missing: int
    due: int


class InputUses(values.Told):
    """What each row gave in local days [first, until)."""

    unit: str
    items: list[InputUse]
