"""Which sheet divided the days that another one put off."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from meterbook.billing import models
from meterbook.foundation import scoping


@dataclass(frozen=True)
class LinkedSheet:
    """A sheet of the same pool for days in [first_day, until_day); one that is put off divides nothing."""

    public_id: uuid.UUID
    first_day: date
    until_day: date
    is_put_off: bool


@dataclass(frozen=True)
class Links:
    """The sheets that put days of a sheet off, and, for one that is put off itself, those that divide its days."""

    put_off: tuple[LinkedSheet, ...]
    divided: tuple[LinkedSheet, ...]


def links_of(*, sheet: uuid.UUID) -> Links:
    """This will return the sheets of the same days that a sheet leads to, by days; none for an unknown one."""
    sheets = models.PoolSheet.objects.filter(organization_id=scoping.current().organization_id)
    own = sheets.filter(public_id=sheet).values_list("pk", "pool_id", "days", "is_put_off").first()
    if own is None:
        return Links((), ())
    pk, pool_id, days, is_put_off = own
    rows = sheets.filter(pool_id=pool_id, days__overlap=days, is_replaced=False).exclude(pk=pk)
    found = [
        LinkedSheet(public_id, others.lower, others.upper, is_later)
        for public_id, others, is_later in rows.order_by("days", "id").values_list("public_id", "days", "is_put_off")
    ]
    put_off = tuple(each for each in found if each.is_put_off)
    return Links(put_off, tuple(each for each in found if not each.is_put_off) if is_put_off else ())
