"""From the facts of a chunk of accounts to the content of their bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from meterbook.billing import content
from meterbook.billing.calculating import (
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
from meterbook.billing.values import HoldReason
from meterbook.metering import zones
from meterbook.tariffs.rating import inputs_reading
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Scale
from meterbook.tariffs.rating.tax_points import TaxPoint


@dataclass(frozen=True)
class Outcome:
    """Contents of the accounts that can be billed with the digests of their inputs, and why the others are held.

    `remarks` are what of the contents should be looked at before they are approved.
    """

    contents: dict[int, content.Content]
    held: dict[int, list[checking.Held]]
    inputs: dict[int, str]
    remarks: dict[int, list[checking.Held]]


class Priced(NamedTuple):
    """What accounts of a chunk are billed for: `pieces` of their time, each with its rating, by the id() of the piece.

    `held` are accounts that cannot be billed; nothing of these is among the pieces.
    """

    chunk: facts.Chunk
    borne: shared.Borne
    held: dict[int, list[checking.Held]]
    pieces: list[measured.Piece]
    loaded: dict[int, usage.Blocks]
    more: further.Further
    rated: rating.Found


class Calculator:
    """Calculates the chunks of one run; plans and tariff documents are worked out once."""

    # Where facts and blocks come from; others where bills are made again (`billing.correcting`).
    load, read, borne = staticmethod(facts.load), staticmethod(usage.load), staticmethod(shared.load)
    besides = staticmethod(further.load)

    def __init__(self, run: facts.Run) -> None:
        self.run = run
        self.documents = facts.Documents()
        self._plans: dict[tuple[object, ...], spans.SharePlan] = {}

    def price(self, account_ids: list[int]) -> Priced:
        """This will check accounts and price what they used, in a fixed number of queries."""
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
        rated, refused = rating.rate(pieces, loaded, more, self._plan, self.run.bill_date)
        held |= refused
        pieces = [each for each in pieces if each.share.account_id not in held]
        return Priced(chunk, borne, held, pieces, loaded, more, rated)

    def calculate(self, account_ids: list[int]) -> Outcome:
        """This will check accounts and make the contents of their bills, in a fixed number of queries."""
        chunk, borne, held, pieces, loaded, more, rated = self.price(account_ids)
        alone = self._alone(chunk, borne, held, pieces)
        if not pieces:
            return Outcome(alone.contents, held, alone.inputs, {})
        used = measured.Used.load(self.run, chunk, pieces, loaded, counters.wholes(pieces, more))
        inputs = stamps.Inputs(
            {step: stamps.Digests(each.first, each.digests) for step, each in loaded.items()},
            lambda series, part: loaded[series.step].written(series.id, part),
            used.registers,
        )
        by_account = measured.by_account(pieces)
        points = {account_id: self._points(own, used, rated, more) for account_id, own in by_account.items()}
        contents = {
            account_id: content.build(self._heading(chunk, by_account[account_id]), own, borne.of(account_id))
            for account_id, own in points.items()
        }
        remarks = {account_id: found for account_id, own in points.items() if (found := plausible.remarks(chunk, own))}
        stamped = self._inputs(chunk, pieces, inputs, used.estimates, borne, more)
        return Outcome(contents | alone.contents, held, stamped | alone.inputs, remarks)

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
        alone = self._alone(chunk, borne, borne.held, pieces).inputs
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
        return self._inputs(chunk, kept, inputs, named.Estimates.load(read), borne, more) | alone

    def _inputs(
        self,
        chunk: facts.Chunk,
        pieces: list[measured.Piece],
        inputs: stamps.Inputs,
        estimates: named.Estimates,
        borne: shared.Borne,
        more: further.Further,
    ) -> dict[int, str]:
        """Of everything that is measured, priced or printed, by account; the months before are not among it."""
        words: dict[int, list[str]] = defaultdict(list)
        for series, cut, piece in measured.wholes(pieces):
            words[piece.share.account_id] += [
                stamps.whole(piece.share, piece.point, series, cut),
                *inputs.used(series, cut),
                *estimates.inputs(series, cut),
            ]
        for group in measured.by_share(pieces):
            for series, cut in counters.wholes(group, more):
                own = [inputs.registers.inputs(series, cut), *estimates.inputs(series, cut)]
                words[group[0].share.account_id] += own
        for each in pieces:
            tariff = each.tariff.code, each.tariff.currency, each.version.number, each.version.digest
            calendar = each.version.document.calendar_version
            besides = ([calendar] if calendar else []) + self._invoice_rates(each.version)
            words[each.share.account_id].append(repr((tariff, each.span, *besides)))
            words[each.share.account_id] += more.words(each.share, each.span.cut)
        return {
            account_id: stamps.of(self._heading(chunk, own), [*words[account_id], *borne.inputs(account_id)])
            for account_id, own in measured.by_account(pieces).items()
        }

    def _invoice_rates(self, version: facts.Version) -> list[object]:
        """The rates that the date of the bill says, and that a legal profile says so."""
        day, document = self.run.bill_date, version.document
        said: list[object] = [document.tax_point] if document.tax_point is TaxPoint.INVOICE else []
        by_day = [each for each in document.taxes if each.point is TaxPoint.INVOICE]
        return said + [(each.code, str(each.rate_on(day))) for each in by_day if day]

    def _alone(
        self,
        chunk: facts.Chunk,
        borne: shared.Borne,
        held: Mapping[int, list[checking.Held]],
        pieces: list[measured.Piece],
    ) -> Outcome:
        """Accounts that only bear shared costs: no meter point of theirs is billed in this run."""
        metered = {each.share.account_id for each in pieces}
        ids = [
            each for each in borne.costs if each not in metered and not chunk.shares.get(each) and not held.get(each)
        ]
        heads = {each: headings.heading(self.run, chunk.accounts[each], self.run.zone) for each in ids}
        return Outcome(
            {each: content.build(head, [], borne.of(each)) for each, head in heads.items()},
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
            history=used.history(self.run, share, point, self._own_month(share, point.zone, days, total, counts)),
            reference=used.reference(series, cut),
            charges=charges,
            estimates=used.estimates.named(series, cut, used.blocks[series.step]),
            registers=counters.of(pieces, used, more),
        )

    def _own_month(
        self, share: facts.Share, zone: ZoneInfo, days: int, total: int, counts: content.Counts
    ) -> content.Month | None:
        final = self.run.until_day - timedelta(days=1)
        if share.contract_id is None or share.period != history.month_of(final, zone):
            return None
        return content.Month(final.replace(day=1), days, total, bool(counts.estimated))

    def _charge(
        self,
        piece: measured.Piece,
        total: int,
        rated: Rated,
        given: Inputs | None,
        blocks: Mapping[int, usage.Blocks],
    ) -> content.Charge:
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
                calendar=self._calendar(version),
                taxed={each.code: each.components for each in version.document.taxes},
                tax_point=version.document.tax_point,
            ),
            quantity=total,
            rated=rated,
            inputs=None if given is None else inputs_reading.written(given),
            converted=[] if given is None else measured.converted(piece, given.conversions, blocks),
        )

    def _calendar(self, version: facts.Version) -> tuple[str, int] | None:
        """The calendar that a tariff names, with the version that was read: a bill keeps it (B-74)."""
        document = version.document
        return (document.holiday_calendar, document.calendar_version) if document.calendar_version else None
