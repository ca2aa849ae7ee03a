"""Whether a draft is still what would be calculated now: a digest over its inputs, kept with it and made again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import orjson

from meterbook.billing.calculating import facts, headings, registers, usage
from meterbook.kernel.period import Period

Edges = Callable[[facts.Series, Period], str]
Word = object  # what JSON can say: texts, integers, instants, ids, and tuples and lists of these


@dataclass(frozen=True)
class Digests:
    """Digests of day blocks by series, 16 bytes a UTC day from `first` on."""

    first: date
    of: dict[int, bytes]


@dataclass(frozen=True)
class Inputs:
    """What was measured: digests of whole UTC days by step, the intervals of other parts of days, and registers."""

    digests: dict[int, Digests]
    edges: Edges
    registers: registers.Registers

    def used(self, series: facts.Series, cut: Period) -> list[Word]:
        """This will write down all that a meter point is billed from."""
        found = self.digests[series.step]
        return [
            usage.part_of(found.of[series.id], found.first, cut).hex(),
            *[self.edges(series, each) for each in usage.edges(cut)],
            self.registers.inputs(series, cut),
        ]


def of(head: headings.Head, words: Sequence[Word]) -> str:
    """This will return the SHA-256, in hexadecimal, over what a bill says at its head and what it is made from.

    :param words: whatever is measured or priced, in the order of the bill
    """
    heading = head.heading
    said = head.place, head.account, head.customer, heading.currency, heading.language, heading.zone.key
    return hashlib.sha256(orjson.dumps((said, words))).hexdigest()


def whole(share: facts.Share, point: facts.Point, series: facts.Series, cut: Period) -> Word:
    """This will write down who bears what of which meter point and series, and what a bill says of these."""
    return (
        (share.account_id, share.meter_point_id, share.contract_id, share.tariff_id),
        (share.period.start, share.period.end, cut.start, cut.end),
        (point.public_id, point.code, point.name, point.unit_name, point.service, point.language),
        (series.id, series.public_id, series.unit, series.decimals, series.step),
    )


def edges_of(organization_id: int, wholes: Sequence[tuple[facts.Series, Period]]) -> Edges:
    """This will load the parts of days at the ends of periods, a query for each step and day."""
    wanted: dict[tuple[int, date], set[int]] = defaultdict(set)
    for series, cut in wholes:
        for each in usage.edges(cut):
            wanted[series.step, each.start.date()].add(series.id)
    loaded = {
        (step, day): usage.load(
            organization_id=organization_id,
            series_ids=sorted(ids),
            step=step,
            first=day,
            until=day + timedelta(days=1),
        )
        for (step, day), ids in wanted.items()
    }
    return lambda series, part: loaded[series.step, part.start.date()].written(series.id, part)
