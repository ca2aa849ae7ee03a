"""What stands behind a bill, down to the raw readings: for who may see bills, and for a tenant of the own ones."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Path, Query, Router

from meterbook.api import entry, problems
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import bill_shapes as shapes
from meterbook.api.resources import looking, own
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.reporting.queries import explaining

router = Router(tags=["Bills"])
STAMP = "%Y%m%dT%H%M%SZ"
Instant = Annotated[str, Path(description="In UTC, as 20260131T230000Z.", max_length=16)]
Register = Annotated[
    str,
    Query(
        alias="register",
        description="The `code` of a further register of the meter point, as the bill has it.",
        max_length=40,
    ),
]


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}/explanation",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BillExplanation,
)
def explain_bill(request: entry.Request, bill: uuid.UUID) -> shapes.BillExplanation:
    """This will return how each line of a bill came about: formula, tariff in words, and where its readings are."""
    return shapes.explanation(billing_queries.get_bill(public_id=bill))


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}/points/{int:measured}/intervals",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BilledIntervals,
)
def get_bill_intervals(
    request: entry.Request, bill: uuid.UUID, measured: int, code: Register = ""
) -> shapes.BilledIntervals:
    """This will return the intervals behind a meter point of a bill, counted from 0, as they were when it was made."""
    row = billing_queries.get_bill(public_id=bill)
    found = shapes.point_of(row, measured, code)
    looking.require_detail(request.caller, found.detail, found.period)
    return shapes.intervals(row, found)


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}/points/{int:measured}/readings/{str:instant}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.ReadingEvidence,
)
def get_bill_reading(
    request: entry.Request, bill: uuid.UUID, measured: int, instant: Instant, code: Register = ""
) -> shapes.ReadingEvidence:
    """This will return all that is kept of a register's reading at an instant within a bill."""
    row = billing_queries.get_bill(public_id=bill)
    found, at = _at(row, measured, instant, code)
    is_midnight = at == civil.start_of_day(at.astimezone(found.zone).date(), found.zone)
    if not is_midnight:
        looking.require_detail(request.caller, found.detail, found.period)
    return shapes.evidence(found, at, is_fine=not is_midnight, is_own=False)


@endpoint(
    router,
    "GET",
    "/own/bills/{uuid:own_bill}/explanation",
    permission=own.SEE,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BillExplanation,
)
def explain_own_bill(request: entry.Request, own_bill: uuid.UUID) -> shapes.BillExplanation:
    """This will return how each line of an own bill came about."""
    return shapes.explanation(_own(request, own_bill))


@endpoint(
    router,
    "GET",
    "/own/bills/{uuid:own_bill}/points/{int:measured}/intervals",
    permission=own.SEE,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BilledIntervals,
)
def get_own_bill_intervals(
    request: entry.Request, own_bill: uuid.UUID, measured: int, code: Register = ""
) -> shapes.BilledIntervals:
    """This will return the intervals behind a meter point of an own bill, counted from 0."""
    row = _own(request, own_bill)
    return shapes.intervals(row, shapes.point_of(row, measured, code))


@endpoint(
    router,
    "GET",
    "/own/bills/{uuid:own_bill}/points/{int:measured}/readings/{str:instant}",
    permission=own.SEE,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.ReadingEvidence,
)
def get_own_bill_reading(
    request: entry.Request, own_bill: uuid.UUID, measured: int, instant: Instant, code: Register = ""
) -> shapes.ReadingEvidence:
    """This will return all that is kept of a register's reading at an instant within an own bill."""
    found, at = _at(_own(request, own_bill), measured, instant, code)
    return shapes.evidence(found, at, is_fine=True, is_own=True)


def _own(request: entry.Request, public_id: uuid.UUID) -> billing_queries.BillDetail:
    """An issued bill of an account of whoever asks; any other one is not there."""
    own.require_bill(request, public_id)
    return billing_queries.get_bill(public_id=public_id)


def _at(
    row: billing_queries.BillDetail, measured: int, text: str, code: str
) -> tuple[explaining.MeteredPoint, datetime]:
    found = shapes.point_of(row, measured, code)
    try:
        at = datetime.strptime(text, STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise problems.not_found(_("There is no such reading.")) from error
    maxima = explaining.maxima_of(found.plain).get(code, ())
    if not found.period.start <= at <= found.period.end and at not in maxima:
        raise problems.not_found(_("This bill is about another time."))
    return found, at
