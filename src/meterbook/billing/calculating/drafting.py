"""From the facts of a chunk of accounts to the content of their bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from meterbook.billing import content
from meterbook.billing.calculating import (
    alike,
    checking,
    counters,
    facts,
    further,
    headings,
    history,
    measured,
    named,
    plausible,
    rating,
    registers,
    shared,
    spans,
    stamps,
    usage,
)
from meterbook.billing.calculating.chunks import Gathered, Outcome, Priced, Remarks
from meterbook.billing.values import HoldReason
from meterbook.metering import zones
from meterbook.tariffs.rating import bank_waiting, inputs_reading
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Scale
from meterbook.tariffs.rating.tax_points import TaxPoint


class Calculator:
    """Calculates the chunks of one run; plans and tariff documents are worked out once."""

    # Where facts and blocks come from; others where bills are made again (`billing.correcting`).
    load, read, borne = staticmethod(facts.load), staticmethod(usage.load), staticmethod(shared.load)
    besides = staticmethod(further.load)
    writes_forms = True  # where bills of a run have one head and are made from what is there now

    def __init__(self, run: facts.Run) -> None:
        self.run = run
        self.documents = facts.Documents()
        self._plans: dict[tuple[object, ...], spans.SharePlan] = {}
        self.forms = alike.Alike()
        self._told: dict[tuple[int, int], tuple[spans.Span, facts.Version, str]] = {}  # keeps what it is known by

    def price(self, account_ids: list[int]) -> Priced:
        """This will check accounts and price what they used, in a fixed number of queries."""
        return self.rate(self.gather(account_ids))

    def gather(self, account_ids: list[int]) -> Gathered:
        """This will check accounts and read what they used, in a fixed number of queries."""
        chunk = self.load(self.run, account_ids, self.documents)
        held: dict[int, list[checking.Held]] = defaultdict(list)
        for account_id, shares in chunk.shares.items():
            for share in shares:
                held[account_id] += checking.of_share(chunk, share)
        borne = self.borne(self.run, account_ids)
        pieces = self._pieces(chunk, {account_id for account_id, reasons in held.items() if reasons})
        owner = self.run.organization_id
        loaded = {
            step: self.read(organization_id=owner, series_ids=ids, step=step, first=first, until=until)
            for step, ids, first, until in measured.wanted(pieces)
        }
        for account_id, reasons in (*self._unmeasured(pieces, loaded), *borne.held.items()):
            held[account_id] += reasons
        held = {account_id: reasons for account_id, reasons in held.items() if reasons}
        pieces = [each for each in pieces if each.share.account_id not in held]
        more = self.besides(self.run, chunk, rating.wanted(pieces), self.read)
        return Gathered(chunk, borne, held, pieces, loaded, more)

    def rate(self, gathered: Gathered) -> Priced:
        """This will price what was gathered."""
        loaded, more = gathered.loaded, gathered.more
        rated, refused = rating.rate(gathered.pieces, loaded, more, self._plan, self.run.bill_date)
        held = gathered.held | refused
        pieces = [each for each in gathered.pieces if each.share.account_id not in held]
        return Priced(gathered.chunk, gathered.borne, held, pieces, loaded, more, rated)

    def calculate(self, account_ids: list[int]) -> Outcome:
        """This will check accounts and make the contents of their bills, in a fixed number of queries."""
        gathered = self.gather(account_ids)
        alone = self._alone(gathered)
        if not gathered.pieces:
            return Outcome(alone.contents, gathered.held, alone.inputs, {})
        chunk, pieces, loaded, more = gathered.chunk, gathered.pieces, gathered.loaded, gathered.more
        used = measured.Used.load(self.run, chunk, pieces, loaded, counters.wholes(pieces, more))
        heads = self._heads(chunk, pieces)
        found, remarks = self._alike(gathered, used, heads) if self.writes_forms else ({}, {})
        priced = self.rate(gathered.without(found))
        built, built_remarks = self._built(priced, used, heads)
        inputs = stamps.Inputs(
            {step: stamps.Digests(each.first, each.digests) for step, each in loaded.items()},
            lambda series, part: loaded[series.step].written(series.id, part),
            used.registers,
        )
        billed = [each for each in pieces if each.share.account_id not in priced.held]
        stamped = self._inputs(gathered.of(billed), heads, inputs, used.estimates)
        return Outcome(found | built | alone.contents, priced.held, stamped | alone.inputs, remarks | built_remarks)

    def _alike(
        self, gathered: Gathered, used: measured.Used, heads: Mapping[int, headings.Head]
    ) -> tuple[dict[int, content.Content], Remarks]:
        """Contents that are written into forms."""
        borne, loaded, more = gathered.borne, gathered.loaded, gathered.more
        own = [
            each
            for each in measured.only_ones(gathered.pieces)
            if not borne.of(each.share.account_id) and not heads[each.share.account_id].heading.is_internal
        ]

        def months(piece: measured.Piece, total: int) -> Sequence[content.Month]:
            days = len(piece.span.days)
            this = self._own_month(piece.share, piece.point.zone, days, total, is_estimated=False)
            return used.history(self.run, piece.share, piece.point, this)

        def build(piece: measured.Piece) -> content.Content | None:
            priced = self.rate(gathered.of([piece]))
            return self._built(priced, used, heads)[0].get(piece.share.account_id)

        groups = list(alike.sort(own, loaded, more, used, self._plan, months))
        found = self.forms.contents(groups, heads, build)
        remarks = {
            one.piece.share.account_id: [said]
            for group in groups
            for one, total in zip(group.members, group.writer.totals, strict=True)
            if one.piece.share.account_id in found
            and (said := plausible.of_use(plausible.Use.of(one.piece, total, one.history), one.piece.point)) is not None
        }
        return found, remarks

    def _built(
        self, priced: Priced, used: measured.Used, heads: Mapping[int, headings.Head]
    ) -> tuple[dict[int, content.Content], Remarks]:
        """Contents that are built from their facts, one by one."""
        by_account = measured.by_account(priced.pieces)
        points = {each: self._points(own, used, priced.rated, priced.more) for each, own in by_account.items()}
        contents = {
            each: content.build(heads[each].heading, own, priced.borne.of(each)) for each, own in points.items()
        }
        remarks = {each: said for each, own in points.items() if (said := plausible.remarks(priced.chunk, own))}
        return contents, remarks

    def _heads(self, chunk: facts.Chunk, pieces: list[measured.Piece]) -> dict[int, headings.Head]:
        by_account = measured.by_account(pieces)
        return {each: headings.Head.of(self.run, self._heading(chunk, own)) for each, own in by_account.items()}

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
        pieces, borne = self._pieces(chunk, unsound), self.borne(self.run, account_ids)
        alone = self._alone(Gathered(chunk, borne, borne.held, pieces, {}, further.NOTHING)).inputs
        if not pieces:
            return alone
        wholes = [(series, cut) for series, cut, _piece in measured.wholes(pieces)]
        owner, digests, waiting = self.run.organization_id, {}, set[int]()
        for step, ids, first, until in measured.wanted(pieces):
            loaded = usage.load_digests(organization_id=owner, series_ids=ids, first=first, until=until)
            digests[step] = stamps.Digests(first, loaded)
            waiting |= checking.pending(self.run, first, until) & set(ids)
        late = {each.share.account_id for each in pieces if measured.series_of(each).id in waiting}
        kept = [each for each in pieces if each.share.account_id not in late]
        more = self.besides(self.run, chunk, rating.wanted(kept), self.read)
        read = [*wholes, *counters.wholes(kept, more)]
        inputs = stamps.Inputs(digests, stamps.edges_of(owner, wholes), registers.Registers.load(read))
        gathered = Gathered(chunk, borne, {}, kept, {}, more)
        return self._inputs(gathered, self._heads(chunk, kept), inputs, named.Estimates.load(read)) | alone

    def _inputs(
        self,
        gathered: Gathered,
        heads: Mapping[int, headings.Head],
        inputs: stamps.Inputs,
        estimates: named.Estimates,
    ) -> dict[int, str]:
        """Of everything that is measured, priced or printed, by account; the months before are not among it."""
        pieces, more, borne = gathered.pieces, gathered.more, gathered.borne
        words: dict[int, list[stamps.Word]] = defaultdict(list)
        for series, cut, piece in measured.wholes(pieces):
            words[piece.share.account_id] += [
                stamps.whole(piece.share, piece.point, series, cut),
                *inputs.used(series, cut),
                *estimates.inputs(series, cut),
            ]
        for group in measured.by_share(pieces) if more.channels else ():
            for series, cut in counters.wholes(group, more):
                own = [inputs.registers.inputs(series, cut), *estimates.inputs(series, cut)]
                words[group[0].share.account_id] += own
        for each in pieces:
            words[each.share.account_id] += [self._said(each), *more.words(each.share, each.span.cut)]
        return {
            account_id: stamps.of(heads[account_id], [*own, *borne.inputs(account_id)])
            for account_id, own in words.items()
        }

    def _said(self, piece: measured.Piece) -> str:
        """The tariff of a piece, and the days and rates that are charged by it."""
        tariff, version = piece.tariff, piece.version
        key = id(version), id(piece.span)
        if key not in self._told:
            own = tariff.code, tariff.currency, version.number, version.digest
            calendar = version.document.calendar_version
            besides = ([calendar] if calendar else []) + self._invoice_rates(version)
            self._told[key] = piece.span, version, repr((own, piece.span, *besides))
        return self._told[key][-1]

    def _invoice_rates(self, version: facts.Version) -> list[object]:
        """The rates that the date of the bill says, and that a legal profile says so."""
        day, document = self.run.bill_date, version.document
        said: list[object] = [document.tax_point] if document.tax_point is TaxPoint.INVOICE else []
        by_day = [each for each in document.taxes if each.point is TaxPoint.INVOICE]
        return said + [(each.code, str(each.rate_on(day))) for each in by_day if day]

    def _alone(self, gathered: Gathered) -> Outcome:
        """Accounts that only bear shared costs: no meter point of theirs is billed in this run."""
        chunk, borne, held, pieces = gathered.chunk, gathered.borne, gathered.held, gathered.pieces
        metered = {each.share.account_id for each in pieces}
        ids = [
            each for each in borne.costs if each not in metered and not chunk.shares.get(each) and not held.get(each)
        ]
        headed = {each: headings.heading(self.run, chunk.accounts[each], self.run.zone) for each in ids}
        heads = {each: headings.Head.of(self.run, head) for each, head in headed.items()}
        return Outcome(
            {each: content.build(head.heading, [], borne.of(each)) for each, head in heads.items()},
            {},
            {each: stamps.of(head, borne.inputs(each)) for each, head in heads.items()},
            {},
        )

    def _heading(self, chunk: facts.Chunk, pieces: list[measured.Piece]) -> content.Heading:
        zone = zones.common((each.point.zone for each in pieces), self.run.zone)
        return headings.heading(self.run, chunk.accounts[pieces[0].share.account_id], zone)

    def _pieces(self, chunk: facts.Chunk, without: set[int]) -> list[measured.Piece]:
        found = []
        for account_id, shares in chunk.shares.items():
            for share in shares if account_id not in without else ():
                point = chunk.points[share.meter_point_id]
                tariff = chunk.tariffs[share.tariff_id or 0]
                for part, version in tariff.pieces(share.period, point.zone):
                    span = None if point.series is None else spans.span(part, step=point.series.step, zone=point.zone)
                    if version is not None and span is not None:  # it was checked
                        found.append(measured.Piece(share, point, tariff, version, span))
        return found

    def _unmeasured(
        self, pieces: list[measured.Piece], loaded: dict[int, usage.Blocks]
    ) -> Iterator[tuple[int, list[checking.Held]]]:
        """Accounts whose intervals are missing, questionable or not derived."""
        waiting = {step: checking.pending(self.run, each.first, each.until) for step, each in loaded.items()}
        for series, cut, piece in measured.wholes(pieces):
            codes = loaded[series.step].codes(series.id, cut)
            # What is worked on may not lack anything in a moment: nobody is sent to bring in readings that are there.
            if series.id in waiting[series.step]:
                yield piece.share.account_id, [checking.hold(HoldReason.NOT_DERIVED, piece.point.code)]
            elif codes is not None:
                yield piece.share.account_id, checking.of_usage(codes, cut, step=series.step, point=piece.point)

    def _plan(self, key: tuple[object, ...], piece: measured.Piece) -> spans.SharePlan:
        found = self._plans.get(key)
        if found is None:
            series = measured.series_of(piece)
            found = self._plans[key] = spans.SharePlan(
                document=piece.version.document,
                zone=piece.point.zone,
                period=piece.span.cut,
                scale=Scale(series.unit, series.decimals),
                counted=piece.span.days,
            )
        return found

    def _points(
        self, pieces: list[measured.Piece], used: measured.Used, rated: rating.Found, more: further.Further
    ) -> list[content.Point]:
        return [self._point(group, used, rated, more) for group in measured.by_share(pieces)]

    def _point(
        self, pieces: list[measured.Piece], used: measured.Used, rated: rating.Found, more: further.Further
    ) -> content.Point:
        share, point = pieces[0].share, pieces[0].point
        series = measured.series_of(pieces[0])
        cut = measured.cut_of(pieces)
        days = sum(len(each.span.days) for each in pieces)
        charges = [self._charge(piece, *rated[id(piece)], used.blocks) for piece in pieces]
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
            history=used.history(
                self.run,
                share,
                point,
                self._own_month(share, point.zone, days, total, is_estimated=bool(counts.estimated)),
            ),
            reference=used.reference(series, cut),
            charges=charges,
            estimates=used.estimates.named(series, cut, used.blocks[series.step]),
            registers=counters.of(pieces, used, more),
        )

    def _own_month(
        self, share: facts.Share, zone: ZoneInfo, days: int, total: int, *, is_estimated: bool
    ) -> content.Month | None:
        final = self.run.until_day - timedelta(days=1)
        if share.contract_id is None or share.period != history.month_of(final, zone):
            return None
        return content.Month(final.replace(day=1), days, total, is_estimated)

    def _charge(
        self,
        piece: measured.Piece,
        total: int,
        rated: Rated,
        given: Inputs | None,
        blocks: Mapping[int, usage.Blocks],
    ) -> content.Charge:
        return content.Charge(
            period=piece.span.cut,
            days=len(piece.span.days),
            tariff=_said(piece, given),
            quantity=total,
            rated=rated,
            inputs=None if given is None else inputs_reading.written(given),
            converted=[] if given is None else measured.converted(piece, given.conversions, blocks),
        )


def _said(piece: measured.Piece, given: Inputs | None) -> content.TariffFacts:
    """What a bill says of a tariff: with what settles banks of earlier ones, under their taxes."""
    said = piece.tariff.said_of(piece.version)
    if given is None or not given.is_final_period:
        return said
    settled = bank_waiting.settled(piece.version.document, given.waiting_banks)
    return replace(said, taxed={each.code: each.components for each in settled.taxes})
