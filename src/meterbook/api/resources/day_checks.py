"""Days of meters that can hardly be right, and settling what was found."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.metering.checking.days import CheckKind
from meterbook.monitoring import operations as monitoring_operations
from meterbook.monitoring import queries as monitoring_queries

router = Router(tags=["Readings"])
Reason = Annotated[values.Words, Field(min_length=1, max_length=300)]


class DayFinding(values.Told):
    """Days of a meter point that can hardly be right; `facts` are the numbers of `last_day`, in the series' scale."""

    id: uuid.UUID
    meter_point: uuid.UUID
    code: str
    kind: CheckKind
    first_day: date
    last_day: date
    facts: dict[str, str | int]


class DayFindings(values.Told):
    """What is open, the latest days first, at most 200."""

    findings: list[DayFinding]


class DaySettlement(values.Given):
    """Why a finding is settled."""

    reason: Reason


@endpoint(
    router,
    "GET",
    "/day-findings",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=DayFindings,
    by_site=True,
)
def list_day_findings(request: entry.Request) -> DayFindings:
    """This will list what was found about days of meters and is not settled."""
    site_ids = request.caller.access.sites(permissions.VIEW_METER)
    return _listed(site_ids)


@endpoint(
    router,
    "POST",
    "/day-findings/{uuid:day_finding}/settle",
    permission=permissions.CORRECT_READING,
    module=Module.METERING,
    answers=DayFindings,
    by_site=True,
)
def settle_day_finding(request: entry.Request, day_finding: uuid.UUID, given: DaySettlement) -> DayFindings:
    """This will settle a finding: it is right, or dealt with. Answers with what is still open."""
    caller = request.caller
    site_id = monitoring_queries.site_of_day_finding(finding=day_finding)
    if site_id is None or not caller.access.allows(permissions.CORRECT_READING, site_id):
        raise problems.not_found()
    monitoring_operations.settle_day_finding(actor=caller.actor, at=caller.at, finding=day_finding, reason=given.reason)
    return _listed(caller.access.sites(permissions.CORRECT_READING))


def _listed(site_ids: frozenset[int] | None) -> DayFindings:
    rows = monitoring_queries.list_day_findings(site_ids=site_ids)
    return DayFindings(
        findings=[
            DayFinding(
                id=each.public_id,
                meter_point=each.meter_point,
                code=each.point_code,
                kind=each.kind,
                first_day=each.first_day,
                last_day=each.last_day,
                facts=dict(each.facts),
            )
            for each in rows
        ]
    )
