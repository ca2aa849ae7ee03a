"""What a chunk of accounts is made from: shares cut by tariff version, and everything measured that they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meterbook.billing import content
from meterbook.billing.calculating import facts, history, named, registers, spans, usage
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.tariffs.rating import converting
from meterbook.tariffs.rating.plan import Plan, Scale


class Piece(NamedTuple):
    """A part of a share with one tariff version."""

    share: facts.Share
    point: facts.Point
    tariff: facts.Tariff
    version: facts.Version
    span: spans.Span


@dataclass(frozen=True)
class Used:
    """Everything measured that a chunk needs."""

    blocks: dict[int, usage.Blocks]
    registers: registers.Registers
    held: dict[tuple[int, int], list[Period]]
    months: history.Store
    estimates: named.Estimates

    @classmethod
    def load(
        cls,
        run: facts.Run,
        chunk: facts.Chunk,
        pieces: list[Piece],
        loaded: dict[int, usage.Blocks],
        beside: Sequence[tuple[facts.Series, Period]] = (),
    ) -> Used:
        """This will load registers and histories.

        :param beside: series of further registers that are read, too, with the times
        """
        held = history.tenures(run.organization_id, chunk)
        months = {(each.share.account_id, each.point.id): (series_of(each).id, each.point.zone) for each in pieces}
        own = [*((series, cut) for series, cut, _piece in wholes(pieces)), *beside]
        return cls(
            blocks=loaded,
            registers=registers.Registers.load(own),
            held=held,
            months=history.load(run, months, held),
            estimates=named.Estimates.load(own),
        )

    def counts(self, series: facts.Series, cut: Period) -> content.Counts:
        """This will count the intervals of a period by quality."""
        return counts_of(self.blocks[series.step], series, cut)

    def reference(self, series: facts.Series, cut: Period) -> content.Reference:
        """This will return which blocks a period was made from."""
        return reference_of(self.blocks[series.step], series, cut)

    def history(
        self, run: facts.Run, share: facts.Share, point: facts.Point, own: content.Month | None
    ) -> list[content.Month]:
        """This will return twelve months; of a vacancy only that it has none."""
        held = self.held.get((share.account_id, share.meter_point_id), []) if share.contract_id else []
        if point.series is None:  # it was checked
            return []
        place = history.Place(point.series.id, point.zone)
        return history.months(self.months, place, held, run, own)


def counts_of(loaded: usage.Blocks, series: facts.Series, cut: Period) -> content.Counts:
    """This will count the intervals of a series in a period by quality."""
    codes = loaded.codes(series.id, cut)
    columns = loaded.columns(cut)
    intervals = columns.stop - columns.start
    if codes is None:
        return content.Counts(intervals, 0, 0, 0)
    return content.Counts(
        intervals,
        _count(codes, Quality.ESTIMATED) + _count(codes, Quality.PROJECTED),
        _count(codes, Quality.INTERPOLATED),
        _count(codes, Quality.EDITED),
        starts_between=bool(codes[0] == Quality.INTERPOLATED),
        ends_between=bool(codes[-1] == Quality.INTERPOLATED),
    )


def reference_of(loaded: usage.Blocks, series: facts.Series, cut: Period) -> content.Reference:
    """This will return which blocks of a series a period was made from."""
    first, until, digest = loaded.reference(series.id, cut)
    revision = loaded.revision[series.id]
    return content.Reference(str(series.public_id), first, until, (until - first).days, revision, digest)


def converted(
    piece: Piece, conversions: Sequence[converting.Conversion], blocks: Mapping[int, usage.Blocks]
) -> list[converting.Converted]:
    """This will return how the gas of a piece became energy; nothing where it was priced as it was measured."""
    series = series_of(piece)
    if not conversions or not converting.is_gas(series.unit, piece.version.document.unit):
        return []
    loaded, document = blocks[series.step], piece.version.document
    plan = Plan(document, piece.point.zone, piece.span.cut, Scale(series.unit, series.decimals))
    values = loaded.values[loaded.row_of[series.id], loaded.columns(piece.span.cut)]
    return converting.told(plan, plan.scale, values, timedelta(minutes=series.step), conversions)


def wanted(pieces: list[Piece]) -> Iterator[tuple[int, list[int], date, date]]:
    """This will yield the series of each step, and the UTC days that they are needed of."""
    by_step: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_step[series_of(piece).step].append(piece)
    for step, group in by_step.items():
        start, end = min(each.span.cut.start for each in group), max(each.span.cut.end for each in group)
        yield step, sorted({series_of(each).id for each in group}), *usage.utc_days(Period(start, end))


def wholes(pieces: list[Piece]) -> list[tuple[facts.Series, Period, Piece]]:
    """This will return each share's time as a whole, with its first piece: tariffs alone do not have registers read."""
    found: dict[int, tuple[facts.Series, Period, Piece]] = {}
    for piece in pieces:
        known = found.get(id(piece.share))
        if known is None:
            found[id(piece.share)] = (series_of(piece), piece.span.cut, piece)
        else:
            found[id(piece.share)] = (known[0], Period(known[1].start, piece.span.cut.end), known[2])
    return list(found.values())


def by_share(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """This will return pieces by share, in order of time."""
    found: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[id(piece.share)].append(piece)
    return list(found.values())


def cut_of(group: Sequence[Piece]) -> Period:
    """This will return the time of the pieces of a share as a whole."""
    first = group[0].span.cut
    return first if len(group) == 1 else Period(first.start, group[-1].span.cut.end)


def by_account(pieces: list[Piece]) -> dict[int, list[Piece]]:
    """This will return pieces by account."""
    found: dict[int, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.share.account_id].append(piece)
    return found


def only_ones(pieces: list[Piece]) -> list[Piece]:
    """This will return the pieces whose accounts have no other."""
    return [own[0] for own in by_account(pieces).values() if len(own) == 1]


def series_of(piece: Piece) -> facts.Series:
    """This will return the series of a piece; that there is one was checked."""
    if piece.point.series is None:
        raise LookupError(f"{piece.point.code} has no series that can be billed; it was not checked.")
    return piece.point.series


def _count(codes: NDArray[np.uint8], quality: Quality) -> int:
    return int(np.count_nonzero(codes == quality))
