"""What linked quantities need (B-52): what other meters counted of the water, and what was used in winter."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.text import slugify

from meterbook.billing.calculating import checking, facts, history, usage
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.values import HoldReason
from meterbook.customers import models as customer_models
from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.tariffs.rating.inputs import Amount

Key = tuple[int, int]  # account, meter point
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Linked:
    """By account and meter point: what was counted beside, by field, and before, by component; and why one waits."""

    deducted: Mapping[Key, Mapping[str, Amount]] = field(default_factory=dict)
    winter: Mapping[Key, Mapping[str, Amount]] = field(default_factory=dict)
    held: Mapping[int, list[checking.Held]] = field(default_factory=dict)


def load(run: facts.Run, chunk: facts.Chunk, wanted: Sequence[Wanted], read: Callable[..., usage.Blocks]) -> Linked:
    """This will load what linked quantities need; nothing where no tariff has one.

    A meter that a field names must be there with all of its intervals: nothing is guessed.
    """
    deducting = [each for each in wanted if each.needs.deducts]
    wintering = [each for each in wanted if each.needs.winters]
    deducted, held = _deducted(run, deducting, read) if deducting else ({}, {})
    return Linked(deducted, _winters(run, chunk, wintering) if wintering else {}, held)


def _deducted(
    run: facts.Run, wanted: Sequence[Wanted], read: Callable[..., usage.Blocks]
) -> tuple[dict[Key, dict[str, Amount]], dict[int, list[checking.Held]]]:
    named = _named(run, wanted)
    ids = metering_models.MeterPoint.objects.filter(
        organization_id=run.organization_id, site_id=run.site_id, code__in={code for *_where, code in named}
    )
    points = {
        each.code: each for each in facts.load_points(run, ids.order_by("id").values_list("id", flat=True)).values()
    }
    found: dict[Key, dict[str, Amount]] = defaultdict(dict)
    held: dict[int, list[checking.Held]] = defaultdict(list)
    for each, name, code in named:
        point, account_id = points.get(code), each.share.account_id
        if point is None or point.series is None or point.series.unit.dimension is not Unit.M3.dimension:
            held[account_id].append(checking.hold(HoldReason.NO_LINKED, each.point.code, name=name, meter=code))
            continue
        amount, reasons = _counted(run, each, point, point.series, read)
        held[account_id] += reasons
        own = found[account_id, each.point.id]
        before = own.get(name)
        if before is not None:
            total = before.quantity + amount.quantity
            amount = Amount(total, amount.unit, (*before.meters, *amount.meters))
        own[name] = amount
    return dict(found), {account_id: reasons for account_id, reasons in held.items() if reasons}


def _counted(
    run: facts.Run, wanted: Wanted, point: facts.Point, series: facts.Series, read: Callable[..., usage.Blocks]
) -> tuple[Amount, list[checking.Held]]:
    """In liters, in the time of the share."""
    first, until = usage.utc_days(wanted.cut)
    blocks = read(
        organization_id=run.organization_id, series_ids=[series.id], step=series.step, first=first, until=until
    )
    codes = blocks.codes(series.id, wanted.cut)
    reasons = [] if codes is None else checking.of_usage(codes, wanted.cut, step=series.step, point=point)
    if series.id in checking.pending(run, first, until):
        reasons = [checking.hold(HoldReason.NOT_DERIVED, point.code)]
    total = int(blocks.values[blocks.row_of[series.id], blocks.columns(wanted.cut)].sum())
    return Amount(_number(total, series), series.unit, (point.code,)), reasons


def _named(run: facts.Run, wanted: Sequence[Wanted]) -> list[tuple[Wanted, str, str]]:
    """Which meters the fields of place and customer name: those of the customer stand above the place's."""
    points = metering_models.MeterPoint.objects.filter(
        organization_id=run.organization_id, pk__in={each.point.id for each in wanted}, node__isnull=False
    )
    places = dict(points.order_by("id").values_list("id", "node__custom"))
    accounts = customer_models.Account.objects.filter(
        organization_id=run.organization_id, pk__in={each.share.account_id for each in wanted}
    )
    customers = dict(accounts.order_by("id").values_list("id", "customer__custom"))
    return [
        (each, name, code)
        for each in wanted
        for name in sorted(each.needs.deducts)
        for code in _codes(name, customers.get(each.share.account_id)) or _codes(name, places.get(each.point.id))
    ]


def _codes(name: str, custom: Mapping[str, object] | None) -> list[str]:
    for key, value in (custom or {}).items():
        if slugify(key) == name:
            return [code for code in _BETWEEN.split(str(value)) if code]
    return []


def _winters(run: facts.Run, chunk: facts.Chunk, wanted: Sequence[Wanted]) -> dict[Key, dict[str, Amount]]:
    """Of each month of a winter the latest that is known and was the account's own."""
    tenures = history.tenures(run.organization_id, chunk)
    places = {
        (each.share.account_id, each.point.id): (each.point.series.id, each.point.zone)
        for each in wanted
        if each.point.series is not None
    }
    store = history.load(run, places, tenures)
    found: dict[Key, dict[str, Amount]] = {}
    for each in wanted:
        key, series = (each.share.account_id, each.point.id), each.point.series
        if series is None or each.share.contract_id is None:
            continue
        months = history.months(store, history.Place(series.id, each.point.zone), tenures.get(key, []), run, None)
        known = {month.first.month: month for month in months if month.quantity is not None}
        for component, winter in each.needs.winters:
            own = [month for number, month in known.items() if number in winter]
            if own:
                total = sum(month.quantity or 0 for month in own)
                amount = Amount(_number(total, series), series.unit, days=sum(month.days for month in own))
                found.setdefault(key, {})[component] = amount
    return found


def _number(total: int, series: facts.Series) -> Decimal:
    return Decimal(total).scaleb(-series.decimals, context=rounding.EXACT)
