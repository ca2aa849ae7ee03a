"""What waits for the reader, the most pressing first, in a fixed number of queries. Needs a running scope."""

from __future__ import annotations

from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.work import (
    accounts,
    bills,
    disputes,
    fieldwork,
    installation,
    needs,
    people,
    readings,
    stopped,
    watching,
)


def collect(request: access.Request, meters: monitoring_queries.Availability | None) -> tuple[needs.Need, ...]:
    """This will return what waits; nothing that the reader could not open.

    :param meters: how the meters stand, as `find_meters` returns it; None leaves them out
    """
    return (
        *watching.alarms(request),
        *watching.meters(request, meters),
        *fieldwork.suspicions(request),
        *fieldwork.jobs(request),
        *fieldwork.proposals(request),
        *readings.findings(request),
        *readings.proposals(request),
        *readings.day_findings(request),
        *readings.calibrations(request),
        *readings.by_hand(request),
        *stopped.automatic(request),
        *bills.runs(request),
        *disputes.waiting(request),
        *disputes.corrections(request),
        *bills.corrected(request),
        *bills.late(request),
        *bills.unsent(request),
        *bills.unbilled(request),
        *accounts.overriding(request),
        *accounts.journeys(request),
        *bills.tariffs(request),
        *readings.imports(request),
        *people.invitations(request),
        *installation.backups(request),
    )


def find_meters(request: access.Request) -> monitoring_queries.Availability | None:
    """This will return how the meters of the chosen site stand; None for who may not see meters."""
    permission = metering_permissions.VIEW_METER
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return None
    return monitoring_queries.availability(at=request.at, site_ids=choice.site_ids(request, permission))
