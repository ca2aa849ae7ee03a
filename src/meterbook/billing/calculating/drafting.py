"""From the facts of a chunk of accounts to the content of their bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.billing import content
from meterbook.billing.calculating import (
    checking,
    facts,
    headings,
    history,
    named,
    plausible,
    registers,
    spans,
    stamps,
    usage,
)
from meterbook.billing.values import HoldReason
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import zones
from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Scale


@dataclass(frozen=True)
class _Piece:
    """A part of a share with one tariff version."""

    share: facts.Share
    point: facts.Point
    tariff: facts.Tariff
    version: facts.Version
    span: spans.Span


@dataclass(frozen=True)
class Outcome:
    """Contents of the accounts that can be billed with the digests of their inputs, and why the others are held.

    `remarks` are what of the contents should be looked at before they are approved.
    """

    contents: dict[int, content.Content]
    held: dict[int, list[checking.Held]]
    inputs: dict[int, str]
    remarks: dict[int, list[checking.Held]]


class Calculator:
    """Calculates the chunks of one run; plans and tariff documents are worked out once."""

    def __init__(self, run: facts.Run) -> None:
        self.run = run
        self.documents = facts.Documents()
        self._plans: dict[tuple[object, ...], spans.SharePlan] = {}

    def calculate(self, account_ids: list[int]) -> Outcome:
        """This will check accounts and make the contents of their bills, in a fixed number of queries."""
        chunk = facts.load(self.run, account_ids, self.documents)
        held: dict[int, list[checking.Held]] = defaultdict(list)
        for account_id, shares in chunk.shares.items():
            for share in shares:
                held[account_id] += checking.of_share(chunk, share)
        pieces = self._pieces(chunk, {account_id for account_id, reasons in held.items() if reasons})
        loaded = _load_blocks(self.run, pieces)
        for account_id, reasons in self._unmeasured(pieces, loaded):
            held[account_id] += reasons
        held = {account_id: reasons for account_id, reasons in held.items() if reasons}
        pieces = [each for each in pieces if each.share.account_id not in held]
        if not pieces:
            return Outcome({}, held, {}, {})
        used = _Used.load(self.run, chunk, pieces, loaded)
        inputs = stamps.Inputs(
            {step: stamps.Digests(each.first, each.digests) for step, each in loaded.items()},
            lambda series, part: loaded[series.step].written(series.id, part),
            used.registers,
        )
        rated, by_account = self._rate(pieces, loaded), _by_account(pieces)
        points = {account_id: self._points(own, used, rated) for account_id, own in by_account.items()}
        contents = {
            account_id: content.build(self._heading(chunk, by_account[account_id]), own)
            for account_id, own in points.items()
        }
        remarks = {account_id: found for account_id, own in points.items() if (found := plausible.remarks(chunk, own))}
        return Outcome(contents, held, self._inputs(chunk, pieces, inputs, used.estimates), remarks)

    def inputs(self, account_ids: list[int]) -> dict[int, str]:
        """This will return the digests of what accounts would be calculated from now; nothing is rated.

        Without what was not derived yet, and without accounts that would be held for other reasons than readings.
        """
        chunk = facts.load(self.run, account_ids, self.documents)
        unsound = {
            account_id
            for account_id, shares in chunk.shares.items()
            if any(checking.of_share(chunk, each) for each in shares)
        }
        pieces = self._pieces(chunk, unsound)
        if not pieces:
            return {}
        wholes = [(series, cut) for series, cut, _piece in _wholes(pieces)]
        owner, digests, waiting = self.run.organization_id, {}, set[int]()
        for step, ids, first, until in _wanted(pieces):
            loaded = usage.load_digests(organization_id=owner, series_ids=ids, first=first, until=until)
            digests[step] = stamps.Digests(first, loaded)
            waiting |= checking.pending(self.run, first, until) & set(ids)
        inputs = stamps.Inputs(digests, stamps.edges_of(owner, wholes), registers.Registers.load(wholes))
        late = {each.share.account_id for each in pieces if _series(each).id in waiting}
        kept = [each for each in pieces if each.share.account_id not in late]
        return self._inputs(chunk, kept, inputs, named.Estimates.load(wholes))

    def _inputs(
        self, chunk: facts.Chunk, pieces: list[_Piece], inputs: stamps.Inputs, estimates: named.Estimates
    ) -> dict[int, str]:
        """Of everything that is measured, priced or printed, by account; the months before are not among it."""
        words: dict[int, list[str]] = defaultdict(list)
        for series, cut, piece in _wholes(pieces):
            words[piece.share.account_id] += [
                repr((piece.share, stamps.printed(piece.point), cut)),
                *inputs.used(series, cut),
                *estimates.inputs(series, cut),
            ]
        for each in pieces:
            tariff = each.tariff.code, each.tariff.currency, each.version.number, each.version.digest
            words[each.share.account_id].append(repr((tariff, each.span)))
        return {
            account_id: stamps.of(self._heading(chunk, own), words[account_id])
            for account_id, own in _by_account(pieces).items()
        }

    def _heading(self, chunk: facts.Chunk, pieces: list[_Piece]) -> content.Heading:
        zone = zones.common((each.point.zone for each in pieces), self.run.zone)
        return headings.heading(self.run, chunk.accounts[pieces[0].share.account_id], zone)

    def _pieces(self, chunk: facts.Chunk, without: set[int]) -> list[_Piece]:
        found = []
        for account_id, shares in chunk.shares.items():
            for share in shares if account_id not in without else ():
                point = chunk.points[share.meter_point_id]
                tariff = chunk.tariffs[share.tariff_id or 0]
                for part, version in tariff.pieces(share.period, point.zone):
                    span = None if point.series is None else spans.span(part, step=point.series.step, zone=point.zone)
                    if version is not None and span is not None:  # it was checked
                        found.append(_Piece(share, point, tariff, version, span))
        return found

    def _unmeasured(
        self, pieces: list[_Piece], loaded: dict[int, usage.Blocks]
    ) -> Iterator[tuple[int, list[checking.Held]]]:
        """Accounts whose intervals are missing, questionable or not derived."""
        waiting = {step: checking.pending(self.run, each.first, each.until) for step, each in loaded.items()}
        for series, cut, piece in _wholes(pieces):
            codes = loaded[series.step].codes(series.id, cut)
            # What is worked on may not lack anything in a moment: nobody is sent to bring in readings that are there.
            if series.id in waiting[series.step]:
                yield piece.share.account_id, [checking.hold(HoldReason.NOT_DERIVED, piece.point.code)]
            elif codes is not None:
                yield piece.share.account_id, checking.of_usage(codes, cut, step=series.step, point=piece.point)

    def _rate(self, pieces: list[_Piece], blocks: dict[int, usage.Blocks]) -> dict[int, tuple[int, Rated]]:
        """Quantity and rating by the id() of the piece: those that share a plan are one matrix."""
        groups: dict[tuple[object, ...], list[_Piece]] = defaultdict(list)
        for piece in pieces:
            series = _series(piece)
            days = len(piece.span.days)
            kind = series.unit, series.decimals, series.step
            groups[piece.version.id, piece.point.zone, *kind, piece.span.cut, days].append(piece)
        found = {}
        for key, group in groups.items():
            plan = self._plan(key, group[0])
            loaded = blocks[_series(group[0]).step]
            rows = [loaded.row_of[_series(piece).id] for piece in group]
            matrix = loaded.values[rows, loaded.columns(plan.period)]
            totals = matrix.sum(axis=1, dtype=np.int64).tolist()
            step = timedelta(minutes=loaded.step)
            for piece, total, rated in zip(group, totals, fold.rate_matrix(plan, matrix, step), strict=True):
                found[id(piece)] = (total, rated)
        return found

    def _plan(self, key: tuple[object, ...], piece: _Piece) -> spans.SharePlan:
        found = self._plans.get(key)
        if found is None:
            series = _series(piece)
            found = self._plans[key] = spans.SharePlan(
                document=piece.version.document,
                zone=piece.point.zone,
                period=piece.span.cut,
                scale=Scale(series.unit, series.decimals),
                counted=piece.span.days,
            )
        return found

    def _points(self, pieces: list[_Piece], used: _Used, rated: dict[int, tuple[int, Rated]]) -> list[content.Point]:
        by_share: dict[int, list[_Piece]] = defaultdict(list)
        for piece in pieces:
            by_share[id(piece.share)].append(piece)
        return [self._point(group, used, rated) for group in by_share.values()]

    def _point(self, pieces: list[_Piece], used: _Used, rated: dict[int, tuple[int, Rated]]) -> content.Point:
        share, point = pieces[0].share, pieces[0].point
        series = _series(pieces[0])
        cut = Period(pieces[0].span.cut.start, pieces[-1].span.cut.end)
        days = sum(len(each.span.days) for each in pieces)
        charges = [self._charge(piece, *rated[id(piece)]) for piece in pieces]
        total = sum(each.quantity for each in charges)
        counts = used.counts(series, cut)
        return content.Point(
            public_id=str(point.public_id),
            code=point.code,
            name=point.name,
            unit_name=point.unit_name,
            service=point.service.value,
            unit=series.unit.value,
            decimals=series.decimals,
            zone=None if point.zone is self.run.zone else point.zone,
            language=point.language,
            period=cut,
            days=days,
            is_vacancy=share.contract_id is None,
            segments=used.registers.segments(series, cut, total),
            quantity=total,
            counts=counts,
            history=used.history(self.run, share, point, self._own_month(share, point.zone, days, total, counts)),
            reference=used.reference(series, cut),
            charges=charges,
            estimates=used.estimates.named(series, cut, used.blocks[series.step]),
        )

    def _own_month(
        self, share: facts.Share, zone: ZoneInfo, days: int, total: int, counts: content.Counts
    ) -> content.Month | None:
        month = civil.month_bounds(self.run.until_day - timedelta(days=1), zone)
        if share.contract_id is None or share.period != month:
            return None
        first = civil.local_date(month.start, zone)
        return content.Month(first, days, total, bool(counts.estimated))

    def _charge(self, piece: _Piece, total: int, rated: Rated) -> content.Charge:
        version = piece.version
        return content.Charge(
            period=piece.span.cut,
            days=len(piece.span.days),
            tariff=content.TariffFacts(
                code=piece.tariff.code,
                name=version.document.name,
                version=version.number,
                digest=version.digest,
                mode=version.document.mode,
            ),
            quantity=total,
            rated=rated,
        )


@dataclass(frozen=True)
class _Used:
    """Everything measured that a chunk needs."""

    blocks: dict[int, usage.Blocks]
    registers: registers.Registers
    held: dict[tuple[int, int], list[Period]]
    months: history.Store
    estimates: named.Estimates

    @classmethod
    def load(cls, run: facts.Run, chunk: facts.Chunk, pieces: list[_Piece], loaded: dict[int, usage.Blocks]) -> _Used:
        """This will load registers and histories."""
        held = history.tenures(run.organization_id, chunk)
        wanted = {(each.share.account_id, each.point.id): (_series(each).id, each.point.zone) for each in pieces}
        wholes = [(series, cut) for series, cut, _piece in _wholes(pieces)]
        return cls(
            blocks=loaded,
            registers=registers.Registers.load(wholes),
            held=held,
            months=history.load(run, wanted, held),
            estimates=named.Estimates.load(wholes),
        )

    def counts(self, series: facts.Series, cut: Period) -> content.Counts:
        """This will count the intervals of a period by quality."""
        loaded = self.blocks[series.step]
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

    def reference(self, series: facts.Series, cut: Period) -> content.Reference:
        """This will return which blocks a period was made from."""
        loaded = self.blocks[series.step]
        first, until, digest = loaded.reference(series.id, cut)
        revision = loaded.revision[series.id]
        return content.Reference(str(series.public_id), first, until, (until - first).days, revision, digest)

    def history(
        self, run: facts.Run, share: facts.Share, point: facts.Point, own: content.Month | None
    ) -> list[content.Month]:
        """This will return twelve months; of a vacancy only that it has none."""
        held = self.held.get((share.account_id, share.meter_point_id), []) if share.contract_id else []
        if point.series is None:  # it was checked
            return []
        place = history.Place(point.series.id, point.zone)
        return history.months(self.months, place, held, run, own)


def _load_blocks(run: facts.Run, pieces: list[_Piece]) -> dict[int, usage.Blocks]:
    """By step."""
    return {
        step: usage.load(organization_id=run.organization_id, series_ids=ids, step=step, first=first, until=until)
        for step, ids, first, until in _wanted(pieces)
    }


def _wanted(pieces: list[_Piece]) -> Iterator[tuple[int, list[int], date, date]]:
    """The series of each step, and the UTC days that they are needed of."""
    by_step: dict[int, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        by_step[_series(piece).step].append(piece)
    for step, group in by_step.items():
        start, end = min(each.span.cut.start for each in group), max(each.span.cut.end for each in group)
        yield step, sorted({_series(each).id for each in group}), *usage.utc_days(Period(start, end))


def _wholes(pieces: list[_Piece]) -> list[tuple[facts.Series, Period, _Piece]]:
    """Each share's time as a whole, with its first piece: registers are not read where only the tariff changes."""
    found: dict[int, tuple[facts.Series, Period, _Piece]] = {}
    for piece in pieces:
        known = found.get(id(piece.share))
        if known is None:
            found[id(piece.share)] = (_series(piece), piece.span.cut, piece)
        else:
            found[id(piece.share)] = (known[0], Period(known[1].start, piece.span.cut.end), known[2])
    return list(found.values())


def _by_account(pieces: list[_Piece]) -> dict[int, list[_Piece]]:
    found: dict[int, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.share.account_id].append(piece)
    return found


def _series(piece: _Piece) -> facts.Series:
    if piece.point.series is None:
        raise LookupError(f"{piece.point.code} has no series that can be billed; it was not checked.")
    return piece.point.series


def _count(codes: NDArray[np.uint8], quality: Quality) -> int:
    return int(np.count_nonzero(codes == quality))
