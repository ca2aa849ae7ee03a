"""Pieces of accounts' time priced by their tariff versions: many that share a plan at once, one by one where needed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.billing.calculating import checking, facts, further, gas, joining, spans, usage
from meterbook.billing.calculating.measured import Piece, by_share, cut_of, series_of
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.values import HoldReason
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import bank_states, changing, converting, fold, inputs_reading, needs
from meterbook.tariffs.rating import meters as joint_meters
from meterbook.tariffs.rating.inputs import Banked, InputMissing, Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.problems import UsageMisfit

Plans = Callable[[tuple[object, ...], Piece], spans.SharePlan]
# Quantity, rating, and what it was made from besides energy, by the id() of the piece.
Found = dict[int, tuple[int, Rated, Inputs | None]]
Held = dict[int, list[checking.Held]]

_REASONS = {
    "FACT": HoldReason.NO_FACT,
    "KEY": HoldReason.NO_FACT,
    "CHANNEL": HoldReason.NO_CHANNEL,
    "DEMAND": HoldReason.NO_DEMAND,
    "MAXIMUM": HoldReason.NO_MAXIMUM,
    "INVOICE": HoldReason.NO_INVOICE,
    "PRICES": HoldReason.NO_PRICES,
}


def wanted(pieces: Sequence[Piece]) -> list[Wanted]:
    """This will return what the versions of each share need besides energy."""
    known: dict[tuple[int, ...], tuple[needs.Needs, frozenset[str]]] = {}

    def of(group: list[Piece]) -> tuple[needs.Needs, frozenset[str]]:
        documents = [each.version.document for each in group]
        key = tuple(map(id, documents))
        if key not in known:
            taxes = frozenset(tax.code for each in documents for tax in each.taxes)
            known[key] = needs.together([needs.of(each) for each in documents]), taxes
        return known[key]

    return [
        Wanted(
            share=group[0].share,
            point=group[0].point,
            cut=cut_of(group),
            needs=of(group)[0],
            final=group[-1].version.document,
            taxes=of(group)[1],
            converts_gas=any(map(converts_gas, group)),
            parts=tuple(each.span.cut for each in group),
        )
        for group in by_share(pieces)
    ]


def rate(
    pieces: Sequence[Piece],
    blocks: Mapping[int, usage.Blocks],
    more: further.Further,
    plans: Plans,
    bill_date: date | None = None,
) -> tuple[Found, Held]:
    """This will price pieces, and tell why accounts cannot be priced.

    Pieces that share a plan are one matrix. Where an extended tariff changes within a period, the parts of an account
    are rated together, because ladders and demand may go through. Where an account has a meter point by two contracts,
    one after the other, the second goes on from what the first leaves in banks.
    """
    turns = _turns(by_share(pieces)) if more.inputs else [by_share(pieces)]
    work = _Work(blocks, more, plans, bill_date, followed=_followed(turns))
    for account_id, reasons in more.held.items():
        work.held[account_id] += reasons
    for turn in turns:
        shares = [parts for parts in turn if parts[0].share.account_id not in more.held]
        _rate_turn(work, shares)
        work.keep_banks(shares)
    return work.found, dict(work.held)


def _rate_turn(work: _Work, shares: Sequence[list[Piece]]) -> None:
    groups: dict[tuple[object, ...], list[Piece]] = defaultdict(list)
    alone, together = joining.split(shares)
    for meters in together:
        work.joined(meters)
    for parts in alone:
        is_plain = all(each.version.document.is_plain for each in parts)
        if len(parts) > 1 and not (is_plain and not work.more.of(parts[0].share).waiting_banks):
            work.parts(parts)
            continue
        for piece in parts:
            groups[*key_of(piece), *_kind(piece, work.more)].append(piece)
    for group in groups.values():
        work.group(group)


def _turns(shares: Sequence[list[Piece]]) -> list[list[list[Piece]]]:
    """Shares by which of an account's shares of a meter point they are: the first ones, then the second ones."""
    seen: Counter[tuple[int, int]] = Counter()
    found: dict[int, list[list[Piece]]] = defaultdict(list)
    for parts in shares:
        key = _key(parts)
        found[seen[key]].append(parts)
        seen[key] += 1
    return [found[number] for number in sorted(found)]


def _followed(turns: Sequence[Sequence[list[Piece]]]) -> frozenset[int]:
    """The id() of each share that another one of the same account and meter point follows."""
    latest: dict[tuple[int, int], facts.Share] = {}
    found = set()
    for turn in turns:
        for parts in turn if len(turns) > 1 else ():
            before = latest.get(_key(parts))
            found |= {id(before)} if before is not None else set()
            latest[_key(parts)] = parts[0].share
    return frozenset(found)


def _key(parts: Sequence[Piece]) -> tuple[int, int]:
    share = parts[0].share
    return share.account_id, share.meter_point_id


def key_of(piece: Piece) -> tuple[object, ...]:
    """This will return what pieces of one plan have in common."""
    series = series_of(piece)
    kind = series.unit, series.decimals, series.step
    return (
        piece.version.id,
        piece.version.document.calendar_version,
        piece.point.zone,
        *kind,
        piece.span.cut,
        len(piece.span.days),
    )


def converts_gas(piece: Piece) -> bool:
    """This will tell whether a piece is gas that is priced as energy."""
    return gas.converts(piece.point.service, series_of(piece).unit, piece.version.document.unit)


def _kind(piece: Piece, more: further.Further) -> tuple[object, ...]:
    document = piece.version.document
    burned = more.of(piece.share).conversions if converts_gas(piece) else ()
    return (burned,) if document.is_plain else (burned, *more.kind(piece.share, needs.of(document)))


@dataclass
class _Work:
    """What pieces are priced from, and what comes of it."""

    blocks: Mapping[int, usage.Blocks]
    more: further.Further
    plans: Plans
    bill_date: date | None = None
    followed: frozenset[int] = frozenset()
    banks: dict[tuple[int, int], Mapping[str, Banked]] = field(default_factory=dict)
    found: Found = field(default_factory=dict)
    held: Held = field(default_factory=lambda: defaultdict(list))

    def _inputs(self, piece: Piece) -> Inputs:
        found = self.more.of(piece.share)
        if piece.version.document.is_plain and not found.waiting_banks:
            return found
        if id(piece.share) in self.followed:
            found = replace(found, is_final_period=False)
        held = self.banks.get(_key([piece]))
        if held is not None:
            found = replace(found, history=replace(found.history, bank=held))
        return replace(found, invoice_day=self.bill_date)

    def keep_banks(self, shares: Sequence[list[Piece]]) -> None:
        """This will keep what shares leave in banks for those that follow them."""
        for parts in shares:
            if id(parts[0].share) not in self.followed:
                continue
            rated = [self.found[id(each)][1] for each in parts if id(each) in self.found]
            left = bank_states.left([line for each in rated for line in each.lines])
            if left:
                held = {code: inputs_reading.banked(code, state) for code, state in left.items()}
                before = self.banks.get(_key(parts), self.more.of(parts[0].share).history.bank)
                self.banks[_key(parts)] = {**before, **held}

    def group(self, group: list[Piece]) -> None:
        """This will price pieces of one plan; what one lacks does not stop the others."""
        first = group[0]
        plan, loaded = self.plans(key_of(first), first), self.blocks[series_of(first).step]
        rows = [loaded.row_of[series_of(piece).id] for piece in group]
        matrix = loaded.values[rows, loaded.columns(plan.period)]
        totals = matrix.sum(axis=1, dtype=np.int64).tolist()
        step = timedelta(minutes=loaded.step)
        inputs = [self._inputs(each) for each in group]
        is_plain = first.version.document.is_plain and all(each.is_plain for each in inputs)
        if is_plain and not converts_gas(first):
            for piece, total, rated in zip(group, totals, fold.rate_matrix(plan, matrix, step), strict=True):
                self.found[id(piece)] = (total, rated, None)
            return
        refused: dict[int, UsageMisfit] = {}
        try:
            if converts_gas(first):
                plan, matrix = converting.convert(plan, matrix, step, inputs[0].conversions)
            given = self._further(group, plan, loaded, inputs, refused)
            rated_all = list(fold.rate_matrix(plan, matrix, step, given))
        except UsageMisfit as error:
            for piece in group:
                self.held[piece.share.account_id].append(_held(piece, error))
            return
        for row, (piece, total, rated) in enumerate(zip(group, totals, rated_all, strict=True)):
            if row in refused:
                self.held[piece.share.account_id].append(_held(piece, refused[row]))
            else:
                self.found[id(piece)] = (total, rated, None if inputs[row].is_nothing else inputs[row])

    def _further(
        self,
        group: list[Piece],
        plan: spans.SharePlan,
        loaded: usage.Blocks,
        inputs: list[Inputs],
        refused: dict[int, UsageMisfit],
    ) -> fold.Further:
        piece, slides = group[0], needs.of(plan.document).slides
        share, begins = piece.share, plan.period.start.astimezone(plan.zone).date()
        # Windows over the start of a version are nobody's, as those over a change of occupant (B-40).
        had = (share.account_id, share.meter_point_id) in self.more.leads and piece.version.first_day < begins
        has_lead = slides and had and not converts_gas(piece)
        return fold.Further(
            inputs=inputs,
            channels=self.more.flows(plan, [each.share for each in group], loaded.step),
            quality=_quality(group, loaded, plan.period),
            lead=self.more.lead([series_of(each) for each in group], plan, loaded.step) if has_lead else None,
            refused=refused,
        )

    def joined(self, shares: list[list[Piece]]) -> None:
        """This will price meters of one account whose demand is one: it is charged at the first of them (B-42)."""
        pieces, meters = [parts[0] for parts in shares], []
        try:
            if any(len(parts) > 1 for parts in shares):
                words = "One demand of several meters cannot go over a change of the tariff: bill up to it by hand."
                raise UsageMisfit(words)
            for each in pieces:
                loaded, plan = self.blocks[series_of(each).step], self.plans(key_of(each), each)
                values = loaded.values[[loaded.row_of[series_of(each).id]], loaded.columns(plan.period)]
                further = self._further([each], plan, loaded, [self._inputs(each)], {})
                step = timedelta(minutes=loaded.step)
                meters.append(joint_meters.Meter(each.point.code, plan, values, step, replace(further, refused=None)))
            rated = joint_meters.rate(meters)
        except UsageMisfit as error:
            self.held[pieces[0].share.account_id].append(_held(pieces[0], error))
            return
        for piece, meter, result in zip(pieces, meters, rated, strict=True):
            inputs = meter.further.inputs[0]
            self.found[id(piece)] = (int(meter.values.sum()), result, None if inputs.is_nothing else inputs)

    def parts(self, parts: list[Piece]) -> None:
        """This will price the parts of one account, in order of time."""
        loaded = self.blocks[series_of(parts[0]).step]
        inputs, usages, measured = self._inputs(parts[0]), [], list[int]()
        step = timedelta(minutes=loaded.step)
        try:
            for each in parts:
                plan, row = self.plans(key_of(each), each), [loaded.row_of[series_of(each).id]]
                flows = self.more.flows(plan, [each.share], loaded.step)
                given = fold.Further(channels=flows, quality=_quality([each], loaded, plan.period))
                values = loaded.values[row, loaded.columns(plan.period)]
                measured.append(int(values.sum()))
                if converts_gas(each):
                    plan, values = converting.convert(plan, values, step, inputs.conversions)
                usages.append(changing.Usage(plan, values, given))
            rated = changing.rate(usages, step, inputs)
        except UsageMisfit as error:
            self.held[parts[0].share.account_id].append(_held(parts[0], error))
            return
        for each, total, result in zip(parts, measured, rated, strict=True):
            self.found[id(each)] = (total, result, None if inputs.is_nothing else inputs)


def _quality(group: Sequence[Piece], loaded: usage.Blocks, cut: Period) -> NDArray[np.uint8] | None:
    """Quality codes of shape (pieces, intervals); None: all are VALID."""
    codes = [loaded.codes(series_of(each).id, cut) for each in group]
    if all(each is None for each in codes):
        return None
    columns = loaded.columns(cut)
    zeros = np.zeros(columns.stop - columns.start, np.uint8)
    return np.stack([zeros if each is None else each for each in codes])


def _held(piece: Piece, error: UsageMisfit) -> checking.Held:
    """What is missing, in words that readers of several languages can be told."""
    if isinstance(error, InputMissing) and error.need in _REASONS:
        return checking.hold(_REASONS[error.need], piece.point.code, name=error.name)
    return checking.hold(HoldReason.UNFIT, piece.point.code, words=str(error))
