"""Rates of others as tariff documents; nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.tariffs import permissions
from meterbook.tariffs.urdb import converting
from meterbook.tariffs.urdb import record as records

router = Router(tags=["Tariffs"])


class RateGiven(values.Given):
    """A record of OpenEI's Utility Rate Database, as JSON text: so its numbers stay as they are written."""

    record: Annotated[str, Field(min_length=2, max_length=records.LARGEST_TEXT)]


class ConvertedRate(values.Told):
    """The tariff document, and what of the record it leaves out."""

    document: dict[str, Any]
    remarks: list[str]


@endpoint(
    router,
    "POST",
    "/tariff-conversions",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=ConvertedRate,
)
def convert_rate(request: entry.Request, given: RateGiven) -> ConvertedRate:
    """This will make a tariff document of a rate; send it as a tariff or a draft to keep it."""
    found = converting.convert(records.read_text(given.record))
    return ConvertedRate(document=found.document, remarks=list(map(str, found.remarks)))
