"""What programs send and are told about shared costs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from pydantic import Field

from meterbook.api import values
from meterbook.billing.values import RunState
from meterbook.sites import values as site_values

AmountGiven = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$", max_length=18)]
Document = Annotated[
    dict[str, Any], Field(description='A document of the format "meterbook-pool/1": see docs/reference/pool-format.md.')
]


class NewPool(values.Given):
    """A cost of a site that several share, divided by runs from a local day on."""

    site: uuid.UUID
    code: values.Code
    starts_day: values.DayGiven
    document: Document


class NewDefinition(values.Given):
    """Another definition: sheets that are approved stay, those made afterwards follow it."""

    document: Document


class NewAmount(values.Given):
    """A cost for local days [first_day, until_day); with a reference it is a line of an invoice.

    `texts` are what bills in these languages ("en", "es") say instead of `text`.
    """

    first_day: values.DayGiven
    until_day: values.DayGiven
    amount: AmountGiven
    text: values.Name
    reference: Annotated[values.Words, Field(max_length=80)] = ""
    quantity: values.DecimalGiven | None = None
    unit: Annotated[values.Words, Field(max_length=20)] = ""
    texts: dict[str, values.Name] = Field(default={}, max_length=len(site_values.LANGUAGES))


class PoolEnd(values.Given):
    """From which day nothing is shared any more; null takes it back."""

    ended_day: values.DayGiven | None


class PoolListed(values.Told):
    """A shared cost."""

    id: uuid.UUID
    site: uuid.UUID
    code: str
    name: str
    stage: int
    starts_day: str
    ended_day: str | None
    version: int
    digest: str


class PoolAmount(values.Told):
    """An amount for local days [first_day, until_day); `landlord_amount` of it the landlord bears for who left."""

    id: uuid.UUID
    kind: str
    first_day: str
    until_day: str
    amount: values.Money
    landlord_amount: values.Money
    text: str
    texts: dict[str, str]
    reference: str
    quantity: values.DecimalTold | None
    unit: str


class PoolTold(PoolListed):
    """A shared cost with its document and the amounts that count."""

    document: dict[str, Any]
    amounts: list[PoolAmount]


class SheetListed(values.Told):
    """How local days [first_day, until_day) were divided; without a total it waits, for what `reasons` say.

    Where it is put off, its run bills without this cost, and the next one divides these days.
    """

    id: uuid.UUID
    pool: uuid.UUID
    run: uuid.UUID
    run_state: RunState
    first_day: str
    until_day: str
    version: int
    total: values.Money | None
    digest: str
    is_approved: bool
    is_put_off: bool
    reasons: list[str]


class SheetTold(SheetListed):
    """A sheet with all that is needed to work out every share again ("meterbook-sheet/1").

    `left_by` are sheets of the same days that a run put off; `divided_by` those that divide the days of one put off.
    """

    content: dict[str, Any] | None
    left_by: list[uuid.UUID]
    divided_by: list[uuid.UUID]


class SheetShift(values.Told):
    """What one account would bear otherwise."""

    account: str
    before: values.DecimalTold
    now: values.DecimalTold


class SheetDifference(values.Told):
    """By what an approved sheet would differ now; no shifts: not at all."""

    before: values.Money | None
    now: values.Money | None
    shifts: list[SheetShift]


class SheetList(values.Told):
    """The sheets of a pool, the latest days first."""

    items: list[SheetListed]
