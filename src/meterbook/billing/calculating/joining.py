"""Which meters of an account have one demand together, as their tariff says (B-42)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from meterbook.billing.calculating.measured import Piece, series_of

Parts = list[Piece]


def split(shares: Sequence[Parts]) -> tuple[list[Parts], list[list[Parts]]]:
    """This will return the shares that are priced by themselves, and those of one account with one demand.

    Meters are together that one account has by one tariff in one time; their order is that of their codes.
    """
    alone: list[Parts] = []
    sets: dict[tuple[object, ...], list[Parts]] = defaultdict(list)
    for parts in shares:
        if any(each.demand is not None and each.demand.joins for each in parts[0].version.document.components):
            sets[_key(parts)].append(parts)
        else:
            alone.append(parts)
    together = []
    for found in sets.values():
        if len(found) > 1:
            together.append(sorted(found, key=lambda parts: parts[0].point.code))
        else:
            alone += found
    return alone, together


def _key(parts: Parts) -> tuple[object, ...]:
    first, series = parts[0], series_of(parts[0])
    scale = series.unit, series.decimals, series.step
    return (
        first.share.account_id,
        tuple(each.version.id for each in parts),
        first.point.zone,
        *scale,
        first.span.cut.start,
        parts[-1].span.cut.end,
    )
