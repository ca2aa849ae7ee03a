"""Fills an empty database with the demonstration: a mall with live meters, and a steel plant with a year of bills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterbook.documents import operations as document_operations
from meterbook.documents import templates as document_templates
from meterbook.documents.rendering import looks
from meterbook.documents.values import LetterheadFacts
from meterbook.foundation import scoping
from meterbook.identity import operations as identity_operations
from meterbook.identity import queries as identity_queries
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.sites import models as site_models
from meterbook_lab import demo_people, demo_pier, demo_steel
from meterbook_lab.demo_people import ACTOR
from meterbook_lab.harbor import bills, building, history, pools, tenants
from meterbook_lab.harbor.calendar import Calendar

LETTERHEAD = LetterheadFacts(
    tax_number="ESB00000000",
    address="Moll de Ponent 1\n08039 Barcelona",
    contact="bills@harbor.example",
)
# When somebody answers, in the language of each bill.
LOOK = looks.Look(hours={"en": "Monday to Friday, 9:00–17:00", "es": "de lunes a viernes, de 9:00 a 17:00"})


def begins_at(at: datetime) -> datetime:
    """This will return where the history of a demonstration filled at `at` begins: a UTC midnight.

    At the mall the twelve months before that of `at` have been measured.
    """
    return Calendar.at(at).begins_at


def seed(
    *,
    at: datetime,
    since: datetime,
    gateways: Sequence[tuple[str, int]],
    devices: Sequence[tuple[str, int]] = (),
) -> int:
    """This will fill an empty database and return the id of its organization. Outside a scope.

    :param since: where the history begins (`begins_at`)
    :param gateways: host and port of each simulated gateway (`harbor.gateways`)
    :param devices: of the broker and the P1 port (`demo_pier`); none: without what sends by itself
    """
    calendar = Calendar.since(since)
    organization_id = identity_queries.next_organization_id()
    with scoping.scope([organization_id], actor=ACTOR):
        identity_operations.create_organization(actor=ACTOR, at=at, name="Harbor Properties", second_factor_roles=())
        document_operations.change_letterhead(actor=ACTOR, at=at, facts=LETTERHEAD)
        document_templates.save_draft(actor=ACTOR, at=since, site_id=None, look=LOOK)
        document_templates.activate(actor=ACTOR, at=since, site_id=None)
        people = demo_people.create(at)
        site, made = building.build(calendar, at, gateways)
        series = _series(site)
        tenants.create(site, made, people, calendar, at)
        demo_steel.create(people, at)
        if devices:
            demo_pier.build(at=at, since=since, served=devices)
    history.drop_marks(organization_id)
    with scoping.scope([organization_id], actor=people[demo_people.CLERK]):
        demo_steel.import_year(people, at)
    demo_people.set_passwords(people, at)
    rows = history.rows(calendar, series, at)
    history.store_blocks(organization_id, calendar, rows)
    metering_operations.rebuild_totals(
        organization_id=organization_id,
        actor=ACTOR,
        at=at,
        first=calendar.begins_at.date(),
        until=calendar.read_from.date(),
    )
    history.record(organization_id, calendar, rows, series, at)
    metering_operations.derive_dirty_days(organization_id=organization_id, actor=ACTOR, at=at)
    demo_steel.bill(organization_id, people)
    pools.create(organization_id, site, made, people, calendar, at)
    bills.bill(organization_id, site, people, calendar, at)
    return organization_id


def _series(site: site_models.Site) -> history.Series:
    found = metering_models.Series.objects.filter(organization_id=site.organization_id, meter_point__site=site)
    return {(point, code): pk for point, code, pk in found.values_list("meter_point__code", "code", "pk")}
