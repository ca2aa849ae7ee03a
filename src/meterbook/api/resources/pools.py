"""Shared costs: what they are, what was entered for them, and how each period was divided."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

from ninja import Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import pool_shapes as shapes
from meterbook.api.resources import reach
from meterbook.billing import permissions
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.queries import pool_later
from meterbook.billing.queries import pools as pool_queries
from meterbook.identity.values import Module

router = Router(tags=["Shared costs"])
SHEETS = 200

VIEW, MANAGE = permissions.VIEW_BILL, permissions.MANAGE_POOL


@endpoint(
    router,
    "GET",
    "/pools",
    permission=VIEW,
    module=Module.BILLING,
    answers=paging.Page[shapes.PoolListed],
    by_site=True,
)
def list_pools(
    request: entry.Request,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.PoolListed]:
    """This will return shared costs in the order of their making."""
    allowed = request.caller.access.sites(VIEW)
    if site is not None:
        allowed = frozenset({reach.site(request, site, VIEW).id})
    rows = pool_queries.pools_after(site_ids=allowed, after_id=paging.after(request, cursor), limit=limit + 1)
    return paging.page(
        request, [(each.id, each) for each in rows], limit, lambda row: shapes.PoolListed(**_listed(row))
    )


@endpoint(
    router,
    "POST",
    "/pools",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.PoolTold,
    status=201,
    by_site=True,
)
def create_pool(request: entry.Request, given: shapes.NewPool) -> shapes.PoolTold:
    """This will make a shared cost."""
    site = reach.site(request, given.site, MANAGE)
    made = pool_operations.create_pool(
        actor=request.caller.actor,
        at=request.caller.at,
        site=site.public_id,
        code=given.code,
        starts_day=given.starts_day,
        document=given.document,
    )
    return _told(pool_queries.get_pool(public_id=made.public_id))


@endpoint(
    router, "GET", "/pools/{uuid:pool}", permission=VIEW, module=Module.BILLING, answers=shapes.PoolTold, by_site=True
)
def get_pool(request: entry.Request, pool: uuid.UUID) -> shapes.PoolTold:
    """This will return a shared cost with its document and amounts."""
    return _told(_find(request, pool, VIEW))


@endpoint(
    router,
    "POST",
    "/pools/{uuid:pool}/definition",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.PoolTold,
    by_site=True,
)
def change_pool(request: entry.Request, pool: uuid.UUID, given: shapes.NewDefinition) -> shapes.PoolTold:
    """This will give a shared cost another definition."""
    _find(request, pool, MANAGE)
    pool_operations.change_pool(actor=request.caller.actor, at=request.caller.at, pool=pool, document=given.document)
    return _told(pool_queries.get_pool(public_id=pool))


@endpoint(
    router,
    "POST",
    "/pools/{uuid:pool}/end",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.PoolTold,
    by_site=True,
)
def end_pool(request: entry.Request, pool: uuid.UUID, given: shapes.PoolEnd) -> shapes.PoolTold:
    """This will share nothing any more from a day on."""
    _find(request, pool, MANAGE)
    pool_operations.end_pool(actor=request.caller.actor, at=request.caller.at, pool=pool, ended_day=given.ended_day)
    return _told(pool_queries.get_pool(public_id=pool))


@endpoint(
    router,
    "POST",
    "/pools/{uuid:pool}/amounts",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.PoolTold,
    status=201,
    by_site=True,
)
def enter_pool_amount(request: entry.Request, pool: uuid.UUID, given: shapes.NewAmount) -> shapes.PoolTold:
    """This will note a cost for days that are not divided yet."""
    _find(request, pool, MANAGE)
    pool_operations.enter_amount(
        actor=request.caller.actor,
        at=request.caller.at,
        pool=pool,
        first_day=given.first_day,
        until_day=given.until_day,
        amount=Decimal(given.amount),
        text=given.text,
        reference=given.reference,
        quantity=None if given.quantity is None else Decimal(given.quantity),
        unit=given.unit,
        texts=given.texts,
    )
    return _told(pool_queries.get_pool(public_id=pool))


@endpoint(
    router,
    "POST",
    "/pools/amounts/{uuid:pool_entry}/withdraw",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.PoolTold,
    by_site=True,
)
def withdraw_pool_amount(request: entry.Request, pool_entry: uuid.UUID) -> shapes.PoolTold:
    """This will let an amount count no more."""
    _site, pool = pool_queries.site_of_entry(public_id=pool_entry)
    _find(request, pool, MANAGE)
    pool_operations.withdraw_amount(actor=request.caller.actor, at=request.caller.at, entry=pool_entry)
    return _told(pool_queries.get_pool(public_id=pool))


@endpoint(
    router,
    "GET",
    "/pools/{uuid:pool}/sheets",
    permission=VIEW,
    module=Module.BILLING,
    answers=shapes.SheetList,
    by_site=True,
)
def list_sheets(request: entry.Request, pool: uuid.UUID) -> shapes.SheetList:
    """This will return the latest 200 sheets of a shared cost."""
    row = _find(request, pool, VIEW)
    found = pool_queries.list_sheets(pool_id=row.id, limit=SHEETS)
    return shapes.SheetList(items=[shapes.SheetListed(**_sheet(each, row)) for each in found])


@endpoint(
    router,
    "GET",
    "/sheets/{uuid:sheet}",
    permission=VIEW,
    module=Module.BILLING,
    answers=shapes.SheetTold,
    by_site=True,
)
def get_sheet(request: entry.Request, sheet: uuid.UUID) -> shapes.SheetTold:
    """This will return a sheet: its content alone suffices to work out every share again."""
    row, pool, content = _find_sheet(request, sheet, VIEW)
    links = pool_later.links_of(sheet=sheet)
    return shapes.SheetTold(
        **_sheet(row, pool),
        content=json.loads(content) if content else None,
        left_by=[each.public_id for each in links.put_off],
        divided_by=[each.public_id for each in links.divided],
    )


@endpoint(
    router,
    "GET",
    "/sheets/{uuid:sheet}/difference",
    permission=VIEW,
    module=Module.BILLING,
    answers=shapes.SheetDifference,
    by_site=True,
)
def get_sheet_difference(request: entry.Request, sheet: uuid.UUID) -> shapes.SheetDifference:
    """This will divide the days of an approved sheet again, and tell what would differ by account."""
    row, _pool, _content = _find_sheet(request, sheet, VIEW)
    found = pool_queries.difference_of(public_id=sheet)
    if found is None:
        return shapes.SheetDifference(before=None, now=None, shifts=[])
    return shapes.SheetDifference(
        before=values.Money(amount=f"{found.before:f}", currency=row.currency),
        now=values.Money(amount=f"{found.now:f}", currency=row.currency),
        shifts=[
            shapes.SheetShift(account=each.account, before=f"{each.before:f}", now=f"{each.now:f}")
            for each in found.shifts
        ],
    )


@endpoint(
    router,
    "POST",
    "/sheets/{uuid:sheet}/carry",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.PoolTold,
    by_site=True,
)
def carry_difference(request: entry.Request, sheet: uuid.UUID) -> shapes.PoolTold:
    """This will carry what an approved sheet would differ by into the next period."""
    _row, pool, _content = _find_sheet(request, sheet, MANAGE)
    pool_operations.carry_difference(actor=request.caller.actor, at=request.caller.at, sheet=sheet)
    return _told(pool_queries.get_pool(public_id=pool.public_id))


def _find(request: entry.Request, pool: uuid.UUID, permission: str) -> pool_queries.PoolRow:
    found = pool_queries.get_pool(public_id=pool)
    if not request.caller.access.allows(permission, found.site_id):
        raise problems.not_found()
    return found


def _find_sheet(
    request: entry.Request, sheet: uuid.UUID, permission: str
) -> tuple[pool_queries.SheetRow, pool_queries.PoolRow, bytes]:
    found = pool_queries.get_sheet(public_id=sheet)
    if not request.caller.access.allows(permission, found[1].site_id):
        raise problems.not_found()
    return found


def _listed(row: pool_queries.PoolRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "site": row.site_public_id,
        "code": row.code,
        "name": row.name,
        "stage": row.stage,
        "starts_day": row.starts_day.isoformat(),
        "ended_day": row.ended_day.isoformat() if row.ended_day else None,
        "version": row.version,
        "digest": row.digest,
    }


def _told(row: pool_queries.PoolRow) -> shapes.PoolTold:
    entries = pool_queries.list_entries(pool_id=row.id, limit=SHEETS)
    return shapes.PoolTold(
        **_listed(row),
        document=row.definition,
        amounts=[
            shapes.PoolAmount(
                id=each.public_id,
                kind=each.kind,
                first_day=each.first_day.isoformat(),
                until_day=each.until_day.isoformat(),
                amount=values.Money(amount=f"{each.amount:f}", currency=row.currency),
                landlord_amount=values.Money(amount=f"{each.landlord_amount:f}", currency=row.currency),
                text=each.text,
                texts=dict(each.texts or {}),
                reference=each.reference,
                quantity=None if each.quantity is None else f"{each.quantity:f}",
                unit=each.unit,
            )
            for each in entries
        ],
    )


def _sheet(row: pool_queries.SheetRow, pool: pool_queries.PoolRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "pool": pool.public_id,
        "run": row.run_public_id,
        "run_state": row.run_state,
        "first_day": row.first_day.isoformat(),
        "until_day": row.until_day.isoformat(),
        "version": row.version,
        "total": None if row.total is None else values.Money(amount=f"{row.total:f}", currency=row.currency),
        "digest": row.digest,
        "is_approved": row.is_approved,
        "is_put_off": row.is_put_off,
        "reasons": [f"{each.caption}: {each.detail}" for each in row.reasons],
    }
