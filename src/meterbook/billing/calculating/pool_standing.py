"""Which sheets a run has of the pools of its site, and which of them would come out differently now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet

from meterbook.billing import models
from meterbook.billing.calculating import facts, pool_sheets
from meterbook.billing.pools import leaving
from meterbook.billing.pools.definition import Leaving
from meterbook.customers import queries as customer_queries
from meterbook.kernel import civil


def divides(run: models.BillRun) -> bool:
    """This will tell whether a run divides pools: not one of single accounts, with free ends or after a credit note."""
    is_whole = run.exact is None and run.account_ids is None and run.meter_point_ids is None
    return is_whole and not run.is_correction


def differing(run: models.BillRun) -> list[pool_sheets.Made]:
    """This will return the sheets of a run that would come out differently now, as they would."""
    kept = {
        (pool_id, days.lower): (digest, reasons)
        for pool_id, days, digest, reasons in _sheets(run).values_list("pool_id", "days", "digest", "reasons")
    }
    if not divides(run):
        return []
    if not kept and not models.Pool.objects.filter(organization_id=run.organization_id, site_id=run.site_id).exists():
        return []
    now = pool_sheets.make(facts.run_of(run), wanted(run), put_off=run.put_off or {})
    changed = [each for each in now if kept.get((each.pool.pk, each.first_day)) != (each.digest, each.reasons)]
    gone = kept.keys() - {(each.pool.pk, each.first_day) for each in now}
    return changed or (now[:1] if gone and now else [])


def affected(run: models.BillRun) -> set[int]:
    """This will return the accounts that would bear something else now than the sheets of a run say."""
    changed = differing(run)
    found = {account_id for each in changed for account_id in each.account_ids}
    ids = [each.pool.pk for each in changed]
    if ids:
        shares = models.PoolShare.objects.filter(
            organization_id=run.organization_id, sheet__run=run, sheet__pool_id__in=ids
        )
        found.update(shares.order_by("id").values_list("account_id", flat=True))
    return found


def concerned(run: models.BillRun) -> set[int]:
    """This will return the accounts that bear something in a run, or wait for what they bear."""
    charges = models.PoolCharge.objects.filter(organization_id=run.organization_id, run=run)
    found = set(charges.order_by("id").values_list("account_id", flat=True))
    for ids in _sheets(run).exclude(reasons=[]).filter(is_put_off=False).values_list("account_ids", flat=True):
        found.update(ids)
    return found


def wanted(run: models.BillRun) -> list[tuple[models.Pool, pool_sheets.Days]]:
    """The pools of a run's site with the days of the run that no other run divided, and those put off before it."""
    first, until = run.days.lower, run.days.upper
    pools = models.Pool.objects.filter(organization_id=run.organization_id, site_id=run.site_id)
    others = models.PoolSheet.objects.filter(
        organization_id=run.organization_id, pool__in=pools, days__startswith__lt=until
    ).exclude(run=run)
    waiting = others.filter(is_put_off=True, run__approved_at__isnull=False, days__endswith__lte=first)
    spans: dict[int, set[pool_sheets.Days]] = {}
    for pool_id, days in waiting.values_list("pool_id", "days"):
        spans.setdefault(pool_id, set()).add((days.lower, days.upper))
    edge = min((each[0] for own in spans.values() for each in own), default=first)
    divided = others.filter(is_put_off=False, days__endswith__gt=edge)
    taken: dict[int, list[pool_sheets.Days]] = {}
    for pool_id, days in divided.order_by("days").values_list("pool_id", "days"):
        taken.setdefault(pool_id, []).append((days.lower, days.upper))
    return [
        (pool, gap)
        for pool in pools.order_by("stage", "code", "id")
        for begins, ends in sorted({*spans.get(pool.pk, ()), (first, until)})
        for gap in _gaps(max(begins, pool.starts_day), min(ends, pool.ended_day or ends), taken.get(pool.pk, []))
    ]


def joined(run: models.BillRun, pool: models.Pool) -> list[models.Pool]:
    """This will return the pools that can only be divided together with one: those that give it a part, or take one.

    It is among them.
    """
    pools = models.Pool.objects.filter(organization_id=run.organization_id, site_id=run.site_id)
    known = list(pools.order_by("stage", "code", "id"))
    gives = {each.code: {member.get("pool") for member in each.definition.get("members", ())} for each in known}
    codes = {pool.code}
    while more := {
        each.code
        for each in known
        if each.code not in codes and (gives[each.code] & codes or any(each.code in gives[code] for code in codes))
    }:
        codes |= more
    return [each for each in known if each.code in codes]


def _gaps(first: date, until: date, taken: Sequence[pool_sheets.Days]) -> list[pool_sheets.Days]:
    found = []
    for begins, ends in taken:
        if ends <= first or begins >= until:
            continue
        if begins > first:
            found.append((first, min(begins, until)))
        first = max(first, ends)
    if first < until:
        found.append((first, until))
    return [each for each in found if each[1] - each[0] >= timedelta(days=1)]


def _sheets(run: models.BillRun) -> QuerySet[models.PoolSheet]:
    sheets = models.PoolSheet.objects.filter(organization_id=run.organization_id, run=run, is_replaced=False)
    return sheets.order_by("id")


def would_be(sheet: models.PoolSheet, edition: int = 0) -> pool_sheets.Made | None:
    """This will divide the days of an approved sheet again, by the version that made it; None while it is not approved.

    None as well where a further sheet replaced it.

    What other pools gave to it stays as it was, and so do the members: only what was counted or entered differs.
    """
    if sheet.run.approved_at is None or not sheet.digest or sheet.is_replaced:
        return None
    version = models.PoolVersion.objects.filter(
        organization_id=sheet.organization_id, pool_id=sheet.pool_id, number=sheet.version
    ).first()
    pool = sheet.pool
    if version is not None:
        pool = models.Pool(
            id=pool.pk,
            organization_id=pool.organization_id,
            public_id=pool.public_id,
            site_id=pool.site_id,
            code=pool.code,
            name=pool.name,
            stage=pool.stage,
            starts_day=pool.starts_day,
            version=version.number,
            definition=version.definition,
            digest=version.digest,
        )
    days = (sheet.days.lower, sheet.days.upper)
    plain = json.loads(bytes(sheet.content))
    given = {
        each["text"]: int(Decimal(each["amount"]).scaleb(plain["decimals"]))
        for each in plain["lines"]
        if each["kind"] == "POOL"
    }
    run, past = facts.run_of(sheet.run), {(pool.code, days): given}
    kept = _kept(sheet, plain, run)
    made = pool_sheets.make(run, [(pool, days)], past, edition=edition, kept=kept)
    return made[0] if made else None


def _kept(sheet: models.PoolSheet, plain: Mapping[str, Any], run: facts.Run) -> leaving.Kept | None:
    """Where the landlord bears what is later: whose shares stay."""
    return _of_left(sheet, plain, run) if plain.get("leaving") == Leaving.LANDLORD.value else None


def owed_by_left(sheet: models.PoolSheet, made: pool_sheets.Made) -> dict[str, Decimal]:
    """This will return what differs of the shares of members who left and bear that themselves, by their numbers.

    :param made: the sheet as it would be now
    """
    plain = json.loads(bytes(sheet.content))
    if made.sheet is None or plain.get("leaving") == Leaving.LANDLORD.value:
        return {}
    return _of_left(sheet, plain, facts.run_of(sheet.run)).owed(made.sheet.content)


def _of_left(sheet: models.PoolSheet, plain: Mapping[str, Any], run: facts.Run) -> leaving.Kept:
    """What it gave to members who left: those without a contract on the first open day."""
    numbers = {row["payer"].get("account", "") for part in plain["parts"] for row in part["rows"]}
    ids = customer_queries.account_ids(numbers=numbers)
    landlord = customer_queries.landlord_of(site_id=sheet.site_id)
    at = civil.start_of_day(first_open_day(sheet.pool), run.zone)
    staying = customer_queries.staying(account_ids=ids.values(), at=at) | ({landlord.id} if landlord else set())
    return leaving.Kept(plain, {number for number, pk in ids.items() if pk not in staying})


def is_closed(pool: models.Pool, first: date, until: date) -> bool:
    """This will tell whether an approved sheet divides some of the days [first, until)."""
    closed = models.PoolSheet.objects.filter(
        organization_id=pool.organization_id,
        pool=pool,
        days__overlap=DateRange(first, until, "[)"),
        is_put_off=False,
        run__approved_at__isnull=False,
    )
    return closed.exists()


def first_open_day(pool: models.Pool) -> date:
    """This will return the first day that no approved sheet divides."""
    sheets = models.PoolSheet.objects.filter(organization_id=pool.organization_id, pool=pool, is_put_off=False)
    days = [each.upper for each in sheets.filter(run__approved_at__isnull=False).values_list("days", flat=True)]
    return max(days, default=pool.starts_day)
