"""Reads of pools: what they are, what they did, their sheets, and what an account bears. Each needs a running scope."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import models, values
from meterbook.billing.calculating import pool_standing
from meterbook.billing.queries import reasons as reason_queries
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models

Plain = dict[str, Any]


@dataclass(frozen=True)
class SheetRow:
    """How a pool was divided for [first_day, until_day); `total` None where it waits, for `reasons`."""

    id: int
    public_id: uuid.UUID
    first_day: date
    until_day: date
    version: int
    total: Decimal | None
    currency: str
    digest: str
    reasons: tuple[reason_queries.Reason, ...]
    run_public_id: uuid.UUID
    run_state: values.RunState
    is_put_off: bool = False

    @property
    def is_approved(self) -> bool:
        """Whether it stays as it is."""
        return self.run_state not in (values.RunState.REVIEW, *_BEFORE)


_BEFORE = (
    values.RunState.PLANNED,
    values.RunState.COLLECTING,
    values.RunState.VALIDATING,
    values.RunState.CALCULATED,
)


@dataclass(frozen=True)
class PoolRow:
    """A pool with what it did last."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    stage: int
    site_id: int
    site_public_id: uuid.UUID
    site_name: str
    currency: str
    starts_day: date
    ended_day: date | None
    version: int
    digest: str
    definition: Plain
    latest: SheetRow | None


@dataclass(frozen=True)
class EntryRow:
    """An amount entered for [first_day, until_day); `landlord_amount` of it is the landlord's for members who left."""

    public_id: uuid.UUID
    kind: str
    first_day: date
    until_day: date
    text: str
    reference: str
    quantity: Decimal | None
    unit: str
    amount: Decimal
    entered_at: datetime
    entered_by: str
    invoice: uuid.UUID | None = None
    landlord_amount: Decimal = Decimal(0)
    texts: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Borne:
    """What an account bore of a pool in [first_day, until_day), divided last: `told` are the words of the bill."""

    first_day: date
    until_day: date
    currency: str
    told: Plain


@dataclass(frozen=True)
class Shift:
    """What one account would bear otherwise."""

    account: str
    before: Decimal
    now: Decimal


@dataclass(frozen=True)
class Difference:
    """By what an approved sheet would differ now, in all and by account."""

    before: Decimal
    now: Decimal
    shifts: tuple[Shift, ...]


class PoolNotFound(LookupError):
    """There is no such shared cost in this organization."""


class SheetNotFound(LookupError):
    """There is no such allocation sheet in this organization."""


def list_pools(*, site_ids: Collection[int] | None = None) -> list[PoolRow]:
    """This will return pools by site, stage and code; None: of all sites."""
    pools = _pools()
    if site_ids is not None:
        pools = pools.filter(site_id__in=site_ids)
    found = list(pools.order_by("site__name", "site_id", "stage", "code", "id"))
    latest: dict[int, SheetRow] = {}
    sheets = _sheets().filter(pool__in=[each.pk for each in found], is_replaced=False)
    sheets = sheets.order_by("pool_id", "-days", "-id")
    for each in sheets.distinct("pool_id").defer("content"):
        latest[each.pool_id] = _sheet(each)
    return [_row(each, latest.get(each.pk)) for each in found]


def pools_after(*, site_ids: Collection[int] | None, after_id: int, limit: int) -> list[PoolRow]:
    """This will return pools in the order of their making; for programs."""
    pools = _pools().filter(pk__gt=after_id)
    if site_ids is not None:
        pools = pools.filter(site_id__in=site_ids)
    return [_row(each, None) for each in pools.order_by("id")[:limit]]


def get_pool(*, public_id: uuid.UUID) -> PoolRow:
    """This will return one pool with its latest sheet.

    :raises PoolNotFound: when it is not there or belongs to another organization
    """
    found = _pools().filter(public_id=public_id).first()
    if found is None:
        raise PoolNotFound(_("There is no such shared cost."))
    sheets = list_sheets(pool_id=found.pk, limit=1)
    return _row(found, sheets[0] if sheets else None)


def list_sheets(*, pool_id: int, limit: int = 36) -> list[SheetRow]:
    """This will return the sheets of a pool, the latest days first."""
    return [
        _sheet(each) for each in _sheets().filter(pool_id=pool_id).defer("content").order_by("-days", "-id")[:limit]
    ]


def sheets_of_run(*, run: uuid.UUID) -> list[tuple[SheetRow, models.Pool, bool]]:
    """This will return the sheets that a run made, with their pools, in order; whether one was replaced."""
    found = _sheets().filter(run__public_id=run).defer("content")
    rows = found.order_by("pool__stage", "pool__code", "days", "id")
    return [(_sheet(each), each.pool, each.is_replaced) for each in rows]


def list_entries(*, pool_id: int, limit: int = 36) -> list[EntryRow]:
    """This will return the amounts of a pool that count, the latest days first."""
    entries = models.PoolEntry.objects.filter(
        organization_id=scoping.current().organization_id, pool_id=pool_id, withdrawn_at=None
    )
    return [
        EntryRow(
            each.public_id,
            each.kind,
            each.days.lower,
            each.days.upper,
            each.text,
            each.reference,
            each.quantity,
            each.unit,
            each.amount,
            each.entered_at,
            each.entered_by,
            None if each.invoice is None else each.invoice.public_id,
            each.landlord_amount,
            each.texts,
        )
        for each in entries.select_related("invoice").order_by("-days", "-id")[:limit]
    ]


def site_of_entry(*, public_id: uuid.UUID) -> tuple[int, uuid.UUID]:
    """This will return the site and the pool of an amount.

    :raises PoolNotFound: when it is not there or belongs to another organization
    """
    entries = models.PoolEntry.objects.filter(
        organization_id=scoping.current().organization_id, public_id=public_id, withdrawn_at=None
    )
    found = entries.values_list("site_id", "pool__public_id").first()
    if found is None:
        raise PoolNotFound(_("There is no such amount, or it was withdrawn."))
    return found


def get_sheet(*, public_id: uuid.UUID) -> tuple[SheetRow, PoolRow, bytes]:
    """This will return a sheet with its pool and its content, as canonical JSON; empty while it waits.

    :raises SheetNotFound: when it is not there or belongs to another organization
    """
    found = _sheets().filter(public_id=public_id).first()
    if found is None:
        raise SheetNotFound(_("There is no such allocation sheet."))
    row = _sheet(found)
    return row, _row(found.pool, row), bytes(found.content)


def difference_of(*, public_id: uuid.UUID) -> Difference | None:
    """This will divide the days of an approved sheet again; None where all would be the same, or cannot be told.

    :raises SheetNotFound: when it is not there or belongs to another organization
    """
    found = _sheets().select_related("pool__site", "run__site", "run__calendar").filter(public_id=public_id).first()
    if found is None:
        raise SheetNotFound(_("There is no such allocation sheet."))
    made = pool_standing.would_be(found)
    if made is None or made.sheet is None or made.total is None or found.total is None or made.digest == found.digest:
        return None
    before, now = _by_payer(json.loads(bytes(found.content))), _by_payer(made.sheet.content)
    shifts = [
        Shift(account, before.get(account, Decimal(0)), now.get(account, Decimal(0)))
        for account in sorted({*before, *now})
    ]
    changed = tuple(each for each in shifts if each.before != each.now)
    return Difference(found.total, made.total, changed) if changed else None


def borne_by(*, account_ids: Sequence[int]) -> list[Borne]:
    """This will return what accounts bear of each pool by its latest approved sheet, in the order of the pools.

    From their own rows alone: a tenant sees neither pools nor sheets.
    """
    shares = models.PoolShare.objects.filter(
        organization_id=scoping.current().organization_id,
        account_id__in=list(account_ids),
        charge__run__approved_at__isnull=False,
    )
    rows = shares.order_by("id").values_list("told", "account__currency")
    latest: dict[str, str] = {}
    for told, _currency in rows:
        code, first = told["pool"]["code"], told["sheet"]["first_day"]
        latest[code] = max(latest.get(code, first), first)
    found = [
        Borne(
            date.fromisoformat(told["sheet"]["first_day"]),
            date.fromisoformat(told["sheet"]["until_day"]),
            currency,
            told,
        )
        for told, currency in rows
        if told["sheet"]["first_day"] == latest[told["pool"]["code"]]
    ]
    return sorted(found, key=lambda each: str(each.told["pool"]["code"]))


def _by_payer(plain: Mapping[str, Any]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    rows = [row for part in plain["parts"] for row in part["rows"]]
    for each in (*rows, *plain["landlord"]):
        payer = each["payer"].get("account") or f"→ {each['payer'].get('pool', '')}"
        sums[payer] = sums.get(payer, Decimal(0)) + Decimal(each.get("share") or each.get("amount") or 0)
    return sums


def _pools() -> QuerySet[models.Pool]:
    return models.Pool.objects.filter(organization_id=scoping.current().organization_id).select_related("site")


def _sheets() -> QuerySet[models.PoolSheet]:
    sheets = models.PoolSheet.objects.filter(organization_id=scoping.current().organization_id)
    return sheets.select_related("run", "pool__site")


def _row(pool: models.Pool, latest: SheetRow | None) -> PoolRow:
    return PoolRow(
        id=pool.pk,
        public_id=pool.public_id,
        code=pool.code,
        name=pool.name,
        stage=pool.stage,
        site_id=pool.site_id,
        site_public_id=pool.site.public_id,
        site_name=pool.site.name,
        currency=pool.site.currency,
        starts_day=pool.starts_day,
        ended_day=pool.ended_day,
        version=pool.version,
        digest=pool.digest,
        definition=pool.definition,
        latest=latest,
    )


def _sheet(sheet: models.PoolSheet) -> SheetRow:
    return SheetRow(
        id=sheet.pk,
        public_id=sheet.public_id,
        first_day=sheet.days.lower,
        until_day=sheet.days.upper,
        version=sheet.version,
        total=sheet.total,
        currency=sheet.currency,
        digest=sheet.digest,
        reasons=reason_queries.Reason.read(sheet.reasons),
        run_public_id=sheet.run.public_id,
        run_state=values.RunState(sheet.run.state),
        is_put_off=sheet.is_put_off,
    )


@dataclass(frozen=True)
class MeterRow:
    """A meter point of a site that a pool can name."""

    code: str
    public_id: uuid.UUID
    name: str
    service: str
    role: str


def meters_of_site(*, site_id: int) -> list[MeterRow]:
    """This will return the meter points of a site whose service can be billed, virtual ones too, by code."""
    points = metering_models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id,
        site_id=site_id,
        service__in=[each.value for each in values.BILLED_SERIES],
    )
    rows = points.order_by("sort_code", "id").values_list("code", "public_id", "name", "service", "role")
    return [MeterRow(*row) for row in rows]


def shared_meters(*, on: date) -> frozenset[uuid.UUID]:
    """This will return the meter points whose use is a shared cost on a day or later: all who share pay for it."""
    running = _pools().filter(Q(ended_day=None) | Q(ended_day__gt=on)).order_by("id")
    found = running.values_list("definition__source__meter_point", flat=True)
    return frozenset(uuid.UUID(each) for each in found if each)


def names_of(*, codes: Collection[str]) -> dict[str, tuple[str, uuid.UUID]]:
    """This will return name and public id of pools by their codes."""
    found = _pools().filter(code__in=list(codes)).order_by("id")
    return {code: (name, public_id) for code, name, public_id in found.values_list("code", "name", "public_id")}
