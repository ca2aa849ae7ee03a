"""Sites with meters, readings and tariffs, ready to be billed; and runs carried on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.billing import models, operations, queries
from meterbook.documents import codes, register_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations
from tests.factories import customers, identity, metering, sites, tariffs

ACTOR = Actor.system("factory")
LONG_AGO = identity.LONG_AGO
STEP = timedelta(minutes=15)
MADRID = ZoneInfo("Europe/Madrid")

TAX = {"code": "vat", "name": {"en": "VAT", "es": "IVA"}, "rate": "0.21", "components": ["energy", "base"]}


def document(*, decimals: int = 3) -> dict[str, Any]:
    """This will return peak 0.30 and off-peak 0.10 a kWh, 0.55 a day, and 21 % tax on both, in euros."""
    raw = tariffs.peak_document(currency="EUR", taxes=[TAX], decimals=decimals)
    raw["components"].append(
        {"code": "base", "name": {"en": "Base", "es": "Base"}, "charge": "FIXED_DAILY", "price": "0.55"}
    )
    return raw


def tariff(
    *,
    organization: identity_models.Organization,
    raw: dict[str, Any] | None = None,
    first_day: date = date(2020, 1, 1),
) -> tariff_models.Tariff:
    """This will make a tariff in force from a day on; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        made = tariff_operations.create_tariff(actor=ACTOR, at=LONG_AGO, document=raw or document())
        tariff_operations.publish_version(actor=ACTOR, at=LONG_AGO, tariff=made, first_day=first_day)
        return made


@dataclass(frozen=True)
class Place:
    """A site with a tariff for tenants and a landlord who pays for vacancy by it."""

    organization: identity_models.Organization
    site: site_models.Site
    tariff: tariff_models.Tariff
    landlord: Any


def place(
    *,
    organization: identity_models.Organization | None = None,
    time_zone: str = "Europe/Madrid",
    raw: dict[str, Any] | None = None,
    code: str | None = None,
    landlord: str = "L-000001",
) -> Place:
    """This will make a site where everything can be billed; outside a scope.

    :param landlord: the number of the landlord's account
    """
    organization = organization or identity.organization()
    site = sites.site(organization=organization, time_zone=time_zone, code=code)
    made = tariff(organization=organization, raw=raw)
    own = customers.account(
        organization=organization,
        site=site,
        name="Harbor Properties",
        number=landlord,
        is_landlord=True,
        vacancy_tariff=made,
    )
    return Place(organization, site, made, own)


def metered(place: Place, *, code: str | None = None, name: str = "Shop 12", **more: Any) -> metering.Installed:  # noqa: ANN401
    """This will make a meter point of a place with a meter that counts since long ago."""
    return metering.installed_meter(
        organization=place.organization, site=place.site, code=code, name=name, registers=(metering.ENERGY,), **more
    )


def count(
    series: metering_models.Series,
    start: datetime,
    end: datetime,
    *,
    rise: int | Sequence[int] = 25,
    begin: int = 100_000,
    without: Sequence[datetime] = (),
) -> int:
    """This will store a reading every quarter from start to end, both included, and derive; it answers the final one.

    :param rise: counts (0.01 kWh) of each interval, or of each in turn
    """
    rises = [rise] if isinstance(rise, int) else rise
    readings, at, value = [], start, begin
    for place in range((end - start) // STEP + 1):
        if at not in without:
            readings.append((at, value))
        value += rises[place % len(rises)]
        at += STEP
    metering.record(series, readings)
    derive(series.organization_id)
    return readings[-1][1]


@dataclass(frozen=True)
class Days:
    """The days of a run, [first_day, until_day), and when they begin and end in Madrid."""

    first_day: date
    until_day: date

    @property
    def starts_at(self) -> datetime:
        """The first midnight."""
        return civil.start_of_day(self.first_day, MADRID)

    @property
    def ends_at(self) -> datetime:
        """The midnight after the final day."""
        return civil.start_of_day(self.until_day, MADRID)


FEBRUARY = Days(date(2026, 2, 1), date(2026, 3, 1))


def shop(
    place: Place,
    *,
    name: str,
    days: Days,
    until: datetime | None = None,
    **more: Any,  # noqa: ANN401
) -> metering.Installed:
    """This will make a tenant since the first of the days with a meter that counted all of them, or until an instant.

    :param more: see `count`
    """
    meter = metered(place, name=name)
    count(meter.energy, days.starts_at, until or days.ends_at, **more)
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=days.starts_at)
    return meter


def derive(organization_id: int) -> None:
    """This will bring the day blocks up to date; outside a scope."""
    metering_operations.derive_dirty_days(organization_id=organization_id, actor=ACTOR, at=LONG_AGO)


def plan(place: Place, *, first_day: date, until_day: date, actor: Actor = ACTOR) -> models.BillRun:
    """This will plan a run; outside a scope."""
    with scoping.scope([place.organization.pk], actor=actor):
        return operations.plan_run(
            actor=actor, at=_after(until_day), site=place.site, first_day=first_day, until_day=until_day
        )


def advance(run: models.BillRun) -> models.BillRun:
    """This will do what the jobs of a run do, and return it as it is then; outside a scope."""
    operations.advance_run(
        organization_id=run.organization_id, actor=ACTOR, at=_after(run.days.upper), run_id=run.public_id
    )
    return fresh(run)


def approve(run: models.BillRun, *, actor: Actor = ACTOR) -> models.BillRun:
    """This will approve a run; outside a scope."""
    with scoping.scope([run.organization_id], actor=actor):
        return operations.approve_run(actor=actor, at=_after(run.days.upper), run=run)


def bill_of(row: queries.MemberRow) -> queries.BillDetail:
    """This will return the bill or draft of an account of a run that has one; inside a scope."""
    if row.bill_public_id is None:
        raise LookupError(f"{row.account_number} has no draft")
    return queries.get_bill(public_id=row.bill_public_id)


def fresh(run: models.BillRun) -> models.BillRun:
    """This will read a run again; outside a scope."""
    with scoping.scope([run.organization_id], actor=ACTOR):
        return models.BillRun.objects.get(organization_id=run.organization_id, pk=run.pk)


def issued(place: Place, *, first_day: date, until_day: date, approver: Actor = ACTOR) -> models.BillRun:
    """This will take a run from plan to close; outside a scope."""
    run = plan(place, first_day=first_day, until_day=until_day)
    return advance(approve(advance(run), actor=approver))


def _after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=2)


def code_of(organization: identity_models.Organization, bill: uuid.UUID) -> str:
    """This will return the code by which anybody finds an issued bill."""
    with scoping.scope([organization.pk], actor=ACTOR):
        found = register_queries.find_document(source_id=bill)
    assert found is not None
    return codes.written(found.code)
