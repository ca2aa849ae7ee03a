"""Make the sums of sites anew: after a role or a site of a meter point changed, and to repair them."""

from __future__ import annotations

from datetime import date, datetime

import structlog

from meterbook.foundation import bulk, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering.deriving import marks, totals

_log = structlog.get_logger(__name__)
_EPOCH = date(1970, 1, 1)
BLOCKS_AT_ONCE = 100_000  # of all series together: 0.8 GB of memory


def rebuild_totals(*, organization_id: int, actor: Actor, at: datetime, first: date, until: date) -> int:
    """This will sum the UTC days [first, until) of all sites from their day blocks again. Call it outside a scope.

    It takes turns with derivation. Days are done 31 at once, fewer where there are very many series, each stretch in a
    transaction of its own; interrupted, it may be called again. Call it after blocks were loaded in bulk: until then no
    sum knows them.

    :param at: when it was started; sums do not depend on it
    :return: how many sums were written
    """
    with scoping.scope([organization_id], actor=actor):
        members = totals.groups(organization_id=organization_id)
    kinds = dict.fromkeys(members.values())
    at_once = max(1, min(totals.DAYS_AT_ONCE, BLOCKS_AT_ONCE // max(1, len(members))))
    written = 0
    for start in range((first - _EPOCH).days, (until - _EPOCH).days, at_once):
        days = range(start, min(start + at_once, (until - _EPOCH).days))
        with bulk.transact() as connection:
            marks.lock(connection, organization_id)
            known = totals.stored_groups(connection, organization_id, days)
            keys = [(group, day) for group in {*kinds, *known} for day in days]
            totals.store(connection, organization_id, totals.sum_blocks(connection, organization_id, members, keys))
        written += len(keys)
    _log.info("sums of sites made anew", organization=organization_id, sums=written, started_at=at.isoformat())
    return written
