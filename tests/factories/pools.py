"""Pools of shared costs at a place of `billing`, and amounts for them."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing import models
from meterbook.billing.operations import pools as pool_operations
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.sites import models as site_models
from meterbook.sites.values import NodeKind
from tests.factories import billing, sites

ACTOR = billing.ACTOR
LONG_AGO = billing.LONG_AGO


def unit(place: billing.Place, *, area: str | None = None, **more: Any) -> site_models.SiteNode:  # noqa: ANN401
    """This will make a unit of a site with its floor space; outside a scope."""
    made = sites.node(site=place.site, **more)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        made.area = None if area is None else Decimal(area)
        made.save(update_fields=["area"])
    return made


def document(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    """This will return a pool whose amount is entered and shared alike."""
    usual = {"name": "Lift of the house", "kind": "ELEVATOR", "source": {"kind": "AMOUNT"}, "parts": [{"key": "EQUAL"}]}
    return usual | given


def pool(
    place: billing.Place,
    *,
    code: str = "ELEVATOR",
    starts_day: date = date(2020, 1, 1),
    **given: Any,  # noqa: ANN401
) -> models.Pool:
    """This will make a pool; outside a scope.

    :param given: into its document
    """
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return pool_operations.create_pool(
            actor=ACTOR,
            at=LONG_AGO,
            site=place.site.public_id,
            code=code,
            starts_day=starts_day,
            document=document(**given),
        )


def amount(pool: models.Pool, value: str, *, first_day: date, until_day: date, **more: Any) -> models.PoolEntry:  # noqa: ANN401
    """This will enter an amount for local days; outside a scope."""
    with scoping.scope([pool.organization_id], actor=ACTOR):
        return pool_operations.enter_amount(
            actor=ACTOR,
            at=LONG_AGO,
            pool=pool.public_id,
            first_day=first_day,
            until_day=until_day,
            amount=Decimal(value),
            text="Mending in May",
            **more,
        )


@dataclass(frozen=True)
class Divided:
    """A pool that a run for review divided, with its amount and sheet."""

    place: billing.Place
    pool: models.Pool
    entry: models.PoolEntry
    sheet: models.PoolSheet
    run: models.BillRun


@functools.cache
def divided(organization: identity_models.Organization) -> Divided:
    """This will make a pool at a site of its own and let a run divide it, once an organization; outside a scope."""
    number = uuid.uuid4().hex[:6]
    raw = {**billing.document(), "code": f"T{number}"}
    place = billing.place(organization=organization, raw=raw, landlord=f"L-{number}")
    node = unit(place, area="50", kind=NodeKind.UNIT, code=f"U-{number}", name="Loft 7")
    meter = billing.metered(place, node=node)
    first_day, until_day = date(2026, 5, 1), date(2026, 5, 2)
    days = billing.Days(first_day, until_day)
    billing.count(meter.energy, days.starts_at, days.ends_at)
    made = pool(place, code=f"P-{number}", parts=[{"key": "AREA"}])
    entered = amount(made, "40.00", first_day=first_day, until_day=until_day)
    run = billing.advance(billing.plan(place, first_day=first_day, until_day=until_day))
    with scoping.scope([organization.pk], actor=ACTOR):
        sheet = models.PoolSheet.objects.get(organization_id=organization.pk, pool=made)
    return Divided(place, made, entered, sheet, run)
